//! Revocation lists ([RFC 5280, section 5](https://www.rfc-editor.org/rfc/rfc5280#section-5)).
//!
//! A list counts from the moment its channel's configuration holds it; its dates are not looked at.

use std::collections::BTreeSet;

use thiserror::Error;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

use crate::certificate::Certificate;
use crate::ecdsa::SignatureAlgorithm;
use crate::msp::MspError;
use crate::msp::chain::Authorities;
use crate::pem;

/// What an organisation's authorities have revoked.
#[derive(Default)]
pub(super) struct Revocations {
    lists: Vec<RevocationList>,
}

impl Revocations {
    /// Reads the lists and checks each one's signature by the authority it names.
    ///
    /// A list that names a stranger revokes nothing, as in Fabric.
    pub(super) fn new(lists: &[Vec<u8>], authorities: &[&Authorities]) -> Result<Self, MspError> {
        let lists = lists
            .iter()
            .enumerate()
            .map(|(index, bytes)| {
                RevocationList::read(bytes, authorities)
                    .map_err(|source| MspError::RevocationList { index, source })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { lists })
    }

    /// Whether `issuer` has revoked `certificate`.
    pub(super) fn revokes(&self, issuer: &Certificate, certificate: &Certificate) -> bool {
        self.lists.iter().any(|list| {
            list.signers.contains(issuer) && list.serials.contains(&certificate.fields().serial)
        })
    }
}

struct RevocationList {
    /// The authorities with the key identifier the list names that did sign it.
    signers: Vec<Certificate>,
    serials: BTreeSet<Vec<u8>>,
}

impl RevocationList {
    fn read(bytes: &[u8], authorities: &[&Authorities]) -> Result<Self, RevocationListError> {
        if bytes.len() > REVOCATION_LIST_BYTES_MAX {
            return Err(RevocationListError::TooLarge { limit: REVOCATION_LIST_BYTES_MAX });
        }
        let decoded = pem::decode(bytes);
        let der = decoded.as_ref().map_or(bytes, |der| der.as_slice());
        let Ok((rest, list)) = CertificateRevocationList::from_der(der) else {
            return Err(RevocationListError::Malformed);
        };
        if !rest.is_empty() {
            return Err(RevocationListError::Malformed);
        }
        let key_id = key_id(&list).ok_or(RevocationListError::NoKeyId)?;
        let named: Vec<Certificate> =
            authorities.iter().flat_map(|all| all.with_key_id(key_id)).cloned().collect();
        let signers: Vec<Certificate> =
            named.iter().filter(|authority| is_signed_by(&list, authority)).cloned().collect();
        if signers.is_empty() && !named.is_empty() {
            return Err(RevocationListError::Forged);
        }
        let serials = list
            .iter_revoked_certificates()
            .map(|entry| entry.raw_serial().iter().copied().skip_while(|&byte| byte == 0).collect())
            .collect();
        Ok(Self { signers, serials })
    }
}

/// Why a revocation list is not in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RevocationListError {
    /// Longer than any list is taken to be.
    #[error("longer than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Not the DER or PEM form of a revocation list.
    #[error("not a revocation list")]
    Malformed,
    /// No authority key identifier.
    #[error("the list does not name its authority's key")]
    NoKeyId,
    /// The authority the list names did not sign it.
    #[error("the authority the list names did not sign it")]
    Forged,
}

fn key_id<'a>(list: &'a CertificateRevocationList<'_>) -> Option<&'a [u8]> {
    list.extensions().iter().find_map(|extension| {
        let ParsedExtension::AuthorityKeyIdentifier(id) = extension.parsed_extension() else {
            return None;
        };
        id.key_identifier.as_ref().map(|id| id.0)
    })
}

fn is_signed_by(list: &CertificateRevocationList<'_>, authority: &Certificate) -> bool {
    let algorithm = list.signature_algorithm.algorithm.to_id_string();
    let algorithm = SignatureAlgorithm::from_oid(&algorithm);
    let Some((key, algorithm)) = authority.public_key().zip(algorithm) else { return false };
    let signed: &[u8] = list.tbs_cert_list.as_ref();
    key.verify_document(algorithm, signed, &list.signature_value.data).is_ok()
}

/// Most bytes of one revocation list.
const REVOCATION_LIST_BYTES_MAX: usize = 16 * 1024 * 1024;
