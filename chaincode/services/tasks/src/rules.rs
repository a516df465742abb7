//! What the manager of tasks decides: functions of values, without a ledger.

pub(crate) use form::{encryption_key, is_sha256};

pub(crate) mod create;
pub(crate) mod decision;
mod form;
pub(crate) mod index;
pub(crate) mod judgement;
pub(crate) mod life;
mod terms;
mod types;
