//! Which code runs: package ids, definitions, and peers that run something else.

use fabric_protos::lifecycle::{
    QueryApprovedChaincodeDefinitionArgs, QueryApprovedChaincodeDefinitionResult,
    QueryInstalledChaincodesArgs, QueryInstalledChaincodesResult, chaincode_source,
};
use fabric_protos::{Message as _, id::ChaincodeName};
use pervade_peer_client::{CallError, EndorseError};

use crate::contracts::{SHELF, TAMPERED_SHELF};
use crate::world::{BOTH, ORG1, ORG2, World, chaincode, committed, msp, propose};

/// T-07: every member runs the code whose hash it has approved, whoever asks can see that hash, and
/// a peer with other code cannot endorse with the others.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_with_other_code_endorses_nothing() {
    let world = World::start().await;
    let (honest, tampered) = (world.install(SHELF), world.install(TAMPERED_SHELF));
    for id in [&honest, &tampered] {
        let (_, hash) = id.split_once(':').unwrap();
        assert_eq!(hex::decode(hash).unwrap().len(), 32, "{id} ends in a hash");
    }
    assert_ne!(honest, tampered, "other code, other hash");
    world.define(SHELF, [&honest, &tampered]).await;
    assert_eq!(approved(&world, ORG1).await, honest);
    assert_eq!(approved(&world, ORG2).await, tampered, "what an organisation runs can be seen");
    for org in BOTH {
        assert!(installed(&world, org).await.contains(&honest), "{org} holds the code");
    }

    let shelf = world.contract(SHELF).await;
    let height = world.height();
    let refused = shelf.submit("put", &[b"apples", b"1"]).await;
    let Err(CallError::Endorse(EndorseError::Refused(refusal))) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refusal.code.number(), 10, "ABORTED, as Fabric's gateway says it");
    assert!(refusal.to_string().contains("ProposalResponsePayloads do not match"), "{refusal}");
    assert_eq!(world.height(), height, "nothing was ordered");

    world.approve(ORG2, SHELF, &honest).await;
    committed(shelf.submit("put", &[b"apples", b"1"]).await.unwrap());
}

/// The package id that an organisation has approved.
async fn approved(world: &World, org: &str) -> String {
    let lifecycle = world.admin(org).await.contract(chaincode(ChaincodeName::LIFECYCLE));
    let args = QueryApprovedChaincodeDefinitionArgs { name: SHELF.to_owned(), sequence: 1 };
    let proposal = lifecycle.proposal("QueryApprovedChaincodeDefinition");
    let proposal = proposal.arg(args.encode_to_vec()).organizations([org]);
    let answer = proposal.build().unwrap().sign().unwrap().evaluate().await.unwrap();
    let found = QueryApprovedChaincodeDefinitionResult::decode(answer.as_slice()).unwrap();
    match found.source.and_then(|source| source.r#type) {
        Some(chaincode_source::Type::LocalPackage(local)) => local.package_id,
        other => panic!("{other:?}"),
    }
}

/// The ids of the packages that an organisation's peer holds.
async fn installed(world: &World, org: &str) -> Vec<String> {
    let admin = world.network.user(&msp(org), "Admin").unwrap();
    let args = QueryInstalledChaincodesArgs {}.encode_to_vec();
    let proposal = propose(
        &admin,
        None,
        ChaincodeName::LIFECYCLE,
        &[b"QueryInstalledChaincodes", args.as_slice()],
    );
    let response = world.ask_peer(org, &proposal).await.response.unwrap();
    assert_eq!(response.status, 200, "{}", response.message);
    let found = QueryInstalledChaincodesResult::decode(response.payload.as_slice()).unwrap();
    found.installed_chaincodes.into_iter().map(|one| one.package_id).collect()
}
