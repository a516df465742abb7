//! The functions of the manager of tasks.

use pervade_chaincode::{ReadTransaction, StatePage, Transaction, contract};
use pervade_devices::record::{Assignment, DeviceId};
use pervade_devices::rules::may_have;
use pervade_platform::{AccountId, Bound, ContractSet, PageSize, bind, bound, signer};

use crate::carry::carry_out;
use crate::judging::{Case, judge, judged, settled};
use crate::managers::{
    caller, device, is_over, require_in_time, require_not_expired, require_present, signer_account,
    take,
};
use crate::open::still_open;
use crate::record::{
    Due, Kind, Mean, NewTask, Open, Part, PartEntry, ResultObject, SavedResult, Summary, Task,
    TaskChange, TaskChanged, TaskTerms, TaskType, Verdict, Vote,
};
use crate::rules::create::{Creation, add, add_taken, created, require_price};
use crate::rules::decision::{Decision, Moment, Next};
use crate::rules::judgement::{Judges, reject, vote};
use crate::rules::life;
use crate::validators::admit;
use crate::{CreateError, DefineError, Refusal, TaskError};

/// The manager of tasks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tasks;

/// The certificate attribute, with the value `true`, of who may define types of tasks.
pub const MAY_DEFINE: &str = "platform.types";

type Answer<T> = Result<T, TaskError>;

#[contract(name = "tasks", default)]
impl Tasks {
    /// Binds the manager to its set and its terms. Once: a later version of the definition may be
    /// initialised with the same, and with no others.
    #[init]
    async fn bind(&self, tx: &mut Transaction, set: ContractSet, terms: TaskTerms) -> Answer<()> {
        terms.check()?;
        bind(tx, &Bound { set, terms }).await.map_err(DefineError::from)?;
        Ok(())
    }

    /// Defines a type of task, once. For those with [`MAY_DEFINE`].
    #[submit]
    async fn define_type(&self, tx: &mut Transaction, task_type: TaskType) -> Answer<()> {
        terms(tx).await?;
        let identity = tx.creator().client_identity().map_err(DefineError::from)?;
        if identity.attribute(MAY_DEFINE) != Some("true") {
            return Err(DefineError::PermissionDenied { role: MAY_DEFINE }.into());
        }
        task_type.check()?;
        if tx.exists::<TaskType>(&task_type.name).await? {
            return Err(DefineError::TypeExists.into());
        }
        Ok(tx.save(&task_type).await?)
    }

    /// Creates a task of the signer's, who pays the fee and stakes the reward and the keeper's fee.
    /// The task's id is the transaction's.
    #[submit]
    async fn create(&self, tx: &mut Transaction, task: NewTask, epoch: u64) -> Answer<Task> {
        let bound = terms(tx).await?;
        let creator = caller(tx, &bound).await?.account;
        if !tx.exists::<TaskType>(&task.type_name).await? {
            return Err(CreateError::TypeUnknown.into());
        }
        let tx_id = tx.tx_id().to_string();
        let terms = &bound.terms;
        let task = created(task, &Creation { creator: &creator, epoch, tx_id: &tx_id, terms })?;
        require_present(tx, &bound, epoch).await?;
        let decision = added(tx, &bound, task).await?;
        conclude(tx, &bound, None, decision).await
    }

    /// Accepts a task with a device of the signer's, who stakes half the reward.
    #[submit]
    async fn accept(
        &self,
        tx: &mut Transaction,
        task: String,
        device: DeviceId,
        epoch: u64,
    ) -> Answer<Task> {
        let bound = terms(tx).await?;
        let task = known(tx, &task).await?;
        task.require_unlocked()?;
        require_not_expired(tx, &bound, task.acceptable(&bound.terms)).await?;
        let respondent = caller(tx, &bound).await?.account;
        task.require_designated(&respondent, &device)?;
        require_present(tx, &bound, epoch).await?;
        let (taken, _) = take(tx, &bound, &task, (respondent, device)).await?;
        let decision = life::accept(task.clone(), taken, epoch);
        conclude(tx, &bound, Some(&task), decision).await
    }

