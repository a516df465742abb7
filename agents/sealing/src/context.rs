use fabric_protos::id::{ChaincodeName, ChannelId};
use thiserror::Error;

/// What a file is sealed for: it opens for no other channel, contract or task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealContext {
    channel: ChannelId,
    contract: ChaincodeName,
    task: String,
}

impl SealContext {
    /// Most bytes of a task's name.
    pub const TASK_BYTES_MAX: usize = 256;

    /// A task of a contract on a channel.
    ///
    /// # Errors
    /// The task's name is empty or too long.
    pub fn new(
        channel: ChannelId,
        contract: ChaincodeName,
        task: impl Into<String>,
    ) -> Result<Self, InvalidTask> {
        let task = task.into();
        let bytes = task.len();
        let fits = (1..=Self::TASK_BYTES_MAX).contains(&bytes);
        if fits { Ok(Self { channel, contract, task }) } else { Err(InvalidTask { bytes }) }
    }

    /// The bytes that sealing and opening must agree on. Each part follows its length, so that no
    /// two contexts have the same.
    pub(crate) fn info(&self) -> Vec<u8> {
        let mut info = LABEL.to_vec();
        for part in [self.channel.as_str(), self.contract.as_str(), &self.task] {
            // Names are short.
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            info.extend_from_slice(&length.to_be_bytes());
            info.extend_from_slice(part.as_bytes());
        }
        info
    }
}

const LABEL: &[u8] = b"pervade sealed file 1";

/// A task's name that is empty or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a task's name has 1 to {} bytes, not {bytes}", SealContext::TASK_BYTES_MAX)]
#[non_exhaustive]
pub struct InvalidTask {
    /// Its length.
    pub bytes: usize,
}

#[cfg(test)]
mod tests {
    use fabric_protos::id::{ChaincodeName, ChannelId};

    use super::SealContext;

    fn context(
        channel: &str,
        contract: &str,
        task: &str,
    ) -> Result<SealContext, super::InvalidTask> {
        let channel = ChannelId::new(channel).unwrap();
        SealContext::new(channel, ChaincodeName::new(contract).unwrap(), task)
    }

    #[test]
    fn no_two_contexts_have_the_same_bytes() {
        let info = context("ch", "tasks", "7").unwrap().info();
        assert_eq!(info, b"pervade sealed file 1\0\0\0\x02ch\0\0\0\x05tasks\0\0\0\x017");
        let moved = context("cht", "asks", "7").unwrap().info();
        assert_ne!(info, moved, "parts do not run together");
    }

    #[test]
    fn a_task_has_a_name() {
        assert_eq!(context("ch", "tasks", "").unwrap_err().bytes, 0);
        assert!(context("ch", "tasks", &"t".repeat(256)).is_ok(), "the longest");
        assert_eq!(context("ch", "tasks", &"t".repeat(257)).unwrap_err().bytes, 257);
    }
}
