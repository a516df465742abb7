//! Devices of every vendor whose package is shipped, on a network with the two services.

use std::collections::BTreeMap;
use std::sync::Arc;

use fabric_protos::id::TxId;
use pervade_audit::questions::named;
use pervade_audit::{Answer, door};
use pervade_identity::EcdsaSigner;
use pervade_package::{DevicePackage, shipped};
use pervade_peer_client::Contract;
use pervade_recording::record::Record;

use crate::contracts::RELAY;
use crate::world::{BOTH, RECORDING, REGISTRY, World, chaincode, committed};

/// A network on which every shipped package is published, and a device of each enrolled.
pub(crate) struct Fleet {
    pub(crate) world: World,
    pub(crate) devices: Vec<Device>,
}

/// One device: its own key, and its vendor's package.
pub(crate) struct Device {
    pub(crate) org: &'static str,
    pub(crate) signer: Arc<EcdsaSigner>,
    pub(crate) package: DevicePackage,
    /// The payload of the package's first example.
    payload: Vec<u8>,
}

impl Fleet {
    pub(crate) async fn start() -> Self {
        Self::on(World::start().await).await
    }

    /// As [`Self::start`], on a network that is there already.
    pub(crate) async fn on(world: World) -> Self {
        for contract in [REGISTRY, RECORDING, RELAY] {
            world.deploy(contract).await;
        }
        let mut devices = Vec::new();
        let mut orgs = BTreeMap::new();
        for package in shipped() {
            // A vendor's packages are one organisation's.
            let next = BOTH[orgs.len() % BOTH.len()];
            let org = *orgs.entry(package.manifest.vendor.clone()).or_insert(next);
            let admin = world.admin(org).await;
            let registry = admin.contract(chaincode(REGISTRY));
            let text = package.canonical();
            committed(registry.submit("publish", &[text.as_bytes()]).await.unwrap());
            let signer = world.enrol(org, &package.manifest.model);
            let payload = package.examples[0].payload_bytes(&package.manifest).unwrap();
            let device = Device { org, signer, package, payload };
            device.enrol(&world).await;
            devices.push(device);
        }
        Self { world, devices }
    }

    pub(crate) fn device(&self, vendor: &str) -> &Device {
        self.devices.iter().find(|device| device.package.manifest.vendor == vendor).unwrap()
    }

    /// A record as the contract has it.
    pub(crate) async fn record(&self, tx_id: &TxId) -> Record {
        let recording = self.world.contract(RECORDING).await;
        let text = recording.evaluate("get", &[tx_id.as_str().as_bytes()]).await.unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// The answer to one of the saved questions.
    pub(crate) fn ask(&self, question: &str) -> Answer {
        let admitted = door::admit(named(question).unwrap().sparql).unwrap();
        self.world.graph().query(admitted).unwrap()
    }
}

impl Device {
    /// The device's organisation tells the recording contract of what type the device is.
    async fn enrol(&self, world: &World) {
        let recording = world.admin(self.org).await.contract(chaincode(RECORDING));
        let manifest = &self.package.manifest;
        let address = self.signer.certificate().address();
        let args = [&address, &manifest.vendor, &manifest.model, &manifest.version];
        let args = args.map(|arg| arg.as_bytes());
        committed(recording.submit("enroll_device", &args).await.unwrap());
    }

    /// The recording contract as the device calls it.
    pub(crate) async fn recording(&self, world: &World) -> Contract {
        let signer = Arc::<EcdsaSigner>::clone(&self.signer);
        world.connect(signer).await.contract(chaincode(RECORDING))
    }

    /// The package's id.
    pub(crate) fn package_id(&self) -> String {
        self.package.id().as_str().to_owned()
    }

    /// The payload of the package's first example.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Signs and records a payload.
    pub(crate) async fn record(&self, world: &World, payload: &[u8]) -> (TxId, u64) {
        let recording = self.recording(world).await;
        let id = self.package_id();
        let outcome = recording.submit("record", &[id.as_bytes(), payload]).await.unwrap();
        let (tx_id, block, _) = committed(outcome);
        (tx_id, block)
    }
}
