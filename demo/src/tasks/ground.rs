//! The network of three organisations, and the platform on it.

use std::path::Path;
use std::sync::Arc;

use fabric_protos::id::{ChaincodeName, MspId};
use pervade_chaincode::{Chaincode, ClientError};
use pervade_clock::ClockClient;
use pervade_clock::rules::Terms as ClockTerms;
use pervade_devices::DevicesClient;
use pervade_devices::record::DeviceTerms;
use pervade_embedded::{EmbeddedNetwork, InProcess, Options, Package, PackageSource, Topology};
use pervade_identity::{EcdsaSigner, PrivateKey, Role};
use pervade_peer_client::{Definition, Network, TypedCallError};
use pervade_platform::{Amount, ContractSet};
use pervade_registrar::{Enrollment, EnrollmentKind, certificate_request};
use pervade_tasks::TasksClient;
use pervade_tasks::record::{TaskTerms, TaskType};
use pervade_tokens::TokensClient;
use pervade_tokens::record::{FeeTo, TokenTerms};
use pervade_users::UsersClient;
use pervade_users::record::UserTerms;

use crate::account::Teller;
use crate::client::Place;
use crate::error::{DemoError, While as _};
use crate::network::{approve, committed};
use crate::tasks::people::tasks;
use crate::tasks::time::StoryClock;

/// The running network, the set of contracts, and the story's time.
pub(crate) struct Ground {
    pub(crate) clock: Arc<StoryClock>,
    pub(crate) network: EmbeddedNetwork,
    pub(crate) organizations: [MspId; 3],
    pub(crate) place: Place,
    pub(crate) set: ContractSet,
}

/// Types of task that the story's device knows.
pub(crate) const MEASURE: &str = "measure";
/// The other one.
pub(crate) const TURN: &str = "turn";

impl Ground {
    pub(crate) async fn start(folder: &Path, teller: &mut Teller<'_>) -> Result<Self, DemoError> {
        let set = ContractSet::with_ending("");
        let mut options = Options::new(folder);
        for (chaincode, code) in chaincodes(&set)? {
            let name = chaincode.name().to_string();
            let code = InProcess { version: code.to_owned(), chaincode: Arc::new(chaincode) };
            options = options.with_chaincode(&name, code);
        }
        let network = EmbeddedNetwork::start(topology()?, options).await;
        let network = network.doing("start the network")?;
        let description = network.description();
        let channel = description.channels.first().map(|channel| channel.name.clone());
        let channel = channel.ok_or_else(|| DemoError::unexpected("there is no channel"))?;
        let ids: Vec<MspId> = description
            .organizations
            .iter()
            .map(|organization| organization.msp_id.clone())
            .collect();
        let organizations = <[MspId; 3]>::try_from(ids);
        let organizations = organizations
            .map_err(|_| DemoError::unexpected("the story needs three organisations"))?;
        let place =
            Place { folder: network.data().into(), network: Arc::new(description), channel };
        let ground =
            Self { clock: Arc::new(StoryClock::new()), network, organizations, place, set };
        let is_new = ground.deploy(teller).await?;
        if !is_new && ground.is_bound().await? {
            teller.say("bound already: nothing changes that");
        } else {
            ground.bind(teller).await?;
        }
        Ok(ground)
    }

    /// Somebody new, certified by their organisation's registrar.
    pub(crate) async fn enrol(
        &self,
        name: &str,
        msp_id: &MspId,
        attributes: &[&str],
    ) -> Result<(Arc<EcdsaSigner>, Network), DemoError> {
        let key = PrivateKey::generate().doing("make a key")?;
        let request = certificate_request(name, &key).doing("ask for a certificate")?;
        let attributes = attributes.iter().map(|name| ((*name).to_owned(), "true".to_owned()));
        let enrollment = Enrollment {
            attributes: attributes.collect(),
            common_name: name.to_owned(),
            hosts: Vec::new(),
            kind: EnrollmentKind::Identity,
            role: Role::Client,
        };
        let certificate = self.network.enroll(msp_id, &request, &enrollment);
        let certificate = certificate.doing("have a key certified")?;
        let signer = EcdsaSigner::new(msp_id.clone(), &certificate, key);
        let signer = Arc::new(signer.doing("sign as somebody new")?);
        let network = self.connect(Arc::clone(&signer)).await?;
        Ok((signer, network))
    }

    /// The channel as somebody sees it, by the story's clock.
    pub(crate) async fn connect(&self, signer: Arc<EcdsaSigner>) -> Result<Network, DemoError> {
        self.place.connect_by(signer, Arc::<StoryClock>::clone(&self.clock)).await
    }

    /// How many blocks the channel has.
    pub(crate) fn height(&self) -> Result<u64, DemoError> {
        let channel = self.network.channel(&self.place.channel).doing("find the channel")?;
        Ok(channel.height())
    }

    /// Shuts the network down, leaving it on disk.
    pub(crate) async fn stop(self, teller: &mut Teller<'_>) {
        let folder = Arc::clone(&self.place.folder);
        self.network.shutdown().await;
        teller.say(format!("the network is down; its ledger stays in {}", folder.display()));
    }

    /// Whether the platform was bound to its end, when the story was told before.
    async fn is_bound(&self) -> Result<bool, DemoError> {
        let [first, ..] = &self.organizations;
        let mut network = self.admin(first).await?;
        let last = tasks(&mut network)?.task_type(TURN.to_owned()).await;
        Ok(last.is_ok())
    }

