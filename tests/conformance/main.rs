//! Public test suites, run as their authors publish them.
//!
//! A suite gives an [`Outcome`]: what passed, what was skipped and why, what failed. The table of
//! all of them is kept in `docs/conformance.md`.

mod confined;
mod determinism;
mod epcis;
mod jsonpath;
mod outcome;
mod page;
mod payloads;
mod rdf_canon;
mod rml;
mod senml;
mod shacl;
mod wycheproof;

use std::{path::Path, process::ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};
use pervade_tests::outside::{self, DATA};

use self::outcome::Outcome;

fn main() -> ExitCode {
    let mut trials: Vec<Trial> = suites().map(Suite::trial).collect();
    trials.push(rml::through_the_command());
    trials.push(shacl::trial());
    trials.push(confined::trial());
    trials.extend(determinism::trials());
    trials.push(outside::trial("the_page_is_up_to_date", &DATA, |data| page::check(&data)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A public suite and how it is run.
struct Suite {
    name: &'static str,
    /// What the page says of it.
    about: &'static str,
    run: fn(&Path) -> Result<Outcome, Failed>,
}

/// In the order of the page.
fn suites() -> impl Iterator<Item = &'static Suite> {
    rml::SUITES.iter().chain(SUITES)
}

const SUITES: &[Suite] = &[
    jsonpath::COMPLIANCE,
    rdf_canon::LEDGER,
    rdf_canon::COMPARISON,
    senml::RFC8428,
    payloads::REAL_PAYLOADS,
    epcis::TURTLE,
    wycheproof::P256_MESSAGES,
    wycheproof::P256_DOCUMENTS,
    wycheproof::P384_MESSAGES,
    wycheproof::P384_DOCUMENTS,
];

impl Suite {
    fn trial(&'static self) -> Trial {
        outside::trial(self.name, &DATA, |data| (self.run)(&data)?.verdict())
    }
}
