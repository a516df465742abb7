//! Contracts behind one name, and the way from a call to a function.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use fabric_protos::id::ChaincodeName;
use serde_json::{Map, Value, json};

use crate::host::Ledger;
use crate::schema::described;
use crate::{
    ContractError, Fault, Function, Interface, Invocation, Occasion, Reach, Schemas, Status,
    canonical,
};

pub use call::Call;
use error::{DispatchError, shorten};

mod call;
mod error;

/// Contracts that are deployed together.
pub struct Chaincode {
    name: ChaincodeName,
    info: Info,
    contracts: Vec<Box<dyn Contract>>,
    flaw: Option<ChaincodeFlaw>,
    /// The metadata's text, written when it is first asked for.
    metadata: OnceLock<Result<Vec<u8>, ContractError>>,
}

impl Chaincode {
    /// The function that every chaincode answers with its metadata.
    pub const METADATA_FUNCTION: &str = "org.hyperledger.fabric:GetMetadata";

    /// A chaincode without contracts, under a name that the program's author chose:
    /// `Chaincode::named("assets").with(Assets)`. A text that is no chaincode's name is a flaw
    /// that [`check`](Self::check) finds.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        match ChaincodeName::new(name) {
            Ok(name) => Self::new(name),
            Err(_invalid) => {
                let flaw = Some(ChaincodeFlaw::Name { given: name });
                // Nobody can deploy under this name, and no call passes the flaw.
                Self { flaw, ..Self::new(ChaincodeName::lifecycle()) }
            }
        }
    }

    /// A chaincode without contracts.
    ///
    /// The name is the one under which the channel defines it. The peer does not tell a
    /// chaincode its name, and without it a call from a client looks like one from another
    /// chaincode: deployed under a different name, only `#[external]` functions answer. Where
    /// the name differs from one channel to the next, have it configured and parse it:
    /// `Chaincode::new(name.parse()?)`.
    #[must_use]
    pub fn new(name: ChaincodeName) -> Self {
        let info = Info {
            title: name.as_str().to_owned(),
            version: "1".to_owned(),
            description: String::new(),
        };
        Self { name, info, contracts: Vec::new(), flaw: None, metadata: OnceLock::new() }
    }

    /// What the metadata calls the chaincode; its name if nothing else is said.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.info.title = title.into();
        self
    }

    /// The version that the metadata tells, `1` if nothing else is said. Give
    /// `env!("CARGO_PKG_VERSION")` for that of your package.
    #[must_use]
    pub fn versioned(mut self, version: impl Into<String>) -> Self {
        self.info.version = version.into();
        self
    }

    /// What the metadata tells of the chaincode's purpose.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.info.description = description.into();
        self
    }

    /// Adds a contract. If none is marked as the default, the first one is.
    #[must_use]
    pub fn with(mut self, contract: impl Contract) -> Self {
        let added = contract.interface();
        let known = || self.contracts.iter().map(|contract| contract.interface());
        let same_name = known().any(|known| known.name == added.name);
        let same_name = same_name.then_some(ChaincodeFlaw::SameName { name: added.name });
        let other_default = known().find(|known| known.default && added.default);
        let two_defaults = other_default
            .map(|first| ChaincodeFlaw::TwoDefaults { first: first.name, second: added.name });
        self.flaw = self.flaw.or(same_name).or(two_defaults);
        self.contracts.push(Box::new(contract));
        self
    }

    /// The name under which the channel defines it.
    #[must_use]
    pub fn name(&self) -> &ChaincodeName {
        &self.name
    }

    /// Whether the contracts fit together. Where they do not, every call fails and says why;
    /// a program that serves the chaincode asks before it starts.
    ///
    /// # Errors
    /// If the chaincode's name is none, two contracts have the same name, or two are the default.
    pub fn check(&self) -> Result<(), ChaincodeFlaw> {
        self.flaw.map_or(Ok(()), Err)
    }

    /// What the chaincode offers, as
    /// [Fabric's contract metadata](https://github.com/hyperledger/fabric-chaincode-node/blob/main/apis/fabric-contract-api/schema/contract-schema.json):
    /// contracts, functions with their tags, parameters with their names and JSON Schemas.
    ///
    /// A function that takes transient values has them under `transient`, in the form of
    /// `parameters`. The tags of a function are `submit` or `evaluate`, in small and in capital
    /// letters, `external` if other chaincode may call it, and `init` if it initialises.
    #[must_use]
    pub fn metadata(&self) -> Value {
        let default = self.default_contract().map(|contract| contract.interface().name);
        let mut schemas = Schemas::new();
        let contracts: Map<String, Value> = self
            .contracts
            .iter()
            .map(|contract| contract.interface())
            .map(|interface| {
                let is_default = default == Some(interface.name);
                (interface.name.to_owned(), interface.metadata(is_default, &mut schemas))
            })
            .collect();
        json!({
            "info": self.info.metadata(),
            "contracts": contracts,
            "components": {"schemas": schemas.into_components()},
        })
    }

    /// Runs one call to its payload.
    pub(crate) async fn dispatch(
        self: Arc<Self>,
        mut invocation: Invocation,
        ledger: Ledger,
    ) -> Result<Vec<u8>, ContractError> {
        self.check()?;
        let mut arguments = invocation.take_arguments().into_iter();
        let name = match arguments.next() {
            Some(name) => name,
            None if invocation.is_init() => Vec::new(),
            // A call that names nothing asks for nothing.
            None => return Ok(Vec::new()),
        };
        let name = String::from_utf8(name).map_err(|_invalid| DispatchError::NotText)?;
        if name == Self::METADATA_FUNCTION {
            return self.metadata_text();
        }
        let arguments: Vec<Vec<u8>> = arguments.collect();
        let target = match self.target(&name, invocation.is_init())? {
            Some(target) => target,
            None if arguments.is_empty() => return Ok(Vec::new()),
            None => return Err(DispatchError::NothingToInitialise.into()),
        };
        target.admit(&self.name, &invocation, arguments.len())?;
        let Target { contract, function, unknown } = target;
        let invocation = Arc::new(invocation);
        contract.run(Call { function, unknown, arguments, invocation, ledger }).await
    }

    fn metadata_text(&self) -> Result<Vec<u8>, ContractError> {
        let text = || canonical::to_vec(&self.metadata());
        let written = self.metadata.get_or_init(|| {
            text().map_err(|error| {
                ContractError::new(Status::INTERNAL, "METADATA", error.to_string())
            })
        });
        written.clone()
    }

    /// The function that a call is for; `None` for an initialisation that names none and finds
    /// none in the default contract.
    fn target(&self, name: &str, is_init: bool) -> Result<Option<Target<'_>>, DispatchError> {
        if is_init && name.is_empty() {
            let contract = self.default_contract();
            let found = contract.and_then(|contract| {
                let function = contract.interface().initialisation()?;
                Some(Target { contract, function, unknown: None })
            });
            return Ok(found);
        }
        let target = self.find(name)?;
        let function = target.function.name;
        // A contract that marks none takes any of its functions, as Go's contracts do.
        let marks_one = target.contract.interface().initialisation().is_some();
        match (target.function.occasion, is_init) {
            (Occasion::Call, true) if marks_one => {
                Err(DispatchError::NotInitialisation { function })
            }
            (Occasion::Initialisation, false) => {
                Err(DispatchError::OnlyInitialisation { function })
            }
            (Occasion::Call | Occasion::Initialisation, _) => Ok(Some(target)),
        }
    }

    /// The last colon divides, as in Go: a function's name has none.
    fn find(&self, name: &str) -> Result<Target<'_>, DispatchError> {
        let (contract, function) = match name.rsplit_once(':') {
            Some((contract, function)) => {
                let found = self.contracts.iter().find(|known| known.interface().name == contract);
                let unknown = || DispatchError::UnknownContract { name: shorten(contract) };
                (&**found.ok_or_else(unknown)?, function)
            }
            None => {
                let unknown = || DispatchError::UnknownFunction { name: shorten(name) };
                (self.default_contract().ok_or_else(unknown)?, name)
            }
        };
        let interface = contract.interface();
        if let Some(function) = interface.function(function) {
            return Ok(Target { contract, function, unknown: None });
        }
        let unknown = || DispatchError::UnknownFunction { name: shorten(function) };
        let answering = interface.unknown.ok_or_else(unknown)?;
        Ok(Target { contract, function: answering, unknown: Some(function.to_owned()) })
    }

    fn default_contract(&self) -> Option<&dyn Contract> {
        let marked = self.contracts.iter().find(|contract| contract.interface().default);
        marked.or_else(|| self.contracts.first()).map(|contract| &**contract)
    }
}

