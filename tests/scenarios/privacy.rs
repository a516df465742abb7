//! Recordings that not everybody may read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fabric_protos::Message as _;
use pervade_audit::door;
use pervade_recording::record::Content;

use crate::fleet::Fleet;
use crate::world::{committed, refused};

/// B-34: a private recording leaves a salted digest on the ledger and nothing of the payload, and
/// the graph says that there is something that this auditor may not see.
#[tokio::test(flavor = "multi_thread")]
async fn a_private_payload_is_nowhere_in_the_block() {
    let fleet = Fleet::start().await;
    let (world, device) = (&fleet.world, fleet.device("decentlab"));
    let payload = device.payload();
    let (_, public) = device.record(world, payload).await;
    assert!(tells_of(&world.block(public).await.encode_to_vec(), payload), "a public one does");

    let recording = device.recording(world).await;
    let id = device.package_id();
    let proposal = || recording.proposal("record_private").arg(id.as_str()).arg("soil");
    let salted = proposal().transient("payload", payload).transient("salt", vec![7; 32]);
    let (tx_id, private, _) = committed(recording.submit_proposal(salted).await.unwrap());
    let block = world.block(private).await.encode_to_vec();
    assert!(!tells_of(&block, payload), "the private payload is in the block");
    let record = fleet.record(&tx_id).await;
    let Content::Private { collection, salted_sha256 } = record.content else { panic!("private") };
    assert_eq!((collection.as_str(), salted_sha256.len()), ("soil", 64));

    let said = refused(recording.submit_proposal(proposal().transient("payload", payload)).await);
    assert!(said.contains("INPUT: "), "without a salt the digest could be guessed: {said}");

    let query = "PREFIX pervade: <urn:pervade:vocab#>
        SELECT ?tx WHERE { ?tx pervade:visibility \"private\" .
                           FILTER NOT EXISTS { ?tx pervade:payloadGraph ?graph } }";
    let answer = world.graph().query(door::admit(query).unwrap()).unwrap();
    assert_eq!(answer.rows.len(), 1, "the graph marks what it cannot show");
    assert!(answer.text(0, "tx").ends_with(tx_id.as_str()));
}

/// Whether bytes hold any longer part of a payload, plain or in base64.
fn tells_of(bytes: &[u8], payload: &[u8]) -> bool {
    let contains = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    let encoded = BASE64.encode(payload);
    payload.chunks(PART).any(contains) || encoded.as_bytes().chunks(PART).any(contains)
}

/// Bytes of a payload that are no coincidence.
const PART: usize = 24;
