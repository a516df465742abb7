//! `pervade denials`: the calls that chaincodes in the network's process refused.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use fabric_protos::id::ChaincodeName;
use pervade_denials::{Chain, Entry, Fault, Log};
use pervade_embedded::DENIALS;
use pervade_platform::PageSize;
use pervade_ports::system::SystemFiles;
use pervade_users::record::{Anchor, Anchored, EntryDigest, LogName};
use serde::Serialize;

use crate::connect::Where;
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;
use crate::platform::{At, OrRefused as _, Session};

/// What to do with the logs of refused calls.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Denials {
    /// Show who was refused what, newest last
    #[command(after_help = EXAMPLES)]
    Show(Show),
    /// Check the logs line by line, and against what is anchored on the ledger
    #[command(after_help = EXAMPLES)]
    Verify(Of),
    /// Anchor the logs on the ledger, as an administrator of an organisation
    #[command(after_help = EXAMPLES)]
    Anchor(Of),
}

/// What to show.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The chaincode [default: all]
    chaincode: Option<ChaincodeName>,
    /// Show no more than the last so many of each
    #[arg(long, value_name = "N", default_value_t = 100)]
    last: usize,
    #[command(flatten)]
    place: Where,
}

/// Whose log, and which platform keeps its anchors.
#[derive(Args, Debug)]
pub(crate) struct Of {
    /// The chaincode [default: all]
    chaincode: Option<ChaincodeName>,
    #[command(flatten)]
    at: At,
}

const EXAMPLES: &str = "\
Examples:
  pervade denials show
  pervade denials show tasks --last 10 --json
  pervade denials anchor --as Admin@org1.example.com
  pervade denials verify

A refused call never becomes a transaction. Each is a line of DIR/denials/CHAINCODE.jsonl, chained to
the line before by its digest. The manager of users keeps the anchors. `verify` names the entry that
was changed, removed or moved, and ends with 1; what came after the last anchor is held by the chain
alone.";

/// Most logs that are looked at.
const LOGS_MAX: usize = 1_000;

/// Most anchors of one log that are looked at.
const ANCHORS_MAX: usize = 100_000;

impl Denials {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Show(show) => show.run(output),
            Self::Verify(of) => of.verify(output).await,
            Self::Anchor(of) => of.anchor(output).await,
        }
    }
}

impl Show {
    fn run(&self, output: Output) -> Result<(), Failure> {
        let mut logs = Vec::new();
        for (chaincode, chain) in logs_in(self.place.folder(), self.chaincode.as_ref())? {
            let (total, links) = (chain.entries(), chain.links.into_iter());
            let unseen = links.len().saturating_sub(self.last);
            let entries = links.skip(unseen).filter_map(|link| link.entry).collect();
            logs.push(Shown { chaincode, entries, total });
        }
        output.report(&All { logs })
    }
}

impl Of {
    async fn verify(&self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let mut logs = Vec::new();
        for (chaincode, chain) in logs_in(session_folder(&self.at), self.chaincode.as_ref())? {
            logs.push(Verified::of(&session, chaincode, &chain).await?);
        }
        let altered = logs.iter().find(|log| !log.faults.is_empty()).map(Verified::failure);
        output.report(&All { logs })?;
        altered.map_or(Ok(()), Err)
    }

    async fn anchor(&self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let mut logs = Vec::new();
        for (chaincode, chain) in logs_in(session_folder(&self.at), self.chaincode.as_ref())? {
            let verified = Verified::of(&session, chaincode.clone(), &chain).await?;
            if !verified.faults.is_empty() {
                return Err(verified.failure());
            }
            if chain.entries() > verified.anchored {
                let anchor = Anchor {
                    entries: chain.entries(),
                    log: log_name(&chaincode)?,
                    sha256: digest(chain.head())?,
                };
                let call =
                    async |mut network| session.users(&mut network).anchor(anchor.clone()).await;
                session.submit(output, call).await?;
            }
            logs.push(Verified { anchored: chain.entries(), ..verified });
        }
        output.report(&All { logs })
    }
}

fn session_folder(at: &At) -> &Path {
    at.place.folder()
}

/// The logs of a network, in the order of their names.
fn logs_in(
    folder: &Path,
    chaincode: Option<&ChaincodeName>,
) -> Result<Vec<(String, Chain)>, Failure> {
    let folder = folder.join(DENIALS);
    let names = match chaincode {
        Some(name) => vec![name.as_str().to_owned()],
        None => names(&folder)?,
    };
    let logs = names.into_iter().map(|name| {
        let path = folder.join(format!("{name}.jsonl"));
        let chain = Log::read(&path, &SystemFiles);
        Ok((name, chain.or_fail("NO_LOG", "there is no log of refused calls")?))
    });
    logs.collect()
}

fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let unreadable = || format!("cannot read {}", folder.display());
    let entries = fs::read_dir(folder).or_fail_with("NO_LOG", unreadable)?;
    let paths = entries.flatten().map(|entry| entry.path());
    let stem = |path: PathBuf| {
        let is_log = path.extension().is_some_and(|extension| extension == "jsonl");
        is_log.then(|| Some(path.file_stem()?.to_str()?.to_owned())).flatten()
    };
    let mut names: Vec<String> = paths.filter_map(stem).take(LOGS_MAX).collect();
    names.sort();
    Ok(names)
}

fn log_name(chaincode: &str) -> Result<LogName, Failure> {
    let name = LogName::try_from(chaincode.to_owned());
    name.or_fail_with("NO_LOG", || format!("the log of {chaincode} has no name for the ledger"))
}

fn digest(text: &str) -> Result<EntryDigest, Failure> {
    EntryDigest::try_from(text.to_owned()).or_fail("NO_LOG", "the last entry has no digest")
}

/// What every organisation anchored of a log, those of the fewest entries first.
async fn anchors(session: &Session, log: &LogName) -> Result<Vec<Anchored>, Failure> {
    let mut all = Vec::new();
    for organization in session.known.organizations() {
        let mut bookmark = String::new();
        loop {
            let (msp, mut network) = (organization.msp_id.as_str(), session.network());
            let mut users = session.users(&mut network);
            let page = users.anchors(msp.to_owned(), log.clone(), PageSize::MAX, bookmark).await;
            let page = page.or_refused()?;
            all.extend(page.values);
            bookmark = page.bookmark;
            if bookmark.is_empty() || all.len() >= ANCHORS_MAX {
                break;
            }
        }
    }
    all.sort_by_key(|anchored| anchored.entries);
    Ok(all)
}

/// What commands tell of each log.
#[derive(Serialize)]
struct All<T> {
    logs: Vec<T>,
}

impl<T: fmt::Display> fmt::Display for All<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.logs.is_empty() {
            return f.write_str("no chaincode has a log of refused calls");
        }
        self.logs.iter().try_for_each(|log| writeln!(f, "{log}"))
    }
}

/// The last entries of a log.
#[derive(Serialize)]
struct Shown {
    chaincode: String,
    entries: Vec<Entry>,
    total: u64,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} refused calls", self.chaincode, self.total)?;
        for entry in &self.entries {
            let Entry { address, code, function, msp, number, status, tx_id, .. } = entry;
            write!(f, "\n{number} {status} {code} {function} by {address} of {msp}, {tx_id}")?;
            if entry.dropped > 0 {
                write!(f, "; {} before it were not written down", entry.dropped)?;
            }
        }
        Ok(())
    }
}

/// Whether a log is as it was written.
#[derive(Serialize)]
struct Verified {
    /// How many entries an anchor holds fast.
    anchored: u64,
    chaincode: String,
    entries: u64,
    /// What is wrong with it.
    faults: Vec<String>,
}

impl Verified {
    async fn of(session: &Session, chaincode: String, chain: &Chain) -> Result<Self, Failure> {
        let anchors = anchors(session, &log_name(&chaincode)?).await?;
        let known = anchors.iter().map(|Anchored { entries, sha256, .. }| {
            pervade_denials::Anchored { entries: *entries, sha256: sha256.as_str() }
        });
        let faults = chain.faults.iter().copied().chain(chain.compare(known));
        let faults = faults.map(|fault: Fault| fault.to_string()).collect();
        let anchored = anchors.last().map_or(0, |last| last.entries);
        Ok(Self { anchored, chaincode, entries: chain.entries(), faults })
    }

    fn failure(&self) -> Failure {
        let first = self.faults.first().map(String::as_str).unwrap_or_default();
        let text = format!("the log of {} is not as it was written: {first}", self.chaincode);
        Failure::new("DENIALS_ALTERED", text)
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { anchored, chaincode, entries, faults } = self;
        write!(f, "{chaincode}: {entries} entries, {anchored} of them anchored")?;
        faults.iter().try_for_each(|fault| write!(f, "\nbroken: {fault}"))
    }
}
