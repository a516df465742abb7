//! X.509 identities, roles, signature policies and signers, as Fabric's MSP judges them.
//!
//! Start at [`Membership`]: it turns the bytes of a serialized identity into an [`Identity`], says
//! whether its organisation vouches for it, and which principals it satisfies. [`policy`] counts
//! the signers a rule asks for. [`Signer`] is the other side: who can sign.
//!
//! Time plays no part. As in Fabric, a chain is judged one second after the certificate's first
//! moment of validity, so an expired certificate stays valid here and every peer reaches the same
//! verdict on replay. Whoever takes new messages checks [`Certificate::not_after`] as well.
//!
//! Stricter than Fabric in one point: a signature is strict DER with nothing after it.

mod certificate;
mod der;
mod ecdsa;
mod identity;
mod key;
mod membership;
mod msp;
mod pem;
pub mod policy;
mod principal;
mod signer;
#[cfg(test)]
mod testing;

pub use certificate::{CERTIFICATE_BYTES_MAX, Certificate, CertificateError, IssuerError};
pub use ecdsa::{Curve, NotOnCurve, PublicKey, SignatureAlgorithm, SignatureError};
pub use identity::{Identity, Role, serialize_identity};
pub use key::{KeyError, PrivateKey, SecretPem};
pub use membership::{IdentityError, Membership};
pub use msp::{ChainError, Msp, MspError, RevocationListError};
pub use principal::PrincipalError;
pub use signer::{EcdsaSigner, SignError, Signer, SignerError};
