//! The people of the story, and what they do.

use std::sync::Arc;

use fabric_protos::id::ChaincodeName;
use pervade_chaincode::ClientError;
use pervade_clock::ClockClient;
use pervade_identity::EcdsaSigner;
use pervade_peer_client::{Network, TypedCallError};
use pervade_platform::{AccountId, Amount};
use pervade_tasks::TasksClient;
use pervade_tasks::record::NewTask;
use pervade_tokens::TokensClient;
use pervade_tokens::record::Supply;
use pervade_users::UsersClient;

use crate::account::Teller;
use crate::error::{DemoError, While as _};
use crate::tasks::field::Field;
use crate::tasks::ground::Ground;

/// Somebody with a key and a gateway.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) network: Network,
    signer: Arc<EcdsaSigner>,
}

impl Person {
    pub(crate) fn account(&self) -> Result<AccountId, DemoError> {
        self.signer.certificate().address().parse().doing("name an account")
    }
}

/// Ann of the first organisation, Bob of the second, Eve and a keeper of the third.
pub(crate) struct Cast {
    pub(crate) ann: Person,
    pub(crate) bob: Person,
    pub(crate) eve: Person,
    pub(crate) keeper: Person,
}

impl Cast {
    pub(crate) async fn meet(ground: &Ground, teller: &mut Teller<'_>) -> Result<Self, DemoError> {
        let [first, second, third] = &ground.organizations;
        let person = async |name, msp_id, attributes: &[&str]| {
            let (signer, network) = ground.enrol(name, msp_id, attributes).await?;
            Ok::<_, DemoError>(Person { name, network, signer })
        };
        let mut cast = Self {
            ann: person("ann", first, &[]).await?,
            bob: person("bob", second, &[]).await?,
            eve: person("eve", third, &[]).await?,
            keeper: person("keeper", third, &["platform.ticker"]).await?,
        };
        let mut bank = person("bank", first, &["bank.issuer"]).await?;
        for (person, wholes) in
            [(&mut cast.ann, 100), (&mut cast.bob, 50), (&mut cast.eve, 0), (&mut cast.keeper, 0)]
        {
            let account = person.account()?;
            users(&mut person.network)?.register().await.doing("register")?;
            let amount = Amount::whole(wholes).doing("name an amount")?;
            if !amount.is_zero() {
                let payment = Amount::whole(2 * wholes).doing("name an amount")?;
                tokens(&mut bank.network)?
                    .issue(account.clone(), payment)
                    .await
                    .doing("issue money")?;
                tokens(&mut person.network)?.purchase(amount, payment).await.doing("buy tokens")?;
            }
            teller.say(format!(
                "{}: account {}, {amount} tokens",
                person.name,
                short(account.as_str())
            ));
        }
        Ok(cast)
    }

    /// Ann has a task done; tells its id.
    pub(crate) async fn create(
        &mut self,
        ground: &Ground,
        task: NewTask,
        teller: &mut Teller<'_>,
    ) -> Result<String, DemoError> {
        let epoch = epoch(ground, &mut self.ann.network).await?;
        let created = tasks(&mut self.ann.network)?.create(task, epoch).await;
        let created = created.doing("create a task")?;
        let (block, task) = (created.block, created.value);
        teller.say(format!(
            "ann: task {} in block {block}, {} tokens until the end of epoch {} (now {epoch}); its key is for this \
             task alone",
            short(&task.id), task.reward, task.expires
        ));
        Ok(task.id)
    }

    /// Bob takes it on, for his device.
    pub(crate) async fn accept(
        &mut self,
        ground: &Ground,
        task: &str,
        field: &Field,
        teller: &mut Teller<'_>,
    ) -> Result<(), DemoError> {
        let epoch = epoch(ground, &mut self.bob.network).await?;
        let accepted =
            tasks(&mut self.bob.network)?.accept(task.to_owned(), field.id.clone(), epoch).await;
        let stake = accepted.doing("accept a task")?.value.stake;
        teller.say(format!(
            "bob: accepts, and stakes {stake} tokens; the task is in his device's backlog"
        ));
        Ok(())
    }

    pub(crate) async fn balances(
        &mut self,
        _ground: &Ground,
        teller: &mut Teller<'_>,
    ) -> Result<(), DemoError> {
        for person in [&mut self.ann, &mut self.bob, &mut self.keeper] {
            let account = person.account()?;
            let balance = tokens(&mut person.network)?.balance(account.clone()).await;
            let balance = balance.doing("ask for a balance")?;
            let reputation = users(&mut person.network)?.reputation(account).await;
            let reputation = reputation.doing("ask for a reputation")?;
            teller.say(format!(
                "{}: {} tokens, reputation {reputation}",
                person.name, balance.tokens
            ));
            teller.figure(&format!("{}_tokens", person.name), balance.tokens.units());
        }
        Ok(())
    }
}

/// Whether no token was made or lost: what was sold and what can be bought are all there are.
pub(crate) fn conserved(
    supply: Result<Supply, ClientError<TypedCallError>>,
    teller: &mut Teller<'_>,
) -> Result<(), DemoError> {
    let Supply { cap, sold, stock, .. } = supply.doing("ask for the supply")?;
    if sold.plus(stock).doing("add amounts")? != cap {
        return Err(DemoError::unexpected("tokens were made or lost"));
    }
    teller.say(format!(
        "{sold} tokens are in accounts, deposits and escrows, {stock} can be bought: {cap}, as ever"
    ));
    Ok(())
}

pub(crate) async fn epoch(ground: &Ground, network: &mut Network) -> Result<u64, DemoError> {
    let clock = ChaincodeName::new(&*ground.set.clock).doing("name a contract")?;
    Ok(ClockClient::new(network, clock).latest().await.doing("ask for the epoch")?.number)
}

pub(crate) fn users(network: &mut Network) -> Result<UsersClient<'_, Network>, DemoError> {
    Ok(UsersClient::new(network, ChaincodeName::new("users").doing("name a contract")?))
}

pub(crate) fn tokens(network: &mut Network) -> Result<TokensClient<'_, Network>, DemoError> {
    Ok(TokensClient::new(network, ChaincodeName::new("tokens").doing("name a contract")?))
}

pub(crate) fn tasks(network: &mut Network) -> Result<TasksClient<'_, Network>, DemoError> {
    Ok(TasksClient::new(network, ChaincodeName::new("tasks").doing("name a contract")?))
}

/// As much of an identifier as tells it apart.
pub(crate) fn short(id: &str) -> String {
    format!("{}…", id.get(..8).unwrap_or(id))
}
