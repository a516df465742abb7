//! `pervade task accept|decline|release|expire|settle|reject`: a task's steps.

use clap::Args;
use pervade_devices::record::DeviceId;

use crate::failure::Failure;
use crate::output::Output;
use crate::platform::At;

/// Which task to accept, with what.
#[derive(Args, Debug)]
pub(crate) struct Accept {
    /// The task
    task: String,
    /// The device that is to do it
    device: DeviceId,
    #[command(flatten)]
    at: At,
}

impl Accept {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let call = async |mut network| {
            let epoch = session.epoch(&mut network).await?;
            let mut tasks = session.tasks(&mut network);
            tasks.accept(self.task.clone(), self.device.clone(), epoch).await
        };
        output.report(&session.submit(output, call).await?)
    }
}

/// Which task.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// The task
    task: String,
    #[command(flatten)]
    at: At,
}

impl Which {
    pub(super) async fn decline(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let call = async |mut network| {
            let epoch = session.epoch(&mut network).await?;
            session.tasks(&mut network).decline(self.task.clone(), epoch).await
        };
        output.report(&session.submit(output, call).await?)
    }

    pub(super) async fn release(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let call = async |mut network| {
            let epoch = session.epoch(&mut network).await?;
            session.tasks(&mut network).release(self.task.clone(), epoch).await
        };
        output.report(&session.submit(output, call).await?)
    }

    pub(super) async fn expire(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let call = async |mut network| session.tasks(&mut network).expire(self.task.clone()).await;
        output.report(&session.submit(output, call).await?)
    }

    pub(super) async fn settle(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let call = async |mut network| {
            let epoch = session.epoch(&mut network).await?;
            session.tasks(&mut network).settle(self.task.clone(), epoch).await
        };
        output.report(&session.submit(output, call).await?)
    }

    pub(super) async fn reject(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let call = async |mut network| {
            let epoch = session.epoch(&mut network).await?;
            session.tasks(&mut network).reject(self.task.clone(), epoch).await
        };
        output.report(&session.submit(output, call).await?)
    }
}
