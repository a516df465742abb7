//! Every path that the map and the README name exists.

use std::fs;

use crate::tree;

#[test]
fn paths_named_in_the_documents_exist() {
    for document in ["ARCHITECTURE.md", "README.md"] {
        let text = fs::read_to_string(tree::root().join(document)).unwrap();
        for path in named_paths(&text) {
            let found = tree::root().join(&path).exists();
            assert!(found, "{document} names {path}, which does not exist");
        }
    }
}

/// Words in back quotes that look like paths of this checkout.
fn named_paths(text: &str) -> Vec<String> {
    let roots = ["src/", "demo/", "fabric/", "chaincode/", "interop/", "network/", "agents/"];
    let others = ["peer-client/", "tests/", "schemas/", "ontology/", "docs/", ".ci/"];
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| roots.iter().chain(&others).any(|root| word.starts_with(root)))
        .filter(|word| !word.contains(['<', '*', ' ', '{', '…']))
        .map(str::to_owned)
        .collect()
}
