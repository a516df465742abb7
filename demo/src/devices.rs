//! The five devices: keys of their own, certificates, packages, payloads.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fabric_protos::id::MspId;
use pervade_identity::{Certificate, EcdsaSigner, PrivateKey, Role, Signer as _};
use pervade_package::{DevicePackage, shipped};
use pervade_peer_client::Network;
use pervade_registrar::{Enrollment, EnrollmentKind, certificate_request};

use crate::account::{Teller, milliseconds};
use crate::client::{contract, submit};
use crate::error::{DemoError, While as _};
use crate::network::{RECORDING, REGISTRY, World};

/// One device with its package.
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) signer: Arc<EcdsaSigner>,
    pub(crate) package: DevicePackage,
    pub(crate) network: Option<Network>,
}

/// The devices of the story.
pub(crate) struct Fleet {
    pub(crate) devices: Vec<Device>,
}

/// Vendors and models of the story's devices: of what ships, enough to show that it does not matter
/// who made a device.
const TOLD: &[(&str, &str)] = &[
    ("decentlab", "dl-5tm"),
    ("epcis", "logistics-gateway"),
    ("senml", "environment-pack"),
    ("shelly", "pro-3em"),
    ("tasmota", "aht1x"),
];

/// One recording, as the ledger has it.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) block: u64,
}

impl Fleet {
    /// Each device makes its key; its organisation's registrar issues the certificate. A device that
    /// has been enrolled before keeps both.
    pub(crate) fn enrol(world: &World, teller: &mut Teller<'_>) -> Result<Self, DemoError> {
        let (first, second) = world.organizations()?;
        let mut devices = Vec::new();
        let mut packages = shipped();
        packages.retain(|DevicePackage { manifest, .. }| {
            TOLD.contains(&(manifest.vendor.as_str(), manifest.model.as_str()))
        });
        let vendors: BTreeSet<String> =
            packages.iter().map(|package| package.manifest.vendor.clone()).collect();
        for package in packages {
            // A vendor's packages are one organisation's.
            let place = vendors.iter().position(|vendor| *vendor == package.manifest.vendor);
            let is_first = place.is_none_or(|place| place % 2 == 0);
            let msp_id = if is_first { &first } else { &second };
            let name = format!("{}-{}-1", package.manifest.vendor, package.manifest.model);
            let signer = credentials(world, msp_id, &name)?;
            let address = signer.certificate().address();
            teller.say(format!(
                "{name}: {}; certificate of {msp_id}, account {}…",
                package.manifest.title,
                address.get(..16).unwrap_or(&address)
            ));
            devices.push(Device { name, signer: Arc::new(signer), package, network: None });
        }
        teller.figure("devices", devices.len());
        Ok(Self { devices })
    }

    /// An administrator of each device's organisation publishes its package and names its type.
    pub(crate) async fn publish(
        &mut self,
        world: &World,
        teller: &mut Teller<'_>,
    ) -> Result<(), DemoError> {
        for device in &self.devices {
            let admin = world.admin(device.signer.msp_id()).await?;
            let text = device.package.canonical();
            let registry = contract(&admin, REGISTRY)?;
            let published = submit(&registry, "publish", &[text.as_bytes()]).await?;
            let id = String::from_utf8_lossy(&published.result).into_owned();
            let manifest = &device.package.manifest;
            let recording = contract(&admin, RECORDING)?;
            let address = device.signer.certificate().address();
            let args = [&address, &manifest.vendor, &manifest.model, &manifest.version];
            let args = args.map(|arg| arg.as_bytes());
            submit(&recording, "enroll_device", &args).await?;
            teller.say(format!(
                "{} {} {}: package {}…, {} examples hold; in block {} after {} ms",
                manifest.vendor,
                manifest.model,
                manifest.version,
                id.get(..16).unwrap_or(&id),
                device.package.examples.len(),
                published.block,
                milliseconds(published.took)
            ));
        }
        teller.figure("packages", self.devices.len());
        Ok(())
    }

