//! `pervade platform bind`.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};

use clap::Args;
use pervade_keeper::{Head, Ledger as _, Remote};
use serde::Serialize;

use super::refusal::{CallFailure, OrRefused as _};
use super::report::{self, Shown};
use super::session::{At, Session};
use super::terms::AllTerms;
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// What to bind a platform to.
#[derive(Args, Debug)]
pub(crate) struct Bind {
    /// Its terms, as `pervade platform terms` prints them [default: those]
    #[arg(long, value_name = "FILE")]
    terms: Option<PathBuf>,
    #[command(flatten)]
    at: At,
}

impl Bind {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let terms = match &self.terms {
            Some(path) => read(path)?,
            None => AllTerms::usual(&session.known)?,
        };
        let binder = Binder { session, output };
        let done = Done {
            clock: binder.clock(&terms).await?,
            users: binder.users(&terms).await?,
            tokens: binder.tokens(&terms).await?,
            devices: binder.devices(&terms).await?,
            tasks: binder.tasks(&terms).await?,
        };
        output.report(&Shown(done))
    }
}

fn read(path: &Path) -> Result<AllTerms, Failure> {
    let unreadable = || format!("{} holds no terms", path.display());
    let text = fs::read(path).or_fail_with("NO_FILE", unreadable)?;
    serde_json::from_slice(&text).or_fail_with("BAD_TERMS", unreadable)
}

/// What became of each.
#[derive(Debug, Serialize)]
struct Done {
    clock: Binding,
    users: Binding,
    tokens: Binding,
    devices: Binding,
    tasks: Binding,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Binding {
    /// It was bound just now.
    Bound,
    /// It was bound before, to the same.
    Kept,
}

struct Binder {
    session: Session,
    output: Output,
}

impl Binder {
    async fn clock(&self, terms: &AllTerms) -> Result<Binding, Failure> {
        let (session, mut network) = (&self.session, self.session.network());
        let found = session.clock(&mut network).terms().await;
        let bind = async {
            let Head { block_hash, height } = head(session).await?;
            let call = async |mut network| {
                let mut clock = session.clock(&mut network);
                clock.bind(terms.clock.clone(), height, block_hash.clone()).await
            };
            session.submit(self.output, call).await
        };
        bound("the clock", (&terms.clock, found), bind).await
    }

    async fn users(&self, terms: &AllTerms) -> Result<Binding, Failure> {
        let (session, mut network) = (&self.session, self.session.network());
        let found = session.users(&mut network).terms().await;
        let bind = session.submit(self.output, async |mut network| {
            session.users(&mut network).bind(session.set.clone(), terms.users.clone()).await
        });
        bound("the manager of users", (&terms.users, found), bind).await
    }

    async fn tokens(&self, terms: &AllTerms) -> Result<Binding, Failure> {
        let (session, mut network) = (&self.session, self.session.network());
        let found = session.tokens(&mut network).terms().await;
        let bind = session.submit(self.output, async |mut network| {
            session.tokens(&mut network).bind(session.set.clone(), terms.tokens.clone()).await
        });
        bound("the manager of tokens", (&terms.tokens, found), bind).await
    }

    async fn devices(&self, terms: &AllTerms) -> Result<Binding, Failure> {
        let (session, mut network) = (&self.session, self.session.network());
        let found = session.devices(&mut network).terms().await;
        let bind = session.submit(self.output, async |mut network| {
            session.devices(&mut network).bind(session.set.clone(), terms.devices.clone()).await
        });
        bound("the manager of devices", (&terms.devices, found), bind).await
    }

    async fn tasks(&self, terms: &AllTerms) -> Result<Binding, Failure> {
        let (session, mut network) = (&self.session, self.session.network());
        let found = session.tasks(&mut network).terms().await;
        let bind = session.submit(self.output, async |mut network| {
            session.tasks(&mut network).bind(session.set.clone(), terms.tasks.clone()).await
        });
        bound("the manager of tasks", (&terms.tasks, found), bind).await
    }
}

/// Binds what is not bound, and leaves what is bound to the same.
async fn bound<T: PartialEq>(
    what: &str,
    (terms, found): (&T, Result<T, CallFailure>),
    bind: impl Future<Output = Result<report::Done<()>, Failure>>,
) -> Result<Binding, Failure> {
    match found.or_refused() {
        Ok(found) if found == *terms => Ok(Binding::Kept),
        Ok(_) => {
            Err(Failure::new("ALREADY_INITIALIZED", format!("{what} is bound to other terms")))
        }
        Err(failure) if failure.code() == "NOT_INITIALIZED" => bind.await.map(|_| Binding::Bound),
        Err(failure) => Err(failure),
    }
}

/// The last block.
pub(crate) async fn head(session: &Session) -> Result<Head, Failure> {
    let remote = Remote::new(session.network(), &session.set);
    let remote = remote.or_fail("INTERNAL", "the set has no names")?;
    remote.head().await.or_fail("NO_LEDGER", "the ledger's last block cannot be read")
}
