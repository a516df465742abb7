//! What must fail: five kinds of bad input, each with its own error and no effect.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use fabric_protos::id::MspId;
use pervade_audit::protocol::ErrorCode;
use pervade_identity::{EcdsaSigner, PrivateKey, Signer as _};
use pervade_mapping::lower;
use pervade_peer_client::{CallError, EndorseError, Outcome};
use pervade_ports::system::SystemFiles;
use pervade_registrar::certificate_request;
use pervade_storage::scan;

use crate::account::Teller;
use crate::auditor::Auditor;
use crate::client::contract;
use crate::devices::{Device, Fleet, enrol_stranger, serial};
use crate::error::{DemoError, While as _};
use crate::network::{RECORDING, World};

/// Tries everything that must fail.
pub(crate) async fn try_all(
    world: &World,
    fleet: &Fleet,
    auditor: &mut Auditor,
    teller: &mut Teller<'_>,
) -> Result<(), DemoError> {
    let Some(device) = fleet.devices.first() else {
        return Err(DemoError::unexpected("the story has no device"));
    };
    let height = world.height()?;
    let graph = auditor.digest(height).await?;
    unknown_device(world, device, teller).await?;
    foreign_certificate(world, device, teller).await?;
    broken_payload(world, device, teller).await?;
    bad_mapping(teller)?;
    let refused = auditor.refusal("INSERT DATA { <urn:a> <urn:b> <urn:c> }").await?;
    expect(refused == Some(ErrorCode::QueryRefused), "an update through the query door")?;
    teller.say("an update through the query door: QUERY_REFUSED");
    expect(world.height()? == height, "the ledger grew although everything was refused")?;
    let after = auditor.digest(height).await?;
    expect(after == graph, "the graph changed although everything was refused")?;
    teller.say(format!("the ledger still has {height} blocks, and the graph the digest {graph}"));
    revoked_certificate(world, device, teller).await?;
    tampered_block(world, teller)?;
    teller.figure("refused", 6);
    Ok(())
}

/// A device with a good certificate that nobody has enrolled with the contract.
async fn unknown_device(
    world: &World,
    device: &Device,
    teller: &mut Teller<'_>,
) -> Result<(), DemoError> {
    let stranger = enrol_stranger(world, device.signer.msp_id(), "stranger-1")?;
    let said = record_refused(world, stranger, device).await?;
    expect(said.contains("DEVICE_UNKNOWN"), &said)?;
    teller.say(format!("an unknown device: {said}"));
    Ok(())
}

/// A certificate from a root that is not the organisation's.
async fn foreign_certificate(
    world: &World,
    device: &Device,
    teller: &mut Teller<'_>,
) -> Result<(), DemoError> {
    let (first, second) = world.organizations()?;
    let msp_id = device.signer.msp_id();
    let other = if *msp_id == first { &second } else { &first };
    let foreign = under_another_name(world, other, msp_id)?;
    let why = membership_says(world, &foreign)?;
    let said = record_refused(world, foreign, device).await?;
    expect(said.contains("access denied"), &said)?;
    teller.say(format!("a certificate of another organisation's root: {said}; {why}"));
    Ok(())
}