    /// Deploys the contracts; tells whether they were not there before.
    async fn deploy(&self, teller: &mut Teller<'_>) -> Result<bool, DemoError> {
        let mut names = Vec::new();
        let mut is_new = false;
        for (chaincode, _) in chaincodes(&self.set)? {
            let name = chaincode.name();
            let label = name.to_string();
            let source = PackageSource::InProcess { name: label.clone() };
            let package = Package { label: label.clone(), source };
            let package_id = self.network.install(package).doing("install a contract")?;
            let definition =
                Definition { init_required: true, ..Definition::first(name.clone(), "1.0") };
            is_new |= self.define(&definition, &package_id).await?;
            names.push(label);
        }
        teller.say(format!("{} are approved by all three, and committed", names.join(", ")));
        Ok(is_new)
    }

    /// Has a definition committed that is not there yet; tells whether it was not.
    async fn define(&self, definition: &Definition, package_id: &str) -> Result<bool, DemoError> {
        approve(&self.place, &self.organizations, definition, package_id).await?;
        let [first, ..] = &self.organizations;
        let lifecycle = self.admin(first).await?.lifecycle();
        let there = lifecycle.committed_as(&definition.name).await;
        if there.doing("ask what is deployed")?.is_some() {
            return Ok(false);
        }
        committed(&lifecycle.commit(definition).await.doing("commit a contract")?)?;
        Ok(true)
    }

    async fn admin(&self, msp_id: &MspId) -> Result<Network, DemoError> {
        self.place.connect(Arc::new(self.place.user(msp_id, "Admin")?)).await
    }

    /// Tells every contract, once, who the others are, and its terms.
    async fn bind(&self, teller: &mut Teller<'_>) -> Result<(), DemoError> {
        let [first, ..] = &self.organizations;
        let attributes = ["platform.init", "platform.types"];
        let (_, mut network) = self.enrol("founder", first, &attributes).await?;
        let named = |name: &str| ChaincodeName::new(name).doing("name a contract");
        let clock = ClockTerms {
            ahead_ms: 120_000,
            behind_ms: 120_000,
            interval_ms: 10_000,
            tolerance_ms: 5_000,
        };
        let set = &self.set;
        let hash = "00".repeat(32);
        let bound = ClockClient::new(&mut network, named(&set.clock)?).bind(clock, 0, hash).await;
        once(bound)?;
        let users =
            UserTerms { full_reward_tasks: 8, initial_reputation: 1, literal_reputation: false };
        once(UsersClient::new(&mut network, named(&set.users)?).bind(set.clone(), users).await)?;
        let whole = |tokens| Amount::whole(tokens).doing("name an amount");
        let tokens = TokenTerms {
            bank: first.to_string(),
            cap: whole(1_000_000)?,
            fee_to: FeeTo::Stock,
            price: whole(2)?,
            symbol: "PVD".to_owned(),
        };
        once(TokensClient::new(&mut network, named(&set.tokens)?).bind(set.clone(), tokens).await)?;
        let devices = DeviceTerms {
            backlog: 4,
            deposit: whole(5)?,
            fault_limit: 3,
            fault_window: 100,
            slash: whole(2)?,
        };
        once(
            DevicesClient::new(&mut network, named(&set.devices)?).bind(set.clone(), devices).await,
        )?;
        let tasks = TaskTerms {
            decline_forfeit_permille: 100,
            decline_window: 3,
            fee: whole(1)?,
            keeper_fee: "0.05".parse().doing("name an amount")?,
            limit_max: 1_000,
            reward_min: whole(1)?,
            window_min: 2,
        };
        let mut client = TasksClient::new(&mut network, named(&set.tasks)?);
        once(client.bind(set.clone(), tasks).await)?;
        for name in [MEASURE, TURN] {
            once(client.define_type(plain(name)).await)?;
        }
        teller.say("bound to each other and to their terms, once and for ever");
        Ok(())
    }
}

/// A type whose results need form and signature alone.
fn plain(name: &str) -> TaskType {
    let name = name.to_owned();
    let (averages, limits) = Default::default();
    TaskType { acceptance: None, averages, limits, name, version: TaskType::VERSION, votes: None }
}

/// Whether something that can be done once was done just now; that it was done before is no failure.
fn once<T>(outcome: Result<T, ClientError<TypedCallError>>) -> Result<bool, DemoError> {
    match outcome {
        Ok(_) => Ok(true),
        Err(error) if error.to_string().contains("already initialized") => Ok(false),
        Err(error) if error.to_string().contains("TYPE_EXISTS") => Ok(false),
        Err(error) => Err(error).doing("bind the platform"),
    }
}

/// The contracts of a set, and the code that each is.
fn chaincodes(set: &ContractSet) -> Result<[(Chaincode, &'static str); 5], DemoError> {
    let named = |name: &str| ChaincodeName::new(name).doing("name a contract");
    Ok([
        (pervade_clock::chaincode(named(&set.clock)?), pervade_clock::CODE_SHA256),
        (pervade_users::chaincode(named(&set.users)?), pervade_users::CODE_SHA256),
        (pervade_tokens::chaincode(named(&set.tokens)?), pervade_tokens::CODE_SHA256),
        (pervade_devices::chaincode(named(&set.devices)?), pervade_devices::CODE_SHA256),
        (pervade_tasks::chaincode(named(&set.tasks)?), pervade_tasks::CODE_SHA256),
    ])
}

/// The test network, and a third organisation.
fn topology() -> Result<Topology, DemoError> {
    let mut topology = Topology::test_network();
    let second = topology.organizations.last().cloned();
    let mut third = second.ok_or_else(|| DemoError::unexpected("there is no organisation"))?;
    third.name = "Org3".to_owned();
    third.msp_id = MspId::new("Org3MSP").doing("name an organisation")?;
    third.domain = "org3.example.com".to_owned();
    topology.organizations.push(third);
    topology.batch.timeout_ms = 20;
    Ok(topology.with_free_ports())
}
