//! Typed clients of contracts, calling through a gateway.

use std::fmt;

use fabric_protos::id::{MspId, TxId};
use fabric_protos::protos::TxValidationCode;
use pervade_chaincode::{Caller, ClientCall, ContractError, Occasion, Outside, Submitter};
use thiserror::Error;

use crate::gateway::Network;
use crate::{CallError, EndorseError, EvaluateError, Outcome, ProposalBuilder, Refusal};

/// The clients that `#[contract]` generates call through a channel of a gateway.
///
/// ```no_run
/// use pervade_chaincode::{ClientError, LedgerError, Secret, Transaction, contract};
/// use pervade_peer_client::{Network, TypedCallError};
///
/// struct Sales;
///
/// #[contract(name = "sales")]
/// impl Sales {
///     #[submit]
///     async fn offer(
///         &self,
///         tx: &mut Transaction,
///         asset: String,
///         #[transient] price: Secret<u64>,
///     ) -> Result<(), LedgerError> {
///         tx.private("offers").put(asset, price.expose().to_string().into_bytes()).await
///     }
/// }
///
/// async fn sell(mut network: Network) -> Result<(), ClientError<TypedCallError>> {
///     # let name = "sales".parse().unwrap();
///     let mut sales = SalesClient::new(&mut network, name);
///     let offered = sales.offer("car".to_owned(), Secret::new(7)).await?;
///     println!("in block {}", offered.block);
///     Ok(())
/// }
/// ```
impl Caller for Network {
    type Error = TypedCallError;

    async fn evaluate(&mut self, call: ClientCall) -> Result<Vec<u8>, TypedCallError> {
        let signed = self.proposal(call).build().map_err(CallError::from)?.sign();
        let proposal = signed.map_err(CallError::from)?;
        Ok(proposal.evaluate().await.map_err(CallError::from)?)
    }
}

impl Submitter for Network {
    type Submitted<T> = Committed<T>;

    async fn submit(&mut self, call: ClientCall) -> Result<Committed<Vec<u8>>, TypedCallError> {
        let contract = self.contract(call.chaincode.clone());
        match contract.submit_proposal(self.proposal(call)).await? {
            Outcome::Committed { tx_id, block, result } => {
                Ok(Committed { tx_id, block, value: result })
            }
            Outcome::Rejected { tx_id, block, code } => {
                Err(TypedCallError::Rejected { tx_id, block, code })
            }
            Outcome::Unknown { tx_id, refusal } => Err(TypedCallError::Unknown { tx_id, refusal }),
        }
    }

    fn read<T, E>(
        submitted: Committed<Vec<u8>>,
        read: impl FnOnce(Vec<u8>) -> Result<T, E>,
    ) -> Result<Committed<T>, E> {
        let Committed { tx_id, block, value } = submitted;
        Ok(Committed { tx_id, block, value: read(value)? })
    }
}

impl Outside for Network {}

impl Network {
    fn proposal(&self, call: ClientCall) -> ProposalBuilder {
        let endorsers = self.endorsers.iter().map(MspId::as_str);
        let mut builder =
            self.contract(call.chaincode).proposal(call.function).organizations(endorsers);
        for argument in call.arguments {
            builder = builder.arg(argument);
        }
        for (name, value) in call.transient {
            builder = builder.transient(name, value.into_exposed());
        }
        match call.occasion {
            Occasion::Call => builder,
            Occasion::Initialisation => builder.initialising(),
        }
    }
}

/// An answer whose transaction took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Committed<T> {
    /// The transaction's id.
    pub tx_id: TxId,
    /// The block that holds it.
    pub block: u64,
    /// What the function returned.
    pub value: T,
}

/// A typed client's call that has no answer, or whose answer took no effect.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TypedCallError {
    /// It failed before it was in a block.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It is in a block and took no effect.
    #[error("transaction {tx_id} in block {block} took no effect: {}", verdict(*code))]
    Rejected {
        /// The transaction's id.
        tx_id: TxId,
        /// The block that holds it.
        block: u64,
        /// Why.
        code: TxValidationCode,
    },
    /// Nobody could say in time whether it took effect.
    #[error("nobody said what became of transaction {tx_id}: {refusal}")]
    Unknown {
        /// The transaction's id.
        tx_id: TxId,
        /// What was heard last.
        refusal: Refusal,
    },
}

fn verdict(code: TxValidationCode) -> impl fmt::Display {
    code.as_str_name()
}

impl TypedCallError {
    /// What the contract said, if it was the contract that refused.
    #[must_use]
    pub fn refused(&self) -> Option<ContractRefusal> {
        let (Self::Call(CallError::Evaluate(EvaluateError::Refused(refusal)))
        | Self::Call(CallError::Endorse(EndorseError::Refused(refusal)))) = self
        else {
            return None;
        };
        let details = refusal.details.iter().map(|detail| &detail.message);
        details.chain([&refusal.message]).find_map(|text| ContractRefusal::read(text))
    }
}

/// What a contract said when it refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct ContractRefusal {
    /// The status: from 400 the caller is at fault, from 500 the contract or the peer.
    pub status: u16,
    /// The code, which Pervade's contracts give.
    pub code: Option<String>,
    /// The words.
    pub message: String,
}

impl ContractRefusal {
    /// A gateway passes a contract's words on in its own.
    fn read(text: &str) -> Option<Self> {
        let (_, said) = text.split_once("chaincode response ")?;
        let (status, said) = said.split_once(", ")?;
        let (code, message) = ContractError::split_text(said);
        Some(Self {
            status: status.parse().ok()?,
            code: code.map(str::to_owned),
            message: message.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ContractRefusal;

    #[test]
    fn a_contracts_words_are_found_in_the_gateways() {
        let read =
            |text| ContractRefusal::read(text).map(|told| (told.status, told.code, told.message));
        assert_eq!(
            read(
                "evaluate call to endorser returned error: chaincode response 404, LOT_MISSING: no"
            ),
            Some((404, Some("LOT_MISSING".to_owned()), "no".to_owned()))
        );
        assert_eq!(
            read("chaincode response 500, no: code"),
            Some((500, None, "no: code".to_owned()))
        );
        assert_eq!(read("chaincode response is late"), None);
        assert_eq!(read("no such channel"), None);
    }
}
