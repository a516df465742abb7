//! The functions of the manager of users.

use pervade_chaincode::{ReadTransaction, StatePage, Transaction, contract};
use pervade_platform::{
    AccountId, Amount, Bound, ContractSet, KeyProof, Manager, PageSize, Signer, Tally, TallyError,
    bind, bound, signer,
};

use crate::UsersError;
use crate::record::{
    Anchor, Anchored, Engaged, Engagement, GroupName, History, Key, KeyCause, KeyChange,
    KeyPurpose, KeyStatement, LogName, Notification, Notified, Pair, Settlement, User, UserTerms,
};
use crate::rules::{Change, changes, histories, permit_administrator, permit_anchor, points};

/// The manager of users.
#[derive(Clone, Copy, Debug, Default)]
pub struct Users;

#[contract(name = "users", default)]
impl Users {
    /// Binds the manager to its set and its terms. Once: a later version of the definition may be
    /// initialised with the same, and with no others.
    #[init]
    async fn bind(
        &self,
        tx: &mut Transaction,
        set: ContractSet,
        terms: UserTerms,
    ) -> Result<(), UsersError> {
        terms.check()?;
        bind(tx, &Bound { set, terms }).await?;
        Ok(())
    }

    /// Makes the signer a user.
    #[submit]
    async fn register(&self, tx: &mut Transaction) -> Result<User, UsersError> {
        let terms = terms(tx).await?;
        let Signer { address, msp, .. } = signer(tx)?;
        require_unknown(tx, &address).await?;
        let user =
            User { account: address.clone(), address, generation: 0, group: None, keys: 0, msp };
        let initial = Amount::new(terms.initial_reputation).map_err(TallyError::from)?;
        reputation_of(&user.account).begin(tx, initial).await?;
        save_key(tx, &user, KeyCause::Registered).await?;
        Ok(user)
    }

    /// Changes the signer's key, which signs the transaction, for one that signs a
    /// [`KeyStatement`]. For certificates with new keys; what was set up with the old one stays.
    #[submit]
    async fn rotate(&self, tx: &mut Transaction, proof: KeyProof) -> Result<User, UsersError> {
        let set = bound::<UserTerms>(tx).await?.set;
        let user = present_user(tx).await?;
        let statement = statement(tx, set, &user, KeyPurpose::Rotate);
        proof.check(&statement)?;
        take_key(tx, user, proof, KeyCause::Rotated).await
    }

    /// Replaces a user's key that was lost, or that somebody else has, by one that signs a
    /// [`KeyStatement`]. For administrators of the user's organisation.
    #[submit]
    async fn replace_key(
        &self,
        tx: &mut Transaction,
        account: AccountId,
        proof: KeyProof,
    ) -> Result<User, UsersError> {
        let set = bound::<UserTerms>(tx).await?.set;
        let mut user = registered(tx, account).await?;
        permit_administrator(&signer(tx)?, &user)?;
        let statement = statement(tx, set, &user, KeyPurpose::Replace);
        proof.check(&statement)?;
        user.generation = user.generation.saturating_add(1);
        take_key(tx, user, proof, KeyCause::Replaced).await
    }

    /// Declares which owner a user belongs to; none if it is left empty. For administrators of the user's
    /// organisation. A group is the same one whichever organisation names it.
    #[submit]
    async fn declare_group(
        &self,
        tx: &mut Transaction,
        account: AccountId,
        group: Option<GroupName>,
    ) -> Result<User, UsersError> {
        terms(tx).await?;
        let mut user = registered(tx, account).await?;
        permit_administrator(&signer(tx)?, &user)?;
        user.group = group;
        tx.save(&user).await?;
        Ok(user)
    }

    /// Keeps for ever what a log of the signer's organisation says up to an entry. For its
    /// administrators. An anchor is never changed.
    #[submit]
    async fn anchor(&self, tx: &mut Transaction, anchor: Anchor) -> Result<Anchored, UsersError> {
        terms(tx).await?;
        let Anchor { entries, log, sha256 } = anchor;
        let msp = permit_anchor(signer(tx)?)?;
        let tx_id = tx.tx_id().as_str().to_owned();
        let anchored = Anchored { msp, log, entries, sha256, tx_id };
        tx.create(&anchored).await?;
        Ok(anchored)
    }

    /// The user who signed.
    #[external]
    #[evaluate]
    async fn caller(&self, tx: &ReadTransaction) -> Result<User, UsersError> {
        terms(tx).await?;
        present_user(tx).await
    }

