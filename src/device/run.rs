//! `pervade device run`: a device's process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use fabric_protos::id::ChannelId;
use pervade_content::LocalStore;
use pervade_device::{
    Agent, Folder, Handler, Journal, Ledger, Limits, Note, Oneself, Origin, Parts, Program, Remote,
    Witnesses,
};
use pervade_identity::EcdsaSigner;
use pervade_platform::ContractSet;
use pervade_ports::system::{SystemClock, SystemFiles, SystemRng};

use super::home::{Home, id, key};
use crate::connect::{Known, Where};
use crate::ends::Ends;
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// How to run a device.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Run {
    #[command(flatten)]
    home: Home,
    /// Whom the device calls as; its own key signs, if it is certified
    #[arg(long = "as", value_name = "NAME@DOMAIN")]
    name: String,
    /// The program that does tasks of a type; once for each type
    #[arg(long = "on", value_name = "TYPE=PROGRAM", required = true, value_parser = handler)]
    handlers: Vec<(String, PathBuf)>,
    /// How long a program may be at work, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    time_limit: u64,
    /// What the names of the platform's chaincodes end in
    #[arg(long, value_name = "ENDING", default_value = "", allow_hyphen_values = true)]
    set: String,
    /// An organisation through whose peers to go, by its domain [default: all of them]
    #[arg(long, value_name = "DOMAIN")]
    via: Vec<String>,
    /// The folder of sealed files [default: `content` in the network's folder]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Do the tasks that are there, and end
    #[arg(long)]
    once: bool,
    /// The channel [default: the network's first]
    #[arg(long, value_name = "NAME")]
    channel: Option<ChannelId>,
    #[command(flatten)]
    place: Where,
}

const EXAMPLES: &str = "\
Examples:
  pervade device run --home valve7 --as valve7@org2.example.com --on valve=./valve
  pervade device run --home valve7 --as valve7@org2.example.com --on valve=./valve \\
      --on measure=./measure --via org1.example.com --via org2.example.com --json

A program reads {\"parameters\":\"...\",\"task\":\"...\",\"type\":\"...\"} and writes
{\"readings\":{\"celsius\":21},\"text\":\"...\"}, or a \"file\" in base64 in the text's place. It may be given
the same task again after a power cut: it then tells what came of it, and does not act twice.
A task is done if gateways of two organisations say that it is this device's, if there are two.
Ctrl-C ends the process.";

/// How often the backlog is read, whatever gateways tell.
const POLL: Duration = Duration::from_secs(5);

impl Run {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let mut ends = Ends::listen()?;
        let agent = self.agent(output)?;
        if self.once {
            agent.sweep().await;
            return Ok(());
        }
        tokio::select! {
            never = agent.run() => match never {},
            () = ends.any() => {}
        }
        output.note("stopping");
        Ok(())
    }

    fn agent(&self, output: Output) -> Result<Agent, Failure> {
        let folder = self.home.folder()?;
        let known = Known::read(&self.place)?;
        let signer = Arc::new(self.signer(&known, &folder)?);
        let account = signer.certificate().address().parse();
        let account = account.or_fail("NO_IDENTITY", "the device's key has no address")?;
        let mut oneself = Oneself::new(id(&self.home.identity(&folder)?)?, account);
        oneself.least_epochs = 1;
        let set = ContractSet::with_ending(&self.set);
        let channel = known.channel(self.channel.as_ref())?.name.clone();
        let contract = set.tasks.parse().or_fail("BAD_SET", "that is no ending of names")?;
        let journal = folder.inner("journal").or_fail("NO_HOME", "the journal has no folder")?;
        let journal = Journal::open(journal).or_fail("NO_HOME", "there is no journal")?;
        let origin = Origin { channel, contract };
        let ledgers = self.ledgers(&known, &signer, (&set, &origin, &oneself))?;
        let witnesses = Witnesses::usual(ledgers);
        Ok(Agent::new(Parts {
            clock: Arc::new(SystemClock),
            handlers: self.handlers().collect(),
            journal,
            oneself,
            observer: Arc::new(move |note| tell(note, output)),
            origin,
            poll: POLL,
            rng: Arc::new(SystemRng),
            signer,
            store: Arc::new(self.store()?),
            witnesses: witnesses.or_fail("NO_PEER", "the device has nobody to go through")?,
        }))
    }

    /// The device's own key, if an organisation has certified it; or else the one of the name.
    fn signer(&self, known: &Known, folder: &Folder) -> Result<EcdsaSigner, Failure> {
        let key = key(folder)?;
        if !key.is_certified().or_fail("NO_HOME", "the device's folder is unreadable")? {
            return known.signer(known.member(Some(&self.name))?);
        }
        let domain = self.name.split_once('@').map_or("", |(_, domain)| domain);
        let msp = known.organization(domain)?.msp_id.clone();
        key.into_signer(msp).or_fail("NO_IDENTITY", "the device cannot sign")
    }

    fn ledgers(
        &self,
        known: &Known,
        signer: &Arc<EcdsaSigner>,
        (set, origin, oneself): (&ContractSet, &Origin, &Oneself),
    ) -> Result<Vec<Arc<dyn Ledger>>, Failure> {
        let organizations = if self.via.is_empty() {
            known.organizations().iter().collect()
        } else {
            let named = self.via.iter().map(|domain| known.organization(domain));
            named.collect::<Result<Vec<_>, _>>()?
        };
        let mut ledgers = Vec::new();
        for organization in organizations {
            for (host, gateway) in known.gateways(organization, signer)? {
                let whose = (host, organization.msp_id.to_string());
                let network = gateway.network(origin.channel.clone());
                let remote = Remote::new(whose, network, set, oneself.clone());
                let remote = remote.or_fail("BAD_SET", "that is no ending of names")?;
                ledgers.push(Arc::new(remote) as Arc<dyn Ledger>);
            }
        }
        Ok(ledgers)
    }

    fn handlers(&self) -> impl Iterator<Item = (String, Arc<dyn Handler>)> {
        let time = Duration::from_secs(self.time_limit);
        self.handlers.iter().map(move |(type_name, program)| {
            let limits = Limits { time, ..Limits::default() };
            let program = Program::new(program).with_limits(limits);
            (type_name.clone(), Arc::new(program) as Arc<dyn Handler>)
        })
    }

    fn store(&self) -> Result<LocalStore, Failure> {
        let folder = || self.place.folder().join("content");
        let folder = self.store.clone().unwrap_or_else(folder);
        let unusable = format!("{} cannot be used", folder.display());
        LocalStore::open(Arc::new(SystemFiles), folder).or_fail("NO_STORE", unusable)
    }
}

/// Reads `TYPE=PROGRAM`.
fn handler(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((type_name, program)) if !type_name.is_empty() && !program.is_empty() => {
            Ok((type_name.to_owned(), PathBuf::from(program)))
        }
        _ => Err("it is TYPE=PROGRAM".to_owned()),
    }
}

fn tell(note: &Note, output: Output) {
    if let Err(failure) = output.report(note) {
        output.fail(&failure);
    }
}
