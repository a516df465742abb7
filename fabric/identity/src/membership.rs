//! The organisations of a channel, and what they say of an identity.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fabric_protos::id::MspId;
use fabric_protos::{Message as _, msp};
use thiserror::Error;

use crate::certificate::{Certificate, CertificateError};
use crate::identity::Identity;
use crate::msp::{ChainError, Msp};

/// All organisations' definitions of one channel configuration. Cheap to clone.
///
/// Definitions never change within a membership, so what was judged once is remembered: the same
/// bytes always get the same answer, from memory or anew.
#[derive(Clone, Debug)]
pub struct Membership {
    definitions: Arc<BTreeMap<MspId, Msp>>,
    memory: Arc<Mutex<Memory>>,
}

impl Membership {
    /// The membership of these organisations; of two with one name the later counts.
    #[must_use]
    pub fn new(definitions: impl IntoIterator<Item = Msp>) -> Self {
        let by_id = definitions.into_iter().map(|definition| (definition.id().clone(), definition));
        Self { definitions: Arc::new(by_id.collect()), memory: Arc::default() }
    }

    /// One organisation's definition.
    #[must_use]
    pub fn get(&self, id: &MspId) -> Option<&Msp> {
        self.definitions.get(id)
    }

    /// The definitions, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Msp> {
        self.definitions.values()
    }

    /// Reads the bytes of an `msp.SerializedIdentity`. Says nothing about trust.
    ///
    /// # Errors
    /// If the bytes are malformed or name an organisation outside this membership.
    pub fn deserialize(&self, serialized: &[u8]) -> Result<Identity, IdentityError> {
        self.judged(serialized).map(|judged| judged.identity.clone())
    }

    /// Checks that the identity's organisation vouches for it: a chain to a root, no revocation,
    /// exactly one role. Expiry is not looked at, as in Fabric.
    ///
    /// # Errors
    /// If the organisation does not vouch for it.
    pub fn validate(&self, identity: &Identity) -> Result<(), IdentityError> {
        self.judged(identity.serialized())?.verdict.clone()
    }

    /// What is known of an identity, judged now or before.
    pub(crate) fn judged(&self, serialized: &[u8]) -> Result<Arc<Judged>, IdentityError> {
        if let Some(known) = self.memory().recall(serialized) {
            return Ok(known);
        }
        let judged = Arc::new(self.judge(serialized)?);
        // Strangers are not remembered, so that they cannot push members out.
        if judged.vouching.is_ok() {
            self.memory().keep(serialized, &judged);
        }
        Ok(judged)
    }

    fn judge(&self, serialized: &[u8]) -> Result<Judged, IdentityError> {
        let (definition, pem) = self.read(serialized)?;
        let certificate =
            Certificate::from_pem(&pem).map_err(|source| IdentityError::Certificate { source })?;
        let judgement = definition.judge(certificate);
        Ok(Judged {
            identity: Identity::new(definition.id().clone(), judgement.certificate, serialized),
            vouching: judgement.vouching,
            verdict: judgement.verdict,
        })
    }

    fn read(&self, serialized: &[u8]) -> Result<(&Msp, Vec<u8>), IdentityError> {
        let given = msp::SerializedIdentity::decode(serialized);
        let given = given.map_err(|_| IdentityError::Malformed)?;
        let id = MspId::new(given.mspid).map_err(|_| IdentityError::Malformed)?;
        match self.definitions.get(&id) {
            Some(definition) => Ok((definition, given.id_bytes)),
            None => Err(IdentityError::UnknownOrganization { msp_id: id }),
        }
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        // Each change of the memory is complete in itself, so a poisoned lock does no harm.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why an identity is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Not an encoded `msp.SerializedIdentity`.
    #[error("not a serialized identity")]
    Malformed,
    /// The organisation is not in this membership.
    #[error("{msp_id} is not an organisation of this channel")]
    UnknownOrganization {
        /// The organisation named.
        msp_id: MspId,
    },
    /// The certificate does not parse.
    #[error("the identity's certificate does not parse")]
    Certificate {
        /// What is wrong with it.
        #[source]
        source: CertificateError,
    },
    /// The organisation's authorities do not vouch for the certificate.
    #[error("the organisation does not vouch for the certificate")]
    Untrusted {
        /// Why there is no chain to a root.
        #[source]
        source: ChainError,
    },
    /// The certificate is on a revocation list.
    #[error("certificate {serial} is revoked")]
    Revoked {
        /// The serial number in hexadecimal.
        serial: String,
    },
    /// None of the units the organisation insists on.
    #[error("no organisational unit that the organisation knows")]
    NoRequiredUnit,
    /// No unit that tells a role.
    #[error("no organisational unit that tells a client, peer, administrator or orderer")]
    NoRole,
    /// More than one unit that tells a role.
    #[error("more than one organisational unit that tells a role")]
    SeveralRoles,
    /// The unit of a role from an authority that may not grant it.
    #[error("unit {unit:?} was granted by another authority than it is tied to")]
    UnitOfOtherAuthority {
        /// The organisational unit.
        unit: String,
    },
}

/// An identity and what its organisation says of it.
pub(crate) struct Judged {
    pub(crate) identity: Identity,
    /// Digest of the authorities above the certificate, or why there are none.
    pub(crate) vouching: Result<[u8; 32], ChainError>,
    pub(crate) verdict: Result<(), IdentityError>,
}

/// Two generations of judged identities: the older is dropped when the younger is full, so at most
/// [`REMEMBERED_MAX`] are held and those in use stay.
#[derive(Default)]
struct Memory {
    young: BTreeMap<Arc<[u8]>, Arc<Judged>>,
    old: BTreeMap<Arc<[u8]>, Arc<Judged>>,
}

impl Memory {
    fn recall(&mut self, serialized: &[u8]) -> Option<Arc<Judged>> {
        if let Some(judged) = self.young.get(serialized) {
            return Some(Arc::clone(judged));
        }
        let (key, judged) = self.old.remove_entry(serialized)?;
        self.insert(key, Arc::clone(&judged));
        Some(judged)
    }

    fn keep(&mut self, serialized: &[u8], judged: &Arc<Judged>) {
        if serialized.len() <= REMEMBERED_BYTES_MAX {
            self.insert(serialized.into(), Arc::clone(judged));
        }
    }

    fn insert(&mut self, key: Arc<[u8]>, judged: Arc<Judged>) {
        if self.young.len() >= REMEMBERED_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, judged);
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} identities)", self.young.len() + self.old.len())
    }
}

/// Most identities remembered in one membership.
pub(crate) const REMEMBERED_MAX: usize = 4_096;

/// Longest identity that is remembered; longer ones are judged anew each time.
const REMEMBERED_BYTES_MAX: usize = 16 * 1024;