    /// The account of whoever signed; empty if it is no user's.
    #[external]
    #[evaluate]
    async fn signer_account(&self, tx: &ReadTransaction) -> Result<String, UsersError> {
        terms(tx).await?;
        match present_user(tx).await {
            Ok(user) => Ok(user.account.into()),
            Err(UsersError::UserNotRegistered { .. }) => Ok(String::new()),
            Err(error) => Err(error),
        }
    }

    /// A user.
    #[external]
    #[evaluate]
    async fn user(&self, tx: &ReadTransaction, account: AccountId) -> Result<User, UsersError> {
        terms(tx).await?;
        registered(tx, account).await
    }

    /// Whether a key is or was a user's.
    #[external]
    #[evaluate]
    async fn is_key(&self, tx: &ReadTransaction, address: AccountId) -> Result<bool, UsersError> {
        terms(tx).await?;
        Ok(tx.exists::<Key>(&address).await?)
    }

    /// Checks and counts that two users are to have a task with each other, and says what it will
    /// earn them. For the manager of tasks.
    #[external]
    #[submit]
    async fn engage(
        &self,
        tx: &mut Transaction,
        engagement: Engagement,
    ) -> Result<Engaged, UsersError> {
        let terms = for_tasks(tx).await?;
        let Engagement { creator, respondent, minimum } = engagement;
        let creator = registered(tx, creator).await?;
        let respondent = registered(tx, respondent).await?;
        require_reputation(tx, &respondent, minimum).await?;
        let number = counted(tx, &creator, &respondent).await?;
        let points = points(&terms, &creator, &respondent, number);
        let (creator_points, respondent_points) = (points.creator, points.respondent);
        Ok(Engaged { creator_points, respondent, respondent_points })
    }

    /// Writes what the end of a task means for its parties. For the manager of tasks.
    #[external]
    #[submit]
    async fn settle(&self, tx: &mut Transaction, settlement: Settlement) -> Result<(), UsersError> {
        for_tasks(tx).await?;
        let Settlement { epoch, task, .. } = &settlement;
        for (account, Change { notified, points }) in changes(&settlement)? {
            reputation_of(account).add(tx, points).await?;
            let Some(outcome) = notified else { continue };
            let (account, task, epoch) = (account.clone(), task.clone(), *epoch);
            tx.emit(&Notified { account: account.clone(), outcome, task: task.clone() })?;
            tx.save(&Notification { account, epoch, task, outcome }).await?;
        }
        for entry in histories(&settlement) {
            tx.save(&entry).await?;
        }
        Ok(())
    }

    /// The terms that the manager runs by.
    #[evaluate]
    async fn terms(&self, tx: &ReadTransaction) -> Result<UserTerms, UsersError> {
        terms(tx).await
    }

    /// A user's reputation.
    #[evaluate]
    async fn reputation(
        &self,
        tx: &ReadTransaction,
        account: AccountId,
    ) -> Result<u64, UsersError> {
        terms(tx).await?;
        registered(tx, account.clone()).await?;
        Ok(reputation_of(&account).total(tx).await?.units())
    }

    /// Puts together what a user's reputation is made of. Anyone may; it changes no reputation.
    #[submit]
    async fn gather(&self, tx: &mut Transaction, account: AccountId) -> Result<(), UsersError> {
        terms(tx).await?;
        Ok(reputation_of(&account).gather(tx).await?)
    }

    /// All users, a page at a time.
    #[evaluate]
    async fn list(
        &self,
        tx: &mut ReadTransaction,
        size: PageSize,
        bookmark: String,
    ) -> Result<StatePage<User>, UsersError> {
        terms(tx).await?;
        Ok(tx.list_page((), size.get(), &bookmark).await?)
    }

    /// What a user was told, oldest first.
    #[evaluate]
    async fn notifications(
        &self,
        tx: &mut ReadTransaction,
        account: AccountId,
        size: PageSize,
        bookmark: String,
    ) -> Result<StatePage<Notification>, UsersError> {
        terms(tx).await?;
        Ok(tx.list_page((&account,), size.get(), &bookmark).await?)
    }

    /// The tasks in which a user had a part, oldest first.
    #[evaluate]
    async fn history(
        &self,
        tx: &mut ReadTransaction,
        account: AccountId,
        size: PageSize,
        bookmark: String,
    ) -> Result<StatePage<History>, UsersError> {
        terms(tx).await?;
        Ok(tx.list_page((&account,), size.get(), &bookmark).await?)
    }

    /// The keys that a user has had, oldest first.
    #[evaluate]
    async fn key_log(
        &self,
        tx: &mut ReadTransaction,
        account: AccountId,
        size: PageSize,
        bookmark: String,
    ) -> Result<StatePage<KeyChange>, UsersError> {
        terms(tx).await?;
        Ok(tx.list_page((&account,), size.get(), &bookmark).await?)
    }

