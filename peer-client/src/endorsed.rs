//! What came back from endorsement, compared with what was proposed.
//!
//! Fabric's own clients sign what the gateway returns. This one rebuilds the payload from its own
//! proposal and takes only two things from the gateway: the endorsers' common answer and their
//! signatures over it. Whatever else differs by one byte is refused.

use std::collections::BTreeSet;

use fabric_protos::id::{ChaincodeName, TxId};
use fabric_protos::msp::SerializedIdentity;
use fabric_protos::proposal::{endorsed_bytes, proposal_hash, without_transient};
use fabric_protos::{Message as _, common, protos};
use pervade_identity::{Certificate, IdentityError, Membership, SignError, SignatureError};
use thiserror::Error;

use crate::gateway::Network;

/// An endorsed transaction that is what was proposed; nobody has signed it yet.
#[derive(Clone, Debug)]
pub struct Transaction {
    network: Network,
    tx_id: TxId,
    payload: Vec<u8>,
    result: Vec<u8>,
}

/// What this client asked for.
#[derive(Clone, Debug)]
pub(crate) struct Proposed {
    pub(crate) proposal: protos::Proposal,
    pub(crate) chaincode: ChaincodeName,
}

impl Transaction {
    /// The one way to a transaction: through the comparison.
    pub(crate) fn check(
        network: Network,
        tx_id: TxId,
        proposed: &Proposed,
        envelope: &common::Envelope,
    ) -> Result<Self, EnvelopeMismatch> {
        let trust = network.gateway.trust.as_deref();
        let result = compare(trust, &tx_id, proposed, envelope)?;
        Ok(Self { network, tx_id, payload: envelope.payload.clone(), result })
    }

    /// The transaction's id.
    #[must_use]
    pub fn tx_id(&self) -> &TxId {
        &self.tx_id
    }

    /// What the function returned on every endorser.
    #[must_use]
    pub fn result(&self) -> &[u8] {
        &self.result
    }

    /// Signs with the gateway's own identity.
    pub fn sign(self) -> Result<SignedTransaction, SignError> {
        let signature = self.network.gateway.signer.sign(&self.payload)?;
        Ok(SignedTransaction {
            network: self.network,
            tx_id: self.tx_id,
            envelope: common::Envelope { payload: self.payload, signature },
            result: self.result,
        })
    }
}

/// An envelope ready for the orderer. Submitting the same one twice takes effect once.
#[derive(Clone, Debug)]
pub struct SignedTransaction {
    pub(crate) network: Network,
    pub(crate) tx_id: TxId,
    pub(crate) envelope: common::Envelope,
    pub(crate) result: Vec<u8>,
}

impl SignedTransaction {
    /// The transaction's id.
    #[must_use]
    pub fn tx_id(&self) -> &TxId {
        &self.tx_id
    }
}

/// How a gateway's answer differs from what was proposed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EnvelopeMismatch {
    /// The bytes are no endorsed transaction.
    #[error("what the gateway returned is no endorsed transaction")]
    Malformed(#[source] DecodeError),
    /// Another number of actions than one.
    #[error("the transaction has {actions} actions, not one")]
    Actions {
        /// How many it has.
        actions: usize,
    },
    /// Channel, creator, transaction id, arguments or frame are not those proposed.
    #[error("the transaction is not the one that was proposed")]
    NotThisProposal,
    /// The endorsers answered another proposal.
    #[error("the endorsers' answer belongs to another proposal")]
    ProposalHash,
    /// Another chaincode ran.
    #[error("chaincode {found} ran")]
    Chaincode {
        /// The name in the answer.
        found: String,
    },
    /// The answer is an error or names another transaction's event.
    #[error(
        "the endorsers' answer has status {status}, or an event that is not this transaction's"
    )]
    Answer {
        /// The chaincode's status.
        status: i32,
    },
    /// No endorsement, or the same endorser twice.
    #[error("the transaction has no endorsement, or one twice")]
    Endorsers,
    /// An endorser's signature is not over this answer, or the endorser is no member.
    #[error("endorsement {index} does not hold")]
    Endorsement {
        /// Position among the endorsements, from 0.
        index: usize,
        /// Why.
        #[source]
        source: EndorserFault,
    },
}

