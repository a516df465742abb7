//! Power cuts between any two steps.

use pervade_content::ContentId;
use pervade_platform::verify;
use pervade_sealing::{SealContext, Sealed, TaskPublic, open};
use pervade_tasks::record::Statement;

use crate::world::{Gateway, Power, SECRET, TASK, World, id, origin};

/// W-04, W-07, W-71, N-08: whenever the power goes, and goes again, the actuator acts once, one
/// result is on the ledger, and its file is in the store.
#[tokio::test]
async fn power_cuts_lose_nothing_and_double_nothing() {
    for first in 0.. {
        for second in [2, 17, 40, 71] {
            let world = World::new();
            world.chain.lock().unwrap().conflicts = 2;
            let went = run(&world, Power::of(first)).await;
            run(&world, Power::of(second)).await;
            run(&world, Power::default()).await;
            assert_done(&world, (first, second)).await;
            if !went {
                // The first run came to its end.
                assert!(first > 100, "there were {first} places to stop at");
                return;
            }
        }
    }
}

/// The device at work until all is done or the power is gone; whether it went.
async fn run(world: &World, power: Power) -> bool {
    let gateway = || Gateway::honest(&world.chain, power.clone());
    if let Some(agent) = world.agent(&power, vec![gateway(), gateway()]) {
        agent.sweep().await;
    }
    world.disk.forget();
    power.is_gone()
}

async fn assert_done(world: &World, cut: (usize, usize)) {
    let (result, task) = {
        let chain = world.chain.lock().unwrap();
        assert_eq!(chain.completions, 1, "one result for {cut:?}");
        let signed = &chain.submissions[0];
        assert!(chain.submissions.iter().all(|other| other == signed), "never made anew: {cut:?}");
        (chain.result.clone().unwrap().result, world.task(TASK))
    };
    assert_eq!(*world.actuator.effects.lock().unwrap(), 1, "one effect for {cut:?}");
    let (channel, contract) = (origin().channel, origin().contract);
    let statement = Statement::of(channel.as_str(), contract.as_str(), &task, &result);
    assert_eq!(verify(&world.public_key(), &statement, &result.signature), Ok(()), "{cut:?}");
    let store = world.store(&Power::default()).unwrap();
    let cid: ContentId = result.cid.parse().unwrap();
    let file = store.get(cid, 1024).await.unwrap();
    let sealed = Sealed::from_bytes(file).unwrap();
    let context = SealContext::new(channel, contract, id(TASK)).unwrap();
    let task_key: TaskPublic = result.task_key.parse().unwrap();
    let opened = open(&sealed, &world.reader, &task_key, &context).unwrap();
    assert_eq!(**opened, *SECRET, "the creator reads it: {cut:?}");
    assert!(!world.disk.holds(SECRET), "W-88: what is not sealed is on no disk");
}

/// W-07: a week of tasks, one an hour, and a power cut in most of them: nobody looks after the
/// device, and every task is done once.
#[tokio::test]
async fn a_week_passes_without_an_operator() {
    let world = World::new();
    for hour in 1..=7 * 24 {
        world.chain.lock().unwrap().task = Some(world.task(hour));
        let halves = usize::try_from(hour * 37 % 211).unwrap();
        run(&world, Power::of(halves)).await;
        run(&world, Power::default()).await;
        let chain = world.chain.lock().unwrap();
        assert_eq!(chain.result.clone().unwrap().task, id(hour));
    }
    assert_eq!(world.chain.lock().unwrap().completions, 7 * 24);
    assert_eq!(*world.actuator.effects.lock().unwrap(), 7 * 24);
}

/// W-70: a device that was offline finds its tasks when it starts, and does each once.
#[tokio::test]
async fn a_device_that_was_offline_finds_its_backlog() {
    let world = World::new();
    run(&world, Power::default()).await;
    assert_eq!(
        world.told().iter().map(|note| &note[..9.min(note.len())]).collect::<Vec<_>>(),
        ["taken", "begun", "done, sto", "signed", "delivered", "the resul"]
    );
    run(&world, Power::default()).await;
    assert_eq!(world.told(), [""; 0], "there is nothing left to do");
}
