//! The configuration of a channel: who belongs to it, which policies guard it, how its blocks are
//! cut, and how all of that changes.
//!
//! [`ChannelConfig`] is one configuration in force, read from a block or an envelope and checked
//! whole. It answers what the rest of a network asks: the [membership](ChannelConfig::membership),
//! whether signatures [satisfy a policy](ChannelConfig::evaluate), the
//! [batch rules](ChannelConfig::batch), the [access rule](ChannelConfig::access) of a resource. It
//! also decides what the configuration may become:
//! [`propose_update`](ChannelConfig::propose_update) is the orderer's half,
//! [`validate_next`](ChannelConfig::validate_next) the committer's.
//!
//! [`genesis`] makes the first block of a channel, [`update`] makes updates.
//!
//! Everything here is a pure function of its arguments: no clock, no randomness, no file, no
//! unordered collection.

pub mod genesis;
pub mod policy;
pub mod update;

mod access;
mod capabilities;
mod channel;
mod contents;
mod duration;
mod elements;
mod names;
mod propose;
#[cfg(test)]
mod testing;
mod wrapping;

pub use access::Access;
pub use capabilities::{Capabilities, UnknownCapability};
pub use channel::{ChannelConfig, ConfigError};
pub use contents::{
    AnchorPeer, BatchRules, Consensus, ContentError, Organization, OrganizationError,
};
pub use duration::DurationError;
pub use elements::{ELEMENTS_MAX, ElementError, ElementKind, ElementPath, GROUP_DEPTH_MAX};
pub use propose::{ElementRefusal, ForbiddenTransition, NextConfigError, UpdateError};
pub use wrapping::WrappingError;
