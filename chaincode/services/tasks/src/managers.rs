//! What the manager of tasks asks of the others.

use pervade_chaincode::{CallError, Caller, Transaction};
use pervade_devices::DevicesClient;
use pervade_devices::record::{Assignment, Device, DeviceId};
use pervade_platform::{AccountId, Amount, Bound, Epochs};
use pervade_users::UsersClient;
use pervade_users::record::{Engagement, User};

use crate::record::{Points, Task, TaskTerms};
use crate::rules::life::Taken;
use crate::{Refusal, TaskError};

/// The user who signed.
pub(crate) async fn caller(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
) -> Result<User, TaskError> {
    Ok(UsersClient::new(tx, bound.users()?).caller().await?)
}

/// The account of whoever signed; none if it is no user.
pub(crate) async fn signer_account(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
) -> Result<Option<AccountId>, TaskError> {
    let account = UsersClient::new(tx, bound.users()?).signer_account().await?;
    Ok(AccountId::try_from(account).ok())
}

/// A device.
pub(crate) async fn device(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
    id: DeviceId,
) -> Result<Device, TaskError> {
    Ok(DevicesClient::new(tx, bound.devices()?).device(id).await?)
}

/// Has a respondent take a task with a device: the reputation is enough, and the device has a free
/// place. Tells the price that the device's owner asks as well.
pub(crate) async fn take(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
    task: &Task,
    (respondent, device): (AccountId, DeviceId),
) -> Result<(Taken, Option<Amount>), TaskError> {
    let engagement = Engagement {
        creator: task.creator.clone(),
        minimum: task.minimum_reputation,
        respondent: respondent.clone(),
    };
    let engaged = UsersClient::new(tx, bound.users()?).engage(engagement).await?;
    let owner_generation = engaged.respondent.generation;
    let points = Points { creator: engaged.creator_points, respondent: engaged.respondent_points };
    let assignment = Assignment {
        device,
        owner_generation,
        respondent: respondent.clone(),
        task: task.id.clone(),
    };
    let assigned = DevicesClient::new(tx, bound.devices()?).assign(assignment).await?;
    let Device { account, id: device, public_key: key, price, .. } = assigned.device;
    Ok((Taken { account, device, key, points, respondent, slot: assigned.slot }, price))
}

/// Checks that `epoch` is the present one.
pub(crate) async fn require_present(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
    epoch: u64,
) -> Result<(), TaskError> {
    Ok(Epochs::new(bound.clock()?).require_present(tx, epoch).await?)
}

/// Whether everything due by the end of an epoch is late.
pub(crate) async fn is_over<C>(
    tx: &mut C,
    bound: &Bound<TaskTerms>,
    epoch: u64,
) -> Result<bool, TaskError>
where
    C: Caller<Error = CallError>,
{
    Ok(Epochs::new(bound.clock()?).is_over(tx, epoch).await?)
}

/// Checks that a task has not expired, for what had to be done by the end of an epoch.
pub(crate) async fn require_not_expired(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
    deadline: u64,
) -> Result<(), TaskError> {
    if is_over(tx, bound, deadline).await? {
        return Err(Refusal::TaskExpired { deadline }.into());
    }
    Ok(())
}

/// Checks that it is not too late for what may be done by the end of an epoch.
pub(crate) async fn require_in_time(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
    deadline: u64,
) -> Result<(), TaskError> {
    if is_over(tx, bound, deadline).await? {
        return Err(Refusal::TooLate { deadline }.into());
    }
    Ok(())
}
