//! The functions of the manager of devices.

use std::collections::BTreeMap;

use pervade_chaincode::{ReadTransaction, Secret, Transaction, contract};
use pervade_platform::{
    AccountId, Amount, Bound, ContractSet, KeyProof, Manager, PageSize, bind, bound, signer,
};
use pervade_tokens::TokensClient;
use pervade_tokens::record::{Move, Purse};
use pervade_users::UsersClient;
use pervade_users::record::User;

use crate::record::{
    Assigned, Assignment, Attribute, Attributes, Device, DeviceAssigned, DeviceId, DeviceKey,
    DevicePage, DeviceTerms, InstallStatement, LifeEntry, LifeEvent, LifePage, NewDevice, Nickname,
    Owned, Report, Reported, Slot, Standing,
};
use crate::{DeviceError, Refusal, rules};

/// The manager of devices.
#[derive(Clone, Copy, Debug, Default)]
pub struct Devices;

type Answer<T> = Result<T, DeviceError>;

#[contract(name = "devices", default)]
impl Devices {
    /// Binds the manager to its set and its terms, once.
    #[init]
    async fn bind(&self, tx: &mut Transaction, set: ContractSet, terms: DeviceTerms) -> Answer<()> {
        terms.check()?;
        bind(tx, &Bound { set, terms }).await?;
        Ok(())
    }

    /// Registers a device of the signer's, who pays its deposit. It is active from now on.
    #[submit]
    async fn register(&self, tx: &mut Transaction, device: NewDevice) -> Answer<Device> {
        let bound = terms(tx).await?;
        let owner = user(tx, &bound).await?;
        let NewDevice { id, key } = device;
        // What the device has done outlives it, and keeps its name from being used again.
        if tx.exists::<Standing>(&id).await? {
            return Err(Refusal::DeviceIdTaken { device: id }.into());
        }
        let account = installed(tx, &bound, (&id, &key), (&owner, 0)).await?;
        let deposit = bound.terms.deposit;
        let device = Device {
            account,
            active: true,
            deposit,
            discoverable: false,
            id: id.clone(),
            installs: 1,
            msp: owner.msp,
            name_commitment: None,
            owner: owner.account.clone(),
            owner_generation: owner.generation,
            price: None,
            public_key: key.public_key,
            suspect: false,
        };
        tx.save(&device).await?;
        tx.save(&Owned { owner: owner.account.clone(), device: id.clone() }).await?;
        tx.save(&Standing::new(id.clone())).await?;
        log(tx, &device, LifeEvent::Installed).await?;
        let (from, to) = (Purse::Account(owner.account), Purse::Deposit(id.into()));
        pay(tx, &bound, Move { from, to, amount: deposit }).await?;
        Ok(device)
    }

    /// Installs the owner's device again, with another key. The key before is of no use any more.
    #[submit]
    async fn reinstall(&self, tx: &mut Transaction, id: DeviceId, key: KeyProof) -> Answer<Device> {
        let (bound, owner, mut device) = owned(tx, &id).await?;
        require_idle(tx, &bound, &id).await?;
        let account = installed(tx, &bound, (&id, &key), (&owner, device.installs)).await?;
        let before = std::mem::replace(&mut device.account, account);
        tx.save(&DeviceKey { account: before, device: id, retired: true }).await?;
        device.installs = device.installs.saturating_add(1);
        device.owner_generation = owner.generation;
        device.public_key = key.public_key;
        device.suspect = false;
        tx.save(&device).await?;
        let mut standing: Standing = tx.load(&device.id).await?;
        standing.faults.clear();
        tx.save(&standing).await?;
        log(tx, &device, LifeEvent::Reinstalled).await?;
        Ok(device)
    }

    /// Says whether the owner's device may have tasks.
    #[submit]
    async fn set_active(&self, tx: &mut Transaction, id: DeviceId, active: bool) -> Answer<Device> {
        let (_, _, mut device) = owned(tx, &id).await?;
        device.active = active;
        tx.save(&device).await?;
        let event = if active { LifeEvent::Activated } else { LifeEvent::Deactivated };
        log(tx, &device, event).await?;
        Ok(device)
    }

    /// Says at what reward the owner's device may be given tasks without being asked, or that it may
    /// not.
    #[submit]
    async fn set_price(
        &self,
        tx: &mut Transaction,
        id: DeviceId,
        price: Option<Amount>,
    ) -> Answer<Device> {
        let (_, _, mut device) = owned(tx, &id).await?;
        device.price = price;
        tx.save(&device).await?;
        Ok(device)
    }

