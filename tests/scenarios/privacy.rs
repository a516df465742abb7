//! What not everybody may read.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fabric_protos::Message as _;
use fabric_protos::id::TxId;
use fabric_protos::protos::{
    CollectionConfig, CollectionConfigPackage, CollectionPolicyConfig, StaticCollectionConfig,
    collection_config, collection_policy_config,
};
use pervade_audit::{Graph, door};
use pervade_channel_config::ChannelConfig;
use pervade_identity::policy::parse;
use pervade_interop_ledger::Proof;
use pervade_peer_client::{CallError, ChaincodePolicy, Definition, Start};
use pervade_recording::record::{Content, PrivatePayload};

use crate::contracts::VAULT;
use crate::fleet::{Device, Fleet};
use crate::world::{BOTH, ORG1, ORG2, RECORDING, World, chaincode, committed, refused};

/// B-34: a private recording leaves a salted digest on the ledger and nothing of the payload; the
/// graph of an auditor who is no member says that there is something it may not see.
#[tokio::test(flavor = "multi_thread")]
async fn a_private_payload_is_nowhere_in_the_block() {
    let fleet = Fleet::start().await;
    let (world, device) = (&fleet.world, fleet.device("decentlab"));
    let payload = device.payload();
    let (_, public) = device.record(world, payload).await;
    assert!(tells_of(&world.block(public).await.encode_to_vec(), payload), "a public one does");

    let own = implicit(device.org);
    let (tx_id, private) = record_private(&fleet, device, &own).await;
    let block = world.block(private).await.encode_to_vec();
    assert!(!tells_of(&block, payload), "the private payload is in the block");
    let record = fleet.record(&tx_id).await;
    let Content::Private { collection, salted_sha256 } = record.content else { panic!("private") };
    assert_eq!((collection, salted_sha256.len()), (own.clone(), 64));

    let recording = device.recording(world).await;
    let unsalted = recording.proposal("record_private").arg(device.package_id()).arg(own);
    let said = refused(recording.submit_proposal(unsalted.transient("payload", payload)).await);
    assert!(said.contains("INPUT: "), "without a salt the digest could be guessed: {said}");

    let answer = world.graph().query(door::admit(HIDDEN).unwrap()).unwrap();
    assert_eq!(answer.rows.len(), 1, "the graph marks what it cannot show");
    assert!(answer.text(0, "tx").ends_with(tx_id.as_str()));
}

/// Members of the collection read payload and quads back, see the quads in their graph, and prove
/// one of them; the others get none of it, wherever they ask.
#[tokio::test(flavor = "multi_thread")]
async fn a_private_payload_is_for_the_members_of_its_collection() {
    let fleet = Fleet::start().await;
    let (world, device) = (&fleet.world, fleet.device("decentlab"));
    let (tx_id, number) = record_private(&fleet, device, &implicit(device.org)).await;
    let other = BOTH.into_iter().find(|org| *org != device.org).unwrap();

    let ask = async |org: &str| {
        let recording = world.user(org).await.contract(chaincode(RECORDING));
        recording.evaluate("get_private", &[tx_id.as_str().as_bytes()]).await
    };
    let held: PrivatePayload = serde_json::from_slice(&ask(device.org).await.unwrap()).unwrap();
    assert_eq!(held.open().unwrap(), (device.payload().to_vec(), [7; 32]));
    let said = refused(ask(other).await);
    assert!(said.contains("private data matching public hash version is not available"), "{said}");

    let seen = graph_of(world, device.org).await;
    assert!(seen.query(door::admit(HIDDEN).unwrap()).unwrap().rows.is_empty());
    let graph = format!("{}#payload", transaction_iri(&seen, &tx_id));
    let located = seen.payload(&graph).unwrap();
    assert_eq!((located.block, located.graph.as_str()), (number, held.graph.as_str()));
    let unseen = graph_of(world, other).await;
    assert_eq!(unseen.query(door::admit(HIDDEN).unwrap()).unwrap().rows.len(), 1);
    assert!(unseen.payload(&graph).is_none());

    let block = world.block(number).await;
    let configuration = world.block(0).await;
    let quad = held.graph.lines().next().unwrap();
    let proof = Proof::new(quad, &held.graph, located.transaction, &block, &configuration).unwrap();
    let trusted = ChannelConfig::from_block(&configuration).unwrap();
    assert!(proof.verify(&trusted).is_err(), "the ledger has only the salted digest");
    let proven = proof.of_private(located.salted.unwrap()).verify(&trusted).unwrap();
    assert_eq!(proven.tx_id, tx_id);
}