    /// Steps back from a task that the signer accepted a short while ago, for a part of the stake.
    #[submit]
    async fn decline(&self, tx: &mut Transaction, task: String, epoch: u64) -> Answer<()> {
        let bound = terms(tx).await?;
        let task = known(tx, &task).await?;
        task.require_respondent(&caller(tx, &bound).await?.account)?;
        task.require_nothing_pending()?;
        require_in_time(tx, &bound, task.declinable(&bound.terms)).await?;
        require_present(tx, &bound, epoch).await?;
        let decision = life::decline(&task, &bound.terms, epoch)?;
        carry_out(tx, &bound, Some(&task), decision).await
    }

    /// Takes back a task of the signer's that nobody has accepted, or that has expired.
    #[submit]
    async fn release(&self, tx: &mut Transaction, task: String, epoch: u64) -> Answer<()> {
        let bound = terms(tx).await?;
        let task = known(tx, &task).await?;
        let account = caller(tx, &bound).await?.account;
        task.require_creator(&account)?;
        task.require_nothing_pending()?;
        let decision = if task.locked {
            require_expired(tx, &bound, &task).await?;
            life::expire(&task, life::keeper(Some(account)))?
        } else {
            require_present(tx, &bound, epoch).await?;
            life::release(&task, epoch)?
        };
        carry_out(tx, &bound, Some(&task), decision).await
    }

    /// Ends a task that has expired. Anyone may; for the parties it is the same whoever does.
    #[submit]
    async fn expire(&self, tx: &mut Transaction, task: String) -> Answer<()> {
        let bound = terms(tx).await?;
        let task = known(tx, &task).await?;
        task.require_nothing_pending()?;
        require_expired(tx, &bound, &task).await?;
        let keeper = life::keeper(signer_account(tx, &bound).await?);
        let decision = life::expire(&task, keeper)?;
        carry_out(tx, &bound, Some(&task), decision).await
    }

    /// Brings a task's result, for the device that has the task. A result that is none is refused; one
    /// whose readings cannot be is a fault of the device, which the answer tells.
    #[submit]
    async fn complete(
        &self,
        tx: &mut Transaction,
        task: String,
        result: ResultObject,
        epoch: u64,
    ) -> Answer<Verdict> {
        let bound = terms(tx).await?;
        let task = known(tx, &task).await?;
        let key = task.require_deliverer(&signer(tx)?.address)?;
        task.require_nothing_pending()?;
        require_not_expired(tx, &bound, task.expires).await?;
        require_present(tx, &bound, epoch).await?;
        let task_type: TaskType = tx.load(&task.type_name).await?;
        let channel = tx.channel().to_string();
        let place = (channel.as_str(), bound.set.tasks.as_str());
        let signed = admit(place, (&task, &task_type), key, result)?;
        let tx_id = tx.tx_id().to_string();
        let moment = Moment { epoch, tx_id: &tx_id };
        let case = Case { moment, task: &task, task_type: &task_type };
        let decision = judged(tx, case, signed).await?;
        judge(tx, &bound, case, decision).await
    }

    /// Brings what others found about a result to its end: what the oracles decided, the creator's
    /// acceptance, or that the time for either is over.
    #[submit]
    async fn settle(&self, tx: &mut Transaction, task: String, epoch: u64) -> Answer<Verdict> {
        let bound = terms(tx).await?;
        let task = known(tx, &task).await?;
        require_present(tx, &bound, epoch).await?;
        let task_type: TaskType = tx.load(&task.type_name).await?;
        let tx_id = tx.tx_id().to_string();
        let moment = Moment { epoch, tx_id: &tx_id };
        let case = Case { moment, task: &task, task_type: &task_type };
        let decision = settled(tx, &bound, case).await?;
        judge(tx, &bound, case, decision).await
    }

    /// Rejects the result of a task of the signer's, which has a type that lets creators judge.
    #[submit]
    async fn reject(&self, tx: &mut Transaction, task: String, epoch: u64) -> Answer<Verdict> {
        let bound = terms(tx).await?;
        let task = known(tx, &task).await?;
        task.require_creator(&caller(tx, &bound).await?.account)?;
        let task_type: TaskType = tx.load(&task.type_name).await?;
        let (Some(pending), Judges::Creator(_)) = (&task.pending, task_type.judges()) else {
            return Err(Refusal::TaskNotPending.into());
        };
        require_in_time(tx, &bound, pending.closes).await?;
        require_present(tx, &bound, epoch).await?;
        let tx_id = tx.tx_id().to_string();
        let moment = Moment { epoch, tx_id: &tx_id };
        let decision = reject(&task, moment);
        judge(tx, &bound, Case { moment, task: &task, task_type: &task_type }, decision).await
    }

