//! A whole permissioned network in one process.
//!
//! [`EmbeddedNetwork::start`] founds a network of any [`Topology`] in a folder, or takes it up
//! again: a registrar per organisation, a channel's genuine first block, logical peers and an
//! orderer, each with its own TLS listener and certificate. Official clients connect to it as to
//! Fabric's test network, whose names and ports [`Topology::test_network`] has.
//!
//! ```text
//! topology.json  packages.json       what was founded and installed, each with its digest
//! network.json  control.sock  lock   where everything is, while the network runs
//! registrars/<domain>/               an organisation's roots and what it issued
//! organizations/…                    definitions and members' keys, laid out as cryptogen does
//! denials/<chaincode>.jsonl          the log of the calls that a chaincode in process refused
//! channels/<channel>/                blocks, state checkpoint, first block
//! ```

mod administration;
pub mod control;
mod denials;
mod description;
mod export;
mod folder;
mod founding;
mod inspection;
mod ledger;
mod network;
mod organizations;
mod packages;
mod serving;
mod topology;
mod world;

pub use administration::AdministrationError;
pub use denials::DENIALS;
pub use description::{
    ChannelDescription, NetworkDescription, NodeDescription, OrganizationDescription,
    UserDescription,
};
pub use export::{ExportError, export};
pub use folder::FolderError;
pub use founding::FoundingError;
pub use inspection::{Finding, inspect};
pub use network::{EmbeddedNetwork, Options, StartError};
pub use organizations::{MemberError, OrganizationError};
pub use packages::{
    ClientCertificate, DialError, InProcess, InstallError, PACKAGES_MAX, Package, PackageSource,
};
pub use serving::TlsError;
pub use topology::{
    Batch, ChannelSpec, Node, OrdererOrganization, Organization, PARTS_MAX, PortChoice, Topology,
    TopologyError,
};
pub use world::World;
