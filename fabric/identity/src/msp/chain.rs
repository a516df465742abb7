//! From a certificate to a root, as Go's verifier and Fabric's MSP go about it together.
//!
//! [RFC 5280, section 6](https://www.rfc-editor.org/rfc/rfc5280#section-6), with the moment of
//! judgement one second into the certificate's validity and server authentication as the usage
//! that every certificate with extended key usages must allow.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::certificate::Certificate;
use crate::msp::MspError;
use crate::msp::revocation::Revocations;

/// An organisation's roots and intermediate authorities, each checked.
pub(crate) struct Authorities {
    roots: Vec<Certificate>,
    intermediates: Vec<Certificate>,
    lists: Lists,
    /// DER of those authorities that have authorities below them; they vouch for no member.
    inner: BTreeSet<Vec<u8>>,
}

impl Authorities {
    /// Reads and checks the authorities for identities; their signatures become low-S.
    pub(super) fn new(roots: &[Vec<u8>], intermediates: &[Vec<u8>]) -> Result<Self, MspError> {
        let mut authorities = Self::read(Lists::IDENTITY, roots, intermediates)?;
        if authorities.roots.is_empty() {
            return Err(MspError::NoRoot);
        }
        for (index, root) in authorities.roots.iter_mut().enumerate() {
            let canonical = self_signed(root).map_err(|source| Lists::IDENTITY.root(index, source));
            *root = canonical?;
        }
        for index in 0..authorities.intermediates.len() {
            let refused = |source| Lists::IDENTITY.intermediate(index, source);
            let Some(given) = authorities.intermediates.get(index) else { continue };
            let chain = authorities.unique_chain(given).map_err(refused)?;
            let canonical = canonical(given, chain.first()).map_err(refused)?;
            if let Some(slot) = authorities.intermediates.get_mut(index) {
                *slot = canonical;
            }
        }
        authorities.check_each()?;
        authorities.mark_inner()?;
        Ok(authorities)
    }

    /// Reads and checks the authorities for TLS, which may sign by other means than ECDSA.
    pub(super) fn for_tls(roots: &[Vec<u8>], intermediates: &[Vec<u8>]) -> Result<Self, MspError> {
        let authorities = Self::read(Lists::TLS, roots, intermediates)?;
        authorities.check_each()?;
        Ok(authorities)
    }

    /// Refuses the definition if an intermediate authority is revoked by the one above it.
    pub(super) fn check_none_revoked(&self, revocations: &Revocations) -> Result<(), MspError> {
        for (index, certificate) in self.intermediates.iter().enumerate() {
            let refused = |source| self.lists.intermediate(index, source);
            let chain = self.unique_chain(certificate).map_err(refused)?;
            if chain.first().is_some_and(|issuer| revocations.revokes(issuer, certificate)) {
                return Err(refused(ChainError::Revoked));
            }
        }
        Ok(())
    }

    /// The certificate with a low-S signature, and the authorities above it, nearest first.
    pub(super) fn chain_of_member(
        &self,
        certificate: &Certificate,
    ) -> Result<(Certificate, Vec<Certificate>), ChainError> {
        if certificate.public_key().is_none() {
            return Err(ChainError::UnsupportedKey);
        }
        if certificate.is_authority() {
            return Err(ChainError::IsAuthority);
        }
        let chain = self.unique_chain(certificate)?;
        let issuer = chain.first().ok_or(ChainError::NoPath)?;
        if self.inner.contains(issuer.der()) {
            return Err(ChainError::InnerIssuer);
        }
        Ok((canonical(certificate, Some(issuer))?, chain))
    }

    /// The digest of an authority of this definition and those above it; `None` for a stranger.
    pub(super) fn digest_of_authority(&self, pem: &[u8]) -> Option<[u8; 32]> {
        let given = Certificate::from_pem(pem).ok()?;
        if let Ok(root) = self_signed(&given)
            && self.roots.contains(&root)
        {
            return Some(digest(&[root]));
        }
        let above = self.unique_chain(&given).ok()?;
        let canonical = canonical(&given, above.first()).ok()?;
        let is_leaf = !self.inner.contains(canonical.der());
        (is_leaf && self.intermediates.contains(&canonical))
            .then(|| digest(&[vec![canonical], above].concat()))
    }

