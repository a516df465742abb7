//! What lasts: networks that are stopped and started again.

use crate::contracts::SHELF;
use crate::world::{World, committed};

/// A network that is stopped and started again has the blocks, the state and the contracts that it
/// had, and goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_network_is_the_same_network() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start_in(folder.path()).await;
    world.deploy(SHELF).await;
    let shelf = world.contract(SHELF).await;
    committed(shelf.submit("add", &[b"apples", b"2"]).await.unwrap());
    let before = (world.height(), world.state_digest(), world.network.status().packages);
    let blocks = world.blocks();
    world.network.shutdown().await;

    let world = World::start_in(folder.path()).await;
    let after = (world.height(), world.state_digest(), world.network.status().packages);
    assert_eq!(after, before, "height, state and packages");
    assert_eq!(world.blocks(), blocks);
    let shelf = world.contract(SHELF).await;
    let (_, number, result) = committed(shelf.submit("add", &[b"apples", b"3"]).await.unwrap());
    assert_eq!((number, result.as_slice()), (before.0, b"5".as_slice()), "it goes on");
    assert_eq!(world.verify(), world.state_digest(), "state equals replay");
    world.network.shutdown().await;
}
