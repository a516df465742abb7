//! What the ledger itself says of each transaction, as quads.
//!
//! Three times are kept apart: the device's own is in the payload's graph, the client's claim is
//! `pervade:clientTime`, and the only trustworthy one, the ledger's order, is block number and
//! index.

use fabric_protos::common::Block;
use fabric_protos::id::{ChannelId, MspId};
use fabric_protos::msp::SerializedIdentity;
use fabric_protos::protos::TxValidationCode;
use fabric_protos::{Message as _, Timestamp};
use pervade_identity::Certificate;
use pervade_ledger::block;
use pervade_ledger::transaction::{EndorserTransaction, indexed_tx_id};
use pervade_package::{Context, Manifest};
use pervade_rdf::{GraphName, Literal, NamedNode, Quad, Term};

use crate::names::{self, a, prov, term, xsd};
use crate::records::{Recorded, Visibility};

/// A transaction and where it stands.
#[derive(Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) index: usize,
    pub(crate) verdict: TxValidationCode,
    pub(crate) transaction: &'a EndorserTransaction,
}

/// The quads of one block while they are collected.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) quads: Vec<Quad>,
    channel: ChannelId,
    number: u64,
}

impl Told {
    pub(crate) fn new(channel: ChannelId, number: u64) -> Self {
        Self { quads: Vec::new(), channel, number }
    }

    /// Tells who submitted and endorsed a transaction, and what became of it.
    pub(crate) fn transaction(&mut self, origin: &Origin<'_>) {
        let transaction = origin.transaction;
        let graph = self.graph_of(origin.verdict);
        let subject = self.transaction_iri(transaction.tx_id.as_str());
        let mut about = About::new(self, subject, graph);
        about.is(prov("Activity"));
        about.place(origin.index, transaction.tx_id.as_str(), origin.verdict);
        about.text("chaincode", &transaction.chaincode);
        if let Some(time) = client_time(transaction.timestamp.as_ref()) {
            about.typed("clientTime", &time, "dateTimeStamp");
        }
        about.agent("submittedBy", &transaction.creator);
        if let Some(msp) = msp_of(&transaction.creator) {
            about.text("organisation", msp.as_str());
        }
        for endorsement in &transaction.endorsements {
            about.agent("endorsedBy", &endorsement.endorser);
        }
    }

    /// Tells of what is no endorser transaction: a configuration, or something unreadable.
    pub(crate) fn other(&mut self, index: usize, envelope: &[u8], verdict: TxValidationCode) {
        let Some(tx_id) = indexed_tx_id(envelope) else { return };
        let graph = self.graph_of(verdict);
        let subject = self.transaction_iri(tx_id.as_str());
        let mut about = About::new(self, subject, graph);
        about.is(prov("Activity"));
        about.place(index, tx_id.as_str(), verdict);
    }

    /// Tells what a transaction recorded. `graph` is absent where the payload may not be seen.
    pub(crate) fn recording(
        &mut self,
        origin: &Origin<'_>,
        record: &Recorded,
        manifest: &Manifest,
        graph: Option<&NamedNode>,
    ) {
        let ledger = names::ledger_graph(&self.channel);
        let subject = self.transaction_iri(origin.transaction.tx_id.as_str());
        let mut about = About::new(self, subject.clone(), ledger.clone());
        about.is(term("DeviceTransaction"));
        about.link(term("package"), names::package(&record.package));
        about.text("vendor", &manifest.vendor);
        about.text("model", &manifest.model);
        about.link(term("device"), names::device(&record.address));
        about.text("graphDigest", &record.digest);
        if let Some(digest) = &record.payload_sha256 {
            about.text("payloadDigest", digest);
        }
        match (&record.visibility, graph) {
            (Visibility::Private { collection }, _) => {
                about.text("visibility", "private");
                about.text("collection", collection);
            }
            (Visibility::Public, _) => about.text("visibility", "public"),
        }
        if let Some(graph) = graph {
            about.link(term("payloadGraph"), graph.clone());
            let mut about = About::new(self, graph.clone(), ledger);
            about.link(prov("wasGeneratedBy"), subject);
        }
    }

    /// Adds what is said of the block itself, and gives all quads.
    pub(crate) fn with_block(mut self, block: &Block) -> Vec<Quad> {
        let Some(header) = &block.header else { return self.quads };
        let graph = names::ledger_graph(&self.channel);
        let subject = names::block(&self.channel, self.number);
        let channel = self.channel.clone();
        let mut about = About::new(&mut self, subject, graph);
        about.is(term("Block"));
        about.text("channel", channel.as_str());
        about.integer("blockNumber", header.number);
        about.text("blockHash", &hex::encode(block::header_hash(header)));
        about.text("dataHash", &hex::encode(&header.data_hash));
        self.quads
    }

