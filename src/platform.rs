//! `pervade platform`: five chaincodes that know each other, and the terms they run by.

mod again;
mod bind;
mod deploy;
mod proof;
mod refusal;
mod report;
mod session;
mod show;
mod terms;
mod words;

use clap::{Args, Subcommand};
use fabric_protos::id::ChannelId;

pub(crate) use bind::head;
pub(crate) use proof::prove;
pub(crate) use refusal::{OrRefused, UNKNOWN};
pub(crate) use report::{List, Shown};
pub(crate) use session::{At, Party, Session};

use crate::connect::{Known, Where};
use crate::failure::Failure;
use crate::output::Output;

/// What to do with a platform.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Platform {
    /// Deploy clock, users, tokens, devices and tasks, to run in the network's own process
    #[command(after_help = EXAMPLES)]
    Deploy(Place),
    /// Print the usual terms of all five, as `bind` takes them
    #[command(after_help = EXAMPLES)]
    Terms {
        #[command(flatten)]
        place: Where,
    },
    /// Tell all five of each other and bind their terms, once; what is bound to the same stays
    #[command(after_help = EXAMPLES)]
    Bind(bind::Bind),
    /// Show what each of the five is bound to
    #[command(after_help = EXAMPLES)]
    Show(At),
}

/// Where to deploy which set.
#[derive(Args, Debug)]
pub(crate) struct Place {
    /// What the names of the platform's chaincodes end in
    #[arg(long, value_name = "ENDING", default_value = "", allow_hyphen_values = true)]
    set: String,
    /// The channel [default: the network's first]
    #[arg(long, value_name = "NAME")]
    channel: Option<ChannelId>,
    #[command(flatten)]
    place: Where,
}

const EXAMPLES: &str = "\
Examples:
  pervade platform deploy
  pervade identity new founder@org1.example.com --attribute platform.init=true \\
      --attribute platform.types=true
  pervade platform bind --as founder@org1.example.com
  pervade platform show
  pervade platform terms > terms.json && pervade platform bind --terms terms.json \\
      --as founder@org1.example.com
  pervade platform deploy --set=-2 && pervade platform bind --set=-2 --as founder@org1.example.com

Terms count tokens and money in millionths; they are bound for ever. Two platforms can stand side by
side on a channel, the second with names that end in -2; they share nothing.";

impl Platform {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Deploy(place) => output.report(&deploy::run(place, output).await?),
            Self::Terms { place } => output.report(&terms::AllTerms::usual(&Known::read(&place)?)?),
            Self::Bind(bind) => bind.run(output).await,
            Self::Show(at) => output.report(&show::run(&at).await?),
        }
    }
}