    /// Says what the owner's device is found by, and whether it is found.
    #[submit]
    async fn describe(
        &self,
        tx: &mut Transaction,
        id: DeviceId,
        discoverable: bool,
        attributes: BTreeMap<String, String>,
    ) -> Answer<Device> {
        let (_, _, mut device) = owned(tx, &id).await?;
        rules::check_attributes(&attributes)?;
        let shown = if discoverable { attributes } else { BTreeMap::new() };
        index(tx, &id, shown).await?;
        device.discoverable = discoverable;
        tx.save(&device).await?;
        Ok(device)
    }

    /// Names the owner's device, for the eyes of the owner's organisation.
    #[submit]
    async fn name_device(
        &self,
        tx: &mut Transaction,
        id: DeviceId,
        #[transient] nickname: Secret<Nickname>,
    ) -> Answer<Device> {
        let (_, _, mut device) = owned(tx, &id).await?;
        let nickname = nickname.into_exposed();
        device.name_commitment = Some(rules::commitment(&nickname)?);
        let kept = pervade_chaincode::canonical::to_vec(&nickname);
        let kept = kept.map_err(|source| unreadable(&id, source))?;
        tx.private(&collection(&device.msp)).put(id.as_str(), kept).await?;
        tx.save(&device).await?;
        Ok(device)
    }

    /// Removes the owner's device, which must have no tasks, and pays its deposit back. Its name is
    /// not used again.
    #[submit]
    async fn deregister(&self, tx: &mut Transaction, id: DeviceId) -> Answer<()> {
        let (bound, owner, device) = owned(tx, &id).await?;
        require_idle(tx, &bound, &id).await?;
        index(tx, &id, BTreeMap::new()).await?;
        tx.remove::<Device>(&id).await?;
        tx.remove::<Owned>((&owner.account, &id)).await?;
        let account = device.account.clone();
        tx.save(&DeviceKey { account, device: id.clone(), retired: true }).await?;
        log(tx, &device, LifeEvent::Removed).await?;
        let (from, to) = (Purse::Deposit(id.into()), Purse::Account(owner.account));
        pay(tx, &bound, Move { from, to, amount: device.deposit }).await
    }

    /// Gives a device a task, for the manager of tasks.
    #[external]
    #[submit]
    async fn assign(&self, tx: &mut Transaction, assignment: Assignment) -> Answer<Assigned> {
        let bound = terms(tx).await?;
        bound.require_manager(tx, &[Manager::Tasks])?;
        let device = known(tx, &assignment.device).await?;
        rules::may_have(&device, &assignment)?;
        let slot = free_place(tx, &bound, &device.id).await?;
        let Assignment { device: id, task, .. } = assignment;
        tx.emit(&DeviceAssigned {
            account: device.account.clone(),
            device: id.clone(),
            task: task.clone(),
        })?;
        tx.save(&Slot { device: id, slot, task }).await?;
        Ok(Assigned { device, slot })
    }

    /// Takes down what a device did with a task, for the manager of tasks.
    #[external]
    #[submit]
    async fn report(&self, tx: &mut Transaction, report: Report) -> Answer<Reported> {
        let bound = terms(tx).await?;
        bound.require_manager(tx, &[Manager::Tasks])?;
        if report.outcome.is_some() {
            tx.remove::<Slot>((&report.device, report.slot)).await?;
        }
        let mut device = known(tx, &report.device).await?;
        let standing: Standing = tx.load(&report.device).await?;
        let (standing, is_suspect) = rules::judged(&bound.terms, standing, &report);
        tx.save(&standing).await?;
        let mut slash = Amount::ZERO;
        if is_suspect && !device.suspect {
            slash = rules::slash(&bound.terms, &device);
            device.deposit = device.deposit.minus(slash)?;
            device.suspect = true;
            tx.save(&device).await?;
            log(tx, &device, LifeEvent::Suspect).await?;
        }
        Ok(Reported { slash, suspect: device.suspect })
    }

    /// A device.
    #[external]
    #[evaluate]
    async fn device(&self, tx: &ReadTransaction, id: DeviceId) -> Answer<Device> {
        terms(tx).await?;
        known(tx, &id).await
    }

