//! The manager of tasks: a queue of paid tasks, from creation to settlement.

pub mod record;
