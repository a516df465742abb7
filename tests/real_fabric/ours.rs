//! Our network: deployed contracts, and transactions of every verdict that clients can cause.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use fabric_protos::{
    Message,
    common::{Block, ImplicitMetaPolicy, implicit_meta_policy::Rule},
    id::{ChaincodeName, ChannelId, MspId},
    protos::TxValidationCode,
};
use libtest_mimic::Failed;
use pervade_chaincode::Chaincode;
use pervade_embedded::{
    EmbeddedNetwork, InProcess, NetworkDescription, NodeDescription, Options, Package,
    PackageSource, Topology,
};
use pervade_identity::{EcdsaSigner, PrivateKey, Role, Signer};
use pervade_package::{DevicePackage, shipped};
use pervade_peer_client::{
    ChaincodePolicy, Contract, Definition, Gateway, Network, Outcome, Ports, ProposalBuilder,
    SignedTransaction, Submitted,
};
use pervade_ports::system::{SystemClock, SystemRng};
use pervade_registrar::{Enrollment, EnrollmentKind, certificate_request};
use pervade_rpc::tls::endpoint;
use tonic::transport::Channel;

/// An embedded network with the registry and the recording contract.
pub(crate) struct Ours {
    pub(crate) network: EmbeddedNetwork,
    pub(crate) channel: ChannelId,
    pub(crate) org1: MspId,
    pub(crate) org2: MspId,
    registry: ChaincodeName,
    recording: ChaincodeName,
}

impl Ours {
    /// The network of a folder, founded there if there is none; nothing is deployed.
    pub(crate) async fn open(folder: &Path) -> Result<Self, Failed> {
        let [registry, recording] = ["registry", "recording"].map(ChaincodeName::new);
        let (registry, recording) = (registry?, recording?);
        let options = Options::new(folder)
            .with_chaincode("registry", in_process(pervade_registry::chaincode(registry.clone())))
            .with_chaincode(
                "recording",
                in_process(pervade_recording::chaincode(recording.clone(), registry.clone())),
            );
        let topology = Topology::test_network().with_free_ports();
        let network = told(EmbeddedNetwork::start(topology, options).await)?;
        Ok(Self {
            network,
            channel: ChannelId::new("mychannel")?,
            org1: MspId::new("Org1MSP")?,
            org2: MspId::new("Org2MSP")?,
            registry,
            recording,
        })
    }

    /// Has both contracts approved and committed, one of them twice.
    pub(crate) async fn deploy_all(&self) -> Result<(), Failed> {
        let both = ChaincodePolicy::from_text("AND('Org1MSP.peer', 'Org2MSP.peer')")?;
        self.deploy(&Definition::first(self.registry.clone(), "1")).await?;
        self.deploy(&Definition::first(self.recording.clone(), "1")).await?;
        let second = Definition::first(self.registry.clone(), "2");
        self.deploy(&Definition { sequence: 2, policy: both, ..second }).await
    }

    /// Every verdict that clients and peers bring about without forging anything.
    pub(crate) async fn transact(&self) -> Result<(), Failed> {
        let admin = self.connect(Arc::new(self.user("Admin")?)).await?;
        let registry = admin.contract(self.registry.clone());
        let packages = shipped();
        let (first, rest) = packages.split_first().ok_or("no package is shipped")?;

        let publish =
            |package: &DevicePackage| registry.proposal("publish").arg(package.canonical());
        // Both find that the package is not there. The list finds a vendor without packages.
        let list = endorsed(registry.proposal("list").arg(first.manifest.vendor.as_str())).await?;
        let [one, other] = [endorsed(publish(first)).await?, endorsed(publish(first)).await?];
        let alone = endorsed(publish(first).organizations([self.org1.as_str()])).await?;
        expect(&one, TxValidationCode::Valid).await?;
        expect(&other, TxValidationCode::MvccReadConflict).await?;
        expect(&list, TxValidationCode::PhantomReadConflict).await?;
        expect(&alone, TxValidationCode::EndorsementPolicyFailure).await?;
        // The gateway tells the verdict of the first of the two.
        expect(&one, TxValidationCode::Valid).await?;
        for package in rest {
            expect(&endorsed(publish(package)).await?, TxValidationCode::Valid).await?;
        }
        self.record(&admin, &packages).await
    }

