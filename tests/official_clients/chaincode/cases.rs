use std::time::Duration;

use fabric_protos::id::{ChaincodeName, MspId};
use futures::future::try_join_all;
use pervade_peer_client::{
    CallError, Contract, EndorseError, EvaluateError, Network, Outcome, Refusal, Start, StatusCode,
};
use tokio::time::timeout;

use crate::assets::ASSETS;
use crate::network::{Failure, TestNetwork, committed};
use crate::report::Report;

/// How long an event may take.
const EVENT_TIMEOUT: Duration = Duration::from_secs(60);

/// More entries than a message of a range holds, twice over.
const ENTRIES: usize = 250;

/// The Node chaincode, called by our client for a user of Org1.
pub(super) struct Notes {
    network: Network,
    contract: Contract,
}

impl Notes {
    pub(super) async fn called(network: &TestNetwork, name: &str) -> Result<Self, Failure> {
        let network = network.user(&MspId::new("Org1MSP")?, "User1").await?;
        Ok(Self { contract: network.contract(ChaincodeName::new(name)?), network })
    }

    pub(super) async fn run(&self, report: &mut Report) {
        report.note("a_value_is_written_read_and_removed", self.values().await);
        report.note("a_range_longer_than_a_message_comes_whole", self.ranges().await);
        report.note("a_range_comes_in_pages", self.pages().await);
        report.note("composite_keys_are_found_by_their_beginning", self.composites().await);
        report.note("a_key_has_a_history", self.histories().await);
        report.note("an_event_reaches_its_followers", self.events().await);
        report.note("transient_data_reaches_the_chaincode", self.transient().await);
        report.note("the_chaincode_knows_its_circumstances", self.circumstances().await);
        report.note("an_error_keeps_its_text", self.errors().await);
        report.note("rust_is_called_in_the_same_transaction", self.calls().await);
        report.note("an_error_of_a_called_contract_comes_through", self.failed_calls().await);
        report.note("many_transactions_run_at_once", self.at_once().await);
    }

    async fn values(&self) -> Result<(), Failure> {
        self.submit("put", &["värde", "1 €"]).await?;
        self.expect("get", &["värde"], "1 €").await?;
        self.submit("remove", &["värde"]).await?;
        self.expect("get", &["värde"], "").await
    }

    async fn ranges(&self) -> Result<(), Failure> {
        self.submit("fill", &["r", &ENTRIES.to_string()]).await?;
        let entries = |from: usize, to: usize| {
            let lines: Vec<_> = (from..to).map(|i| format!("r{i:04}={i}")).collect();
            lines.join("\n")
        };
        self.expect("range", &["r", "s"], &entries(0, ENTRIES)).await?;
        self.expect("range", &["r0007", "r0009"], &entries(7, 9)).await?;
        // In a transaction, the range is part of what is endorsed.
        let read = self.submit("range", &["r", "s"]).await?;
        same(&read, &entries(0, ENTRIES))
    }

    async fn pages(&self) -> Result<(), Failure> {
        self.submit("fill", &["p", "5"]).await?;
        let first = "p0000=0\np0001=1\n2 until p0002";
        self.expect("page", &["p", "q", "2", ""], first).await?;
        let second = "p0002=2\np0003=3\n2 until p0004";
        self.expect("page", &["p", "q", "2", "p0002"], second).await?;
        self.expect("page", &["p", "q", "2", "p0004"], "p0004=4\n1 until ").await
    }

    async fn composites(&self) -> Result<(), Failure> {
        for parts in [["ada", "1"], ["ada", "2"], ["adam", "3"]] {
            self.submit("index", &parts).await?;
        }
        self.expect("indexed", &["ada"], "ada/1\nada/2").await?;
        self.expect("indexed", &[], "ada/1\nada/2\nadam/3").await?;
        // Composite keys are not in the range of all plain ones.
        let plain = self.evaluate("range", &["", "b"]).await?;
        if plain.contains("ada") { Err(plain.into()) } else { Ok(()) }
    }

    async fn histories(&self) -> Result<(), Failure> {
        self.submit("put", &["h", "1"]).await?;
        self.submit("put", &["h", "2"]).await?;
        self.submit("remove", &["h"]).await?;
        let lines = self.evaluate("history", &["h"]).await?;
        let values: Vec<_> =
            lines.lines().filter_map(|line| line.split_once(' ')).map(|(_, value)| value).collect();
        same(values.join(" ").as_bytes(), "deleted 2 1")
    }

    async fn events(&self) -> Result<(), Failure> {
        let chaincode = self.contract.chaincode();
        let mut events = self.network.chaincode_events(chaincode, &Start::Next).await?;
        self.submit("emit", &["written", "the payload"]).await?;
        let batch = timeout(EVENT_TIMEOUT, events.next()).await??.ok_or("no event")?;
        let seen: Vec<_> = batch
            .events
            .iter()
            .map(|event| {
                let payload = String::from_utf8_lossy(&event.payload);
                format!("{} {} {payload}", event.chaincode_id, event.event_name)
            })
            .collect();
        same(seen.join("\n").as_bytes(), "notes written the payload")
    }

