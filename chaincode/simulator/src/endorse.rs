//! From a proposal to an endorsed transaction.

use std::collections::BTreeMap;

use fabric_protos::id::{MspId, TxId};
use fabric_protos::proposal::{
    ParsedProposal, ProposalSpec, build, endorsed_bytes, parse_proposal, response_payload,
};
use fabric_protos::protos::{
    ChaincodeAction, ChaincodeId, ChaincodeInvocationSpec, ChaincodeProposalPayload, Endorsement,
    Proposal, ProposalResponse, SignedProposal,
};
use fabric_protos::rwset::TxPvtReadWriteSet;
use fabric_protos::{DecodeError, Message, common::Envelope};
use pervade_chaincode::host::Event;
use pervade_identity::Signer;
use pervade_ledger::answer::Occasion;
use pervade_ledger::rwset::ReadWriteSet;
use pervade_ledger::transaction::assemble;

use crate::members::Member;
use crate::outcome::{Difference, Divergence, Failure, Fault, Refused};
use crate::peer::{InvokeError, STATUS_ERROR, Simulated};

/// A transaction that was endorsed and waits to be [committed](crate::Simulator::commit).
#[derive(Clone, Debug)]
pub struct Endorsed {
    pub(crate) tx_id: TxId,
    pub(crate) result: Vec<u8>,
    pub(crate) event: Option<Event>,
    pub(crate) envelope: Vec<u8>,
    pub(crate) private: Option<TxPvtReadWriteSet>,
    rwset: ReadWriteSet,
    results: Vec<u8>,
}

impl Endorsed {
    /// The transaction.
    #[must_use]
    pub fn tx_id(&self) -> &TxId {
        &self.tx_id
    }

    /// What the function returned.
    #[must_use]
    pub fn result(&self) -> &[u8] {
        &self.result
    }

    /// What it read and would write, as on the ledger; its `Display` is a line for each chaincode
    /// and collection.
    #[must_use]
    pub fn read_write_set(&self) -> &ReadWriteSet {
        &self.rwset
    }

    /// The bytes of the read-write set that were endorsed: a serialised `TxReadWriteSet`.
    #[must_use]
    pub fn results(&self) -> &[u8] {
        &self.results
    }

    /// What it would write to private collections, in plaintext.
    #[must_use]
    pub fn private_writes(&self) -> Option<&TxPvtReadWriteSet> {
        self.private.as_ref()
    }
}

/// A signed proposal.
pub(crate) struct Proposed {
    pub(crate) signed: SignedProposal,
    pub(crate) parsed: ParsedProposal,
    pub(crate) tx_id: TxId,
    proposal: Proposal,
    client: Member,
}

impl Proposed {
    pub(crate) fn new(
        client: &Member,
        spec: ProposalSpec<'_>,
        occasion: Occasion,
    ) -> Result<Self, Fault> {
        let (mut proposal, tx_id) = build(spec);
        if occasion == Occasion::Init {
            proposal.payload = as_init(&proposal.payload).map_err(Fault::simulation)?;
        }
        let proposal_bytes = proposal.encode_to_vec();
        let signature = client.signer().sign(&proposal_bytes)?;
        let signed = SignedProposal { proposal_bytes, signature };
        let parsed = parse_proposal(&signed)?;
        Ok(Self { signed, parsed, tx_id, proposal, client: client.clone() })
    }

    /// The transaction that endorsers make of a simulation on which they agree.
    pub(crate) fn endorsed_by(
        &self,
        endorsers: &[&dyn Signer],
        simulated: Simulated,
        version: &str,
    ) -> Result<Endorsed, Fault> {
        let Simulated { response, event, result } = simulated;
        let (name, version) = (self.parsed.chaincode.clone(), version.to_owned());
        let action = ChaincodeAction {
            results: result.public.clone(),
            events: event.as_ref().map(Message::encode_to_vec).unwrap_or_default(),
            response: Some(response.clone()),
            chaincode_id: Some(ChaincodeId { name, version, path: String::new() }),
        };
        let payload = response_payload(&self.parsed.hash(), action.encode_to_vec());
        let mut responses = Vec::with_capacity(endorsers.len());
        for endorser in endorsers {
            let identity = endorser.identity().to_vec();
            let signature = endorser.sign(&endorsed_bytes(&payload, &identity))?;
            responses.push(ProposalResponse {
                version: 1,
                response: Some(response.clone()),
                payload: payload.clone(),
                endorsement: Some(Endorsement { endorser: identity, signature }),
                ..ProposalResponse::default()
            });
        }
        let mut envelope: Envelope = assemble(&self.proposal, &responses)?;
        envelope.signature = self.client.signer().sign(&envelope.payload)?;
        Ok(Endorsed {
            tx_id: self.tx_id.clone(),
            result: response.payload,
            event: event.map(|event| Event { name: event.event_name, payload: event.payload }),
            envelope: envelope.encode_to_vec(),
            private: result.private,
            rwset: recorded(&result.public)?,
            results: result.public,
        })
    }

