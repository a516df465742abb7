//! The ledger through a gateway.

use fabric_protos::id::{ChaincodeName, InvalidId};
use fabric_protos::protos::ChaincodeEvent;
use futures::{StreamExt as _, stream};
use pervade_chaincode::{EventEnvelope, State as _};
use pervade_clock::ClockClient;
use pervade_devices::DevicesClient;
use pervade_devices::record::DeviceAssigned;
use pervade_link::{LedgerError, Receipt};
use pervade_peer_client::{ChaincodeEvents, EventsError, Network, Start};
use pervade_platform::ContractSet;
use pervade_ports::BoxFuture;
use pervade_tasks::TasksClient;
use pervade_tasks::record::{ResultObject, SavedResult, Task, Verdict};

use crate::duty::Oneself;
use crate::ledger::{Assignments, Ledger};

/// The ledger, as one gateway shows it to this device.
#[derive(Debug)]
pub struct Remote {
    clock: ChaincodeName,
    devices: ChaincodeName,
    name: String,
    network: Network,
    oneself: Oneself,
    organization: String,
    tasks: ChaincodeName,
}

impl Remote {
    /// A set of contracts on a channel, through a gateway of that name and of that organisation.
    ///
    /// # Errors
    /// The set names what cannot be a chaincode.
    pub fn new(
        (name, organization): (String, String),
        network: Network,
        set: &ContractSet,
        oneself: Oneself,
    ) -> Result<Self, InvalidId> {
        Ok(Self {
            clock: set.clock.parse()?,
            devices: set.devices.parse()?,
            name,
            network,
            oneself,
            organization,
            tasks: set.tasks.parse()?,
        })
    }
}

impl Ledger for Remote {
    fn name(&self) -> &str {
        &self.name
    }

    fn organization(&self) -> &str {
        &self.organization
    }

    fn epoch(&self) -> BoxFuture<'_, Result<u64, LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(async move {
            Ok(ClockClient::new(&mut network, self.clock.clone()).latest().await?.number)
        })
    }

    fn backlog(&self) -> BoxFuture<'_, Result<Vec<String>, LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(async move {
            let mut devices = DevicesClient::new(&mut network, self.devices.clone());
            let slots = devices.backlog(self.oneself.device.clone()).await?;
            Ok(slots.into_iter().map(|slot| slot.task).collect())
        })
    }

    fn task<'a>(&'a self, task: &'a str) -> BoxFuture<'a, Result<Option<Task>, LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(async move {
            let mut tasks = TasksClient::new(&mut network, self.tasks.clone());
            let found = tasks.task(task.to_owned()).await.map_err(LedgerError::from);
            LedgerError::none_for(found, &[TASK_UNKNOWN])
        })
    }

    fn result<'a>(
        &'a self,
        task: &'a str,
    ) -> BoxFuture<'a, Result<Option<SavedResult>, LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(async move {
            let mut tasks = TasksClient::new(&mut network, self.tasks.clone());
            let found = tasks.result(task.to_owned()).await.map_err(LedgerError::from);
            LedgerError::none_for(found, &[SavedResult::MISSING])
        })
    }

    fn complete<'a>(
        &'a self,
        task: &'a str,
        result: &'a ResultObject,
        epoch: u64,
    ) -> BoxFuture<'a, Result<(Verdict, Receipt), LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(async move {
            let mut tasks = TasksClient::new(&mut network, self.tasks.clone());
            Ok(Receipt::of(tasks.complete(task.to_owned(), result.clone(), epoch).await?))
        })
    }

    /// Follows the events of the manager of tasks: those of managers that it calls are among them.
    fn assignments(&self) -> BoxFuture<'_, Result<Assignments, LedgerError>> {
        Box::pin(async move {
            let events = self.network.chaincode_events(&self.tasks, &Start::Next).await;
            let state = (events.map_err(|error| unheard(&error))?, self.oneself.clone());
            let batches = stream::unfold(state, |(mut events, oneself)| async move {
                let told = assigned(&mut events, &oneself).await?;
                Some((stream::iter(told), (events, oneself)))
            });
            Ok::<Assignments, _>(batches.flatten().boxed())
        })
    }
}

const TASK_UNKNOWN: &str = "TASK_UNKNOWN";

/// The tasks of the next block with events that are given to this device; none at the end.
async fn assigned(
    events: &mut ChaincodeEvents,
    oneself: &Oneself,
) -> Option<Vec<Result<String, LedgerError>>> {
    match events.next().await {
        Ok(None) => None,
        Ok(Some(batch)) => {
            let given = batch.events.iter().flat_map(|event| given(event, oneself));
            Some(given.map(Ok).collect())
        }
        Err(error) => Some(vec![Err(unheard(&error))]),
    }
}

/// The tasks that an event gives to this device. An event that is no envelope gives none.
fn given(event: &ChaincodeEvent, oneself: &Oneself) -> Vec<String> {
    if event.event_name != EventEnvelope::NAME {
        return Vec::new();
    }
    let Ok(envelope) = EventEnvelope::decode(&event.payload) else { return Vec::new() };
    let given = envelope.of_type::<DeviceAssigned>().filter_map(Result::ok);
    let ours =
        |told: &DeviceAssigned| told.device == oneself.device && told.account == oneself.account;
    given.filter(ours).map(|told| told.task).collect()
}

fn unheard(error: &EventsError) -> LedgerError {
    LedgerError::NoAnswer { why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use fabric_protos::protos::ChaincodeEvent;
    use pervade_chaincode::EventEnvelope;
    use serde_json::json;

    use super::given;
    use crate::duty::Oneself;
    use crate::samples::{account, device};

    /// W-70: of all tasks that are given to devices, a device hears of its own.
    #[test]
    fn a_device_hears_of_its_own_tasks() {
        let told = |name: &str, of: char, id: &str| {
            let payload = json!({ "account": account(of), "device": id, "task": "7" });
            let other = json!({ "payload": {}, "type": "changed" });
            let event = json!({ "chaincode": "devices", "payload": payload, "type": "assigned" });
            let envelope = json!({ "events": [other, event], "version": 1 });
            let event = ChaincodeEvent {
                event_name: name.to_owned(),
                payload: envelope.to_string().into_bytes(),
                ..Default::default()
            };
            given(&event, &Oneself::new(device(), account('d')))
        };
        assert_eq!(told(EventEnvelope::NAME, 'd', device().as_str()), ["7"]);
        assert_eq!(told(EventEnvelope::NAME, 'e', device().as_str()), [""; 0], "another key");
        assert_eq!(told(EventEnvelope::NAME, 'd', "eeeeeeee"), [""; 0], "another device");
        assert_eq!(told("assigned", 'd', device().as_str()), [""; 0], "no envelope");
    }
}