    /// Votes on the result that is being judged, named by its statement, as an oracle of the task's
    /// type.
    #[submit]
    async fn vote(
        &self,
        tx: &mut Transaction,
        task: String,
        confirmed: bool,
        statement_sha256: String,
    ) -> Answer<()> {
        let bound = terms(tx).await?;
        let task = known(tx, &task).await?;
        let task_type: TaskType = tx.load(&task.type_name).await?;
        let oracle = signer(tx)?.address;
        let earlier: Option<Vote> = tx.find((&task.id, &oracle)).await?;
        let by = Vote { confirmed, oracle, statement_sha256, task: task.id.clone() };
        let voted = vote(&task, &task_type, by, earlier.as_ref())?;
        let closes = task.pending.as_ref().map_or(0, |pending| pending.closes);
        require_in_time(tx, &bound, closes).await?;
        tx.save(&voted).await?;
        Ok(tx.emit(&TaskChanged { change: TaskChange::Voted, task: task.id })?)
    }

    /// A task that has not ended.
    #[external]
    #[evaluate]
    async fn task(&self, tx: &ReadTransaction, task: String) -> Answer<Task> {
        known(tx, &task).await
    }

    /// The result of a task that has ended.
    #[external]
    #[evaluate]
    async fn result(&self, tx: &ReadTransaction, task: String) -> Answer<SavedResult> {
        Ok(tx.load(&task).await?)
    }

    /// How a task has ended.
    #[external]
    #[evaluate]
    async fn summary(&self, tx: &ReadTransaction, task: String) -> Answer<Summary> {
        Ok(tx.load(&task).await?)
    }

    /// What was found about a task's results, the earliest first.
    #[evaluate]
    async fn verdicts(
        &self,
        tx: &mut ReadTransaction,
        task: String,
        size: PageSize,
        bookmark: String,
    ) -> Answer<StatePage<Verdict>> {
        Ok(tx.list_page((&task,), size.get(), &bookmark).await?)
    }

    /// Tasks of a type, or of all if it is empty, that anyone may accept. A page may have fewer than
    /// were asked for, though others follow.
    #[evaluate]
    async fn open(
        &self,
        tx: &mut ReadTransaction,
        type_name: String,
        size: PageSize,
        bookmark: String,
    ) -> Answer<StatePage<Open>> {
        let bound = terms(tx).await?;
        let page = if type_name.is_empty() {
            tx.list_page::<Open>((), size.get(), &bookmark).await?
        } else {
            tx.list_page::<Open>((&type_name,), size.get(), &bookmark).await?
        };
        let StatePage { values, bookmark } = page;
        Ok(StatePage { values: still_open(tx, &bound, values).await?, bookmark })
    }

    /// What can be done about tasks in an epoch because a deadline has passed, the earliest first.
    #[evaluate]
    async fn due(
        &self,
        tx: &mut ReadTransaction,
        epoch: u64,
        size: PageSize,
        bookmark: String,
    ) -> Answer<StatePage<Due>> {
        let mut page = tx.list_page::<Due>((), size.get(), &bookmark).await?;
        let all = page.values.len();
        page.values.retain(|due| due.epoch <= epoch);
        // In the order of epochs: what follows a later one is later.
        if page.values.len() < all {
            page.bookmark.clear();
        }
        Ok(page)
    }

    /// The tasks that a user created, the earliest first.
    #[evaluate]
    async fn by_creator(
        &self,
        tx: &mut ReadTransaction,
        account: AccountId,
        size: PageSize,
        bookmark: String,
    ) -> Answer<StatePage<PartEntry>> {
        entries(tx, (Part::Creator, account.into()), size, &bookmark).await
    }

