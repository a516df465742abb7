//! Help for people.

use crate::program::Said;

/// Every verb explains itself and gives examples.
#[test]
fn every_verb_helps_with_examples() {
    for verb in [
        ["demo"].as_slice(),
        &["network"],
        &["network", "up"],
        &["network", "down"],
        &["network", "reset"],
        &["network", "status"],
        &["network", "export"],
        &["chaincode", "deploy"],
        &["submit"],
        &["evaluate"],
        &["package", "check"],
        &["mapping"],
        &["mapping", "new"],
        &["mapping", "check"],
        &["mapping", "test"],
        &["mapping", "explain"],
        &["mapping", "publish"],
        &["mapping", "run"],
        &["audit", "follow"],
        &["device", "new"],
        &["device", "prove"],
        &["device", "run"],
        &["keeper"],
        &["platform", "deploy"],
        &["platform", "bind"],
        &["clock", "show"],
        &["user", "register"],
        &["token", "buy"],
        &["device", "register"],
        &["task", "create"],
        &["query"],
        &["prove"],
        &["verify"],
        &[],
    ] {
        let said = Said::by(&[verb, &["--help"]].concat());
        assert_eq!(said.code, 0, "{verb:?}");
        let (_, examples) = said.out.split_once("Examples:").expect("examples");
        assert!(examples.contains(&["pervade", &verb.join(" ")].join(" ")), "{verb:?}: {examples}");
    }
}