/// What is wrong with one endorsement.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EndorserFault {
    /// The endorser is no identity with a readable certificate.
    #[error("the endorser is no identity")]
    Unreadable,
    /// The endorser is no valid member of an organisation of the channel.
    #[error("the endorser is no member")]
    NotMember(#[source] IdentityError),
    /// The signature is not the endorser's over this answer.
    #[error("the signature does not hold")]
    Signature(#[source] SignatureError),
}

/// Bytes that do not decode.
#[derive(Debug, Error)]
#[error("these bytes do not decode")]
pub struct DecodeError;

/// Compares an envelope with what was proposed; gives the function's result.
fn compare(
    trust: Option<&Membership>,
    tx_id: &TxId,
    proposed: &Proposed,
    envelope: &common::Envelope,
) -> Result<Vec<u8>, EnvelopeMismatch> {
    let endorsed = endorsed_action(&envelope.payload)?;
    if rebuild(proposed, &endorsed)? != envelope.payload {
        return Err(EnvelopeMismatch::NotThisProposal);
    }
    let result = check_answer(proposed, tx_id, &endorsed.proposal_response_payload)?;
    check_endorsements(trust, &endorsed)?;
    Ok(result)
}

fn endorsed_action(payload: &[u8]) -> Result<protos::ChaincodeEndorsedAction, EnvelopeMismatch> {
    let payload: common::Payload = decode(payload)?;
    let transaction: protos::Transaction = decode(&payload.data)?;
    let [action] = transaction.actions.as_slice() else {
        return Err(EnvelopeMismatch::Actions { actions: transaction.actions.len() });
    };
    let action: protos::ChaincodeActionPayload = decode(&action.payload)?;
    action.action.ok_or(EnvelopeMismatch::Malformed(DecodeError))
}

/// The payload as this client would have put it together.
fn rebuild(
    proposed: &Proposed,
    endorsed: &protos::ChaincodeEndorsedAction,
) -> Result<Vec<u8>, EnvelopeMismatch> {
    let header: common::Header = decode(&proposed.proposal.header)?;
    let action = protos::ChaincodeActionPayload {
        chaincode_proposal_payload: stripped(&proposed.proposal)?,
        action: Some(endorsed.clone()),
    };
    let transaction = protos::Transaction {
        actions: vec![protos::TransactionAction {
            header: header.signature_header.clone(),
            payload: action.encode_to_vec(),
        }],
    };
    let payload = common::Payload { header: Some(header), data: transaction.encode_to_vec() };
    Ok(payload.encode_to_vec())
}

/// Compares the endorsers' common answer with the proposal; gives the function's result.
fn check_answer(
    proposed: &Proposed,
    tx_id: &TxId,
    answer: &[u8],
) -> Result<Vec<u8>, EnvelopeMismatch> {
    let answer: protos::ProposalResponsePayload = decode(answer)?;
    if answer.proposal_hash != own_hash(&proposed.proposal)? {
        return Err(EnvelopeMismatch::ProposalHash);
    }
    let action: protos::ChaincodeAction = decode(&answer.extension)?;
    let ran = action.chaincode_id.unwrap_or_default().name;
    if ran != proposed.chaincode.as_str() {
        return Err(EnvelopeMismatch::Chaincode { found: ran });
    }
    let response = action.response.unwrap_or_default();
    let own_event = action.events.is_empty() || {
        let event: protos::ChaincodeEvent = decode(&action.events)?;
        event.tx_id == tx_id.as_str() && event.chaincode_id == proposed.chaincode.as_str()
    };
    if !own_event || !(SUCCESS_MIN..ERROR_MIN).contains(&response.status) {
        return Err(EnvelopeMismatch::Answer { status: response.status });
    }
    Ok(response.payload)
}

fn own_hash(proposal: &protos::Proposal) -> Result<[u8; 32], EnvelopeMismatch> {
    let header: common::Header = decode(&proposal.header)?;
    let payload = stripped(proposal)?;
    Ok(proposal_hash(&header.channel_header, &header.signature_header, &payload))
}

fn stripped(proposal: &protos::Proposal) -> Result<Vec<u8>, EnvelopeMismatch> {
    without_transient(&proposal.payload).map_err(|_| EnvelopeMismatch::Malformed(DecodeError))
}

/// Each endorser signed this very answer, once.
fn check_endorsements(
    trust: Option<&Membership>,
    endorsed: &protos::ChaincodeEndorsedAction,
) -> Result<(), EnvelopeMismatch> {
    let endorsers: BTreeSet<&[u8]> =
        endorsed.endorsements.iter().map(|endorsement| endorsement.endorser.as_slice()).collect();
    if endorsers.is_empty() || endorsers.len() != endorsed.endorsements.len() {
        return Err(EnvelopeMismatch::Endorsers);
    }
    for (index, endorsement) in endorsed.endorsements.iter().enumerate() {
        let signed = endorsed_bytes(&endorsed.proposal_response_payload, &endorsement.endorser);
        let verified = match trust {
            Some(membership) => verify_member(membership, endorsement, &signed),
            None => verify_carried(endorsement, &signed),
        };
        verified.map_err(|source| EnvelopeMismatch::Endorsement { index, source })?;
    }
    Ok(())
}

fn verify_member(
    membership: &Membership,
    endorsement: &protos::Endorsement,
    signed: &[u8],
) -> Result<(), EndorserFault> {
    let endorser =
        membership.deserialize(&endorsement.endorser).map_err(EndorserFault::NotMember)?;
    membership.validate(&endorser).map_err(EndorserFault::NotMember)?;
    endorser.verify(signed, &endorsement.signature).map_err(EndorserFault::Signature)
}

/// Checks the signature against the certificate that the endorsement itself carries.
fn verify_carried(endorsement: &protos::Endorsement, signed: &[u8]) -> Result<(), EndorserFault> {
    let identity = SerializedIdentity::decode(endorsement.endorser.as_slice())
        .map_err(|_| EndorserFault::Unreadable)?;
    let certificate =
        Certificate::from_pem(&identity.id_bytes).map_err(|_| EndorserFault::Unreadable)?;
    let key = certificate.public_key().ok_or(EndorserFault::Unreadable)?;
    key.verify_message(signed, &endorsement.signature).map_err(EndorserFault::Signature)
}

fn decode<M: fabric_protos::Message + Default>(bytes: &[u8]) -> Result<M, EnvelopeMismatch> {
    M::decode(bytes).map_err(|_| EnvelopeMismatch::Malformed(DecodeError))
}

/// Statuses from here to [`ERROR_MIN`] are endorsed.
const SUCCESS_MIN: i32 = 200;
/// Statuses from here on are errors.
const ERROR_MIN: i32 = 400;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use expect_test::{Expect, expect};
    use fabric_protos::id::{ChaincodeName, ChannelId, MspId, TxId};
    use fabric_protos::proposal::{ProposalSpec, build, endorsed_bytes, response_payload};
    use fabric_protos::{Message as _, Timestamp, common, protos};
    use pervade_identity::{EcdsaSigner, PrivateKey, Signer as _};

    use super::{Proposed, compare, own_hash, rebuild};

    /// N-07: what is as proposed is taken; each of a lying gateway's changes is refused.
    #[test]
    fn a_changed_answer_is_never_signed() {
        check(|_| {}, expect!["paid"]);
        check(|lie| lie.channel = "other", refused());
        check(|lie| lie.nonce = [8; 24], refused());
        check(|lie| lie.args = &["pay", "mallory", "9"], refused());
        check(|lie| lie.chaincode = "thief", refused());
        check(|lie| lie.creator = 1, refused());
        check(|lie| lie.extra_action = true, expect!["the transaction has 2 actions, not one"]);
        check(|lie| lie.action_header = b"swapped".to_vec(), refused());
        check(
            |lie| lie.proposal_hash = Some([7; 32]),
            expect!["the endorsers' answer belongs to another proposal"],
        );
        check(|lie| lie.ran = "thief", expect!["chaincode thief ran"]);
        check(
            |lie| lie.event_tx = Some("f".repeat(64)),
            expect![
                "the endorsers' answer has status 200, or an event that is not this transaction's"
            ],
        );
        check(
            |lie| lie.status = 500,
            expect![
                "the endorsers' answer has status 500, or an event that is not this transaction's"
            ],
        );
        check(
            |lie| lie.results_after_signing = b"other writes".to_vec(),
            expect!["endorsement 0 does not hold"],
        );
        check(
            |lie| lie.endorsers = &[0, 0],
            expect!["the transaction has no endorsement, or one twice"],
        );
        check(
            |lie| lie.endorsers = &[],
            expect!["the transaction has no endorsement, or one twice"],
        );
        check(|lie| lie.carried_endorser = Some(1), expect!["endorsement 0 does not hold"]);
    }

    fn refused() -> Expect {
        expect!["the transaction is not the one that was proposed"]
    }

    /// What a gateway makes of an honest proposal; the defaults are honest.
    struct Lie {
        channel: &'static str,
        chaincode: &'static str,
        nonce: [u8; 24],
        args: &'static [&'static str],
        creator: usize,
        extra_action: bool,
        action_header: Vec<u8>,
        proposal_hash: Option<[u8; 32]>,
        ran: &'static str,
        event_tx: Option<String>,
        status: i32,
        results_after_signing: Vec<u8>,
        endorsers: &'static [usize],
        carried_endorser: Option<usize>,
    }

    fn honest() -> Lie {
        Lie {
            channel: "mychannel",
            chaincode: "bank",
            nonce: [7; 24],
            args: &["pay", "bob", "1"],
            creator: 0,
            extra_action: false,
            action_header: Vec::new(),
            proposal_hash: None,
            ran: "bank",
            event_tx: None,
            status: 200,
            results_after_signing: Vec::new(),
            endorsers: &[0, 1],
            carried_endorser: None,
        }
    }

    #[track_caller]
    fn check(tell: impl FnOnce(&mut Lie), outcome: Expect) {
        let signers = [signer("Org1MSP"), signer("Org2MSP")];
        let mut lie = honest();
        let (proposal, tx_id) = propose(&lie, &signers);
        let own = Proposed { proposal, chaincode: ChaincodeName::new("bank").unwrap() };
        tell(&mut lie);
        let envelope = envelope(&lie, &signers);
        let said = compare(None, &tx_id, &own, &envelope)
            .map_or_else(|error| error.to_string(), |result| String::from_utf8(result).unwrap());
        outcome.assert_eq(&said);
    }

    fn propose(lie: &Lie, signers: &[EcdsaSigner]) -> (protos::Proposal, TxId) {
        build(ProposalSpec {
            channel: Some(&ChannelId::new(lie.channel).unwrap()),
            chaincode: lie.chaincode,
            args: lie.args.iter().map(|arg| arg.as_bytes().to_vec()).collect(),
            transient: BTreeMap::from([("secret".to_owned(), b"not on the ledger".to_vec())]),
            creator: signers[lie.creator].identity(),
            nonce: &lie.nonce,
            timestamp: Timestamp { seconds: 1_700_000_000, nanos: 0 },
        })
    }

    fn envelope(lie: &Lie, signers: &[EcdsaSigner]) -> common::Envelope {
        let (proposal, tx_id) = propose(lie, signers);
        let answer = |results: &[u8]| {
            let event = protos::ChaincodeEvent {
                chaincode_id: lie.ran.to_owned(),
                tx_id: lie.event_tx.clone().unwrap_or_else(|| tx_id.as_str().to_owned()),
                event_name: "paid".to_owned(),
                payload: Vec::new(),
            };
            let action = protos::ChaincodeAction {
                results: results.to_vec(),
                events: event.encode_to_vec(),
                response: Some(protos::Response {
                    status: lie.status,
                    message: String::new(),
                    payload: b"paid".to_vec(),
                }),
                chaincode_id: Some(protos::ChaincodeId {
                    name: lie.ran.to_owned(),
                    ..Default::default()
                }),
            };
            let hash = lie.proposal_hash.unwrap_or_else(|| own_hash(&proposal).unwrap());
            response_payload(&hash, action.encode_to_vec())
        };
        let signed = answer(b"");
        let endorsements = lie.endorsers.iter().map(|index| {
            let endorser = signers[*index].identity().to_vec();
            let signature = signers[*index].sign(&endorsed_bytes(&signed, &endorser)).unwrap();
            let carried = lie.carried_endorser.unwrap_or(*index);
            protos::Endorsement { endorser: signers[carried].identity().to_vec(), signature }
        });
        let endorsements = endorsements.take(if lie.carried_endorser.is_some() { 1 } else { 2 });
        let endorsed = protos::ChaincodeEndorsedAction {
            proposal_response_payload: answer(&lie.results_after_signing),
            endorsements: endorsements.collect(),
        };
        let chaincode = ChaincodeName::new(lie.chaincode).unwrap();
        let payload = rebuild(&Proposed { proposal, chaincode }, &endorsed).unwrap();
        common::Envelope { payload: reframe(lie, payload), signature: Vec::new() }
    }

    /// The changes around the action.
    fn reframe(lie: &Lie, payload: Vec<u8>) -> Vec<u8> {
        let mut payload = common::Payload::decode(payload.as_slice()).unwrap();
        let mut transaction = protos::Transaction::decode(payload.data.as_slice()).unwrap();
        if lie.extra_action {
            transaction.actions.push(transaction.actions[0].clone());
        }
        if !lie.action_header.is_empty() {
            transaction.actions[0].header = lie.action_header.clone();
        }
        payload.data = transaction.encode_to_vec();
        payload.encode_to_vec()
    }

    fn signer(msp_id: &str) -> EcdsaSigner {
        let key = PrivateKey::generate().unwrap();
        let pem = key.to_pkcs8_pem().unwrap();
        let pair = rcgen::KeyPair::from_pem(pem.expose()).unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
        EcdsaSigner::from_pem(
            MspId::new(msp_id).unwrap(),
            certificate.pem().as_bytes(),
            pem.expose().as_bytes(),
        )
        .unwrap()
    }
}
