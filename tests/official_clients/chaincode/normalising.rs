//! The registry's mapping function, called by a contract in another language.

use fabric_protos::id::{ChaincodeName, MspId};
use pervade_ledger::block::envelopes;
use pervade_ledger::transaction::{Unpacked, unpack};
use pervade_package::{CheckedPackage, Context, DevicePackage, shipped};
use pervade_peer_client::{Network, Outcome};

use super::cases::Notes;
use crate::network::{Failure, REGISTRY, TestNetwork, committed};

/// T-68: a Node contract asks what a payload says within its own transaction. It is told what
/// anybody computes from the package, and the registry's part of the write set is empty.
pub(super) async fn asked_by(notes: &Notes, network: &TestNetwork) -> Result<(), Failure> {
    let package: DevicePackage = shipped().into_iter().next().ok_or("no package is shipped")?;
    let admin = network.user(&MspId::new("Org1MSP")?, "Admin").await?;
    let registry = admin.contract(ChaincodeName::new(REGISTRY)?);
    let published = registry.submit("publish", &[package.canonical().as_bytes()]).await?;
    let id = String::from_utf8(committed(published)?)?;
    let payload = &package.examples.first().ok_or("no example")?.payload;

    let outcome = notes.outcome("observe", &[REGISTRY, &id, payload]).await?;
    let Outcome::Committed { result, tx_id, block: number, .. } = outcome else {
        return Err(format!("{outcome:?}").into());
    };
    let context = Context::new(admin.channel().as_str(), tx_id.as_str(), "node")?;
    let compiled = CheckedPackage::compile(&package).map_err(|problems| format!("{problems:?}"))?;
    let own = compiled.normalise(payload.as_bytes(), &context)?;
    if result != pervade_rdf::nquads(&own.quads).into_bytes() {
        return Err(format!("other quads: {}", String::from_utf8_lossy(&result)).into());
    }
    notes.expect("get", &[&format!("graph-{id}")], &hex::encode(own.digest)).await?;
    let written = written(&admin, number).await?;
    if written == ["notes"] { Ok(()) } else { Err(format!("{written:?} are written").into()) }
}

/// The namespaces that a block's only transaction wrote to.
async fn written(network: &Network, number: u64) -> Result<Vec<String>, Failure> {
    let block = network.block_range(number, number).await?.next().await?.ok_or("no block")?;
    let envelope = envelopes(&block).first().ok_or("an empty block")?;
    let Ok(Unpacked::Endorser(transaction)) = unpack(envelope) else {
        return Err("not a contract's transaction".into());
    };
    let sets = transaction.rwset.namespaces.into_iter();
    let written = sets.filter(|set| !set.public.writes.is_empty());
    Ok(written.map(|set| set.name).collect())
}