impl fmt::Debug for Chaincode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contracts = self.contracts.iter().map(|contract| contract.interface().name);
        write!(f, "Chaincode({}: ", self.name)?;
        f.debug_list().entries(contracts).finish()?;
        f.write_str(")")
    }
}

/// Contracts that cannot be in one chaincode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChaincodeFlaw {
    /// The chaincode's name is not one that a channel can define.
    #[error("{given:?} is no chaincode's name")]
    Name {
        /// The name.
        given: &'static str,
    },
    /// Calls could not tell them apart.
    #[error("two contracts are named {name:?}")]
    SameName {
        /// The name.
        name: &'static str,
    },
    /// A call that names no contract would have two to go to.
    #[error("both {first:?} and {second:?} are the default contract")]
    TwoDefaults {
        /// The name of the one added first.
        first: &'static str,
        /// The name of the other.
        second: &'static str,
    },
}

impl Fault for ChaincodeFlaw {
    fn status(&self) -> Status {
        Status::INTERNAL
    }

    fn code(&self) -> &'static str {
        "CHAINCODE_FLAW"
    }
}

impl From<ChaincodeFlaw> for ContractError {
    fn from(flaw: ChaincodeFlaw) -> Self {
        Self::of(&flaw)
    }
}

/// Functions on the ledger; implemented by [`#[contract]`](macro@crate::contract).
pub trait Contract: Send + Sync + 'static {
    /// What the contract offers.
    fn interface(&self) -> &'static Interface;

    /// Runs a function of the interface.
    fn run<'a>(&'a self, call: Call) -> Running<'a>;
}

/// A contract function on its way to its answer.
pub type Running<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, ContractError>> + Send + 'a>>;

/// What the metadata tells of the chaincode itself.
struct Info {
    title: String,
    version: String,
    description: String,
}

impl Info {
    fn metadata(&self) -> Value {
        let info = json!({"title": self.title, "version": self.version});
        if self.description.is_empty() { info } else { described(info, &self.description) }
    }
}

/// The function that a name leads to.
struct Target<'a> {
    contract: &'a dyn Contract,
    function: &'static Function,
    /// The name that was asked for, if the function answers for one that does not exist.
    unknown: Option<String>,
}

impl Target<'_> {
    /// Whether this call may run the function.
    fn admit(
        &self,
        own_name: &ChaincodeName,
        invocation: &Invocation,
        given: usize,
    ) -> Result<(), DispatchError> {
        let function = self.function.name;
        if self.function.reach == Reach::Client && invocation.is_nested_in(own_name) {
            let caller = invocation.outermost_chaincode().clone();
            return Err(DispatchError::NotExternal { function, caller });
        }
        let expected = self.function.parameters.len();
        if self.unknown.is_none() && expected != given {
            return Err(DispatchError::ArgumentCount { function, expected, given });
        }
        Ok(())
    }
}
