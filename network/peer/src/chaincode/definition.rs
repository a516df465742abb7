//! From a chaincode's name to the package that this peer runs it from.
//!
//! The peer's own organisation names the package when it approves a definition. The name lies in
//! the organisation's private collection, of which the ledger holds hashes; a package that is
//! installed is recognised by the hash of its id.

use std::collections::BTreeMap;
use std::sync::Mutex;

use fabric_protos::Message;
use fabric_protos::id::{ChannelId, MspId};
use fabric_protos::lifecycle::{QueryChaincodeDefinitionArgs, StateData, state_data};
use pervade_ledger::lifecycle::{self, ChaincodeDefinition, LifecycleError, RecordError};
use pervade_ledger::rwset::sha256;
use pervade_ledger::state::{StateError, StateView, Version, Versioned};
use thiserror::Error;

use super::call::Support;
use crate::channel::Channel;
use crate::limits::PACKAGES_MAX;
use crate::lock;
use crate::simulation::{Simulation, SimulationError};
use crate::system::StateAccess;

/// A committed chaincode that this peer can run.
#[derive(Clone, Debug)]
pub(crate) struct Runnable {
    /// The definition's version.
    pub(crate) version: String,
    /// Whether it must be initialised first.
    pub(crate) init_required: bool,
    /// The package that it is run from.
    pub(crate) package_id: String,
}

/// What was found before, by channel and chaincode; good for as long as neither the definition nor
/// the approval is written again.
#[derive(Default)]
pub(super) struct Found(Mutex<BTreeMap<(ChannelId, String), Known>>);

#[derive(Clone)]
struct Known {
    sequence: i64,
    /// When the definition was committed.
    committed: Version,
    /// When the organisation approved it.
    approved: Version,
    runnable: Runnable,
}

/// Looks a chaincode up for a proposal, which is good only for as long as the chaincode's
/// definition stays.
pub(crate) fn runnable(
    support: &Support,
    channel: &Channel,
    simulation: &Simulation,
    name: &str,
) -> Result<Runnable, NotInvokable> {
    // The read goes into the read set; nothing else about the definition does.
    simulation.get(lifecycle::NAMESPACE, &sequence_key(name))?;
    find(support, channel, simulation.state(), name)
}

/// As [`runnable`], without a trace in any read set.
pub(crate) fn find(
    support: &Support,
    channel: &Channel,
    state: &dyn StateView,
    name: &str,
) -> Result<Runnable, NotInvokable> {
    let not_found = || NotInvokable::NotFound { chaincode: name.to_owned() };
    let defined = state.get(lifecycle::NAMESPACE, &sequence_key(name))?.ok_or_else(not_found)?;
    let place = (channel.id().clone(), name.to_owned());
    let known = lock(&support.found().0).get(&place).cloned();
    if let Some(known) = known.filter(|known| known.committed == defined.version) {
        let approval = approval(state, support.organization(), (name, known.sequence))?;
        let same = approval.is_some_and(|approval| approval.version == known.approved);
        if same && support.has_package(&known.runnable.package_id) {
            return Ok(known.runnable);
        }
    }
    let definition = lifecycle::definition(state, name)
        .map_err(|source| NotInvokable::Definition { source: Box::new(source) })?
        .ok_or_else(not_found)?;
    let (approved, runnable) = look_up(support, channel, state, &definition)?;
    let (sequence, committed) = (definition.sequence, defined.version);
    let known = Known { sequence, committed, approved, runnable: runnable.clone() };
    let mut found = lock(&support.found().0);
    if found.len() < PACKAGES_MAX || found.contains_key(&place) {
        found.insert(place, known);
    }
    Ok(runnable)
}

fn look_up(
    support: &Support,
    channel: &Channel,
    state: &dyn StateView,
    definition: &ChaincodeDefinition,
) -> Result<(Version, Runnable), NotInvokable> {
    let (name, sequence) = (definition.name.as_str(), definition.sequence);
    let organization = support.organization();
    let not_approved = || NotInvokable::NotApproved {
        chaincode: name.to_owned(),
        sequence,
        channel: channel.id().clone(),
    };
    let config = channel.config();
    let context = lifecycle::Context { config: &config, organization };
    let asked = QueryChaincodeDefinitionArgs { name: name.to_owned() };
    let committed = lifecycle::query_definition(&asked, &context, &mut StateAccess(state))
        .map_err(|source| NotInvokable::Approvals { source: Box::new(source) })?;
    if committed.approvals.get(organization.as_str()) != Some(&true) {
        return Err(not_approved());
    }
    let approval = approval(state, organization, (name, sequence))?.ok_or_else(not_approved)?;
    let is_approved = |id: &String| package_hash(id) == approval.value;
    let package_id = support.installed().into_iter().map(|(id, _)| id).find(is_approved);
    let package_id =
        package_id.ok_or_else(|| NotInvokable::NotInstalled { chaincode: name.to_owned() })?;
    let (version, init_required) = (definition.version.clone(), definition.init_required);
    Ok((approval.version, Runnable { version, init_required, package_id }))
}

/// What the ledger knows of the package that an organisation approved.
fn approval(
    state: &dyn StateView,
    organization: &MspId,
    (name, sequence): (&str, i64),
) -> Result<Option<Versioned>, StateError> {
    let key = format!("chaincode-sources/fields/{name}#{sequence}/PackageID");
    let collection = lifecycle::implicit_collection(organization);
    state.get_hashed(lifecycle::NAMESPACE, &collection, &sha256(key.as_bytes()))
}

fn sequence_key(name: &str) -> String {
    format!("namespaces/fields/{name}/Sequence")
}

fn package_hash(package_id: &str) -> Vec<u8> {
    let record = StateData { r#type: Some(state_data::Type::String(package_id.to_owned())) };
    sha256(&record.encode_to_vec())
}

/// Why this peer cannot run a chaincode. The texts are Fabric's.
#[derive(Debug, Error)]
pub(crate) enum NotInvokable {
    #[error("chaincode {chaincode} not found")]
    NotFound { chaincode: String },
    #[error(
        "chaincode definition for '{chaincode}' at sequence {sequence} on channel '{channel}' has \
         not yet been approved by this org"
    )]
    NotApproved { chaincode: String, sequence: i64, channel: ChannelId },
    #[error("chaincode definition for '{chaincode}' exists, but chaincode is not installed")]
    NotInstalled { chaincode: String },
    #[error("a chaincode needs a channel")]
    NoChannel,
    #[error("{source}")]
    Definition {
        #[source]
        source: Box<RecordError>,
    },
    #[error("{source}")]
    Approvals {
        #[source]
        source: Box<LifecycleError>,
    },
    #[error("{0}")]
    State(#[from] StateError),
    #[error("{0}")]
    Simulation(#[from] SimulationError),
}
