//! IRIs of ledger things, and the vocabulary their quads are written in.
//!
//! Every part of an IRI is checked before it gets here: channel and transaction ids by their
//! types, MSP ids likewise, digests are hexadecimal.

use fabric_protos::id::{ChannelId, MspId};
use pervade_rdf::NamedNode;

/// `urn:pervade:ledger:<channel>`: the graph of what took effect.
pub(crate) fn ledger_graph(channel: &ChannelId) -> NamedNode {
    NamedNode::new_unchecked(format!("urn:pervade:ledger:{channel}"))
}

/// `urn:pervade:rejected:<channel>`: the graph of what did not.
pub(crate) fn rejected_graph(channel: &ChannelId) -> NamedNode {
    NamedNode::new_unchecked(format!("urn:pervade:rejected:{channel}"))
}

/// `urn:pervade:block:<channel>:<number>`
pub(crate) fn block(channel: &ChannelId, number: u64) -> NamedNode {
    NamedNode::new_unchecked(format!("urn:pervade:block:{channel}:{number}"))
}

/// `urn:pervade:identity:<msp>:<sha-256 of the certificate>`
pub(crate) fn identity(msp: &MspId, certificate_sha256: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("urn:pervade:identity:{msp}:{certificate_sha256}"))
}

/// `urn:pervade:device:<address>`, as payloads' graphs also name it.
pub(crate) fn device(address: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("urn:pervade:device:{address}"))
}

/// `urn:pervade:package:<id>`
pub(crate) fn package(id: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("urn:pervade:package:{id}"))
}

/// A term of Pervade's own vocabulary.
pub(crate) fn term(local: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{}{local}", pervade_rdf::vocabulary::pervade::NAMESPACE))
}

/// A term of PROV-O.
pub(crate) fn prov(local: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://www.w3.org/ns/prov#{local}"))
}

/// `rdf:type`
pub(crate) fn a() -> NamedNode {
    NamedNode::new_unchecked(pervade_rdf::vocabulary::rdf::TYPE)
}

/// A datatype of XML Schema.
pub(crate) fn xsd(local: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://www.w3.org/2001/XMLSchema#{local}"))
}
