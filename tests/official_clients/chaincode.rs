//! A chaincode by the official library, `fabric-shim`, dialled by an embedded network. Part of
//! `N-06`.

mod cases;
mod normalising;

use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};
use pervade_embedded::PackageSource;
use tokio::runtime::Runtime;

use self::cases::Notes;
use crate::network::{Failure, TestNetwork};
use crate::report::{self, Report};
use crate::service::{Service, free_address};

/// The cases below, and those of `tests/official/notes.mjs`.
const CASES: &[&str] = &[
    "a_value_is_written_read_and_removed",
    "a_range_longer_than_a_message_comes_whole",
    "a_range_comes_in_pages",
    "composite_keys_are_found_by_their_beginning",
    "a_key_has_a_history",
    "an_event_reaches_its_followers",
    "transient_data_reaches_the_chaincode",
    "the_chaincode_knows_its_circumstances",
    "an_error_keeps_its_text",
    "rust_is_called_in_the_same_transaction",
    "an_error_of_a_called_contract_comes_through",
    "many_transactions_run_at_once",
    "a_payload_is_normalised_for_a_node_contract",
    "a_service_may_speak_tls",
    "a_service_that_ended_is_dialled_again",
    "node_calls_node",
    "node_hears_of_node",
    "node_is_refused_by_node",
    "node_calls_rust_through_node",
];

pub(crate) fn trials() -> Vec<Trial> {
    report::trials("chaincode", CASES, || {
        static REPORT: LazyLock<Result<Report, String>> =
            LazyLock::new(|| run().map_err(|error| error.to_string()));
        REPORT.as_ref().map_err(Failed::from)
    })
}

fn run() -> Result<Report, Failure> {
    Runtime::new()?.block_on(async {
        let network = TestNetwork::start().await?;
        let report = run_on(&network).await;
        network.stop().await;
        report
    })
}

async fn run_on(network: &TestNetwork) -> Result<Report, Failure> {
    let mut report = Report::default();
    let address = free_address()?;
    let source = PackageSource::Address { address: address.clone(), tls_root: None, client: None };
    let package_id = network.install("notes_1.0", source)?;
    let service = Service::start(&package_id, &address, None).await?;
    network.define("notes", &package_id).await?;
    let notes = Notes::called(network, "notes").await?;
    notes.run(&mut report).await;
    let normalised = normalising::asked_by(&notes, network).await;
    report.note("a_payload_is_normalised_for_a_node_contract", normalised);
    report.read(&network.answer("notes.mjs").await?)?;
    report.note("a_service_may_speak_tls", speaks_tls(network).await);
    let again = comes_back(&notes, service, &package_id, &address).await;
    report.note("a_service_that_ended_is_dialled_again", again);
    Ok(report)
}

/// The service shows the certificate of a peer, which is for this machine.
async fn speaks_tls(network: &TestNetwork) -> Result<(), Failure> {
    let org1 = network.organizations().join("peerOrganizations/org1.example.com");
    let tls = org1.join("peers/peer0.org1.example.com/tls");
    let root = std::fs::read_to_string(tls.join("ca.crt"))?;
    let address = free_address()?;
    let source =
        PackageSource::Address { address: address.clone(), tls_root: Some(root), client: None };
    let package_id = network.install("notes_tls", source)?;
    let _service = Service::start(&package_id, &address, Some(&tls)).await?;
    network.define("notes_tls", &package_id).await?;
    let notes = Notes::called(network, "notes_tls").await?;
    notes.submit("put", &["k", "over TLS"]).await?;
    notes.expect("get", &["k"], "over TLS").await
}

/// The service ends within a call: the peer that called tells so, the next finds nobody to call.
/// Another service takes its place.
async fn comes_back(
    notes: &Notes,
    mut service: Service,
    package_id: &str,
    address: &str,
) -> Result<(), Failure> {
    notes.submit("put", &["k", "before"]).await?;
    let refusal = notes.refused("crash", &[]).await?;
    let messages: Vec<_> = refusal.details.iter().map(|detail| detail.message.as_str()).collect();
    let [first, second] = messages.as_slice() else { return Err(format!("{refusal:?}").into()) };
    if !first.contains("chaincode stream terminated") {
        return Err(format!("{refusal:?}").into());
    }
    if !second.contains("could not launch chaincode") && !second.contains("stream terminated") {
        return Err(format!("{refusal:?}").into());
    }
    service.ended().await?;
    let _service = Service::start(package_id, address, None).await?;
    notes.expect("get", &["k"], "before").await?;
    notes.submit("put", &["k", "after"]).await?;
    notes.expect("get", &["k"], "after").await
}