    /// The device whose own key has this address now.
    #[external]
    #[evaluate]
    async fn of_account(&self, tx: &ReadTransaction, account: AccountId) -> Answer<Device> {
        terms(tx).await?;
        let key: Option<DeviceKey> = tx.find(&account).await?;
        match key.filter(|key| !key.retired) {
            Some(key) => known(tx, &key.device).await,
            None => Err(Refusal::DeviceUnknown { device: account.into() }.into()),
        }
    }

    /// What a device has done, also after it was removed.
    #[external]
    #[evaluate]
    async fn standing(&self, tx: &ReadTransaction, id: DeviceId) -> Answer<Standing> {
        let found = tx.find(&id).await?;
        found.ok_or_else(|| Refusal::DeviceUnknown { device: id.into() }.into())
    }

    /// The tasks that a device has.
    #[evaluate]
    async fn backlog(&self, tx: &ReadTransaction, id: DeviceId) -> Answer<Vec<Slot>> {
        known(tx, &id).await?;
        Ok(tx.list::<Slot>((&id,))?.at_most(DeviceTerms::BACKLOG_MAX as usize).await?)
    }

    /// A user's devices.
    #[evaluate]
    async fn list(
        &self,
        tx: &mut ReadTransaction,
        owner: AccountId,
        size: PageSize,
        bookmark: String,
    ) -> Answer<DevicePage> {
        let page = tx.list_page::<Owned>((&owner,), size.get(), &bookmark).await?;
        let ids = page.values.into_iter().map(|owned| owned.device);
        Ok(DevicePage { devices: all(tx, ids).await?, bookmark: page.bookmark })
    }

    /// Active devices that are found by an attribute.
    #[evaluate]
    #[expect(clippy::too_many_arguments, reason = "the call's arguments, each as plain text")]
    async fn discover(
        &self,
        tx: &mut ReadTransaction,
        name: String,
        value: String,
        size: PageSize,
        bookmark: String,
    ) -> Answer<DevicePage> {
        let page = tx.list_page::<Attribute>((&name, &value), size.get(), &bookmark).await?;
        let ids = page.values.into_iter().map(|attribute| attribute.device);
        let mut devices = all(tx, ids).await?;
        devices.retain(|device| device.active && !device.suspect);
        Ok(DevicePage { devices, bookmark: page.bookmark })
    }

    /// What a device is found by.
    #[evaluate]
    async fn attributes(
        &self,
        tx: &ReadTransaction,
        id: DeviceId,
    ) -> Answer<BTreeMap<String, String>> {
        let found: Option<Attributes> = tx.find(&id).await?;
        Ok(found.map(|found| found.attributes).unwrap_or_default())
    }

    /// A device's life, also after it was removed.
    #[evaluate]
    async fn life(
        &self,
        tx: &mut ReadTransaction,
        id: DeviceId,
        size: PageSize,
        bookmark: String,
    ) -> Answer<LifePage> {
        let page = tx.list_page::<LifeEntry>((&id,), size.get(), &bookmark).await?;
        Ok(LifePage { entries: page.values, bookmark: page.bookmark })
    }

    /// A device's name, asked at a peer of its owner's organisation.
    #[evaluate]
    async fn nickname(&self, tx: &ReadTransaction, id: DeviceId) -> Answer<Nickname> {
        let device = known(tx, &id).await?;
        let kept = tx.private(&collection(&device.msp)).get(id.as_str()).await?;
        let unnamed = || Refusal::DeviceUnknown { device: id.to_string() };
        let kept = kept.ok_or_else(unnamed)?;
        Ok(serde_json::from_slice(&kept).map_err(|source| unreadable(&id, source))?)
    }

    /// The terms that the manager runs by.
    #[external]
    #[evaluate]
    async fn terms(&self, tx: &ReadTransaction) -> Answer<DeviceTerms> {
        Ok(terms(tx).await?.terms)
    }
}

async fn terms(tx: &ReadTransaction) -> Answer<Bound<DeviceTerms>> {
    Ok(bound(tx).await?)
}

async fn user(tx: &mut Transaction, bound: &Bound<DeviceTerms>) -> Answer<User> {
    Ok(UsersClient::new(tx, bound.users()?).caller().await?)
}

async fn pay(tx: &mut Transaction, bound: &Bound<DeviceTerms>, payment: Move) -> Answer<()> {
    if payment.amount.is_zero() {
        return Ok(());
    }
    Ok(TokensClient::new(tx, bound.tokens()?).apply(vec![payment]).await?)
}

