//! What typed clients call through.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;

use fabric_protos::id::ChaincodeName;

use crate::{
    ArgumentError, CallError, Fault, Occasion, Output, ReadTransaction, Secret, Status, Transaction,
};

/// Something that can call a chaincode: a client's connection, or a running transaction.
///
/// The clients that [`#[contract]`](macro@crate::contract) generates are generic over it. From
/// another contract, they reach the functions that are marked `#[external]`:
///
/// ```
/// use pervade_chaincode::{
///     CallError, ChaincodeName, ClientError, LedgerError, ReadTransaction, Transaction, contract,
/// };
///
/// struct Prices;
///
/// #[contract(name = "prices", default)]
/// impl Prices {
///     #[external]
///     #[evaluate]
///     async fn price(&self, tx: &ReadTransaction, of: String) -> Result<u64, LedgerError> {
///         Ok(tx.get_json(of).await?.unwrap_or_default())
///     }
/// }
///
/// /// Calls the prices under the name that they were deployed under.
/// struct Orders {
///     prices: ChaincodeName,
/// }
///
/// #[contract(name = "orders", default)]
/// impl Orders {
///     #[submit]
///     async fn order(
///         &self,
///         tx: &mut Transaction,
///         what: String,
///     ) -> Result<u64, ClientError<CallError>> {
///         let mut prices = PricesClient::new(tx, self.prices.clone());
///         prices.price(what).await
///     }
/// }
/// ```
pub trait Caller {
    /// Why a call may fail.
    type Error: Error;

    /// Asks for an answer; nothing is recorded.
    fn evaluate(
        &mut self,
        call: ClientCall,
    ) -> impl Future<Output = Result<Vec<u8>, Self::Error>> + Send;
}

/// A caller that may have something written: everyone but an evaluate function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` only reads, and cannot have a submit function run",
    note = "call it from a function that is marked `#[submit]` and takes `tx: &mut Transaction`"
)]
pub trait Submitter: Caller {
    /// What a submission gives for the function's answer: the answer itself where the caller
    /// only takes part in a transaction, the answer with its place on the ledger where it
    /// commits one.
    type Submitted<T>;

    /// Has a transaction made, and waits until it is committed if the caller is one that
    /// commits.
    fn submit(
        &mut self,
        call: ClientCall,
    ) -> impl Future<Output = Result<Self::Submitted<Vec<u8>>, Self::Error>> + Send;

    /// Reads the answer of a submission.
    ///
    /// # Errors
    /// As `read`.
    fn read<T, E>(
        submitted: Self::Submitted<Vec<u8>>,
        read: impl FnOnce(Vec<u8>) -> Result<T, E>,
    ) -> Result<Self::Submitted<T>, E>;
}

/// A caller from outside the ledger. It may call functions that other chaincode may not, send
/// transient data, and initialise a chaincode.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no client of the ledger, and cannot call this function",
    note = "chaincode reaches only functions that are marked `#[external]` and take nothing transient: a called chaincode sees the transient map of the client's proposal, not one of its caller's",
    note = "to call it all the same, by its name and with raw arguments, use `Transaction::call`"
)]
pub trait Outside: Submitter {}

/// One call of a typed client.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "taken apart by every caller")]
pub struct ClientCall {
    /// The chaincode, by the name under which the channel defines it.
    pub chaincode: ChaincodeName,
    /// `contract:function`.
    pub function: &'static str,
    /// The arguments behind the function's name, in their wire form.
    pub arguments: Vec<Vec<u8>>,
    /// What goes into the proposal's transient map.
    pub transient: BTreeMap<&'static str, Secret>,
    /// Whether it is to initialise the chaincode.
    pub occasion: Occasion,
}

impl ClientCall {
    /// A call without arguments.
    #[must_use]
    pub fn new(chaincode: ChaincodeName, function: &'static str, occasion: Occasion) -> Self {
        let (arguments, transient) = (Vec::new(), BTreeMap::new());
        Self { chaincode, function, arguments, transient, occasion }
    }

    /// Adds an argument in its wire form.
    ///
    /// # Errors
    /// If it has none.
    pub fn argument<E: Error>(
        &mut self,
        name: &'static str,
        encoded: Result<Vec<u8>, ArgumentError>,
    ) -> Result<(), ClientError<E>> {
        self.arguments.push(encoded.map_err(|source| ClientError::Argument { name, source })?);
        Ok(())
    }

    /// Adds a transient value in its wire form, if there is one.
    ///
    /// # Errors
    /// If it has none.
    pub fn transient<E: Error>(
        &mut self,
        name: &'static str,
        given: Result<Option<Secret>, ArgumentError>,
    ) -> Result<(), ClientError<E>> {
        let given = given.map_err(|source| ClientError::Argument { name, source })?;
        self.transient.extend(given.map(|secret| (name, secret)));
        Ok(())
    }

    /// Asks for the typed answer of an evaluate function.
    ///
    /// # Errors
    /// If the call fails or its answer cannot be read.
    pub async fn evaluate<T: Output, C: Caller>(
        self,
        caller: &mut C,
    ) -> Result<T, ClientError<C::Error>> {
        let payload = caller.evaluate(self).await.map_err(ClientError::Call)?;
        T::decode_output(&payload).map_err(ClientError::Answer)
    }

    /// Has a submit function run, and reads its answer.
    ///
    /// # Errors
    /// If the call fails or its answer cannot be read.
    pub async fn submit<T: Output, C: Submitter>(
        self,
        caller: &mut C,
    ) -> Result<C::Submitted<T>, ClientError<C::Error>> {
        let submitted = caller.submit(self).await.map_err(ClientError::Call)?;
        C::read(submitted, |payload| T::decode_output(&payload)).map_err(ClientError::Answer)
    }
}

/// A call of another chaincode takes part in the transaction that makes it, and commits with it.
impl Caller for Transaction {
    type Error = CallError;

    async fn evaluate(&mut self, call: ClientCall) -> Result<Vec<u8>, CallError> {
        self.call_to_read(&call.chaincode, call.function, call.arguments).await
    }
}

impl Submitter for Transaction {
    type Submitted<T> = T;

    async fn submit(&mut self, call: ClientCall) -> Result<Vec<u8>, CallError> {
        self.call(&call.chaincode, call.function, call.arguments).await
    }

    fn read<T, E>(submitted: Vec<u8>, read: impl FnOnce(Vec<u8>) -> Result<T, E>) -> Result<T, E> {
        read(submitted)
    }
}

/// An evaluate function calls those of others.
impl Caller for ReadTransaction {
    type Error = CallError;

    async fn evaluate(&mut self, call: ClientCall) -> Result<Vec<u8>, CallError> {
        self.call_to_read(&call.chaincode, call.function, call.arguments).await
    }
}

/// Why a typed client's call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError<E: Error> {
    /// The call failed.
    #[error(transparent)]
    Call(E),
    /// An argument has no wire form.
    #[error("argument {name}: {source}")]
    Argument {
        /// The argument's name.
        name: &'static str,
        /// Why.
        #[source]
        source: ArgumentError,
    },
    /// The answer is not what the function returns.
    #[error("the answer: {0}")]
    Answer(#[source] ArgumentError),
}

impl<E: Error + Fault> Fault for ClientError<E> {
    fn status(&self) -> Status {
        match self {
            Self::Call(error) => error.status(),
            Self::Argument { .. } | Self::Answer(_) => Status::INTERNAL,
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Call(error) => error.code(),
            Self::Argument { .. } => "CALL_ARGUMENT",
            Self::Answer(_) => "CALL_ANSWER",
        }
    }
}
