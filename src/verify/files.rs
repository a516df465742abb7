//! The files of a network's folder beside its ledgers.

use std::path::Path;

use pervade_embedded::{World, inspect};

use super::{Fault, with_causes};

/// Looks at what the network was founded with, registrars, certificates, keys and derived files.
pub(super) fn check(data: &Path) -> Vec<Fault> {
    let findings = inspect(data, &World::system());
    let fault = |finding: pervade_embedded::Finding| {
        let what = finding.error.as_deref().map(|error| with_causes(error));
        let what =
            what.unwrap_or_else(|| "not as it was written; will be written again".to_owned());
        Fault { file: finding.path, block: None, byte: None, what }
    };
    findings.into_iter().map(fault).collect()
}
