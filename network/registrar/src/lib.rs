//! The membership oracle of one organisation: issues and revokes certificates.
//!
//! A [`Registrar`] holds the organisation's two roots, one for identities and one for TLS, and
//! nothing of any other organisation. From a request it takes the public key and the proof that
//! its sender holds the private one; name, role, hosts and attributes come from the
//! [`Enrollment`] that the organisation decided on.
//!
//! Certificates have the shape that Fabric's own tools give them, so that Fabric's MSP and its TLS
//! accept them.

mod authority;
mod book;
mod enrollment;
mod folder;
mod registrar;
mod request;
#[cfg(test)]
mod testing;

pub use authority::AuthorityError;
pub use book::{AuthorityKind, BookError, Issued};
pub use enrollment::{Enrollment, EnrollmentError, EnrollmentKind};
pub use folder::{LoadError, SaveError};
pub use registrar::{
    AddressMismatch, CreateError, IssueError, OrganizationProfile, Registrar, RegistrarPorts,
    RevokeError, address_of, check_address,
};
pub use request::{REQUEST_BYTES_MAX, RequestError, certificate_request};