/// Each organisation's peer behaves as if it lacked what it is no member of, and has what it is a
/// member of after a restart.
#[tokio::test(flavor = "multi_thread")]
async fn private_values_are_with_their_members_and_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start_in(folder.path()).await;
    deploy_vault(&world).await;
    for (org, collection, value) in
        [(ORG1, "own", "one"), (ORG2, "both", "two"), (ORG2, "letterbox", "three")]
    {
        hide(&world, org, (collection, "k"), value).await.unwrap();
    }
    let said = refused(hide(&world, ORG2, ("own", "k"), "four").await);
    assert!(said.contains("tx creator does not have write access permission"), "{said}");
    check_vault(&world).await;
    world.network.shutdown().await;

    let world = World::start_in(folder.path()).await;
    check_vault(&world).await;
    let approvals = world.admin(ORG1).await.lifecycle().approved().await.unwrap();
    let collections = approvals[0].definition.collections.as_ref().unwrap();
    assert_eq!(collections.config.len(), 4, "an approval is private data as well");
}

async fn check_vault(world: &World) {
    let missing = "private data matching public hash version is not available";
    let denied = "tx creator does not have read access permission";
    assert_eq!(reveal(world, (ORG1, ORG1), "own").await.unwrap(), "one", "its own");
    for org in BOTH {
        assert_eq!(reveal(world, (org, org), "both").await.unwrap(), "two", "{org} is a member");
        assert_eq!(
            reveal(world, (org, ORG1), "letterbox").await.unwrap(),
            "three",
            "{org} may read"
        );
    }
    for (who, collection, expected) in [
        ((ORG1, ORG2), "own", missing),
        ((ORG2, ORG1), "own", denied),
        ((ORG2, ORG2), "letterbox", missing),
    ] {
        let said = refused(reveal(world, who, collection).await);
        assert!(said.contains(expected), "{who:?} {collection}: {said}");
    }
    assert_eq!(keys(world, ORG1, "own").await, r#"["k"]"#, "its own");
    assert_eq!(keys(world, ORG2, "letterbox").await, "[]", "its peer holds none");
}

/// What is purged is on no disk any more, before and after a restart.
#[tokio::test(flavor = "multi_thread")]
async fn a_purged_value_leaves_no_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start_in(folder.path()).await;
    deploy_vault(&world).await;
    let secret = "a value that stands nowhere else";
    for value in [secret, "and the one that took its place"] {
        hide(&world, ORG1, ("own", "k"), value).await.unwrap();
    }
    assert!(is_on_disk(folder.path(), secret), "the past of a private key is kept");
    let vault = world.user(ORG1).await.contract(chaincode(VAULT));
    let purge = vault.proposal("purge").arg("own").arg("k").organizations([ORG1]);
    committed(vault.submit_proposal(purge).await.unwrap());
    assert!(!is_on_disk(folder.path(), secret));
    assert!(!is_on_disk(folder.path(), "took its place"));
    assert_eq!(reveal(&world, (ORG1, ORG1), "own").await.unwrap(), "");
    let verified = world.verify();
    assert_eq!(verified, world.state_digest());
    world.network.shutdown().await;
    let world = World::start_in(folder.path()).await;
    assert_eq!(reveal(&world, (ORG1, ORG1), "own").await.unwrap(), "");
    assert_eq!(world.state_digest(), verified);
}

/// A value is gone when as many blocks have followed as its collection says, and one more, for
/// peers that were there all the time and for one that replays the blocks.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_lives_its_blocks() {
    let world = World::start().await;
    deploy_vault(&world).await;
    hide(&world, ORG1, ("brief", "k"), "gone soon").await.unwrap();
    let vault = world.user(ORG1).await.contract(chaincode(VAULT));
    for block in 0..3 {
        assert_eq!(reveal(&world, (ORG1, ORG1), "brief").await.unwrap(), "gone soon", "{block}");
        committed(vault.submit("put", &[b"k", b"v"]).await.unwrap());
    }
    assert_eq!(reveal(&world, (ORG1, ORG1), "brief").await.unwrap(), "");
    assert_eq!(world.verify(), world.state_digest());
}

