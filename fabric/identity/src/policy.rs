//! Signature policies: who must have signed.
//!
//! A policy is a tree of thresholds over principals. Its text form is Fabric's:
//! `OR('Org1MSP.peer', AND('Org2MSP.member', 'Org3MSP.admin'))`, `OutOf(2, …)`.

mod evaluate;
mod text;

pub use evaluate::{
    PolicyUnmet, SIGNATURES_MAX, SignedData, evaluate, implicit_meta_threshold, verified_identities,
};
pub use text::{POLICY_TEXT_BYTES_MAX, PolicyTextError, parse, render};

/// Most thresholds and principals of one policy together.
pub const POLICY_NODES_MAX: usize = 1_000;

/// Most thresholds within one another.
pub const POLICY_DEPTH_MAX: usize = 32;
