//! Finding a chaincode and having it called.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};

use fabric_protos::Message;
use fabric_protos::id::{MspId, TxId};
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{ChaincodeInput, ChaincodeMessage, SignedProposal};
use pervade_identity::Identity;
use pervade_ledger::answer::Occasion;
use pervade_ledger::simulate::{InitError, Initialization};
use pervade_ports::{BoxFuture, Clock, Spawn};
use thiserror::Error;

use super::definition::{self, Found, NotInvokable};
use super::link::{Launch, LaunchError};
use super::stream::{ChaincodeStream, ExecuteError, Phase};
use crate::channel::{Channel, Channels};
use crate::limits::{CALL_DEPTH_MAX, LAUNCH_TIMEOUT, PACKAGES_MAX};
use crate::simulation::Simulation;
use crate::system::{self, SystemCall};
use crate::{lock, read, write};

/// One peer's chaincodes: installed packages and their streams.
pub(crate) struct Support {
    organization: MspId,
    channels: Arc<Channels>,
    packages: RwLock<BTreeMap<String, Arc<Package>>>,
    found: Found,
    local: Arc<system::LocalPeer>,
    clock: Arc<dyn Clock>,
    spawn: Arc<dyn Spawn>,
}

/// One chaincode's work on one proposal.
#[derive(Clone)]
pub(crate) struct Call {
    /// The proposal that started it all; a called chaincode sees the same one.
    pub(crate) proposal: Arc<CallProposal>,
    /// The channel whose state the chaincode sees.
    pub(crate) channel: Option<Arc<Channel>>,
    /// That state, and what was read and written so far by every chaincode of the transaction.
    pub(crate) simulation: Option<Simulation>,
    /// The chaincode's name, which is the namespace of its state.
    pub(crate) name: String,
    /// How many chaincodes of the transaction wait for this one.
    pub(crate) depth: usize,
    /// Whether the chaincode runs to initialise itself.
    pub(crate) is_init: bool,
}

/// What every chaincode of one transaction sees of its proposal.
pub(crate) struct CallProposal {
    /// The proposal as it was signed.
    pub(crate) signed: SignedProposal,
    /// Name of the chaincode that the client named.
    pub(crate) chaincode: String,
    /// The client, who has been verified to have signed the proposal.
    pub(crate) creator: Identity,
    /// The transaction's id.
    pub(crate) tx_id: TxId,
}

/// A chaincode package that a peer may run.
struct Package {
    label: String,
    launcher: Arc<dyn Launch>,
    stream: Mutex<Option<Arc<ChaincodeStream>>>,
    /// Held while a new stream is made.
    launching: tokio::sync::Mutex<()>,
}

/// What a peer with chaincodes needs from outside.
pub(crate) struct SupportParts {
    pub(crate) organization: MspId,
    pub(crate) channels: Arc<Channels>,
    pub(crate) local: Arc<system::LocalPeer>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) spawn: Arc<dyn Spawn>,
}

impl Support {
    pub(crate) fn new(parts: SupportParts) -> Self {
        let SupportParts { organization, channels, local, clock, spawn } = parts;
        Self {
            organization,
            channels,
            packages: RwLock::default(),
            found: Found::default(),
            local,
            clock,
            spawn,
        }
    }

    pub(crate) fn install(
        &self,
        package_id: &str,
        label: &str,
        launcher: Arc<dyn Launch>,
    ) -> Result<(), InstallError> {
        let mut packages = write(&self.packages);
        if packages.len() >= PACKAGES_MAX && !packages.contains_key(package_id) {
            return Err(InstallError::Full);
        }
        let package = Package {
            label: label.to_owned(),
            launcher,
            stream: Mutex::default(),
            launching: tokio::sync::Mutex::default(),
        };
        if let Some(previous) = packages.insert(package_id.to_owned(), Arc::new(package)) {
            previous.end();
        }
        Ok(())
    }