    /// A device of each type records its examples; then one of them is revoked, and then another
    /// one records under the new configuration.
    async fn record(&self, admin: &Network, packages: &[DevicePackage]) -> Result<(), Failed> {
        let recording = admin.contract(self.recording.clone());
        let mut revoked = None;
        for package in packages.iter().chain(packages.first()) {
            let device = Arc::new(self.member(&self.org1, "a device", Role::Client)?);
            let manifest = &package.manifest;
            let address = device.certificate().address();
            let enroll = [&address, &manifest.vendor, &manifest.model, &manifest.version]
                .into_iter()
                .fold(recording.proposal("enroll_device"), |call, arg| call.arg(arg.as_str()));
            expect(&endorsed(enroll).await?, TxValidationCode::Valid).await?;
            let theirs = self.connect(Arc::clone(&device) as _).await?;
            let theirs = theirs.contract(self.recording.clone());
            self.record_examples(&theirs, package).await?;
            if revoked.is_none() {
                self.revoke(&device).await?;
                revoked = Some(device);
            }
        }
        Ok(())
    }

    async fn record_examples(
        &self,
        recording: &Contract,
        package: &DevicePackage,
    ) -> Result<(), Failed> {
        let mut waiting = Vec::new();
        for example in &package.examples {
            let record = recording.proposal("record").arg(package.id().as_str());
            let payload = example.payload_bytes(&package.manifest)?;
            waiting.push(endorsed(record.arg(payload)).await?);
        }
        let outcomes = waiting.iter().map(|record| expect(record, TxValidationCode::Valid));
        futures::future::try_join_all(outcomes).await?;
        Ok(())
    }

    /// Has a member of the first organisation revoked.
    pub(crate) async fn revoke(&self, member: &EcdsaSigner) -> Result<(), Failed> {
        let serial = member.certificate().serial_hex();
        told(self.network.revoke(&self.org1, &serial).await)
    }

    /// Changes the channel's configuration: from now on one organisation's endorsement is enough,
    /// where a chaincode has no policy of its own.
    pub(crate) async fn let_one_organization_endorse(&self) -> Result<(), Failed> {
        let mut desired = told(self.network.channel(&self.channel))?.config().config().clone();
        let root = desired.channel_group.as_mut().ok_or("a configuration without content")?;
        let application = root.groups.get_mut("Application").ok_or("no applications")?;
        let policy = application.policies.get_mut("Endorsement").ok_or("no such policy")?;
        let rule = policy.policy.as_mut().ok_or("a policy without content")?;
        let any =
            ImplicitMetaPolicy { sub_policy: "Endorsement".to_owned(), rule: Rule::Any.into() };
        rule.value = any.encode_to_vec();
        let admins = [&self.org1, &self.org2].map(|msp_id| self.network.user(msp_id, "Admin"));
        let [first, second] = admins;
        let (first, second) = (told(first)?, told(second)?);
        told(self.network.update_channel(&self.channel, &desired, &[&first, &second]).await)
    }

    /// Every block, as our own peers have it.
    pub(crate) fn blocks(&self) -> Result<Vec<Block>, Failed> {
        let channel = told(self.network.channel(&self.channel))?;
        let blocks = (0..channel.height()).map(|number| told(channel.block(number)));
        blocks.map(|block| block.map(|block| (*block).clone())).collect()
    }

    /// A file of the network's folder.
    pub(crate) fn file(&self, path: impl AsRef<Path>) -> PathBuf {
        NetworkDescription::locate(self.network.data(), path.as_ref())
    }

    /// The folder of the first organisation's files.
    pub(crate) fn org1_files(&self) -> PathBuf {
        self.file("organizations/peerOrganizations/org1.example.com")
    }

    pub(crate) fn user(&self, name: &str) -> Result<EcdsaSigner, Failed> {
        told(self.network.user(&self.org1, name))
    }