#[tokio::test(flavor = "multi_thread")]
async fn public_values_are_found_by_what_is_in_them() {
    let world = World::start().await;
    deploy_vault(&world).await;
    let vault = world.user(ORG1).await.contract(chaincode(VAULT));
    for (key, value) in [("a", r#"{"size":5}"#), ("b", r#"{"size":7}"#), ("c", "no JSON")] {
        committed(vault.submit("put", &[key.as_bytes(), value.as_bytes()]).await.unwrap());
    }
    let query = br#"{"selector":{"size":{"$gte":5}},"sort":[{"size":"desc"}]}"#;
    assert_eq!(vault.evaluate("find", &[query]).await.unwrap(), br#"["b","a"]"#);
    let said = refused(vault.evaluate("find", &[br#"{"selector":{"size":{"$near":5}}}"#]).await);
    assert!(said.contains("operator $near is not supported in a selector"), "{said}");
}

/// Records that there is something the graph does not show.
const HIDDEN: &str = "PREFIX pervade: <urn:pervade:vocab#>
    SELECT ?tx WHERE { ?tx pervade:visibility \"private\" .
                       FILTER NOT EXISTS { ?tx pervade:payloadGraph ?graph } }";

/// Has a device record its payload for the members of a collection.
async fn record_private(fleet: &Fleet, device: &Device, collection: &str) -> (TxId, u64) {
    let recording = device.recording(&fleet.world).await;
    let proposal = recording.proposal("record_private").arg(device.package_id()).arg(collection);
    let salted = proposal.transient("payload", device.payload()).transient("salt", vec![7; 32]);
    let outcome = recording.submit_proposal(salted.organizations(BOTH)).await.unwrap();
    let (tx_id, block, _) = committed(outcome);
    (tx_id, block)
}

/// The collection of which one organisation is the only member.
fn implicit(org: &str) -> String {
    format!("_implicit_org_{org}")
}

/// The graph of all blocks as the user of an organisation follows them.
async fn graph_of(world: &World, org: &str) -> Graph {
    let mut graph = Graph::new(world.channel.clone()).unwrap();
    let user = world.user(org).await;
    let mut blocks = user.blocks_with_private_data(&Start::Block(0)).await.unwrap();
    while graph.height() < world.height() {
        let delivered = blocks.next().await.unwrap().unwrap();
        graph.apply_with(&delivered.block.unwrap(), &delivered.private_data_map).unwrap();
    }
    graph
}

/// A transaction's name in the graph.
fn transaction_iri(graph: &Graph, tx_id: &TxId) -> String {
    let query = "PREFIX pervade: <urn:pervade:vocab#>
        SELECT ?tx WHERE { ?tx pervade:visibility ?anything }";
    let answer = graph.query(door::admit(query).unwrap()).unwrap();
    let names = (0..answer.rows.len()).map(|row| answer.text(row, "tx").to_owned());
    names.into_iter().find(|name| name.ends_with(tx_id.as_str())).unwrap()
}

/// Deploys the vault so that any peer endorses. `own` is the first organisation's alone, `both`
/// everybody's; anybody may put something into the `letterbox` of the first organisation, and ask
/// for it; what is in `brief` lives for two blocks.
async fn deploy_vault(world: &World) {
    let only = "OR('Org1MSP.member')";
    let all = "OR('Org1MSP.member', 'Org2MSP.member')";
    let collections = [("own", only, true, 0), ("both", all, true, 0), ("brief", only, true, 2)];
    let collections = collections.into_iter().chain([("letterbox", only, false, 0)]);
    let config = collections.map(|(name, members, limited, lives)| {
        let payload = collection_policy_config::Payload::SignaturePolicy(parse(members).unwrap());
        let collection = StaticCollectionConfig {
            name: name.to_owned(),
            member_orgs_policy: Some(CollectionPolicyConfig { payload: Some(payload) }),
            member_only_read: limited,
            member_only_write: limited,
            block_to_live: lives,
            ..StaticCollectionConfig::default()
        };
        let payload = collection_config::Payload::StaticCollectionConfig(collection);
        CollectionConfig { payload: Some(payload) }
    });
    let any = "OR('Org1MSP.peer', 'Org2MSP.peer')";
    let definition = Definition {
        policy: ChaincodePolicy::from_text(any).unwrap(),
        collections: Some(CollectionConfigPackage { config: config.collect() }),
        ..Definition::first(chaincode(VAULT), "1.0")
    };
    let package_id = world.install(VAULT);
    for org in BOTH {
        let lifecycle = world.admin(org).await.lifecycle();
        committed(lifecycle.approve(&definition, Some(&package_id)).await.unwrap());
    }
    committed(world.admin(ORG1).await.lifecycle().commit(&definition).await.unwrap());
}

/// Has the user of an organisation write a private value, endorsed by the organisation's peer.
async fn hide(
    world: &World,
    org: &str,
    (collection, key): (&str, &str),
    value: &str,
) -> Result<(), CallError> {
    let vault = world.user(org).await.contract(chaincode(VAULT));
    let hide = vault.proposal("hide").arg(collection).arg(key).transient("value", value);
    let outcome = vault.submit_proposal(hide.organizations([org])).await?;
    committed(outcome);
    Ok(())
}

/// What a user is told of the private value `k` at a peer of an organisation.
async fn reveal(
    world: &World,
    (who, at): (&str, &str),
    collection: &str,
) -> Result<String, CallError> {
    let vault = world.user(who).await.contract(chaincode(VAULT));
    let reveal = vault.proposal("reveal").arg(collection).arg("k").organizations([at]);
    let signed = reveal.build()?.sign()?;
    Ok(String::from_utf8(signed.evaluate().await?).unwrap())
}

async fn keys(world: &World, org: &str, collection: &str) -> String {
    let vault = world.user(org).await.contract(chaincode(VAULT));
    let answer = vault.evaluate("keys", &[collection.as_bytes()]).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// Whether any file below a folder holds a text.
fn is_on_disk(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_on_disk(&path, text);
        }
        let bytes = if path.is_file() { fs::read(path).unwrap() } else { Vec::new() };
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

/// Whether bytes hold any longer part of a payload, plain or in base64.
fn tells_of(bytes: &[u8], payload: &[u8]) -> bool {
    let contains = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    let encoded = BASE64.encode(payload);
    payload.chunks(PART).any(contains) || encoded.as_bytes().chunks(PART).any(contains)
}

/// Bytes of a payload that are no coincidence.
const PART: usize = 24;
