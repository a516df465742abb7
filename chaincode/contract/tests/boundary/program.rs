//! A contract that does what it is told, so that a test's case is one line.

use std::fmt::Write;
use std::time::Duration;

use pervade_chaincode::{
    Chaincode, ContractError, Fault, KeyPolicy, Overlay, Query, Range, ReadTransaction, Role,
    State, Status, TimeWindow, Transaction, TypedEvent, contract,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Created {
    pub(crate) id: String,
}

impl TypedEvent for Created {
    const TYPE: &'static str = "created";
}

#[derive(Debug, Serialize, Deserialize, State)]
#[state(type = "marble", key(id))]
struct Marble {
    id: String,
}

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

    /// As `run`, with what only transactions without writes may do.
    #[evaluate]
    async fn read(
        &self,
        tx: &mut ReadTransaction,
        program: String,
    ) -> Result<String, ContractError> {
        let mut said = String::new();
        for command in program.split(';') {
            let words: Vec<&str> = command.split_whitespace().collect();
            read_step(tx, &words, &mut said).await?;
        }
        Ok(said.trim_end().to_owned())
    }
}

async fn read_step(
    tx: &mut ReadTransaction,
    words: &[&str],
    said: &mut String,
) -> Result<(), ContractError> {
    match *words {
        ["query", query] => queried(tx.query(query), said).await?,
        ["first", query] => say(said, first(tx.query(query)).await?),
        ["query", collection, query] => {
            let query = tx.private_queries(collection).query(query).map_err(fault)?;
            queried(query, said).await?;
        }
        ["page", query, size, ref bookmark @ ..] => {
            let size = size.parse().unwrap();
            let bookmark = bookmark.first().copied().unwrap_or_default();
            let page = tx.query_page(query, size, bookmark).await.map_err(fault)?;
            write!(said, "{:?} then {}", page.entries, page.bookmark).unwrap();
        }
        ["part", collection, size] => {
            let size = size.parse().unwrap();
            let mut private = tx.private_queries(collection);
            let page = private.range_page("", "", size, "").await.map_err(fault)?;
            write!(said, "{:?} then {}", page.entries, page.bookmark).unwrap();
        }
        ["ask", channel, name] => {
            let (channel, name) = (channel.parse().unwrap(), name.parse().unwrap());
            say(said, Some(tx.call_on(&channel, &name, "go", []).await.map_err(fault)?));
        }
        ["peek", name] => {
            let name = name.parse().unwrap();
            say(said, Some(tx.call_to_read(&name, "go", []).await.map_err(fault)?));
        }
        ["peek?", name] => drop(tx.call_to_read(&name.parse().unwrap(), "go", []).await),
        ref other => panic!("{other:?} is no command"),
    }
    Ok(())
}

async fn queried(mut query: Query, said: &mut String) -> Result<(), ContractError> {
    while let Some(entry) = query.next().await.map_err(fault)? {
        write!(said, "{entry:?} ").unwrap();
    }
    Ok(())
}

async fn first(mut query: Query) -> Result<Option<Vec<u8>>, ContractError> {
    Ok(query.next().await.map_err(fault)?.map(|entry| entry.value))
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
            say(said, Some(answer.unwrap_or_else(|error| error.to_string().into())));
        }
        ["emit", id] => tx.emit(&Created { id: id.to_owned() }).map_err(fault)?,
        ["event", name, payload] => tx.set_event(name, payload.into()).map_err(fault)?,
        ["range"] => {
            let range: Range = tx.range("", "").map_err(fault)?;
            say(said, in_range(range).await?);
        }
        ["near", past, future] => {
            tx.require_client_time_within(window(past, future)).map_err(fault)?;
        }
        ["near?", past, future] => drop(tx.require_client_time_within(window(past, future))),
        ["fail"] => return Err(ContractError::new(Status::CONFLICT, "TOLD_SO", "as told")),
        ["panic"] => panic!("as told"),
        _ => overlay_step(&mut tx.overlay().map_err(fault)?, words, said).await?,
    }
    Ok(())
}

async fn overlay_step(
    overlay: &mut Overlay<'_>,
    words: &[&str],
    said: &mut String,
) -> Result<(), ContractError> {
    match *words {
        ["write", key, value] => overlay.put(key, value.into()).await.map_err(fault)?,
        ["unwrite", key] => overlay.delete(key).await.map_err(fault)?,
        ["see", key] => say(said, overlay.get(key).await.map_err(fault)?),
        ["make", id] => {
            let marble = Marble { id: id.to_owned() };
            overlay.create(&marble).await.map_err(fault)?;
        }
        ["break", id] => overlay.remove::<Marble>(id).await.map_err(fault)?,
        ["find", id] => {
            let marble: Option<Marble> = overlay.find(id).await.map_err(fault)?;
            say(said, marble.map(|marble| marble.id.into_bytes()));
        }
        ["load", id] => {
            let marble: Marble = overlay.load(id).await.map_err(fault)?;
            say(said, Some(marble.id.into_bytes()));
        }
        ref other => panic!("{other:?} is no command"),
    }
    Ok(())
}

async fn in_range(mut range: Range) -> Result<Option<Vec<u8>>, ContractError> {
    Ok(range.next().await.map_err(fault)?.map(|entry| entry.value))
}

fn window(past: &str, future: &str) -> TimeWindow {
    let seconds = |text: &str| Duration::from_secs(text.parse().unwrap());
    TimeWindow { past: seconds(past), future: seconds(future) }
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