async fn known(tx: &ReadTransaction, id: &DeviceId) -> Answer<Device> {
    let found = tx.find(id).await?;
    found.ok_or_else(|| Refusal::DeviceUnknown { device: id.to_string() }.into())
}

/// The binding, the signer, and the signer's device.
async fn owned(tx: &mut Transaction, id: &DeviceId) -> Answer<(Bound<DeviceTerms>, User, Device)> {
    let bound = terms(tx).await?;
    let owner = user(tx, &bound).await?;
    let device = known(tx, id).await?;
    if device.owner != owner.account {
        return Err(Refusal::NotDeviceOwner { device: id.clone() }.into());
    }
    Ok((bound, owner, device))
}

/// Takes down a device's new key, whose holder agrees; tells its address.
async fn installed(
    tx: &mut Transaction,
    bound: &Bound<DeviceTerms>,
    (id, key): (&DeviceId, &KeyProof),
    (owner, installs): (&User, u32),
) -> Answer<AccountId> {
    let users = bound.users()?;
    let account = key.public_key.address();
    // A device that held a user's key could spend all that the user has.
    let is_taken = tx.exists::<DeviceKey>(&account).await?
        || UsersClient::new(tx, users).is_key(account.clone()).await?;
    if is_taken {
        return Err(Refusal::DeviceKeyTaken.into());
    }
    key.check(&InstallStatement {
        channel: tx.channel().to_string(),
        contract: tx.outermost_chaincode().to_string(),
        device: id.clone(),
        installs,
        owner: owner.account.clone(),
        purpose: InstallStatement::PURPOSE.to_owned(),
    })?;
    let device = id.clone();
    tx.save(&DeviceKey { account: account.clone(), device, retired: false }).await?;
    Ok(account)
}

async fn require_idle(
    tx: &ReadTransaction,
    bound: &Bound<DeviceTerms>,
    id: &DeviceId,
) -> Answer<()> {
    for slot in 0..bound.terms.backlog {
        if tx.exists::<Slot>((id, slot)).await? {
            return Err(Refusal::DeviceBusy { device: id.clone() }.into());
        }
    }
    Ok(())
}

async fn free_place(
    tx: &ReadTransaction,
    bound: &Bound<DeviceTerms>,
    id: &DeviceId,
) -> Answer<u32> {
    for slot in rules::places(tx.tx_id().as_str(), bound.terms.backlog) {
        if !tx.exists::<Slot>((id, slot)).await? {
            return Ok(slot);
        }
    }
    Err(Refusal::BacklogFull { device: id.clone() }.into())
}

/// Has a device found by these attributes and by no others.
async fn index(
    tx: &mut Transaction,
    id: &DeviceId,
    attributes: BTreeMap<String, String>,
) -> Answer<()> {
    let before: Option<Attributes> = tx.find(id).await?;
    for (name, value) in before.map(|before| before.attributes).unwrap_or_default() {
        if attributes.get(&name) != Some(&value) {
            tx.remove::<Attribute>((&name, &value, id)).await?;
        }
    }
    for (name, value) in attributes.clone() {
        tx.save(&Attribute { name, value, device: id.clone() }).await?;
    }
    Ok(tx.save(&Attributes { device: id.clone(), attributes }).await?)
}

async fn log(tx: &mut Transaction, device: &Device, event: LifeEvent) -> Answer<()> {
    let entry = LifeEntry {
        device: device.id.clone(),
        event,
        installs: device.installs,
        signer: signer(tx)?.address,
        tx_id: tx.tx_id().to_string(),
    };
    Ok(tx.save(&entry).await?)
}

/// The devices of these names that are still there.
async fn all(tx: &ReadTransaction, ids: impl Iterator<Item = DeviceId>) -> Answer<Vec<Device>> {
    let mut devices = Vec::new();
    for id in ids {
        devices.extend(tx.find::<Device>(&id).await?);
    }
    Ok(devices)
}

/// The private data of an organisation alone, which every organisation has without a definition.
fn collection(msp: &str) -> String {
    format!("_implicit_org_{msp}")
}

fn unreadable(id: &DeviceId, source: serde_json::Error) -> pervade_chaincode::LedgerError {
    pervade_chaincode::LedgerError::Json { key: id.to_string(), source }
}
