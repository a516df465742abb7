//! `pervade task types|open|mine|due`.

use clap::Args;
use pervade_devices::record::DeviceId;
use pervade_platform::PageSize;

use crate::failure::Failure;
use crate::output::Output;
use crate::platform::{At, List, OrRefused as _};

/// Which open tasks to list.
#[derive(Args, Debug)]
pub(crate) struct Open {
    /// Those of this type [default: all]
    #[arg(value_name = "TYPE", default_value = "")]
    type_name: String,
    #[command(flatten)]
    at: At,
}

impl Open {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let page = async |bookmark| {
            let mut network = session.network();
            let mut tasks = session.tasks(&mut network);
            tasks.open(self.type_name.clone(), PageSize::MAX, bookmark).await
        };
        output.report(&List::of(page).await?)
    }
}

/// Whose tasks to list.
#[derive(Args, Debug)]
pub(crate) struct Mine {
    /// Those that the caller accepted, or was to accept [default: those that the caller created]
    #[arg(long)]
    as_respondent: bool,
    /// Those of this device
    #[arg(long, value_name = "ID", conflicts_with = "as_respondent")]
    device: Option<DeviceId>,
    #[command(flatten)]
    at: At,
}

impl Mine {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        if let Some(device) = self.device {
            let page = async |bookmark| {
                let mut network = session.network();
                let mut tasks = session.tasks(&mut network);
                tasks.by_device(device.clone(), PageSize::MAX, bookmark).await
            };
            return output.report(&List::of(page).await?);
        }
        let account = session.account(None).await?;
        let page = async |bookmark| {
            let (mut network, account) = (session.network(), account.clone());
            let mut tasks = session.tasks(&mut network);
            if self.as_respondent {
                tasks.by_respondent(account, PageSize::MAX, bookmark).await
            } else {
                tasks.by_creator(account, PageSize::MAX, bookmark).await
            }
        };
        output.report(&List::of(page).await?)
    }
}

pub(super) async fn types(at: &At, output: Output) -> Result<(), Failure> {
    let session = at.open().await?;
    let page = async |bookmark| {
        let mut network = session.network();
        session.tasks(&mut network).types(PageSize::MAX, bookmark).await
    };
    output.report(&List::of(page).await?)
}

pub(super) async fn due(at: &At, output: Output) -> Result<(), Failure> {
    let session = at.open().await?;
    let epoch = session.epoch(&mut session.network()).await.or_refused()?;
    let page = async |bookmark| {
        let mut network = session.network();
        session.tasks(&mut network).due(epoch, PageSize::MAX, bookmark).await
    };
    output.report(&List::of(page).await?)
}