    fn graph_of(&self, verdict: TxValidationCode) -> NamedNode {
        if verdict == TxValidationCode::Valid {
            names::ledger_graph(&self.channel)
        } else {
            names::rejected_graph(&self.channel)
        }
    }

    /// The IRI that payloads' graphs also begin with.
    fn transaction_iri(&self, tx_id: &str) -> NamedNode {
        let context = Context::new(self.channel.as_str(), tx_id, "none");
        let iri = context.map_or_else(|_| String::new(), |context| context.record_iri().to_owned());
        NamedNode::new_unchecked(iri)
    }
}

/// Statements about one subject in one graph.
struct About<'a> {
    told: &'a mut Told,
    subject: NamedNode,
    graph: NamedNode,
}

impl<'a> About<'a> {
    fn new(told: &'a mut Told, subject: NamedNode, graph: NamedNode) -> Self {
        Self { told, subject, graph }
    }

    fn is(&mut self, class: NamedNode) {
        self.link(a(), class);
    }

    fn link(&mut self, predicate: NamedNode, object: NamedNode) {
        self.say(predicate, object.into());
    }

    fn text(&mut self, local: &str, value: &str) {
        self.say(term(local), Literal::new_simple_literal(value).into());
    }

    fn integer(&mut self, local: &str, value: u64) {
        self.typed(local, &value.to_string(), "integer");
    }

    fn typed(&mut self, local: &str, value: &str, datatype: &str) {
        self.say(term(local), Literal::new_typed_literal(value, xsd(datatype)).into());
    }

    fn place(&mut self, index: usize, tx_id: &str, verdict: TxValidationCode) {
        let (channel, number) = (self.told.channel.clone(), self.told.number);
        self.text("channel", channel.as_str());
        self.text("transactionId", tx_id);
        self.integer("blockNumber", number);
        self.integer("transactionIndex", u64::try_from(index).unwrap_or(u64::MAX));
        self.link(term("inBlock"), names::block(&channel, number));
        self.text("validationCode", verdict.as_str_name());
    }

    /// Links an identity and says whose it is; bytes that are no identity are left out.
    fn agent(&mut self, local: &str, serialized: &[u8]) {
        let Some((msp, sha256)) = identity_of(serialized) else { return };
        let agent = names::identity(&msp, &sha256);
        self.link(term(local), agent.clone());
        let graph = self.graph.clone();
        let mut about = About::new(self.told, agent, graph);
        about.is(prov("Agent"));
        about.text("organisation", msp.as_str());
        about.text("certificateDigest", &sha256);
    }

    fn say(&mut self, predicate: NamedNode, object: Term) {
        let graph = GraphName::NamedNode(self.graph.clone());
        self.told.quads.push(Quad::new(self.subject.clone(), predicate, object, graph));
    }
}

fn msp_of(serialized: &[u8]) -> Option<MspId> {
    let identity = SerializedIdentity::decode(serialized).ok()?;
    MspId::new(identity.mspid).ok()
}

fn identity_of(serialized: &[u8]) -> Option<(MspId, String)> {
    let identity = SerializedIdentity::decode(serialized).ok()?;
    let certificate = Certificate::from_pem(&identity.id_bytes).ok()?;
    Some((MspId::new(identity.mspid).ok()?, hex::encode(certificate.sha256())))
}

/// The client's claimed time as `xsd:dateTimeStamp`, to the second.
fn client_time(timestamp: Option<&Timestamp>) -> Option<String> {
    let seconds = timestamp?.seconds;
    let (days, second) = (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    (0..=9_999)
        .contains(&year)
        .then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

const SECONDS_PER_DAY: i64 = 86_400;

/// Days since 1970-01-01 as a date of the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the leap day is a year's last: 400 years are 146 097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use fabric_protos::Timestamp;

    use super::client_time;

    #[test]
    fn a_claimed_time_is_written_with_its_zone() {
        for (seconds, expected) in [
            (0, Some("1970-01-01T00:00:00Z")),
            (951_782_400, Some("2000-02-29T00:00:00Z")),
            (1_700_000_000, Some("2023-11-14T22:13:20Z")),
            (-1, Some("1969-12-31T23:59:59Z")),
            (4_107_542_399, Some("2100-02-28T23:59:59Z")),
            (i64::MAX, None),
        ] {
            let time = client_time(Some(&Timestamp { seconds, nanos: 0 }));
            assert_eq!(time.as_deref(), expected, "{seconds}");
        }
    }
}