    /// Ids and labels of the installed packages, in the order of the ids.
    pub(crate) fn installed(&self) -> Vec<(String, String)> {
        let packages = read(&self.packages);
        packages.iter().map(|(id, package)| (id.clone(), package.label.clone())).collect()
    }

    pub(crate) fn has_package(&self, package_id: &str) -> bool {
        read(&self.packages).contains_key(package_id)
    }

    /// Ends every chaincode's stream.
    pub(crate) fn end(&self) {
        for package in read(&self.packages).values() {
            package.end();
        }
    }

    pub(crate) fn spawn(&self, name: &'static str, task: BoxFuture<'static, ()>) {
        self.spawn.spawn(name, task);
    }

    pub(crate) fn organization(&self) -> &MspId {
        &self.organization
    }

    pub(crate) fn channels(&self) -> &Channels {
        &self.channels
    }

    pub(super) fn found(&self) -> &Found {
        &self.found
    }

    /// Calls `call.name` with `input` and returns the chaincode's last word, `COMPLETED` or
    /// `ERROR`. System chaincodes are answered here.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        call: Call,
        input: ChaincodeInput,
    ) -> Result<ChaincodeMessage, InvokeError> {
        if call.depth >= CALL_DEPTH_MAX {
            return Err(InvokeError::TooDeep);
        }
        if system::is_system(&call.name) {
            return Ok(self.invoke_system(&call, &input));
        }
        let (stream, call, message) = self.prepare(call, input).await?;
        stream
            .execute(call, message, self.clock.as_ref())
            .await
            .map_err(|source| InvokeError::Execute { source })
    }

    fn invoke_system(&self, call: &Call, input: &ChaincodeInput) -> ChaincodeMessage {
        let response = system::invoke(&SystemCall {
            call,
            args: &input.args,
            channels: &self.channels,
            local: &self.local,
            support: self,
        });
        ChaincodeMessage {
            r#type: Type::Completed.into(),
            payload: response.encode_to_vec(),
            txid: call.proposal.tx_id.to_string(),
            channel_id: call.channel_name(),
            ..Default::default()
        }
    }

    async fn prepare(
        self: &Arc<Self>,
        mut call: Call,
        input: ChaincodeInput,
    ) -> Result<(Arc<ChaincodeStream>, Call, ChaincodeMessage), InvokeError> {
        let invalid = |channel: String, source| InvokeError::NotInvokable {
            channel,
            chaincode: call.name.clone(),
            source,
        };
        let (Some(channel), Some(simulation)) = (&call.channel, &call.simulation) else {
            return Err(invalid(String::new(), NotInvokable::NoChannel));
        };
        let runnable = definition::runnable(self, channel, simulation, &call.name)
            .map_err(|source| invalid(call.channel_name(), source))?;
        let occasion = if input.is_init { Occasion::Init } else { Occasion::Transaction };
        let defined = Initialization {
            chaincode: &call.name,
            version: &runnable.version,
            required: runnable.init_required,
        };
        simulation
            .running(|simulator| simulator.check_init(defined, occasion))
            .map_err(|source| invalid(call.channel_name(), source.into()))?
            .map_err(|source| InvokeError::Initialization { source })?;
        call.is_init = input.is_init;
        let kind = if input.is_init { Type::Init } else { Type::Transaction };
        let message = ChaincodeMessage {
            r#type: kind.into(),
            payload: input.encode_to_vec(),
            txid: call.proposal.tx_id.to_string(),
            channel_id: call.channel_name(),
            proposal: Some(call.proposal.signed.clone()),
            ..Default::default()
        };
        let stream = self.stream(&runnable.package_id).await?;
        Ok((stream, call, message))
    }

    /// The package's stream; a new one if there is none or the last one has ended.
    async fn stream(
        self: &Arc<Self>,
        package_id: &str,
    ) -> Result<Arc<ChaincodeStream>, InvokeError> {
        let not_launched =
            |source| InvokeError::Launch { package_id: package_id.to_owned(), source };
        let package = read(&self.packages).get(package_id).cloned();
        let package = package.ok_or_else(|| not_launched(LaunchFault::NotInstalled))?;
        if let Some(stream) = package.live() {
            return Ok(stream);
        }
        let _launching = package.launching.lock().await;
        if let Some(stream) = package.live() {
            return Ok(stream);
        }
        let stream = self.launch(package_id, &package).await.map_err(not_launched)?;
        *lock(&package.stream) = Some(Arc::clone(&stream));
        Ok(stream)
    }

    async fn launch(
        self: &Arc<Self>,
        package_id: &str,
        package: &Package,
    ) -> Result<Arc<ChaincodeStream>, LaunchFault> {
        let link = tokio::select! {
            link = package.launcher.launch() => link.map_err(LaunchFault::Launcher)?,
            () = self.clock.sleep(LAUNCH_TIMEOUT) => return Err(LaunchFault::Timeout),
        };
        let stream = ChaincodeStream::open(package_id.to_owned(), link, self);
        let phase = tokio::select! {
            phase = stream.ready() => phase,
            () = self.clock.sleep(LAUNCH_TIMEOUT) => Phase::Created,
        };
        if phase == Phase::Ready {
            return Ok(stream);
        }
        stream.end();
        Err(LaunchFault::NotRegistered)
    }
}

