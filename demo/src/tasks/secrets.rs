//! Keys of single tasks, and who can read what.

use std::path::PathBuf;
use std::sync::Arc;

use fabric_protos::id::ChaincodeName;
use pervade_content::{ContentId, ContentStore as _, LocalStore};
use pervade_ports::system::{SystemFiles, SystemRng};
use pervade_sealing::{ReaderKey, SealContext, Sealed, TaskPublic, open};

use crate::account::Teller;
use crate::error::{DemoError, While as _};
use crate::tasks::field::READING;
use crate::tasks::ground::Ground;
use crate::tasks::people::{Cast, short, tasks};

/// Where sealed files are.
pub(crate) struct Secrets {
    folder: PathBuf,
}

/// A reader's key, for one task.
pub(crate) struct Reader {
    pub(crate) public: String,
    key: ReaderKey,
}

impl Secrets {
    pub(crate) fn new(ground: &Ground) -> Self {
        Self { folder: store_folder(ground) }
    }

    pub(crate) fn reader(&self) -> Result<Reader, DemoError> {
        let key = ReaderKey::generate(&SystemRng).doing("make a reader's key")?;
        Ok(Reader { public: key.public().to_string(), key })
    }

    /// Ann reads the result. Bob and Eve have the same file, and read nothing.
    pub(crate) async fn who_reads(
        &self,
        ground: &Ground,
        cast: &Cast,
        (task, reader): (&str, &Reader),
        teller: &mut Teller<'_>,
    ) -> Result<(), DemoError> {
        let mut network = cast.eve.network.clone();
        let saved = tasks(&mut network)?.result(task.to_owned()).await.doing("ask for a result")?;
        let cid: ContentId = saved.result.cid.parse().doing("read an identifier")?;
        let store = LocalStore::open(Arc::new(SystemFiles), self.folder.clone());
        let store = store.doing("open the store")?;
        let file = store
            .get(cid, u64::try_from(Sealed::BYTES_MAX).unwrap_or(u64::MAX))
            .await
            .doing("fetch a file")?;
        if file.windows(READING.len()).any(|window| window == READING.as_bytes()) {
            return Err(DemoError::unexpected("the stored file can be read by all"));
        }
        teller.say(format!(
            "everybody: file {} of {} bytes, of which nobody can say what is in it",
            short(&saved.result.cid),
            file.len()
        ));
        let sealed = Sealed::from_bytes(file).doing("take a sealed file")?;
        let sender: TaskPublic = saved.result.task_key.parse().doing("read a key")?;
        let tasks = ChaincodeName::new(&*ground.set.tasks).doing("name a contract")?;
        let context = SealContext::new(ground.place.channel.clone(), tasks, task);
        let context = context.doing("say which task")?;
        let read = open(&sealed, &reader.key, &sender, &context).doing("open the file as Ann")?;
        teller.say(format!("ann, with the key of this task: {:?}", String::from_utf8_lossy(&read)));
        for name in [cast.bob.name, cast.eve.name] {
            let other = self.reader()?;
            match open(&sealed, &other.key, &sender, &context) {
                Ok(_) => return Err(DemoError::unexpected(format!("{name} reads Ann's result"))),
                Err(refused) => teller.say(format!("{name}, with a key of their own: {refused}")),
            }
        }
        teller.say("the ledger: who, which device, when, how much, the file's digest, the keys of this task; no name of a person");
        Ok(())
    }
}

/// Where the organisations keep sealed files.
pub(crate) fn store_folder(ground: &Ground) -> PathBuf {
    ground.network.data().join("content")
}
