//! From a signed envelope to its verdict.

use fabric_protos::id::TxId;
use fabric_protos::protos::TxValidationCode;
use fabric_protos::{Message as _, gateway as wire};
use pervade_identity::SignError;
use thiserror::Error;

use crate::gateway::Network;
use crate::{Refusal, SignedTransaction};

impl SignedTransaction {
    /// Hands the envelope to the orderer. Doubt is not failure: see [`Submitted::Unknown`].
    pub async fn submit(&self) -> Result<Submitted, SubmitError> {
        let mut request = tonic::Request::new(wire::SubmitRequest {
            transaction_id: self.tx_id.as_str().to_owned(),
            channel_id: self.network.channel.as_str().to_owned(),
            prepared_transaction: Some(self.envelope.clone()),
        });
        request.set_timeout(self.network.gateway.patience.submit);
        let mut client = self.network.gateway.gateway.clone();
        match client.submit(request).await {
            Ok(_) => Ok(Submitted::Ordered(self.commit())),
            Err(status) => {
                let refusal = Refusal::from_status(&status);
                if refusal.leaves_doubt() {
                    Ok(Submitted::Unknown(self.commit(), refusal))
                } else {
                    Err(SubmitError::Refused(refusal))
                }
            }
        }
    }

    fn commit(&self) -> Commit {
        Commit {
            network: self.network.clone(),
            tx_id: self.tx_id.clone(),
            result: self.result.clone(),
        }
    }
}

/// What became of a submission.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Submitted {
    /// The orderer has it on disk.
    Ordered(Commit),
    /// No answer came: it may or may not be ordered. Ask for its status, or submit it again.
    Unknown(Commit, Refusal),
}

/// The orderer did not take the envelope.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The gateway or the orderer refused.
    #[error("submission refused: {0}")]
    Refused(Refusal),
}

/// A submitted transaction, whose verdict can be asked.
#[derive(Clone, Debug)]
pub struct Commit {
    network: Network,
    tx_id: TxId,
    result: Vec<u8>,
}

impl Commit {
    /// The transaction's id.
    #[must_use]
    pub fn tx_id(&self) -> &TxId {
        &self.tx_id
    }

    /// Waits for the verdict.
    pub async fn outcome(self) -> Result<Outcome, CommitError> {
        let request = wire::CommitStatusRequest {
            transaction_id: self.tx_id.as_str().to_owned(),
            channel_id: self.network.channel.as_str().to_owned(),
            identity: self.network.gateway.signer.identity().to_vec(),
        }
        .encode_to_vec();
        let signature = self.network.gateway.signer.sign(&request).map_err(CommitError::Sign)?;
        let mut request =
            tonic::Request::new(wire::SignedCommitStatusRequest { request, signature });
        request.set_timeout(self.network.gateway.patience.commit_status);
        let mut client = self.network.gateway.gateway.clone();
        match client.commit_status(request).await {
            Ok(response) => {
                let response = response.into_inner();
                let code = TxValidationCode::try_from(response.result)
                    .map_err(|_| CommitError::UnknownVerdict { code: response.result })?;
                Ok(self.judged(code, response.block_number))
            }
            Err(status) => {
                let refusal = Refusal::from_status(&status);
                if refusal.leaves_doubt() {
                    Ok(Outcome::Unknown { tx_id: self.tx_id, refusal })
                } else {
                    Err(CommitError::Refused(refusal))
                }
            }
        }
    }

    fn judged(self, code: TxValidationCode, block: u64) -> Outcome {
        if code == TxValidationCode::Valid {
            Outcome::Committed { tx_id: self.tx_id, block, result: self.result }
        } else {
            Outcome::Rejected { tx_id: self.tx_id, block, code }
        }
    }
}

/// How a transaction ended.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Outcome {
    /// It took effect.
    Committed {
        /// Its id.
        tx_id: TxId,
        /// The block that holds it.
        block: u64,
        /// What the function returned.
        result: Vec<u8>,
    },
    /// It is in a block and took no effect.
    Rejected {
        /// Its id.
        tx_id: TxId,
        /// The block that holds it.
        block: u64,
        /// Why.
        code: TxValidationCode,
    },
    /// Nobody could say in time.
    Unknown {
        /// Its id.
        tx_id: TxId,
        /// What was heard last.
        refusal: Refusal,
    },
}

/// The verdict could not be asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The question could not be signed.
    #[error("the status request could not be signed")]
    Sign(#[source] SignError),
    /// The gateway refused to answer.
    #[error("commit status refused: {0}")]
    Refused(Refusal),
    /// A verdict this client does not know.
    #[error("verdict {code} is not known to this client")]
    UnknownVerdict {
        /// Its number.
        code: i32,
    },
}
