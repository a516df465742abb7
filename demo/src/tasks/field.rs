//! Bob's device, out in the field: a process with outgoing connections only, a sensor and a valve.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fabric_protos::id::ChaincodeName;
use pervade_content::LocalStore;
use pervade_device::{
    Agent, Folder, Handler, HandlerError, Identity, Journal, Note, NoteEvent, Oneself, Order,
    Origin, Parts, Product, Remote, Serial, Step, Witnesses,
};
use pervade_devices::DevicesClient;
use pervade_devices::record::{DeviceId, InstallStatement, NewDevice};
use pervade_identity::{EcdsaSigner, Signer as _};
use pervade_platform::{AccountId, Amount, KeyProof, PublicKey};
use pervade_ports::system::{SystemClock, SystemFiles, SystemRng};
use pervade_ports::{BoxFuture, Vfs};
use pervade_tasks::record::{Kind, NewTask};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::account::Teller;
use crate::error::{DemoError, While as _};
use crate::tasks::ground::{Ground, MEASURE, TURN};
use crate::tasks::people::{Cast, short, tasks};
use crate::tasks::secrets::{Reader, store_folder};

/// The device, at work.
pub(crate) struct Field {
    pub(crate) id: DeviceId,
    home: PathBuf,
    notes: tokio::sync::Mutex<mpsc::UnboundedReceiver<Note>>,
    process: JoinHandle<()>,
}

impl Field {
    /// Makes the device's name and key, has Bob register it, and starts its process.
    pub(crate) async fn install(
        ground: &Ground,
        cast: &mut Cast,
        teller: &mut Teller<'_>,
    ) -> Result<Self, DemoError> {
        let (signer, _) = ground.enrol("device", &ground.organizations[1], &[]).await?;
        let address = signer.certificate().address();
        let home = ground.network.data().join("devices").join(short_path(&address));
        let vfs: Arc<dyn Vfs> = Arc::new(SystemFiles);
        let folder = Folder::open(vfs, home.clone()).doing("make the device's folder")?;
        let serial = Serial::new("PV-0042").doing("read the serial number")?;
        let identity =
            Identity::open(&folder, &serial, &SystemRng).doing("make the device's name")?;
        let id: DeviceId = identity.id().parse().doing("make the device's name")?;
        register(ground, cast, (&id, &signer)).await?;
        teller.say(format!(
            "device {}: hash of its serial number and a salt that it keeps; account {}; 5 tokens deposited",
            short(id.as_str()), short(&address)
        ));
        let account: AccountId = address.parse().doing("name an account")?;
        let (tell, notes) = mpsc::unbounded_channel();
        let agent =
            agent(ground, (&id, account, Arc::clone(&signer)), (folder, home.clone()), tell)
                .await?;
        let process = tokio::spawn(async move {
            agent.run().await;
        });
        teller.say("its process reads every assignment through peers of two organisations, and believes no single one");
        Ok(Self { id, home, notes: tokio::sync::Mutex::new(notes), process })
    }

    /// The device is switched off.
    pub(crate) fn stop(&self) {
        self.process.abort();
    }

    /// A measurement that anyone may make, of Ann's.
    pub(crate) fn measurement(&self, reader: &Reader) -> NewTask {
        NewTask {
            device: None,
            encryption_key: reader.public.clone(),
            kind: Kind::Public,
            limit: 20,
            minimum_reputation: 1,
            parameters: r#"{"what":"air temperature"}"#.to_owned(),
            respondent: None,
            reward: whole(10),
            type_name: MEASURE.to_owned(),
        }
    }

    /// A turn of the valve, at its price.
    pub(crate) fn turn(&self, reader: &Reader, owner: Result<AccountId, DemoError>) -> NewTask {
        NewTask {
            device: Some(self.id.clone()),
            parameters: r#"{"valve":"open"}"#.to_owned(),
            respondent: owner.ok(),
            reward: whole(3),
            type_name: TURN.to_owned(),
            ..self.measurement(reader)
        }
    }

    /// Waits until the task has ended; tells what the device did.
    pub(crate) async fn await_end(
        &self,
        ground: &Ground,
        task: &str,
        teller: &mut Teller<'_>,
    ) -> Result<(), DemoError> {
        let mut notes = self.notes.lock().await;
        loop {
            let next = tokio::time::timeout(PATIENCE, notes.recv()).await;
            let Ok(Some(note)) = next else {
                return Err(DemoError::unexpected("the device does not do its task"));
            };
            if note.task != task {
                continue;
            }
            teller.say(format!("device: {}", told(&note)));
            if matches!(note.event, NoteEvent::Step { step: Step::Done { .. } }) {
                break;
            }
        }
        let user = ground.place.user(&ground.organizations[0], "User1")?;
        let mut network = ground.connect(Arc::new(user)).await?;
        let summary =
            tasks(&mut network)?.summary(task.to_owned()).await.doing("ask how it ended")?;
        teller.say(format!(
            "the task ended as {}; the task itself is gone, its result stays",
            summary.outcome
        ));
        Ok(())
    }

