use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::topology::Organization;

/// An organisation's connection profile as Fabric's test network writes it, in JSON and in YAML.
///
/// `addresses` are those of the organisation's peers, in their order.
pub(crate) fn connection_profile(
    organization: &Organization,
    addresses: &[String],
    tls_root_pem: &str,
) -> (String, String) {
    let profile = json(organization, addresses, tls_root_pem);
    let text = serde_json::to_string_pretty(&profile).unwrap_or_default() + "\n";
    let mut yaml = "---\n".to_owned();
    write_yaml(&mut yaml, &profile, 0);
    (text, yaml)
}

fn json(organization: &Organization, addresses: &[String], tls_root_pem: &str) -> Value {
    let hosts: Vec<String> =
        organization.peers.iter().map(|peer| organization.host(peer)).collect();
    let peer = |(host, address): (&String, &String)| {
        let peer = json!({
            "url": format!("grpcs://{address}"),
            "tlsCACerts": { "pem": tls_root_pem },
            "grpcOptions": { "ssl-target-name-override": host, "hostnameOverride": host },
        });
        (host.clone(), peer)
    };
    let peers: Map<String, Value> = hosts.iter().zip(addresses).map(peer).collect();
    let name = &organization.name;
    json!({
        "name": format!("test-network-{}", name.to_lowercase()),
        "version": "1.0.0",
        "client": {
            "organization": name,
            "connection": { "timeout": { "peer": { "endorser": "300" } } },
        },
        "organizations": { name: { "mspid": organization.msp_id, "peers": hosts } },
        "peers": peers,
    })
}

/// Writes an object as YAML: texts of one line quoted as in JSON, longer ones as blocks.
fn write_yaml(yaml: &mut String, value: &Value, indent: usize) {
    let Value::Object(fields) = value else { return };
    let pad = " ".repeat(indent);
    for (name, field) in fields {
        // Writing to a text cannot fail.
        let written = match field {
            Value::Object(_) => {
                let begun = writeln!(yaml, "{pad}{name}:");
                write_yaml(yaml, field, indent + INDENT);
                begun
            }
            Value::Array(items) => {
                let items: String = items.iter().map(|item| format!("\n{pad}- {item}")).collect();
                writeln!(yaml, "{pad}{name}:{items}")
            }
            Value::String(text) if text.contains('\n') => {
                let inner = " ".repeat(indent + INDENT);
                let lines: String = text.lines().map(|line| format!("\n{inner}{line}")).collect();
                writeln!(yaml, "{pad}{name}: |{lines}")
            }
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {
                writeln!(yaml, "{pad}{name}: {field}")
            }
        };
        debug_assert!(written.is_ok(), "a text takes everything");
    }
}

const INDENT: usize = 2;

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::connection_profile;
    use crate::topology::Topology;

    #[test]
    fn a_profile_names_every_peer_with_its_root() {
        let topology = Topology::test_network();
        let addresses = ["localhost:7051".to_owned()];
        let (json, yaml) =
            connection_profile(&topology.organizations[0], &addresses, "-----BEGIN\nabc\n");
        let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(parsed["peers"]["peer0.org1.example.com"]["url"], "grpcs://localhost:7051");
        expect![[r#"
            ---
            client:
              connection:
                timeout:
                  peer:
                    endorser: "300"
              organization: "Org1"
            name: "test-network-org1"
            organizations:
              Org1:
                mspid: "Org1MSP"
                peers:
                - "peer0.org1.example.com"
            peers:
              peer0.org1.example.com:
                grpcOptions:
                  hostnameOverride: "peer0.org1.example.com"
                  ssl-target-name-override: "peer0.org1.example.com"
                tlsCACerts:
                  pem: |
                    -----BEGIN
                    abc
                url: "grpcs://localhost:7051"
            version: "1.0.0"
        "#]]
        .assert_eq(&yaml);
    }
}