    /// Each device signs the payloads it has and records them.
    pub(crate) async fn record(
        &mut self,
        world: &World,
        teller: &mut Teller<'_>,
    ) -> Result<Vec<Recorded>, DemoError> {
        let mut recorded = Vec::new();
        let mut latencies = Vec::new();
        for device in &mut self.devices {
            let network = world.place.connect(device.signer.clone()).await?;
            let recording = contract(&network, RECORDING)?;
            let id = device.package.id();
            for example in &device.package.examples {
                let payload = example.payload_bytes(&device.package.manifest);
                let payload = payload.doing("read an example's payload")?;
                let args = [id.as_str().as_bytes(), &payload];
                let committed = submit(&recording, "record", &args).await?;
                let took = milliseconds(committed.took);
                teller.say(format!(
                    "{} · {} → block {}, transaction {}…, {took} ms",
                    device.name,
                    example.name,
                    committed.block,
                    committed.tx_id.get(..16).unwrap_or_default()
                ));
                latencies.push(took);
                recorded.push(Recorded { block: committed.block });
            }
            device.network = Some(network);
        }
        latencies.sort_unstable();
        teller.figure("recordings", recorded.len());
        teller.figure("commit_ms", latencies.clone());
        teller.figure("commit_ms_median", latencies.get(latencies.len() / 2).copied());
        Ok(recorded)
    }
}

/// A device with a new key and a good certificate, which no contract has heard of.
pub(crate) fn enrol_stranger(
    world: &World,
    msp_id: &MspId,
    name: &str,
) -> Result<EcdsaSigner, DemoError> {
    let key = PrivateKey::generate().doing("make a device's key")?;
    let request = certificate_request(name, &key).doing("request a certificate")?;
    let certificate = world
        .network
        .enroll(msp_id, &request, &enrollment(name))
        .doing("have a certificate issued")?;
    let pem = key.to_pkcs8_pem().doing("keep a device's key")?;
    EcdsaSigner::from_pem(msp_id.clone(), &certificate, pem.expose().as_bytes())
        .doing("read a device's identity")
}

/// The device's own files: nobody else has its key.
fn credentials(world: &World, msp_id: &MspId, name: &str) -> Result<EcdsaSigner, DemoError> {
    let folder = world.place.folder.join("devices").join(name);
    let (key_path, certificate_path) = (folder.join("key.pem"), folder.join("cert.pem"));
    if let (Ok(key), Ok(certificate)) = (fs::read(&key_path), fs::read(&certificate_path)) {
        return EcdsaSigner::from_pem(msp_id.clone(), &certificate, &key)
            .doing("read a device's identity");
    }
    fs::create_dir_all(&folder).doing("make a device's folder")?;
    let key = PrivateKey::generate().doing("make a device's key")?;
    let request = certificate_request(name, &key).doing("request a certificate")?;
    let certificate = world
        .network
        .enroll(msp_id, &request, &enrollment(name))
        .doing("have a certificate issued")?;
    let pem = key.to_pkcs8_pem().doing("keep a device's key")?;
    write_secret(&key_path, pem.expose().as_bytes())?;
    write(&certificate_path, &certificate)?;
    EcdsaSigner::from_pem(msp_id.clone(), &certificate, pem.expose().as_bytes())
        .doing("read a device's identity")
}

pub(crate) fn enrollment(name: &str) -> Enrollment {
    Enrollment {
        common_name: name.to_owned(),
        role: Role::Client,
        attributes: [("pervade.device".to_owned(), "true".to_owned())].into(),
        hosts: Vec::new(),
        kind: EnrollmentKind::Identity,
    }
}

fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), DemoError> {
    use std::io::Write as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path).doing("keep a device's key")?;
    file.write_all(bytes).doing("keep a device's key")
}

fn write(path: &PathBuf, bytes: &[u8]) -> Result<(), DemoError> {
    fs::write(path, bytes).doing("keep a device's certificate")
}

/// The serial number that a registrar revokes by.
pub(crate) fn serial(signer: &EcdsaSigner) -> String {
    let certificate: &Certificate = signer.certificate();
    certificate.serial_hex()
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").field("devices", &self.devices).finish_non_exhaustive()
    }
}