    /// The tasks that a user accepted, or that were for the user, the earliest first.
    #[evaluate]
    async fn by_respondent(
        &self,
        tx: &mut ReadTransaction,
        account: AccountId,
        size: PageSize,
        bookmark: String,
    ) -> Answer<StatePage<PartEntry>> {
        entries(tx, (Part::Respondent, account.into()), size, &bookmark).await
    }

    /// The tasks that a device had, or that were for it, the earliest first.
    #[evaluate]
    async fn by_device(
        &self,
        tx: &mut ReadTransaction,
        device: DeviceId,
        size: PageSize,
        bookmark: String,
    ) -> Answer<StatePage<PartEntry>> {
        entries(tx, (Part::Device, device.into()), size, &bookmark).await
    }

    /// The votes of the oracles of a task's type.
    #[evaluate]
    async fn votes(
        &self,
        tx: &mut ReadTransaction,
        task: String,
        size: PageSize,
        bookmark: String,
    ) -> Answer<StatePage<Vote>> {
        Ok(tx.list_page((&task,), size.get(), &bookmark).await?)
    }

    /// The averages of a device's readings.
    #[evaluate]
    async fn averages(
        &self,
        tx: &mut ReadTransaction,
        device: DeviceId,
        size: PageSize,
        bookmark: String,
    ) -> Answer<StatePage<Mean>> {
        Ok(tx.list_page((&device,), size.get(), &bookmark).await?)
    }

    /// A type of task.
    #[external]
    #[evaluate]
    async fn task_type(&self, tx: &ReadTransaction, name: String) -> Answer<TaskType> {
        let found = tx.find(&name).await?;
        Ok(found.ok_or(CreateError::TypeUnknown)?)
    }

    /// The types of tasks.
    #[evaluate]
    async fn types(
        &self,
        tx: &mut ReadTransaction,
        size: PageSize,
        bookmark: String,
    ) -> Answer<StatePage<TaskType>> {
        Ok(tx.list_page((), size.get(), &bookmark).await?)
    }

    /// The terms that the manager runs by.
    #[external]
    #[evaluate]
    async fn terms(&self, tx: &ReadTransaction) -> Answer<TaskTerms> {
        Ok(terms(tx).await?.terms)
    }
}

async fn terms(tx: &ReadTransaction) -> Answer<Bound<TaskTerms>> {
    Ok(bound(tx).await?)
}

async fn known(tx: &ReadTransaction, task: &String) -> Answer<Task> {
    let found = tx.find(task).await?;
    Ok(found.ok_or(Refusal::TaskUnknown)?)
}

async fn require_expired(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
    task: &Task,
) -> Answer<()> {
    let expires = task.expires;
    if is_over(tx, bound, expires).await? {
        Ok(())
    } else {
        Err(Refusal::TaskNotExpired { expires }.into())
    }
}

/// What becomes of a task that is created: whether its device can have it, or has it at once.
async fn added(tx: &mut Transaction, bound: &Bound<TaskTerms>, task: Task) -> Answer<Decision> {
    let terms = &bound.terms;
    let (Some(respondent), Some(id)) = (task.respondent.clone(), task.device.clone()) else {
        return Ok(add(task, terms)?);
    };
    if task.kind == Kind::Instant {
        let (taken, price) = take(tx, bound, &task, (respondent, id)).await?;
        require_price(&task, price)?;
        return Ok(add_taken(task, taken, terms)?);
    }
    let device = device(tx, bound, id.clone()).await?;
    let owner_generation = device.owner_generation;
    let task_id = task.id.clone();
    may_have(&device, &Assignment { device: id, owner_generation, respondent, task: task_id })?;
    Ok(add(task, terms)?)
}

/// Carries out a decision after which the task goes on, and tells the task.
async fn conclude(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
    before: Option<&Task>,
    decision: Decision,
) -> Answer<Task> {
    let Next::GoesOn { task, .. } = &decision.next else {
        return Err(Refusal::TaskUnknown.into());
    };
    let task = (**task).clone();
    carry_out(tx, bound, before, decision).await?;
    Ok(task)
}

async fn entries(
    tx: &mut ReadTransaction,
    (part, of): (Part, String),
    size: PageSize,
    bookmark: &str,
) -> Answer<StatePage<PartEntry>> {
    Ok(tx.list_page((part, of), size.get(), bookmark).await?)
}
