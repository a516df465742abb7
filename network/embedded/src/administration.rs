//! What organisations do to their network: enrol, revoke, change a channel's configuration.

use fabric_protos::Message as _;
use fabric_protos::common::{Config, ConfigUpdateEnvelope, Status};
use fabric_protos::id::{ChannelId, MspId};
use pervade_channel_config::update::{self, ComputeError, UnknownOrganization};
use pervade_identity::{EcdsaSigner, SignError, Signer};
use pervade_peer::NotOrdered;
use pervade_ports::RngError;
use pervade_registrar::{Enrollment, IssueError, RevokeError};
use thiserror::Error;

use crate::network::EmbeddedNetwork;
use crate::organizations::{ADMIN, Household, OrganizationError};

/// Why an organisation's request was not carried out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdministrationError {
    /// The network has no such organisation.
    #[error("{msp_id} is no organisation of this network")]
    NoOrganization {
        /// The organisation named.
        msp_id: MspId,
    },
    /// The network has no such channel.
    #[error("{channel} is no channel of this network")]
    NoChannel {
        /// The channel named.
        channel: ChannelId,
    },
    /// The registrar issued no certificate.
    #[error("no certificate was issued")]
    Issue(#[from] IssueError),
    /// The registrar revoked nothing.
    #[error("nothing was revoked")]
    Revoke(#[from] RevokeError),
    /// The organisation's files.
    #[error("the organisation's files cannot be used")]
    Files(#[from] OrganizationError),
    /// The organisation is not in the channel's configuration.
    #[error(transparent)]
    NotInChannel(#[from] UnknownOrganization),
    /// The new configuration cannot be reached from the one in force.
    #[error("there is no such update")]
    Compute(#[from] ComputeError),
    /// No nonce.
    #[error(transparent)]
    Random(#[from] RngError),
    /// A signer refused.
    #[error("the update could not be signed")]
    Sign(#[from] SignError),
    /// The orderer refused the update.
    #[error("the orderer refused: {status:?}, {info}")]
    Refused {
        /// Its status.
        status: Status,
        /// Its reason.
        info: String,
    },
}

/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

impl Household {
    /// Issues a certificate; durable once it returns.
    pub(crate) fn enroll(
        &self,
        request_pem: &[u8],
        enrollment: &Enrollment,
    ) -> Result<Vec<u8>, AdministrationError> {
        let certificate = self.registrar().issue(request_pem, enrollment)?;
        self.save_registrar()?;
        Ok(certificate)
    }
}

impl EmbeddedNetwork {
    /// Has an organisation's registrar issue a certificate to whoever made the request and holds
    /// its key. Durable once it returns.
    ///
    /// # Errors
    /// If there is no such organisation, or its registrar refuses.
    pub fn enroll(
        &self,
        msp_id: &MspId,
        request_pem: &[u8],
        enrollment: &Enrollment,
    ) -> Result<Vec<u8>, AdministrationError> {
        self.household(msp_id)?.enroll(request_pem, enrollment)
    }

    /// Has an organisation's registrar revoke a certificate, and puts the new list into every
    /// channel that the organisation takes part in.
    ///
    /// # Errors
    /// If there is no such organisation or certificate, or a channel's orderer refuses.
    pub async fn revoke(&self, msp_id: &MspId, serial: &str) -> Result<(), AdministrationError> {
        let household = self.household(msp_id)?;
        household.registrar().revoke(serial)?;
        household.save_registrar()?;
        self.publish_definition(msp_id).await
    }

    /// Puts an organisation's present definition, with its list of revoked certificates, into
    /// every channel where another one is in force.
    ///
    /// # Errors
    /// If there is no such organisation, or a channel's orderer refuses.
    pub async fn publish_definition(&self, msp_id: &MspId) -> Result<(), AdministrationError> {
        let household = self.household(msp_id)?;
        let definition = household.msp_config();
        let admin = household.user(ADMIN)?;
        for channel in self.channel_names() {
            let current = self.channel(&channel)?.config();
            let desired = match update::with_msp(current.config(), msp_id, &definition) {
                Ok(desired) => desired,
                Err(UnknownOrganization { .. }) => continue,
            };
            match self.update_channel(&channel, &desired, &[&admin]).await {
                Err(AdministrationError::Compute(ComputeError::Same)) | Ok(()) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Changes a channel's configuration. The first signer also submits the update. Returns once
    /// the configuration is in force.
    ///
    /// # Errors
    /// If there is no such channel, the configuration does not change, or the orderer refuses.
    pub async fn update_channel(
        &self,
        channel: &ChannelId,
        desired: &Config,
        signers: &[&dyn Signer],
    ) -> Result<(), AdministrationError> {
        let config = self.channel(channel)?.config();
        let update = update::compute(config.config(), desired, channel)?.encode_to_vec();
        let mut signatures = Vec::with_capacity(signers.len());
        for signer in signers {
            signatures.push(update::sign(&update, *signer, &self.nonce()?)?);
        }
        let submitter = signers.first().copied().ok_or(SignError::Refused)?;
        let content = ConfigUpdateEnvelope { config_update: update, signatures };
        let origin = (self.nonce()?, self.now());
        let envelope = update::envelope(channel, &content, submitter, (&origin.0, origin.1))?;
        let ordered = self.orderers().order(envelope).await;
        ordered.map_err(|NotOrdered { status, info }| AdministrationError::Refused { status, info })
    }

    /// The identity of a user whose keys are in the network's folder, such as `Admin`.
    ///
    /// # Errors
    /// If there is no such organisation, or no such user's files.
    pub fn user(&self, msp_id: &MspId, name: &str) -> Result<EcdsaSigner, AdministrationError> {
        Ok(self.household(msp_id)?.user(name)?)
    }

    pub(crate) fn household(&self, msp_id: &MspId) -> Result<&Household, AdministrationError> {
        let household = self.find_household(msp_id);
        household.ok_or_else(|| AdministrationError::NoOrganization { msp_id: msp_id.clone() })
    }

    fn nonce(&self) -> Result<[u8; NONCE_BYTES], RngError> {
        let mut nonce = [0; NONCE_BYTES];
        self.world().rng.fill(&mut nonce)?;
        Ok(nonce)
    }

    fn now(&self) -> fabric_protos::Timestamp {
        let now = self.world().clock.now();
        fabric_protos::Timestamp {
            seconds: now.seconds(),
            nanos: i32::try_from(now.nanos()).unwrap_or(0),
        }
    }
}