    /// The authorities whose subject key identifier is `key_id`.
    pub(super) fn with_key_id<'a>(
        &'a self,
        key_id: &'a [u8],
    ) -> impl Iterator<Item = &'a Certificate> {
        self.roots
            .iter()
            .chain(&self.intermediates)
            .filter(move |certificate| certificate.subject_key_id() == Some(key_id))
    }

    fn read(lists: Lists, roots: &[Vec<u8>], intermediates: &[Vec<u8>]) -> Result<Self, MspError> {
        Ok(Self {
            roots: read_list(lists.roots, roots)?,
            intermediates: read_list(lists.intermediates, intermediates)?,
            lists,
            inner: BTreeSet::new(),
        })
    }

    fn check_each(&self) -> Result<(), MspError> {
        for (index, root) in self.roots.iter().enumerate() {
            self.check_authority(root).map_err(|source| self.lists.root(index, source))?;
        }
        for (index, certificate) in self.intermediates.iter().enumerate() {
            self.check_authority(certificate)
                .map_err(|source| self.lists.intermediate(index, source))?;
        }
        Ok(())
    }

    fn check_authority(&self, certificate: &Certificate) -> Result<(), ChainError> {
        if !certificate.is_authority() {
            return Err(ChainError::NotAuthority);
        }
        if certificate.subject_key_id().is_none() {
            return Err(ChainError::NoKeyId);
        }
        if certificate.fields().extensions.may_sign_certificates == Some(false) {
            return Err(ChainError::MayNotSign);
        }
        self.unique_chain(certificate).map(drop)
    }

    fn mark_inner(&mut self) -> Result<(), MspError> {
        for (index, certificate) in self.intermediates.iter().enumerate() {
            let above = self
                .unique_chain(certificate)
                .map_err(|source| Lists::IDENTITY.intermediate(index, source))?;
            self.inner.extend(above.iter().map(|authority| authority.der().to_vec()));
        }
        Ok(())
    }

    /// The one chain of authorities above a certificate, nearest first; empty for a root.
    fn unique_chain(&self, certificate: &Certificate) -> Result<Vec<Certificate>, ChainError> {
        let fields = certificate.fields();
        let moment = fields.not_before.saturating_add(1);
        check_moment(certificate, moment)?;
        if self.roots.contains(certificate) {
            check_usage(std::slice::from_ref(certificate))?;
            return Ok(Vec::new());
        }
        let mut search =
            Search { moment, checks: 0, refusal: ChainError::NoPath, found: Vec::new() };
        let mut open = vec![vec![certificate.clone()]];
        while let Some(path) = open.pop() {
            search.extend_path(self, &path, &mut open)?;
        }
        match search.found.as_slice() {
            [] => Err(search.refusal),
            [only] => Ok(only.get(1..).unwrap_or_default().to_vec()),
            _ => Err(ChainError::SeveralPaths),
        }
    }
}

/// SHA-256 over the certificates of a chain, nearest authority first: Fabric's identifier of who
/// vouches for an organisational unit.
pub(super) fn digest(chain: &[Certificate]) -> [u8; 32] {
    chain.iter().fold(Sha256::new(), |hash, link| hash.chain_update(link.der())).finalize().into()
}

/// Why a certificate has no chain to a root, or why that chain does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChainError {
    /// Nobody in the definition signed the certificate.
    #[error("no authority of the organisation signed the certificate")]
    NoPath,
    /// More than one chain leads to a root.
    #[error("more than one chain leads to a root")]
    SeveralPaths,
    /// More certificates in the chain, or tried on the way, than are allowed.
    #[error("the chain, or the search for it, is longer than is allowed")]
    TooLong,
    /// The key or a signature is neither over P-256 nor over P-384.
    #[error("the certificate's key or signature is of an unsupported kind")]
    UnsupportedKey,
    /// An authority's certificate used as a member's.
    #[error("an authority's certificate cannot be a member's")]
    IsAuthority,
    /// The issuer has authorities below it, and only those vouch for members.
    #[error("the issuer has authorities below it and vouches for no member")]
    InnerIssuer,
    /// Not marked as an authority's certificate.
    #[error("not marked as an authority's certificate")]
    NotAuthority,
    /// No subject key identifier.
    #[error("no subject key identifier")]
    NoKeyId,
    /// The key usages do not allow signing certificates, or servers.
    #[error("the key usages do not allow this")]
    MayNotSign,
    /// Outside a certificate's validity, one second into that of the certificate judged.
    #[error("a certificate of the chain was not valid when the judged one began to be")]
    OutsideValidity,
    /// A critical extension, or a constraint on names, that is not supported.
    #[error("a certificate of the chain has a constraint that is not supported")]
    UnsupportedConstraint,
    /// Revoked by the authority above.
    #[error("the authority above has revoked the certificate")]
    Revoked,
}

/// Most certificates of a chain, the member's included.
const CHAIN_LENGTH_MAX: usize = 10;

/// Most signatures checked in search of a chain; the bound of Go's verifier.
const SIGNATURE_CHECKS_MAX: usize = 100;

struct Search {
    moment: i64,
    checks: usize,
    /// The latest reason why a candidate did not do.
    refusal: ChainError,
    found: Vec<Vec<Certificate>>,
}

