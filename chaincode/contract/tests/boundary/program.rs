//! A contract that does what it is told, so that a test's case is one line.

use std::fmt::Write;

use pervade_chaincode::{
    Chaincode, ContractError, Fault, KeyPolicy, Role, Status, Transaction, contract,
};

#[derive(Debug)]
pub(crate) struct Program;

#[contract(name = "program", default)]
impl Program {
    /// Runs the commands between the semicolons, and says what it read.
    #[external]
    #[submit]
    async fn run(&self, tx: &mut Transaction, program: String) -> Result<String, ContractError> {
        let mut said = String::new();
        for command in program.split(';') {
            let words: Vec<&str> = command.split_whitespace().collect();
            step(tx, &words, &mut said).await?;
        }
        Ok(said.trim_end().to_owned())
    }
}

async fn step(
    tx: &mut Transaction,
    words: &[&str],
    said: &mut String,
) -> Result<(), ContractError> {
    match *words {
        [] => {}
        ["put", key, value] => tx.put(key, value.into()).await.map_err(fault)?,
        ["delete", key] => tx.delete(key).await.map_err(fault)?,
        ["keep", collection, key, value] => {
            tx.private(collection).put(key, value.into()).await.map_err(fault)?;
        }
        ["drop", collection, key] => tx.private(collection).delete(key).await.map_err(fault)?,
        ["purge", collection, key] => tx.private(collection).purge(key).await.map_err(fault)?,
        ["guard", key] => {
            let policy = KeyPolicy::signed_by("OrgMSP".parse().unwrap(), Role::Peer);
            tx.set_key_policy(key, &policy).await.map_err(fault)?;
        }
        ["fill", count, bytes] => {
            for number in 0..count.parse::<u32>().unwrap() {
                let value = vec![b'x'; bytes.parse().unwrap()];
                tx.put(number.to_string(), value).await.map_err(fault)?;
            }
        }
        ["get", key] => say(said, tx.get(key).await.map_err(fault)?),
        ["get?", key] => say(said, tx.get(key).await.unwrap_or_default()),
        ["many", ref keys @ ..] => {
            tx.get_many(keys).await.map_err(fault)?.into_iter().for_each(|value| say(said, value));
        }
        ["many?", ref keys @ ..] => drop(tx.get_many(keys).await),
        ["few", collection, ref keys @ ..] => {
            let values = tx.private(collection).reader().get_many(keys).await.map_err(fault)?;
            values.into_iter().for_each(|value| say(said, value));
        }
        ["call", name] => {
            let answer = tx.call(&name.parse().unwrap(), "go", []).await.map_err(fault)?;
            say(said, Some(answer));
        }
        ["try", name] => {
            let answer = tx.try_call(&name.parse().unwrap(), "go", []).await;
            say(said, Some(answer.map_or_else(|error| error.to_string().into(), |answer| answer)));
        }
        ["fail"] => return Err(ContractError::new(Status::CONFLICT, "TOLD_SO", "as told")),
        ["panic"] => panic!("as told"),
        ref other => panic!("{other:?} is no command"),
    }
    Ok(())
}

fn say(said: &mut String, value: Option<Vec<u8>>) {
    let value = value.map_or("-".to_owned(), |value| String::from_utf8(value).unwrap());
    write!(said, "{value} ").unwrap();
}

fn fault(error: impl Fault) -> ContractError {
    ContractError::of(&error)
}

pub(crate) fn chaincode() -> Chaincode {
    Chaincode::new("program".parse().unwrap()).with(Program)
}