impl Drop for Support {
    fn drop(&mut self) {
        self.end();
    }
}

impl Call {
    /// Name of the channel, empty for a call without one.
    pub(crate) fn channel_name(&self) -> String {
        self.channel.as_ref().map(|channel| channel.id().to_string()).unwrap_or_default()
    }
}

impl Package {
    fn live(&self) -> Option<Arc<ChaincodeStream>> {
        lock(&self.stream).as_ref().filter(|stream| !stream.has_ended()).cloned()
    }

    fn end(&self) {
        if let Some(stream) = lock(&self.stream).take() {
            stream.end();
        }
    }
}

/// A package was not installed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The peer has [`PACKAGES_MAX`] packages already.
    #[error("no more than {PACKAGES_MAX} packages may be installed")]
    Full,
}

/// A chaincode could not be called, or did not finish. The texts are Fabric's.
#[derive(Debug, Error)]
pub(crate) enum InvokeError {
    #[error(
        "invalid invocation: [channel {channel}] failed to get chaincode container info for \
         {chaincode}: {source}"
    )]
    NotInvokable {
        channel: String,
        chaincode: String,
        #[source]
        source: NotInvokable,
    },
    #[error("invalid invocation: {source}")]
    Initialization {
        #[source]
        source: InitError,
    },
    #[error("could not launch chaincode {package_id}: {source}")]
    Launch {
        package_id: String,
        #[source]
        source: LaunchFault,
    },
    #[error("error sending: {source}")]
    Execute {
        #[source]
        source: ExecuteError,
    },
    #[error("more than {CALL_DEPTH_MAX} chaincodes call each other")]
    TooDeep,
}

/// Why a chaincode is not there.
#[derive(Debug, Error)]
pub(crate) enum LaunchFault {
    #[error("chaincode is not installed")]
    NotInstalled,
    #[error("{}", with_causes(.0))]
    Launcher(#[source] LaunchError),
    #[error("chaincode registration failed")]
    NotRegistered,
    #[error("timeout expired while starting chaincode")]
    Timeout,
}

/// The whole reason, because a transport names only its own step.
fn with_causes(error: &LaunchError) -> String {
    let first: &dyn std::error::Error = error;
    let below = std::iter::successors(first.source(), |error| error.source());
    below.fold(error.to_string(), |text, error| format!("{text}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{LaunchError, LaunchFault};

    #[derive(Debug, thiserror::Error)]
    #[error("transport error")]
    struct Transport(#[source] io::Error);

    #[test]
    fn why_a_chaincode_is_not_reached_is_told_to_the_end() {
        let reason = Transport(io::Error::other("connection refused"));
        let fault = LaunchFault::Launcher(LaunchError::new(reason));
        assert_eq!(fault.to_string(), "transport error: connection refused");
    }
}
