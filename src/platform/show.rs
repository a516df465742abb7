//! `pervade platform show`.

use serde::Serialize;
use serde_json::Value;

use super::refusal::{CallFailure, OrRefused as _};
use super::report::Shown;
use super::session::At;
use crate::failure::{Failure, OrFail as _};

/// Tells terms and whether each is bound.
pub(super) async fn run(at: &At) -> Result<Shown<Platform>, Failure> {
    let session = at.open().await?;
    let mut network = session.network();
    let set = &session.set;
    Ok(Shown(Platform {
        clock: part(&set.clock, session.clock(&mut network).terms().await)?,
        devices: part(&set.devices, session.devices(&mut network).terms().await)?,
        tasks: part(&set.tasks, session.tasks(&mut network).terms().await)?,
        tokens: part(&set.tokens, session.tokens(&mut network).terms().await)?,
        users: part(&set.users, session.users(&mut network).terms().await)?,
    }))
}

#[derive(Debug, Serialize)]
pub(super) struct Platform {
    clock: Part,
    devices: Part,
    tasks: Part,
    tokens: Part,
    users: Part,
}

#[derive(Debug, Serialize)]
struct Part {
    bound: bool,
    chaincode: String,
    deployed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<Value>,
}

fn part<T: Serialize>(name: &str, terms: Result<T, CallFailure>) -> Result<Part, Failure> {
    let chaincode = name.to_owned();
    let failure = match terms.or_refused() {
        Ok(terms) => {
            let terms = serde_json::to_value(terms).or_fail("OUTPUT", "terms are no JSON")?;
            return Ok(Part { bound: true, chaincode, deployed: true, terms: Some(terms) });
        }
        Err(failure) => failure,
    };
    match failure.code() {
        "NOT_INITIALIZED" => Ok(Part { bound: false, chaincode, deployed: true, terms: None }),
        "NOT_DEPLOYED" => Ok(Part { bound: false, chaincode, deployed: false, terms: None }),
        _ => Err(failure),
    }
}
