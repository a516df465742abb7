//! The official client, `@hyperledger/fabric-gateway`, on an embedded network. Part of `N-06`.

use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};
use tokio::runtime::Runtime;

use crate::network::{Failure, TestNetwork};
use crate::report::{self, Report};

/// The cases of `tests/official/gateway/*.mjs`.
const CASES: &[&str] = &[
    // Transactions.
    "evaluation_gives_the_result",
    "submission_gives_the_result_and_takes_effect",
    "the_result_comes_before_the_commit_status",
    "transient_data_reaches_the_contract",
    "named_organizations_endorse",
    "another_organization_may_use_this_peer",
    "the_peer_of_another_organization_serves_as_well",
    "tls_needs_the_organizations_root_and_no_override",
    // Events.
    "events_arrive_as_they_happen",
    "events_are_replayed_from_a_block",
    "events_go_on_at_a_checkpoint",
    "events_go_on_at_a_checkpoint_in_a_file",
    "closing_events_leaves_other_listeners_alone",
    "blocks_arrive_as_they_are_committed",
    "blocks_are_replayed_from_the_first",
    "blocks_go_on_at_a_checkpoint",
    "filtered_blocks_tell_verdicts_and_no_payloads",
    "blocks_come_with_private_data_too",
    // Signing elsewhere.
    "what_is_not_signed_is_not_sent",
    "an_evaluation_is_signed_elsewhere",
    "every_step_of_a_submission_is_signed_elsewhere",
    "requests_for_events_are_signed_elsewhere",
    "a_signature_of_another_key_is_refused",
    // Refusals.
    "wrong_arguments_to_an_evaluation_are_unknown",
    "an_error_of_the_contract_keeps_its_code_and_text",
    "an_unknown_function_aborts_with_a_detail_per_peer",
    "an_unknown_chaincode_is_a_failed_precondition",
    "an_unknown_channel_is_told",
    "an_organization_without_peers_is_unavailable",
    "too_few_endorsements_are_a_commit_error",
    "what_another_transaction_overtook_is_invalid",
    "of_transactions_that_race_the_losers_get_a_commit_error",
    "a_transaction_takes_effect_once",
    "a_signer_of_another_organization_is_refused_everywhere",
];

pub(crate) fn trials() -> Vec<Trial> {
    report::trials("gateway", CASES, || {
        static REPORT: LazyLock<Result<Report, String>> =
            LazyLock::new(|| run().map_err(|error| error.to_string()));
        REPORT.as_ref().map_err(Failed::from)
    })
}

fn run() -> Result<Report, Failure> {
    Runtime::new()?.block_on(async {
        let network = TestNetwork::start().await?;
        let written = network.answer("gateway.mjs").await;
        network.stop().await;
        let mut report = Report::default();
        report.read(&written?)?;
        Ok(report)
    })
}