    /// The anchors of an organisation's log, that of the fewest entries first.
    #[expect(clippy::too_many_arguments, reason = "two name the log, two the page")]
    #[evaluate]
    async fn anchors(
        &self,
        tx: &mut ReadTransaction,
        msp: String,
        log: LogName,
        size: PageSize,
        bookmark: String,
    ) -> Result<StatePage<Anchored>, UsersError> {
        terms(tx).await?;
        Ok(tx.list_page((&msp, &log), size.get(), &bookmark).await?)
    }
}

fn reputation_of(account: &AccountId) -> Tally<'_> {
    Tally::new("reputation", account.as_str())
}

async fn terms(tx: &ReadTransaction) -> Result<UserTerms, UsersError> {
    Ok(bound::<UserTerms>(tx).await?.terms)
}

/// The terms, if the client addressed the manager of tasks.
async fn for_tasks(tx: &ReadTransaction) -> Result<UserTerms, UsersError> {
    let bound = bound::<UserTerms>(tx).await?;
    bound.require_manager(tx, &[Manager::Tasks])?;
    Ok(bound.terms)
}

async fn registered(tx: &ReadTransaction, account: AccountId) -> Result<User, UsersError> {
    let user = tx.find(&account).await?;
    user.ok_or(UsersError::UserNotRegistered { account })
}

/// The user whose present key signed, with a certificate of the user's organisation. Another one's could
/// be had after the user's own has revoked it.
async fn present_user(tx: &ReadTransaction) -> Result<User, UsersError> {
    let Signer { address, msp, .. } = signer(tx)?;
    let key = tx.find::<Key>(&address).await?;
    let Some(key) = key.filter(|key| !key.retired) else {
        return Err(UsersError::UserNotRegistered { account: address });
    };
    let user = registered(tx, key.account).await?;
    if user.msp == msp { Ok(user) } else { Err(UsersError::UserNotRegistered { account: address }) }
}

async fn require_unknown(tx: &ReadTransaction, address: &AccountId) -> Result<(), UsersError> {
    if tx.exists::<Key>(address).await? {
        return Err(UsersError::UserExists { address: address.clone() });
    }
    Ok(())
}

async fn require_reputation(
    tx: &ReadTransaction,
    user: &User,
    minimum: u64,
) -> Result<(), UsersError> {
    let reputation = reputation_of(&user.account);
    let is_enough = match Amount::new(minimum) {
        Ok(minimum) => reputation.is_at_least(tx, minimum).await?,
        // Nobody's reputation can be so high.
        Err(_) => false,
    };
    if is_enough { Ok(()) } else { Err(UsersError::LowReputation { minimum }) }
}

/// Which task of the two it is, from 1.
async fn counted(
    tx: &mut Transaction,
    creator: &User,
    respondent: &User,
) -> Result<u32, UsersError> {
    let (creator, respondent) = (creator.account.clone(), respondent.account.clone());
    let before = tx.find::<Pair>((&creator, &respondent)).await?;
    let tasks = before.map_or(0, |pair| pair.tasks).saturating_add(1);
    tx.save(&Pair { creator, respondent, tasks }).await?;
    Ok(tasks)
}

fn statement(
    tx: &ReadTransaction,
    set: ContractSet,
    user: &User,
    purpose: KeyPurpose,
) -> KeyStatement {
    KeyStatement {
        account: user.account.clone(),
        channel: tx.channel().as_str().to_owned(),
        contract: set.users,
        old: user.address.clone(),
        purpose,
    }
}

/// Retires a user's key for a new one.
async fn take_key(
    tx: &mut Transaction,
    mut user: User,
    proof: KeyProof,
    cause: KeyCause,
) -> Result<User, UsersError> {
    let address = proof.public_key.address();
    require_unknown(tx, &address).await?;
    let account = user.account.clone();
    let old = std::mem::replace(&mut user.address, address);
    tx.save(&Key { address: old, account, retired: true }).await?;
    user.keys = user.keys.saturating_add(1);
    save_key(tx, &user, cause).await?;
    Ok(user)
}

/// Writes a user with a new key.
async fn save_key(tx: &mut Transaction, user: &User, cause: KeyCause) -> Result<(), UsersError> {
    let (account, address) = (user.account.clone(), user.address.clone());
    tx.save(&Key { address: address.clone(), account: account.clone(), retired: false }).await?;
    let (number, generation) = (user.keys, user.generation);
    let tx_id = tx.tx_id().as_str().to_owned();
    tx.save(&KeyChange { account, number, address, cause, generation, tx_id }).await?;
    Ok(tx.save(user).await?)
}
