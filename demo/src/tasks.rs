//! The story of a task queue between three organisations: who may command a device that nobody can reach, what it
//! costs to promise and not deliver, and who can read what.

mod field;
mod ground;
mod people;
mod secrets;
mod thefts;
mod time;

use std::path::PathBuf;

use pervade_tasks::record::{Kind, NewTask};

use crate::account::{Figures, Listener, Teller, milliseconds, now};
use crate::error::DemoError;

use self::field::Field;
use self::ground::Ground;
use self::people::{Cast, tokens};
use self::secrets::Secrets;
use self::time::Keepers;

/// Tells the story on a network in this folder, which is made if it is not there. The network is shut down in the
/// end, and stays on disk.
///
/// # Errors
/// If the story breaks off.
pub async fn tell_tasks(
    folder: PathBuf,
    listener: &mut dyn Listener,
) -> Result<Figures, DemoError> {
    let mut teller = Teller::new(listener);

    teller.step("Three organisations start a network, and bind five contracts to each other");
    let ground = Ground::start(&folder, &mut teller).await?;

    teller.step("Ann, Bob and two keepers register; the bank issues money, and they buy tokens");
    let mut cast = Cast::meet(&ground, &mut teller).await?;
    let mut keepers = Keepers::appoint(&ground, &cast).await?;

    teller.step("Bob installs a device: its key signs whose it is, and it listens to nobody");
    let field = Field::install(&ground, &mut cast, &mut teller).await?;

    teller.step("Ann wants a measurement; Bob accepts, and the device does the rest by itself");
    let secrets = Secrets::new(&ground);
    let reader = secrets.reader()?;
    let measurement = NewTask { limit: 20, ..field.measurement(&reader) };
    let began = now();
    let task = cast.create(&ground, measurement, &mut teller).await?;
    cast.accept(&ground, &task, &field, &mut teller).await?;
    field.await_end(&ground, &task, &mut teller).await?;
    teller.figure("order_to_result_ms", milliseconds(began.elapsed()));

    teller.step("Who can read what");
    secrets.who_reads(&ground, &cast, (&task, &reader), &mut teller).await?;

    teller.step("Ann has a valve opened, at the price that Bob asks: nobody accepts anything");
    let order =
        NewTask { kind: Kind::Instant, ..field.turn(&secrets.reader()?, cast.bob.account()) };
    let turned = cast.create(&ground, order, &mut teller).await?;
    field.await_end(&ground, &turned, &mut teller).await?;
    field.show_valve(&mut teller)?;

    teller
        .step("Bob accepts, and his device is off; a keeper is dead, and the other ends the task");
    field.stop();
    let doomed = NewTask { limit: 3, ..field.measurement(&secrets.reader()?) };
    let doomed = cast.create(&ground, doomed, &mut teller).await?;
    cast.accept(&ground, &doomed, &field, &mut teller).await?;
    keepers.expire(&ground, &doomed, &mut teller).await?;
    cast.balances(&ground, &mut teller).await?;

    teller.step("What must fail: each gets its own error, and nobody loses anything");
    thefts::try_all(&ground, &mut cast, (&field, &task), &mut teller).await?;
    let supply = tokens(&mut cast.ann.network)?.supply().await;
    people::conserved(supply, &mut teller)?;

    ground.stop(&mut teller).await;
    Ok(teller.done())
}
