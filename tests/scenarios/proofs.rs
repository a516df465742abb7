//! Proofs of answers, verified from their bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fabric_protos::Message as _;
use fabric_protos::common::{Block, BlockData, BlockHeader};
use pervade_channel_config::ChannelConfig;
use pervade_interop_ledger::Proof;
use pervade_ledger::block;
use serde_json::Value;

use crate::fleet::Fleet;

/// N-01: a row's quad is proven down to endorsers and orderer, from bytes and the genesis block
/// alone, and a changed proof does not hold.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_proven_from_bytes() {
    let fleet = Fleet::start().await;
    let (world, device) = (&fleet.world, fleet.device("senml"));
    let (tx_id, number) = device.record(world, device.payload()).await;
    let graph = world.graph();
    let warm = fleet.ask("warm");
    let quad = warm.quad(0).unwrap();
    let located = graph.locate(&quad).unwrap().unwrap();
    assert_eq!((located.block, &located.tx_id), (number, &tx_id));
    let recorded = world.block(number).await;
    let config = block::last_config_index(&recorded).unwrap().unwrap();
    let config = world.block(config).await;
    let place = located.transaction;
    let proof = Proof::new(&quad, &located.graph, place, &recorded, &config).unwrap();
    let bytes = serde_json::to_vec(&proof).unwrap();
    let trusted = ChannelConfig::from_block(&*world.block(0).await).unwrap();

    let proof: Proof = serde_json::from_slice(&bytes).unwrap();
    let proven = proof.verify(&trusted).unwrap();
    assert_eq!((proven.block, &proven.tx_id), (number, &tx_id));
    let steps: Vec<String> =
        proven.steps.iter().map(|step| format!("{}: {}", step.link, step.found)).collect();
    let said = steps.join("\n");
    assert!(said.contains("Org1MSP") && said.contains("Org2MSP"), "both endorsers: {said}");

    let mut refused = 0;
    for at in (0..bytes.len()).step_by(bytes.len() / CHANGES) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        match serde_json::from_slice::<Proof>(&changed).map(|proof| proof.verify(&trusted)) {
            Ok(Err(_)) | Err(_) => refused += 1,
            Ok(Ok(_)) => assert_eq!(signed(&changed), signed(&bytes), "byte {at} is signed"),
        }
    }
    assert!(refused >= CHANGES - UNSIGNED_MAX, "{refused} of {CHANGES} changes were refused");
}

/// What of a proof's block somebody has signed: its header, and through it its transactions.
fn signed(proof: &[u8]) -> (Option<BlockHeader>, Option<BlockData>) {
    let proof: Value = serde_json::from_slice(proof).unwrap();
    let block = BASE64.decode(proof["block"].as_str().unwrap()).unwrap();
    let block = Block::decode(block.as_slice()).unwrap();
    (block.header, block.data)
}

/// How many single bytes are changed, one at a time.
const CHANGES: usize = 100;

/// How many of them may lie in what nobody signs: a block's commit hash and its verdicts on other
/// transactions.
const UNSIGNED_MAX: usize = 3;
