//! `pervade task create`.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use clap::Args;
use pervade_devices::record::DeviceId;
use pervade_platform::{AccountId, Amount};
use pervade_tasks::record::{Kind, NewTask, Task};
use serde::Serialize;

use super::reader::Readers;
use crate::clock::seconds;
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;
use crate::platform::{At, OrRefused as _, Party, Session, UNKNOWN};

/// Which task to have done.
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The type: how results are judged
    #[arg(long = "type", value_name = "TYPE")]
    type_name: String,
    /// What the respondent earns, in tokens
    #[arg(long, value_name = "AMOUNT")]
    reward: Amount,
    /// How many epochs it lasts after the present one
    #[arg(long, value_name = "N")]
    limit: u64,
    /// For this user alone, by account or NAME@DOMAIN [default: the device's owner, if one is named]
    #[arg(long, value_name = "ACCOUNT", requires = "device")]
    to: Option<Party>,
    /// For this device alone
    #[arg(long, value_name = "ID")]
    device: Option<DeviceId>,
    /// At once, at the price that the device's owner has published
    #[arg(long, requires = "device")]
    instant: bool,
    /// Least reputation of the respondent
    #[arg(long, value_name = "N", default_value_t = 0)]
    minimum_reputation: u64,
    /// What the device is to do; `@FILE` is that file's content
    #[arg(long, value_name = "TEXT|@FILE", default_value = "")]
    parameters: String,
    #[command(flatten)]
    at: At,
}

impl Create {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let readers = Readers::of(self.at.place.folder());
        let (respondent, parameters) = (self.respondent(&session).await?, self.parameters()?);
        let interval_ms =
            session.clock(&mut session.network()).terms().await.or_refused()?.interval_ms;
        let waiting = readers.make()?;
        let task = self.task(respondent, parameters, &waiting.public);
        let call = async |mut network| {
            let epoch = session.epoch(&mut network).await?;
            session.tasks(&mut network).create(task.clone(), epoch).await
        };
        let done = match session.submit(output, call).await {
            Ok(done) => done,
            Err(failure) => {
                // It may come to be, if nobody knows: then its key is needed.
                if failure.code() != UNKNOWN {
                    waiting.drop();
                }
                return Err(failure);
            }
        };
        let key = readers.name(&waiting, &done.result.id)?;
        let seconds = seconds(self.limit.saturating_add(1), interval_ms);
        output.report(&done.map(|task| Created { key, seconds, task }))
    }

    async fn respondent(&self, session: &Session) -> Result<Option<AccountId>, Failure> {
        let Some(device) = &self.device else { return Ok(None) };
        if let Some(party) = &self.to {
            return session.account(Some(party)).await.map(Some);
        }
        let mut network = session.network();
        let device = session.devices(&mut network).device(device.clone()).await.or_refused()?;
        Ok(Some(device.owner))
    }

    fn parameters(&self) -> Result<String, Failure> {
        let Some(path) = self.parameters.strip_prefix('@') else {
            return Ok(self.parameters.clone());
        };
        let unreadable = || format!("{path} holds no parameters");
        let file = File::open(path).or_fail_with("NO_FILE", unreadable)?;
        let mut text = String::new();
        let read = file.take(PARAMETERS_READ_MAX).read_to_string(&mut text);
        read.or_fail_with("NO_FILE", unreadable)?;
        Ok(text)
    }

    fn task(&self, respondent: Option<AccountId>, parameters: String, key: &str) -> NewTask {
        let kind = match (&respondent, self.instant) {
            (None, _) => Kind::Public,
            (Some(_), false) => Kind::Assigned,
            (Some(_), true) => Kind::Instant,
        };
        NewTask {
            device: self.device.clone(),
            encryption_key: key.to_owned(),
            kind,
            limit: self.limit,
            minimum_reputation: self.minimum_reputation,
            parameters,
            respondent,
            reward: self.reward,
            type_name: self.type_name.clone(),
        }
    }
}

/// One byte more than a contract takes, so that it refuses what is longer.
const PARAMETERS_READ_MAX: u64 = NewTask::PARAMETERS_BYTES_MAX as u64 + 1;

/// A task that was created.
#[derive(Serialize)]
struct Created {
    /// Where the key is that reads its result.
    key: PathBuf,
    /// How long it lasts at most, or a little longer, if the clock is on time.
    seconds: f64,
    #[serde(flatten)]
    task: Task,
}
