//! What a chaincode offers.

use pervade_chaincode::Chaincode;
use serde_json::Value;

/// The functions of a chaincode, one in a line: its marks, its name, its parameters.
pub(crate) fn interface_of(chaincode: &Chaincode) -> String {
    let metadata = chaincode.metadata();
    let contracts = metadata["contracts"].as_object().unwrap().values();
    let functions = contracts.flat_map(|contract| contract["transactions"].as_array().unwrap());
    let ours = functions.filter(|function| is_ours(function)).map(line);
    ours.collect::<Vec<_>>().join("\n")
}

/// Whether it is not one of the functions that every chaincode has.
fn is_ours(function: &Value) -> bool {
    function["name"] != "GetMetadata"
}

fn line(function: &Value) -> String {
    let texts = |list: &Value, of: fn(&Value) -> &Value| {
        let texts = list.as_array().unwrap().iter().map(|entry| of(entry).as_str().unwrap());
        texts.map(str::to_owned).collect::<Vec<_>>()
    };
    // Each mark stands there twice, for readers of two languages.
    let mut marks = texts(&function["tag"], |tag| tag);
    marks.retain(|mark| mark.chars().all(char::is_lowercase));
    let parameters = texts(&function["parameters"], |parameter| &parameter["name"]);
    let name = function["name"].as_str().unwrap();
    format!("{} {name}({})", marks.join(" "), parameters.join(", "))
}
