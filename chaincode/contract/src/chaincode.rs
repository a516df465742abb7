//! Contracts behind one name, and the way from a call to a function.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use fabric_protos::id::ChaincodeName;
use serde_json::{Map, Value, json};

use crate::host::Ledger;
use crate::{
    Argument, ArgumentError, ContractError, Fault, Interface, Invocation, Reach, ReadTransaction,
    Status, Transaction, canonical,
};

/// Contracts that are deployed together.
pub struct Chaincode {
    name: ChaincodeName,
    contracts: Vec<Box<dyn Contract>>,
}

impl Chaincode {
    /// The function that every chaincode answers with its metadata.
    pub const METADATA_FUNCTION: &str = "org.hyperledger.fabric:GetMetadata";

    /// A chaincode without contracts.
    ///
    /// The name is the one under which the channel defines it. The peer does not tell a
    /// chaincode its name, and without it a call from a client looks like one from another
    /// chaincode: deployed under a different name, only `#[external]` functions answer.
    #[must_use]
    pub fn new(name: ChaincodeName) -> Self {
        Self { name, contracts: Vec::new() }
    }

    /// Adds a contract. If none is marked as the default, the first one is.
    #[must_use]
    pub fn with(mut self, contract: impl Contract) -> Self {
        self.contracts.push(Box::new(contract));
        self
    }

    /// The name under which the channel defines it.
    #[must_use]
    pub fn name(&self) -> &ChaincodeName {
        &self.name
    }

    /// What the chaincode offers, as Fabric's contract metadata: contracts, functions with their
    /// tags, parameters with their names and JSON Schemas.
    #[must_use]
    pub fn metadata(&self) -> Value {
        let default = self.default_contract().map(|contract| contract.interface().name);
        let contracts: Map<String, Value> = self
            .contracts
            .iter()
            .map(|contract| contract.interface())
            .map(|interface| {
                let is_default = default == Some(interface.name);
                (interface.name.to_owned(), interface.metadata(is_default))
            })
            .collect();
        json!({
            "info": {"title": self.name.as_str(), "version": "1"},
            "contracts": contracts,
            "components": {"schemas": {}},
        })
    }

    /// Runs one call to its payload.
    pub(crate) async fn dispatch(
        self: Arc<Self>,
        mut invocation: Invocation,
        ledger: Ledger,
    ) -> Result<Vec<u8>, ContractError> {
        let mut arguments = invocation.take_arguments().into_iter();
        // An initialisation may name no function: there is nothing to initialise.
        let Some(name) = arguments.next() else { return Ok(Vec::new()) };
        let name = String::from_utf8(name).map_err(|_invalid| DispatchError::NotText)?;
        if name == Self::METADATA_FUNCTION {
            return self.metadata_text();
        }
        let target = self.find(&name)?;
        let arguments: Vec<Vec<u8>> = arguments.collect();
        target.admit(&self.name, &invocation, arguments.len())?;
        let function = target.function;
        let invocation = Arc::new(invocation);
        target.contract.run(Call { function: function.name, arguments, invocation, ledger }).await
    }

    fn metadata_text(&self) -> Result<Vec<u8>, ContractError> {
        canonical::to_vec(&self.metadata())
            .map_err(|error| ContractError::new(Status::INTERNAL, "METADATA", error.to_string()))
    }

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
        let found = contract.interface().function(function);
        let unknown = || DispatchError::UnknownFunction { name: shorten(function) };
        Ok(Target { contract, function: found.ok_or_else(unknown)? })
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

/// Functions on the ledger; implemented by [`#[contract]`](macro@crate::contract).
pub trait Contract: Send + Sync + 'static {
    /// What the contract offers.
    fn interface(&self) -> &'static Interface;

    /// Runs a function of the interface.
    fn run<'a>(&'a self, call: Call) -> Running<'a>;
}

/// A contract function on its way to its answer.
pub type Running<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, ContractError>> + Send + 'a>>;

/// A call that has found its function. The number of arguments is the function's.
#[derive(Debug)]
pub struct Call {
    function: &'static str,
    arguments: Vec<Vec<u8>>,
    invocation: Arc<Invocation>,
    ledger: Ledger,
}

impl Call {
    /// The function's name in the interface.
    #[must_use]
    pub fn function(&self) -> &'static str {
        self.function
    }

    /// Decodes an argument.
    ///
    /// # Errors
    /// If its bytes are not what the type reads.
    pub fn argument<T: Argument>(
        &self,
        position: usize,
        name: &'static str,
    ) -> Result<T, ContractError> {
        let bytes = self.arguments.get(position).map(Vec::as_slice).unwrap_or_default();
        T::decode(bytes).map_err(|source| {
            ContractError::of(&DispatchError::Argument { function: self.function, name, source })
        })
    }

    /// The transaction of an evaluate function.
    #[must_use]
    pub fn into_read_transaction(self) -> ReadTransaction {
        ReadTransaction::new(self.invocation, self.ledger)
    }

    /// The transaction of a submit function.
    #[must_use]
    pub fn into_transaction(self) -> Transaction {
        Transaction::new(self.invocation, self.ledger)
    }

    /// Ends a call of a function that the contract's interface does not have.
    #[must_use]
    pub fn unknown<'a>(self) -> Running<'a> {
        let error = DispatchError::UnknownFunction { name: self.function.to_owned() };
        Box::pin(std::future::ready(Err(ContractError::of(&error))))
    }
}

/// The function that a name leads to.
struct Target<'a> {
    contract: &'a dyn Contract,
    function: &'static crate::Function,
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
        if expected != given {
            return Err(DispatchError::ArgumentCount { function, expected, given });
        }
        Ok(())
    }
}

/// Why a call did not reach a function.
#[derive(Debug, thiserror::Error)]
enum DispatchError {
    #[error("the function's name is not UTF-8")]
    NotText,
    #[error("there is no contract {name:?}")]
    UnknownContract { name: String },
    #[error("there is no function {name:?}")]
    UnknownFunction { name: String },
    #[error("{function} is not external: {caller} may not call it")]
    NotExternal { function: &'static str, caller: ChaincodeName },
    #[error("{function} takes {expected} arguments, {given} came")]
    ArgumentCount { function: &'static str, expected: usize, given: usize },
    #[error("argument {name} of {function}: {source}")]
    Argument { function: &'static str, name: &'static str, source: ArgumentError },
}

impl Fault for DispatchError {
    fn status(&self) -> Status {
        match self {
            Self::UnknownContract { .. } | Self::UnknownFunction { .. } => Status::NOT_FOUND,
            Self::NotExternal { .. } => Status::FORBIDDEN,
            Self::NotText | Self::ArgumentCount { .. } | Self::Argument { .. } => {
                Status::BAD_REQUEST
            }
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotText => "FUNCTION_NAME",
            Self::UnknownContract { .. } => "UNKNOWN_CONTRACT",
            Self::UnknownFunction { .. } => "UNKNOWN_FUNCTION",
            Self::NotExternal { .. } => "NOT_EXTERNAL",
            Self::ArgumentCount { .. } => "ARGUMENT_COUNT",
            Self::Argument { .. } => "ARGUMENT",
        }
    }
}

impl From<DispatchError> for ContractError {
    fn from(error: DispatchError) -> Self {
        Self::of(&error)
    }
}

/// A name from outside, short enough to repeat in an error.
fn shorten(name: &str) -> String {
    const NAME_CHARS_MAX: usize = 100;
    name.chars().take(NAME_CHARS_MAX).collect()
}
