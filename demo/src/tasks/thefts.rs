//! What somebody may try, and what becomes of it.

use fabric_protos::id::ChaincodeName;
use pervade_peer_client::{Network, TypedCallError};
use serde_json::json;

use crate::account::Teller;
use crate::error::{DemoError, While as _};
use crate::tasks::field::Field;
use crate::tasks::ground::Ground;
use crate::tasks::people::Cast;

/// Tries each, and takes nothing but the error that belongs to it.
pub(crate) async fn try_all(
    ground: &Ground,
    cast: &mut Cast,
    (field, done): (&Field, &str),
    teller: &mut Teller<'_>,
) -> Result<(), DemoError> {
    let (ann, bob) = (cast.ann.account()?.to_string(), cast.bob.account()?.to_string());
    let robbery =
        json!([{ "amount": 1_000_000, "from": { "account": ann }, "to": { "account": bob } }]);
    let points = json!({ "entries": [], "epoch": 0, "task": done });
    let device = field.id.to_string();
    let tries = [
        (
            &cast.bob.network,
            "bob moves Ann's tokens",
            ("tokens", "apply"),
            vec![robbery.to_string()],
            "PERMISSION_DENIED",
        ),
        (
            &cast.bob.network,
            "bob gives himself reputation",
            ("users", "settle"),
            vec![points.to_string()],
            "PERMISSION_DENIED",
        ),
        (
            &cast.eve.network,
            "eve switches Bob's device off",
            ("devices", "set_active"),
            vec![device.clone(), "false".to_owned()],
            "NOT_DEVICE_OWNER",
        ),
        (
            &cast.eve.network,
            "eve issues money",
            ("tokens", "issue"),
            vec![bob, "1000000".to_owned()],
            "PERMISSION_DENIED",
        ),
        (
            &cast.ann.network,
            "ann takes back a task that is done",
            ("tasks", "release"),
            vec![done.to_owned(), "0".to_owned()],
            "TASK_UNKNOWN",
        ),
        (
            &cast.bob.network,
            "bob accepts a task that is done",
            ("tasks", "accept"),
            vec![done.to_owned(), device, "0".to_owned()],
            "TASK_UNKNOWN",
        ),
        (
            &cast.eve.network,
            "eve makes an epoch begin",
            ("clock", "tick"),
            vec!["1".to_owned(), "0".to_owned(), "00".repeat(32)],
            "PERMISSION_DENIED",
        ),
    ];
    let before = ground.height()?;
    for (network, what, (contract, function), arguments, expected) in tries {
        let code = tried(network, (contract, function), &arguments).await?;
        if code != expected {
            return Err(DemoError::unexpected(format!("{what}: {code}")));
        }
        teller.say(format!("{what}: {code}"));
    }
    if ground.height()? != before {
        return Err(DemoError::unexpected("something was recorded"));
    }
    Ok(())
}

async fn tried(
    network: &Network,
    (contract, function): (&str, &str),
    arguments: &[String],
) -> Result<String, DemoError> {
    let contract = network.contract(ChaincodeName::new(contract).doing("name a contract")?);
    let arguments: Vec<&[u8]> = arguments.iter().map(|argument| argument.as_bytes()).collect();
    match contract.submit(function, &arguments).await.map_err(TypedCallError::from) {
        Ok(_) => Ok("done".to_owned()),
        Err(error) => {
            let refusal = error.refused().and_then(|refusal| refusal.code);
            Ok(refusal.unwrap_or_else(|| error.to_string()))
        }
    }
}
