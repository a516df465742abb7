//! One chaincode on one channel: the short way to call it.

use fabric_protos::id::ChaincodeName;
use pervade_identity::SignError;
use thiserror::Error;

use crate::gateway::Network;
use crate::{
    CommitError, EndorseError, EvaluateError, Outcome, ProposalBuilder, ProposeError, SubmitError,
    Submitted,
};

/// One chaincode on one channel.
#[derive(Clone, Debug)]
pub struct Contract {
    network: Network,
    chaincode: ChaincodeName,
}

impl Contract {
    pub(crate) fn new(network: Network, chaincode: ChaincodeName) -> Self {
        Self { network, chaincode }
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// The chaincode's name.
    #[must_use]
    pub fn chaincode(&self) -> &ChaincodeName {
        &self.chaincode
    }

    /// Begins a call, `function` being `name` or `contract:name`.
    #[must_use]
    pub fn proposal(&self, function: &str) -> ProposalBuilder {
        ProposalBuilder::new(self.clone(), function)
    }

    /// Asks one peer; nothing is recorded.
    pub async fn evaluate(&self, function: &str, args: &[&[u8]]) -> Result<Vec<u8>, CallError> {
        let proposal = self.with_args(function, args).build()?.sign()?;
        Ok(proposal.evaluate().await?)
    }

    /// Proposes, has endorsed, submits and waits for the verdict.
    pub async fn submit(&self, function: &str, args: &[&[u8]]) -> Result<Outcome, CallError> {
        self.submit_proposal(self.with_args(function, args)).await
    }

    /// As [`Self::submit`], for a proposal with more than arguments.
    ///
    /// When no answer comes to the submission, the verdict is asked for all the same: the same
    /// envelope takes effect once, whatever the network did.
    pub async fn submit_proposal(&self, builder: ProposalBuilder) -> Result<Outcome, CallError> {
        let transaction = builder.build()?.sign()?.endorse().await?.sign()?;
        let commit = match transaction.submit().await? {
            Submitted::Ordered(commit) | Submitted::Unknown(commit, _) => commit,
        };
        Ok(commit.outcome().await?)
    }

    fn with_args(&self, function: &str, args: &[&[u8]]) -> ProposalBuilder {
        args.iter().fold(self.proposal(function), |builder, arg| builder.arg(*arg))
    }
}

/// A call failed before it had an outcome; the variant names the step.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CallError {
    /// The proposal could not be made.
    #[error(transparent)]
    Propose(#[from] ProposeError),
    /// The evaluation gave no result.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The proposal was not endorsed.
    #[error(transparent)]
    Endorse(#[from] EndorseError),
    /// The transaction could not be signed.
    #[error("the transaction could not be signed")]
    Sign(#[from] SignError),
    /// The orderer did not take it.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// The verdict could not be asked.
    #[error(transparent)]
    Commit(#[from] CommitError),
}
