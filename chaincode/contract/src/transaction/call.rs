//! Calling other chaincode.

use fabric_protos::id::{ChaincodeName, ChannelId};

use crate::host::{Outcome, Reply, Request, SUCCESS};
use crate::{CallError, ContractError, InvalidRequest, LedgerError, ReadTransaction, Transaction};

impl ReadTransaction {
    /// Calls a function of a chaincode on another channel.
    ///
    /// It only reads: whatever the called chaincode writes is dropped, and what it reads is not
    /// checked when this transaction commits. Nothing that must hold then can rest on it.
    ///
    /// The peer must be on that channel as well, and whoever signed the proposal must be one of
    /// its members.
    ///
    /// # Errors
    /// If the channel is this transaction's own, the called chaincode fails, or the ledger
    /// refuses.
    pub async fn call_on(
        &self,
        channel: &ChannelId,
        chaincode: &ChaincodeName,
        function: &str,
        arguments: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Vec<u8>, CallError> {
        // The peer would take it for a call on this channel, which may write.
        if channel == self.channel() {
            let own = InvalidRequest::OwnChannel { channel: channel.clone() };
            return Err(LedgerError::from(own).into());
        }
        let outcome = self
            .called(Request::Call {
                chaincode: chaincode.clone(),
                channel: Some(channel.clone()),
                arguments: with_function(function, arguments),
            })
            .await?;
        accepted(chaincode, &outcome)?;
        Ok(outcome.payload)
    }

    /// Calls a function of another chaincode on this channel that only reads, as an evaluate
    /// function does. What it reads is checked at commit with the rest.
    ///
    /// Nothing but its own author holds the called function to that: should it write, and a
    /// client submit this call, the writes are committed. A failure fails this transaction, even
    /// if the error is swallowed.
    ///
    /// ```
    /// # use pervade_chaincode::{CallError, ReadTransaction};
    /// # async fn owner(tx: &ReadTransaction) -> Result<Vec<u8>, CallError> {
    /// # let assets = "assets".parse().unwrap();
    /// tx.call_to_read(&assets, "owner", [b"7".to_vec()]).await
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the called chaincode fails or the ledger refuses.
    pub async fn call_to_read(
        &self,
        chaincode: &ChaincodeName,
        function: &str,
        arguments: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Vec<u8>, CallError> {
        let result = self.called_here(chaincode, function, arguments).await;
        if let Err(error) = &result {
            self.ledger.fail(ContractError::of(error));
        }
        Ok(result?.payload)
    }

    async fn called_here(
        &self,
        chaincode: &ChaincodeName,
        function: &str,
        arguments: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Outcome, CallError> {
        let request = Request::Call {
            chaincode: chaincode.clone(),
            channel: None,
            arguments: with_function(function, arguments),
        };
        let outcome = self.called(request).await?;
        accepted(chaincode, &outcome)?;
        Ok(outcome)
    }

    async fn called(&self, request: Request) -> Result<Outcome, LedgerError> {
        let Reply::Called(outcome) = self.ask(request).await? else {
            return Err(LedgerError::UnexpectedReply { request: "call" });
        };
        Ok(outcome)
    }
}

impl Transaction {
    /// Calls a function of another chaincode on this channel, in this transaction.
    ///
    /// The ledger does not undo what a failed call wrote, so a failure here fails this
    /// transaction, even if the error is swallowed. [`try_call`](Self::try_call) does not.
    ///
    /// Events that the called chaincode emitted are [emitted](Self::emit) with this
    /// transaction's, under its name.
    ///
    /// Never call a chaincode whose name comes from the input: functions that trust the
    /// outermost chaincode's name would trust this one for its caller's sake.
    ///
    /// # Errors
    /// If the called chaincode fails or the ledger refuses.
    pub async fn call(
        &mut self,
        chaincode: &ChaincodeName,
        function: &str,
        arguments: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Vec<u8>, CallError> {
        let result = self.try_call(chaincode, function, arguments).await;
        if let Err(error) = &result {
            self.0.ledger.fail(ContractError::of(error));
        }
        result
    }

    /// As [`call`](Self::call), except that this transaction survives a failure, and with it
    /// what the failed call had sent: other languages' libraries send each write at once, this
    /// one nothing before it must.
    ///
    /// # Errors
    /// If the called chaincode fails or the ledger refuses.
    pub async fn try_call(
        &mut self,
        chaincode: &ChaincodeName,
        function: &str,
        arguments: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Vec<u8>, CallError> {
        let outcome = self.0.called_here(chaincode, function, arguments).await?;
        if let Some(event) = &outcome.event {
            self.0.ledger.relay(chaincode, event)?;
        }
        Ok(outcome.payload)
    }
}

fn with_function(function: &str, arguments: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    std::iter::once(function.as_bytes().to_vec()).chain(arguments).collect()
}

/// Peers endorse every status below 400, but a called chaincode says only with 200 that it did
/// what it was asked.
fn accepted(chaincode: &ChaincodeName, outcome: &Outcome) -> Result<(), CallError> {
    if outcome.status == SUCCESS { Ok(()) } else { Err(CallError::refused(chaincode, outcome)) }
}
