//! What a transaction tells those who listen.

use crate::host::Event;
use crate::{LedgerError, Transaction, TypedEvent};

impl Transaction {
    /// Emits an event with the transaction. Several are kept in their order, in an
    /// [envelope](crate::EventEnvelope); those of chaincode that this one calls are among them.
    ///
    /// ```
    /// # use pervade_chaincode::{LedgerError, Transaction, TypedEvent};
    /// # use serde::Serialize;
    /// #[derive(Serialize)]
    /// struct Created<'a> {
    ///     id: &'a str,
    /// }
    ///
    /// impl TypedEvent for Created<'_> {
    ///     const TYPE: &'static str = "created";
    /// }
    ///
    /// # fn create(tx: &mut Transaction) -> Result<(), LedgerError> {
    /// tx.emit(&Created { id: "7" })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If an event has been set, if the value has no JSON form, or if there are too many or too
    /// large ones; see [`EventError`](crate::EventError).
    pub fn emit<E: TypedEvent>(&mut self, event: &E) -> Result<(), LedgerError> {
        Ok(self.0.ledger.events(|events| events.emit(event))?)
    }

    /// Sets the transaction's event, in place of one set before. Only one counts: that of the
    /// chaincode that the client called.
    ///
    /// # Errors
    /// If the name is empty, or if events have been [emitted](Self::emit).
    pub fn set_event(
        &mut self,
        name: impl Into<String>,
        payload: Vec<u8>,
    ) -> Result<(), LedgerError> {
        let event = Event { name: name.into(), payload };
        Ok(self.0.ledger.events(|events| events.set(event))?)
    }
}