    /// The first run, if the second came to the same.
    pub(crate) fn agreed(&self, first: Run, second: &Run) -> Result<Run, Failure> {
        let difference = match (&first, second) {
            (Ok(first), Ok(second)) => difference(first, second)?,
            (Err(first), Err(second)) if first.to_string() == second.to_string() => None,
            _ => Some(Difference::Answer),
        };
        match difference {
            Some(difference) => Err(Divergence { tx_id: self.tx_id.clone(), difference }.into()),
            None => Ok(first),
        }
    }

    /// A run that the peer endorses.
    pub(crate) fn successful(&self, run: Run) -> Result<Simulated, Refused> {
        let simulated = run.map_err(|source| Refused {
            status: STATUS_INTERNAL,
            message: format!(
                "error in simulation: failed to execute transaction {}: {source}",
                self.tx_id
            ),
        })?;
        let (status, message) = (simulated.response.status, &simulated.response.message);
        if (STATUS_OK..STATUS_ERROR).contains(&status) {
            return Ok(simulated);
        }
        Err(Refused { status, message: message.clone() })
    }

    /// The refusal of a client whom no organisation of the channel vouches for.
    pub(crate) fn denied(organization: Option<&MspId>) -> Refused {
        let message = match organization {
            Some(organization) => format!("access denied: creator org [{organization}]"),
            None => "access denied: creator org unknown".to_owned(),
        };
        Refused { status: STATUS_INTERNAL, message }
    }
}

/// A proposal's payload, as a call that initialises.
fn as_init(payload: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut payload = ChaincodeProposalPayload::decode(payload)?;
    let mut invocation = ChaincodeInvocationSpec::decode(payload.input.as_slice())?;
    let spec = invocation.chaincode_spec.get_or_insert_default();
    spec.input.get_or_insert_default().is_init = true;
    payload.input = invocation.encode_to_vec();
    Ok(payload.encode_to_vec())
}

/// Least status of a success.
const STATUS_OK: i32 = 200;

/// Status of a call that the peer itself could not see through.
const STATUS_INTERNAL: i32 = 500;

/// What came of one run.
pub(crate) type Run = Result<Simulated, InvokeError>;

fn difference(first: &Simulated, second: &Simulated) -> Result<Option<Difference>, Fault> {
    if first.response != second.response {
        return Ok(Some(Difference::Answer));
    }
    if first.event != second.event {
        return Ok(Some(Difference::Event));
    }
    let (first, second) = (&first.result.public, &second.result.public);
    if first == second {
        return Ok(None);
    }
    let (first, second) = (writes(&recorded(first)?), writes(&recorded(second)?));
    let differs = |place: &&(String, String)| first.get(*place) != second.get(*place);
    let place = first.keys().chain(second.keys()).filter(differs).min().cloned();
    Ok(Some(match place {
        Some((namespace, key)) => Difference::Write { namespace, key },
        None => Difference::Recorded,
    }))
}

/// What is written to public keys; an empty value deletes.
fn writes(rwset: &ReadWriteSet) -> BTreeMap<(String, String), Vec<u8>> {
    let sets = rwset.namespaces.iter();
    let writes = sets.flat_map(|set| {
        let writes = set.public.writes.iter();
        writes.map(|write| ((set.name.clone(), write.key.clone()), write.value.clone()))
    });
    writes.collect()
}

fn recorded(public: &[u8]) -> Result<ReadWriteSet, Fault> {
    ReadWriteSet::decode(public).map_err(Fault::simulation)
}