/// A payload that its schema does not allow.
async fn broken_payload(
    world: &World,
    device: &Device,
    teller: &mut Teller<'_>,
) -> Result<(), DemoError> {
    let network = world.place.connect(device.signer.clone()).await?;
    let recording = contract(&network, RECORDING)?;
    let id = device.package.id();
    let args: [&[u8]; 2] = [id.as_str().as_bytes(), br#"{"end_device_ids":7}"#];
    let said = refusal(recording.submit("record", &args).await)?;
    expect(said.contains("PAYLOAD"), &said)?;
    teller.say(format!("a payload that breaks its schema: {said}"));
    Ok(())
}

/// A mapping with three mistakes: all three are reported, with line and column.
fn bad_mapping(teller: &mut Teller<'_>) -> Result<(), DemoError> {
    let lowered = lower(include_str!("refusals/three-mistakes.ttl"));
    expect(lowered.problems.len() == 3, "a mapping with three mistakes has three problems")?;
    teller.say("a mapping with three mistakes:");
    for problem in &lowered.problems {
        teller.say(format!("  {problem}"));
    }
    teller.figure("mapping_problems", lowered.problems.len());
    Ok(())
}

/// A certificate that its registrar revokes, and the channel's configuration then carries.
async fn revoked_certificate(
    world: &World,
    device: &Device,
    teller: &mut Teller<'_>,
) -> Result<(), DemoError> {
    let msp_id = device.signer.msp_id().clone();
    let stolen = enrol_stranger(world, &msp_id, "stolen-1")?;
    let before = world.height()?;
    let serial = serial(&stolen);
    world.network.revoke(&msp_id, &serial).await.doing("revoke a certificate")?;
    let height = world.height()?;
    expect(height == before + 1, "a revocation is one configuration block")?;
    teller.say(format!("{msp_id} revokes certificate {serial}: configuration block {before}"));
    let why = membership_says(world, &stolen)?;
    let said = record_refused(world, stolen, device).await?;
    expect(said.contains("access denied"), &said)?;
    expect(world.height()? == height, "the ledger grew although the device was refused")?;
    teller.say(format!("a revoked certificate: {said}; {why}"));
    Ok(())
}

/// Why the channel's organisations do not take an identity.
///
/// A peer's answer is deliberately vague, as Fabric's is; a member may ask the configuration.
fn membership_says(world: &World, signer: &EcdsaSigner) -> Result<String, DemoError> {
    let channel = world.network.channel(&world.place.channel).doing("find the channel")?;
    let config = channel.config();
    let membership = config.membership();
    let identity = membership.deserialize(signer.identity()).doing("read an identity")?;
    match membership.validate(&identity) {
        Err(error) => Ok(with_causes(&error)),
        Ok(()) => Err(DemoError::unexpected("the configuration takes what it must refuse")),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// One byte changed in a copy of the block files.
fn tampered_block(world: &World, teller: &mut Teller<'_>) -> Result<(), DemoError> {
    let Some(channel) = world.place.network.channels.first() else { return Ok(()) };
    let ledger = world.place.folder.join(&channel.ledger);
    let copy = world.place.folder.join("tampered");
    copy_segments(&ledger, &copy)?;
    let (segment, bytes) = first_segment(&copy)?;
    let position = bytes.len() / 2;
    let mut tampered = bytes;
    if let Some(byte) = tampered.get_mut(position) {
        *byte ^= 0x10;
    }
    fs::write(&segment, tampered).doing("tamper with a block file")?;
    let (damages, _) = scan::damages(&SystemFiles, &copy).doing("scan the block files")?;
    fs::remove_dir_all(&copy).doing("remove the tampered copy")?;
    let Some(damage) = damages.first() else {
        return Err(DemoError::unexpected("nobody noticed the tampered block file"));
    };
    teller.say(format!("a tampered block file, changed at byte {position}: {damage}"));
    Ok(())
}

fn copy_segments(from: &Path, to: &Path) -> Result<(), DemoError> {
    fs::create_dir_all(to).doing("copy the block files")?;
    for entry in fs::read_dir(from).doing("copy the block files")? {
        let path = entry.doing("copy the block files")?.path();
        if let (Some(name), true) = (path.file_name(), path.is_file()) {
            fs::copy(&path, to.join(name)).doing("copy the block files")?;
        }
    }
    Ok(())
}

fn first_segment(folder: &Path) -> Result<(std::path::PathBuf, Vec<u8>), DemoError> {
    for entry in fs::read_dir(folder).doing("find the block files")? {
        let path = entry.doing("find the block files")?.path();
        if path.extension().is_some_and(|extension| extension == "seg") {
            let bytes = fs::read(&path).doing("read a block file")?;
            return Ok((path, bytes));
        }
    }
    Err(DemoError::unexpected("the channel has no block file"))
}

/// A certificate that one organisation issued, presented as another's.
fn under_another_name(
    world: &World,
    issuer: &MspId,
    claimed: &MspId,
) -> Result<EcdsaSigner, DemoError> {
    let key = PrivateKey::generate().doing("make a key")?;
    let request = certificate_request("impostor-1", &key).doing("request a certificate")?;
    let enrollment = crate::devices::enrollment("impostor-1");
    let issued = world.network.enroll(issuer, &request, &enrollment);
    let certificate = issued.doing("have a certificate issued")?;
    let pem = key.to_pkcs8_pem().doing("keep a key")?;
    EcdsaSigner::from_pem(claimed.clone(), &certificate, pem.expose().as_bytes())
        .doing("read an identity")
}

async fn record_refused(
    world: &World,
    signer: EcdsaSigner,
    device: &Device,
) -> Result<String, DemoError> {
    let network = world.place.connect(Arc::new(signer)).await?;
    let recording = contract(&network, RECORDING)?;
    let id = device.package.id();
    let manifest = &device.package.manifest;
    let payload = device.package.examples.first().map(|example| example.payload_bytes(manifest));
    let payload = payload.transpose().doing("read an example's payload")?.unwrap_or_default();
    let args: [&[u8]; 2] = [id.as_str().as_bytes(), &payload];
    refusal(recording.submit("record", &args).await)
}

/// What a refused call was told; anything else breaks the story.
fn refusal(outcome: Result<Outcome, CallError>) -> Result<String, DemoError> {
    match outcome {
        Err(CallError::Endorse(EndorseError::Refused(refusal))) => Ok(refusal
            .details
            .first()
            .map_or_else(|| refusal.message.clone(), |detail| detail.message.clone())),
        Err(error) => Err(error).doing("be refused by an endorser"),
        Ok(_) => Err(DemoError::unexpected("what must be refused was taken")),
    }
}

fn expect(holds: bool, what: &str) -> Result<(), DemoError> {
    if holds { Ok(()) } else { Err(DemoError::unexpected(what)) }
}
