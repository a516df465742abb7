//! What passes between a contract and its host, request by request.

#![expect(
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "all of this is test, contracts included"
)]

mod calls;
mod hostile;
mod overlay;
mod program;
mod queries;
mod script;
mod twice;
mod writes;
