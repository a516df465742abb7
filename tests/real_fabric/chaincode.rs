//! Our contracts on real peers: called through Fabric's own client, as services and launched by
//! the peers; what they read and write is what they read and write on the embedded network and in
//! the simulator.

mod driver;
mod embedded;
pub(crate) mod fabric_net;
mod script;
mod simulated;
mod tally;

use std::env;
use std::io::{self, Write as _};
use std::path::PathBuf;

use fabric_protos::protos::TxValidationCode;
use libtest_mimic::{Failed, Trial};
use pervade_identity::Certificate;
use pervade_ledger::rwset::ReadWriteSet;
use pervade_tests::outside::{self, Absent, Need};
use tokio::runtime::Runtime;

use self::fabric_net::{FabricNet, Launch};
use self::script::{Call, User};
use self::tally::Tally;
use crate::node;

pub(crate) fn trials() -> Vec<Trial> {
    let ways = [
        ("contracts_do_on_real_peers_what_they_do_elsewhere_as_services", Launch::Service),
        ("contracts_do_on_real_peers_what_they_do_elsewhere_launched", Launch::ByPeers),
    ];
    let trial = |(name, launch)| {
        outside::trial(name, &TOOLS, move |tools| {
            Runtime::new()?.block_on(does_the_same(&tools, launch))
        })
    };
    ways.into_iter().map(trial).collect()
}

/// What a trial needs of the machine.
pub(crate) struct Tools {
    /// Fabric's binaries.
    pub(crate) binaries: PathBuf,
    /// The command that makes a network of them.
    pub(crate) fabric_net: PathBuf,
}

pub(crate) static TOOLS: Need<Tools> = Need { name: "fabric", find: tools };

fn tools() -> Result<Tools, Absent> {
    let binaries = crate::fabric_binaries()?;
    let command = env::var_os("FABRIC_NET").map(PathBuf::from);
    let fabric_net = command.ok_or_else(|| Absent::new("FABRIC_NET names no command"))?;
    if !fabric_net.is_file() {
        return Err(Absent::new(format!("no command {}", fabric_net.display())));
    }
    node::ready()?;
    Ok(Tools { binaries, fabric_net })
}

/// How a call ended.
pub(crate) enum Ended {
    /// It was refused, in these words.
    Refused(String),
    /// It was evaluated.
    Evaluated(Vec<u8>),
    /// It was ordered.
    Ordered(Box<Ordered>),
}

/// A transaction that is in a block.
pub(crate) struct Ordered {
    pub(crate) payload: Vec<u8>,
    pub(crate) tx_id: String,
    pub(crate) code: TxValidationCode,
    pub(crate) rwset: ReadWriteSet,
}

/// A network, or what stands for one, on which the contracts are deployed.
pub(crate) trait Ground {
    /// The user's certificate.
    fn certificate(&mut self, user: User) -> Result<Certificate, Failed>;

    /// Makes a call, its arguments filled in.
    async fn call(&mut self, call: &Call, args: Vec<Vec<u8>>) -> Result<Ended, Failed>;
}

/// Tells the same story everywhere and compares what is told of it.
async fn does_the_same(tools: &Tools, launch: Launch) -> Result<(), Failed> {
    let mut network = FabricNet::up(tools, 2)?;
    network.deploy_all(launch).await?;
    let mut real = network.driver().await?;
    let on_fabric = tell(&mut real).await?;
    refuses_rich_queries(&mut real).await?;
    let here = embedded::Embedded::start().await?;
    let on_ours = tell(&mut here.driver().await?).await;
    here.stop().await;
    let on_ours = on_ours?;
    let simulated = tell(&mut simulated::Simulated::start()?).await?;
    writeln!(io::stderr(), "{}", on_fabric.summary())?;
    let differences = [
        on_fabric.differences("real Fabric", &on_ours, "the embedded network"),
        on_fabric.differences("real Fabric", &simulated, "the simulator"),
    ];
    let differences = differences.concat();
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n").into()) }
}

/// These peers' state database knows keys alone: the contract hears so, and so does its caller.
async fn refuses_rich_queries(real: &mut impl Ground) -> Result<(), Failed> {
    match real.call(&script::rich_query(), Vec::new()).await? {
        Ended::Refused(words) if words.contains("not supported for leveldb") => Ok(()),
        Ended::Refused(words) => Err(format!("refused otherwise: {words}").into()),
        Ended::Evaluated(_) | Ended::Ordered(_) => Err("a rich query is answered".into()),
    }
}

async fn tell(ground: &mut impl Ground) -> Result<Tally, Failed> {
    let mut tally = Tally::default();
    for user in script::USERS {
        tally.meet(user, &ground.certificate(user)?);
    }
    for call in script::calls()? {
        let args = call.args.iter().map(|arg| tally.fill(arg)).collect::<Result<Vec<_>, _>>()?;
        let ended = ground.call(&call, args).await?;
        tally.note(&call, ended)?;
    }
    Ok(tally)
}