    /// The channel through a peer's gateway: any peer's, ours or not.
    pub(crate) async fn network_at(
        &self,
        peer: &NodeDescription,
        signer: Arc<dyn Signer>,
    ) -> Result<Network, Failed> {
        let ports = Ports { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) };
        let gateway = Gateway::new(self.dial(peer).await?, signer, ports);
        Ok(gateway.network(self.channel.clone()))
    }

    async fn dial(&self, node: &NodeDescription) -> Result<Channel, Failed> {
        let roots = fs::read(self.file(&node.tls_root))?;
        told(endpoint(&node.address, &roots, Some(&node.host))?.connect().await)
    }

    pub(crate) async fn stop(self) {
        self.network.shutdown().await;
    }

    /// The channel through the first peer of the signer's organisation.
    async fn connect(&self, signer: Arc<dyn Signer>) -> Result<Network, Failed> {
        let description = self.network.description();
        let organization = description.organization(signer.msp_id());
        let peer = organization.and_then(|organization| organization.peers.first());
        self.network_at(peer.ok_or("no peer")?, signer).await
    }

    /// A connection to the orderer.
    pub(crate) async fn orderer(&self) -> Result<Channel, Failed> {
        self.dial(&self.network.description().orderer).await
    }

    /// Has somebody enrolled, with a key of their own.
    pub(crate) fn enroll(
        &self,
        msp_id: &MspId,
        enrollment: &Enrollment,
    ) -> Result<(Vec<u8>, PrivateKey), Failed> {
        let key = PrivateKey::generate()?;
        let request = certificate_request(&enrollment.common_name, &key)?;
        Ok((told(self.network.enroll(msp_id, &request, enrollment))?, key))
    }

    /// A new member of an organisation.
    pub(crate) fn member(
        &self,
        msp_id: &MspId,
        name: &str,
        role: Role,
    ) -> Result<EcdsaSigner, Failed> {
        let enrollment = Enrollment {
            common_name: name.to_owned(),
            role,
            attributes: BTreeMap::new(),
            hosts: Vec::new(),
            kind: EnrollmentKind::Identity,
        };
        let (certificate, key) = self.enroll(msp_id, &enrollment)?;
        let key = key.to_pkcs8_pem()?;
        told(EcdsaSigner::from_pem(msp_id.clone(), &certificate, key.expose().as_bytes()))
    }

    async fn deploy(&self, definition: &Definition) -> Result<(), Failed> {
        let name = definition.name.as_str().to_owned();
        let source = PackageSource::InProcess { name: name.clone() };
        let package_id = told(self.network.install(Package { label: name, source }))?;
        for msp_id in [&self.org1, &self.org2] {
            let admin = told(self.network.user(msp_id, "Admin"))?;
            let network = self.connect(Arc::new(admin)).await?;
            let approved = told(network.lifecycle().approve(definition, Some(&package_id)).await)?;
            is(&approved, TxValidationCode::Valid)?;
            if msp_id == &self.org2 {
                let committed = told(network.lifecycle().commit(definition).await)?;
                is(&committed, TxValidationCode::Valid)?;
            }
        }
        Ok(())
    }
}

fn in_process(chaincode: Chaincode) -> InProcess {
    InProcess { version: "1".to_owned(), chaincode: Arc::new(chaincode) }
}

async fn endorsed(proposal: ProposalBuilder) -> Result<SignedTransaction, Failed> {
    Ok(told(proposal.build()?.sign()?.endorse().await)?.sign()?)
}

/// Submits, and takes nothing but this verdict.
async fn expect(transaction: &SignedTransaction, code: TxValidationCode) -> Result<(), Failed> {
    let Submitted::Ordered(commit) = told(transaction.submit().await)? else {
        return Err("nobody knows whether a transaction was ordered".into());
    };
    is(&told(commit.outcome().await)?, code)
}

fn is(outcome: &Outcome, expected: TxValidationCode) -> Result<(), Failed> {
    let code = match outcome {
        Outcome::Committed { .. } => TxValidationCode::Valid,
        Outcome::Rejected { code, .. } => *code,
        Outcome::Unknown { .. } => TxValidationCode::NotValidated,
    };
    if code == expected { Ok(()) } else { Err(format!("{outcome:?}, not {expected:?}").into()) }
}

/// An error with all its causes.
pub(crate) fn told<T, E: Error>(result: Result<T, E>) -> Result<T, Failed> {
    result.map_err(|error| {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            write!(text, ": {error}").unwrap_or_default();
            cause = error.source();
        }
        text.into()
    })
}
