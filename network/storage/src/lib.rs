//! The ledger on disk: segment files, state, recovery.