    /// What the valve did.
    pub(crate) fn show_valve(&self, teller: &mut Teller<'_>) -> Result<(), DemoError> {
        let turns = fs::read_dir(self.home.join(VALVE)).doing("look at the valve")?.count();
        teller.say(format!("the valve was turned {turns} time(s): an order given twice acts once"));
        teller.figure("valve_turns", u64::try_from(turns).unwrap_or(u64::MAX));
        Ok(())
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
const VALVE: &str = "valve";

/// A note without the task's identifier.
fn told(note: &Note) -> String {
    note.to_string().split_once(": ").map_or_else(String::new, |(_, what)| what.to_owned())
}

async fn register(
    ground: &Ground,
    cast: &mut Cast,
    (id, signer): (&DeviceId, &EcdsaSigner),
) -> Result<(), DemoError> {
    let statement = InstallStatement {
        channel: ground.place.channel.to_string(),
        contract: ground.set.devices.clone(),
        device: id.clone(),
        installs: 0,
        owner: cast.bob.account()?,
        purpose: InstallStatement::PURPOSE.to_owned(),
    };
    let bytes = pervade_chaincode::canonical::to_vec(&statement).doing("write a statement")?;
    let signature = hex::encode(signer.sign(&bytes).doing("sign a statement")?);
    let point = hex::encode(signer.certificate().public_key_point());
    let public_key = PublicKey::try_from(point).doing("name a key")?;
    let name = ChaincodeName::new(&*ground.set.devices).doing("name a contract")?;
    let mut devices = DevicesClient::new(&mut cast.bob.network, name);
    let device = NewDevice { id: id.clone(), key: KeyProof { public_key, signature } };
    devices.register(device).await.doing("register a device")?;
    devices.set_price(id.clone(), Some(whole(3))).await.doing("set a price")?;
    Ok(())
}

async fn agent(
    ground: &Ground,
    (id, account, signer): (&DeviceId, AccountId, Arc<EcdsaSigner>),
    (folder, home): (Folder, PathBuf),
    tell: mpsc::UnboundedSender<Note>,
) -> Result<Agent, DemoError> {
    let oneself = Oneself::new(id.clone(), account);
    let mut ledgers = Vec::<Arc<dyn pervade_device::Ledger>>::new();
    for msp_id in &ground.organizations[..2] {
        let network = ground
            .place
            .connect_through(msp_id, Arc::<EcdsaSigner>::clone(&signer), Arc::new(SystemClock))
            .await?;
        let name = (msp_id.to_string(), msp_id.to_string());
        let remote = Remote::new(name, network, &ground.set, oneself.clone());
        ledgers.push(Arc::new(remote.doing("reach the ledger")?));
    }
    let handlers: [(String, Arc<dyn Handler>); 2] = [
        (MEASURE.to_owned(), Arc::new(Thermometer)),
        (TURN.to_owned(), Arc::new(Valve { folder: home.join(VALVE) })),
    ];
    let store = LocalStore::open(Arc::new(SystemFiles), store_folder(ground));
    Ok(Agent::new(Parts {
        clock: Arc::new(SystemClock),
        handlers: handlers.into(),
        journal: Journal::open(folder.inner("journal").doing("open the journal")?)
            .doing("open the journal")?,
        oneself,
        observer: Arc::new(move |note| drop(tell.send(note.clone()))),
        origin: Origin {
            channel: ground.place.channel.clone(),
            contract: ChaincodeName::new(&*ground.set.tasks).doing("name a contract")?,
        },
        poll: Duration::from_secs(5),
        rng: Arc::new(SystemRng),
        signer,
        store: Arc::new(store.doing("open the store")?),
        witnesses: Witnesses::usual(ledgers).doing("have witnesses")?,
    }))
}

/// A sensor.
struct Thermometer;

/// What the sensor tells, and nobody but Ann reads.
pub(crate) const READING: &str = "21.4 degrees Celsius, north wall, 1.5 m";

impl Handler for Thermometer {
    fn handle<'a>(&'a self, _order: &'a Order) -> BoxFuture<'a, Result<Product, HandlerError>> {
        let product = Product { file: READING.as_bytes().to_vec(), readings: BTreeMap::new() };
        Box::pin(std::future::ready(Ok(product)))
    }
}

/// An actuator: it remembers every order that it has carried out.
struct Valve {
    folder: PathBuf,
}

impl Handler for Valve {
    fn handle<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Product, HandlerError>> {
        let turned = turned(&self.folder, order).map_err(HandlerError::Pipe);
        let product =
            turned.map(|()| Product { file: b"open".to_vec(), readings: BTreeMap::new() });
        Box::pin(std::future::ready(product))
    }
}

fn turned(folder: &Path, order: &Order) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(&order.task), &order.parameters)
}

fn whole(tokens: u64) -> Amount {
    Amount::whole(tokens).unwrap_or_default()
}

fn short_path(address: &str) -> &str {
    address.get(..16).unwrap_or(address)
}