    async fn transient(&self) -> Result<(), Failure> {
        // Of `printf secret | sha256sum`.
        let digest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        let proposal = self.contract.proposal("seal").arg("t").transient("value", "secret");
        let sealed = committed(self.contract.submit_proposal(proposal).await?)?;
        same(&sealed, digest)?;
        self.expect("get", &["t"], digest).await
    }

    async fn circumstances(&self) -> Result<(), Failure> {
        let proposal = self.contract.proposal("circumstances").build()?;
        let expected = format!("{} {} Org1MSP", self.network.channel(), proposal.tx_id().as_str());
        same(&proposal.sign()?.evaluate().await?, &expected)
    }

    async fn errors(&self) -> Result<(), Failure> {
        let evaluated = self.contract.evaluate("refuse", &[b"not today"]).await;
        let Err(CallError::Evaluate(EvaluateError::Refused(refusal))) = evaluated else {
            return Err(format!("{evaluated:?}").into());
        };
        same(
            refusal.message.as_bytes(),
            "evaluate call to endorser returned error: chaincode response 500, not today",
        )?;
        let refusal = self.refused("refuse", &["not today"]).await?;
        let mut details = refusal.details.iter().map(|detail| detail.message.as_str());
        let alike = details.all(|message| message == "chaincode response 500, not today");
        let told = refusal.code == StatusCode::ABORTED && refusal.details.len() == 2 && alike;
        if told { Ok(()) } else { Err(format!("{refusal:?}").into()) }
    }

    async fn calls(&self) -> Result<(), Failure> {
        self.submit("call", &[ASSETS, "create", "of notes", "3"]).await?;
        let sum = self.submit("call", &[ASSETS, "add", "of notes", "4"]).await?;
        same(&sum, "7")?;
        self.expect("call", &[ASSETS, "value", "of notes"], "7").await?;
        let assets = self.network.contract(ChaincodeName::new(ASSETS)?);
        same(&assets.evaluate("value", &[b"of notes"]).await?, "7")
    }

    async fn failed_calls(&self) -> Result<(), Failure> {
        let refusal = self.refused("call", &[ASSETS, "value", "nothing"]).await?;
        let expected =
            "chaincode response 500, assets answered 404: MISSING: asset nothing is missing";
        let messages = refusal.details.iter().map(|detail| detail.message.as_str());
        let told: Vec<_> = messages.filter(|message| *message != expected).collect();
        if told.is_empty() && !refusal.details.is_empty() {
            return Ok(());
        }
        Err(format!("{refusal:?}").into())
    }

    async fn at_once(&self) -> Result<(), Failure> {
        let keys: Vec<_> = (0..20).map(|i| format!("c{i:02}")).collect();
        try_join_all(keys.iter().map(|key| self.submit_own(key))).await?;
        let expected: Vec<_> = keys.iter().map(|key| format!("{key}=v {key}")).collect();
        self.expect("range", &["c", "d"], &expected.join("\n")).await
    }

    async fn submit_own(&self, key: &str) -> Result<Vec<u8>, Failure> {
        self.submit("put", &[key, &format!("v {key}")]).await
    }

    /// What a transaction returned.
    pub(super) async fn submit(&self, function: &str, args: &[&str]) -> Result<Vec<u8>, Failure> {
        committed(self.contract.submit(function, &bytes(args)).await?)
            .map_err(|error| format!("{function}: {error}").into())
    }

    /// What came of a transaction.
    pub(super) async fn outcome(&self, function: &str, args: &[&str]) -> Result<Outcome, Failure> {
        Ok(self.contract.submit(function, &bytes(args)).await?)
    }

    pub(super) async fn evaluate(&self, function: &str, args: &[&str]) -> Result<String, Failure> {
        Ok(String::from_utf8(self.contract.evaluate(function, &bytes(args)).await?)?)
    }

    pub(super) async fn expect(
        &self,
        function: &str,
        args: &[&str],
        expected: &str,
    ) -> Result<(), Failure> {
        same(self.evaluate(function, args).await?.as_bytes(), expected)
    }

    /// How a transaction is refused by its endorsers.
    pub(super) async fn refused(&self, function: &str, args: &[&str]) -> Result<Refusal, Failure> {
        match self.contract.submit(function, &bytes(args)).await {
            Err(CallError::Endorse(EndorseError::Refused(refusal))) => Ok(refusal),
            other => Err(format!("{other:?}").into()),
        }
    }
}

fn bytes<'a>(args: &[&'a str]) -> Vec<&'a [u8]> {
    args.iter().map(|arg| arg.as_bytes()).collect()
}

fn same(found: &[u8], expected: &str) -> Result<(), Failure> {
    if found == expected.as_bytes() {
        return Ok(());
    }
    Err(format!("{:?} instead of {expected:?}", String::from_utf8_lossy(found)).into())
}