impl Search {
    fn extend_path(
        &mut self,
        authorities: &Authorities,
        path: &[Certificate],
        open: &mut Vec<Vec<Certificate>>,
    ) -> Result<(), ChainError> {
        if path.len() >= CHAIN_LENGTH_MAX {
            return Err(ChainError::TooLong);
        }
        for root in &authorities.roots {
            if let Some(complete) = self.link(path, root)? {
                match check_usage(&complete) {
                    Ok(()) => self.found.push(complete),
                    Err(refusal) => self.refusal = refusal,
                }
            }
        }
        for intermediate in &authorities.intermediates {
            open.extend(self.link(path, intermediate)?);
        }
        Ok(())
    }

    /// The path with one more authority, if that one signed the path's last certificate.
    fn link(
        &mut self,
        path: &[Certificate],
        candidate: &Certificate,
    ) -> Result<Option<Vec<Certificate>>, ChainError> {
        let Some(last) = path.last() else { return Ok(None) };
        let named = last.fields().issuer.der == candidate.fields().subject.der;
        if !named || path.iter().any(|link| is_same_entity(link, candidate)) {
            return Ok(None);
        }
        self.checks += 1;
        if self.checks > SIGNATURE_CHECKS_MAX {
            return Err(ChainError::TooLong);
        }
        match check_link(path.len(), last, candidate, self.moment) {
            Ok(()) => Ok(Some([path, std::slice::from_ref(candidate)].concat())),
            Err(refusal) => {
                self.refusal = refusal;
                Ok(None)
            }
        }
    }
}

fn check_link(
    position: usize,
    child: &Certificate,
    parent: &Certificate,
    moment: i64,
) -> Result<(), ChainError> {
    let extensions = &parent.fields().extensions;
    let constraints = extensions.basic_constraints.filter(|constraints| constraints.is_authority);
    let constraints = constraints.ok_or(ChainError::NotAuthority)?;
    if extensions.may_sign_certificates == Some(false) {
        return Err(ChainError::MayNotSign);
    }
    if extensions.has_name_constraints {
        return Err(ChainError::UnsupportedConstraint);
    }
    let below = u32::try_from(position.saturating_sub(1)).unwrap_or(u32::MAX);
    if constraints.path_length.is_some_and(|most| below > most) {
        return Err(ChainError::TooLong);
    }
    child.check_signed_by(parent).map_err(|error| match error {
        crate::certificate::IssuerError::UnsupportedAlgorithm => ChainError::UnsupportedKey,
        crate::certificate::IssuerError::OtherName
        | crate::certificate::IssuerError::Signature { .. } => ChainError::NoPath,
    })?;
    check_moment(parent, moment)
}

fn check_moment(certificate: &Certificate, moment: i64) -> Result<(), ChainError> {
    let fields = certificate.fields();
    if fields.extensions.has_unread_critical {
        return Err(ChainError::UnsupportedConstraint);
    }
    if moment < fields.not_before || moment > fields.not_after {
        return Err(ChainError::OutsideValidity);
    }
    Ok(())
}

fn check_usage(chain: &[Certificate]) -> Result<(), ChainError> {
    let refuses = |link: &Certificate| link.fields().extensions.may_serve_tls == Some(false);
    if chain.iter().any(refuses) { Err(ChainError::MayNotSign) } else { Ok(()) }
}

/// The same name and key, whatever else differs: a chain passes each entity once.
fn is_same_entity(one: &Certificate, other: &Certificate) -> bool {
    one.fields().subject.der == other.fields().subject.der
        && one.public_key_point() == other.public_key_point()
}

/// A root with a low-S signature, if it signed itself as an authority may.
fn self_signed(certificate: &Certificate) -> Result<Certificate, ChainError> {
    let moment = certificate.fields().not_before.saturating_add(1);
    check_link(1, certificate, certificate, moment)?;
    canonical(certificate, Some(certificate))
}

fn canonical(
    certificate: &Certificate,
    issuer: Option<&Certificate>,
) -> Result<Certificate, ChainError> {
    let key = issuer.and_then(Certificate::public_key).ok_or(ChainError::UnsupportedKey)?;
    certificate.with_low_s(key.curve()).map_err(|_| ChainError::UnsupportedKey)
}

fn read_list(list: &'static str, pems: &[Vec<u8>]) -> Result<Vec<Certificate>, MspError> {
    pems.iter()
        .enumerate()
        .map(|(index, pem)| {
            Certificate::from_pem(pem).map_err(|source| MspError::Certificate {
                list,
                index,
                source,
            })
        })
        .collect()
}

/// The fields of `msp.FabricMSPConfig` that authorities come from.
#[derive(Clone, Copy)]
struct Lists {
    roots: &'static str,
    intermediates: &'static str,
}

impl Lists {
    const IDENTITY: Self = Self { roots: "root_certs", intermediates: "intermediate_certs" };
    const TLS: Self = Self { roots: "tls_root_certs", intermediates: "tls_intermediate_certs" };

    fn root(self, index: usize, source: ChainError) -> MspError {
        MspError::Authority { list: self.roots, index, source }
    }

    fn intermediate(self, index: usize, source: ChainError) -> MspError {
        MspError::Authority { list: self.intermediates, index, source }
    }
}
