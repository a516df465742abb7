//! Tables: flags and variables on the left, settings or the reason for none on the right.

use expect_test::{Expect, expect};

use super::{Flags, Mode, Settings, TlsFiles, Variables};

const SERVED: &str = "CHAINCODE_SERVER_ADDRESS=0.0.0.0:9999 CHAINCODE_ID=basic:1";
const LAUNCHED: &str = "CORE_PEER_ADDRESS=peer0:7052 CORE_CHAINCODE_ID_NAME=basic:1";

#[test]
fn plain_text_is_given_to_those_who_ask_for_it() {
    check("--plaintext", SERVED, expect!["basic:1 serves 0.0.0.0:9999 in plain text"]);
    check("--plaintext", LAUNCHED, expect!["basic:1 dials peer0:7052 in plain text"]);
    let disabled = format!("{SERVED} CHAINCODE_TLS_DISABLED=true");
    check("", &disabled, expect!["basic:1 serves 0.0.0.0:9999 in plain text"]);
    let disabled = format!("{SERVED} CORE_PEER_TLS_ENABLED=FALSE");
    check("", &disabled, expect!["basic:1 serves 0.0.0.0:9999 in plain text"]);
    let disabled = format!("{LAUNCHED} CORE_PEER_TLS_ENABLED=false");
    check("", &disabled, expect!["basic:1 dials peer0:7052 in plain text"]);
}

#[test]
fn plain_text_is_given_to_nobody_else() {
    check(
        "",
        SERVED,
        expect![
            "none: no certificate and key to serve TLS with is given: --tls-cert and --tls-key, CHAINCODE_TLS_CERT and CHAINCODE_TLS_KEY, or CORE_TLS_CLIENT_CERT_FILE and CORE_TLS_CLIENT_KEY_FILE; plain text must be asked for: --plaintext, CHAINCODE_TLS_DISABLED=true or CORE_PEER_TLS_ENABLED=false"
        ],
    );
    check(
        "",
        LAUNCHED,
        expect![
            "none: no TLS root of the peer is given: --tls-roots or CORE_PEER_TLS_ROOTCERT_FILE; plain text must be asked for: --plaintext or CORE_PEER_TLS_ENABLED=false"
        ],
    );
    // That a service is not in plain text says nothing of a chaincode that dials.
    let other = format!("{LAUNCHED} CHAINCODE_TLS_DISABLED=true");
    check(
        "",
        &other,
        expect![
            "none: no TLS root of the peer is given: --tls-roots or CORE_PEER_TLS_ROOTCERT_FILE; plain text must be asked for: --plaintext or CORE_PEER_TLS_ENABLED=false"
        ],
    );
}

#[test]
fn both_conventions_of_tls_are_known() {
    let samples = "CHAINCODE_TLS_CERT=c CHAINCODE_TLS_KEY=k CHAINCODE_CLIENT_CA_CERT=r";
    check(
        "",
        &format!("{SERVED} {samples}"),
        expect!["basic:1 serves 0.0.0.0:9999 showing c, key k, trusting r"],
    );
    let core = "CORE_PEER_TLS_ENABLED=true CORE_TLS_CLIENT_CERT_FILE=c CORE_TLS_CLIENT_KEY_FILE=k \
                CORE_PEER_TLS_ROOTCERT_FILE=r";
    check(
        "",
        &format!("{SERVED} {core}"),
        expect!["basic:1 serves 0.0.0.0:9999 showing c, key k, trusting r"],
    );
    check(
        "",
        &format!("{LAUNCHED} {core}"),
        expect!["basic:1 dials peer0:7052 showing c, key k, trusting r"],
    );
    let base64 =
        "CORE_TLS_CLIENT_CERT_PATH=c CORE_TLS_CLIENT_KEY_PATH=k CORE_PEER_TLS_ROOTCERT_FILE=r";
    check(
        "",
        &format!("{LAUNCHED} {base64}"),
        expect!["basic:1 dials peer0:7052 showing base64 c, key base64 k, trusting r"],
    );
    // Peers set both; Go's form is read.
    let both =
        format!("{LAUNCHED} {base64} CORE_TLS_CLIENT_CERT_FILE=d CORE_TLS_CLIENT_KEY_FILE=l");
    check("", &both, expect!["basic:1 dials peer0:7052 showing d, key l, trusting r"]);
    let root = format!("{LAUNCHED} CORE_PEER_TLS_ROOTCERT_FILE=r");
    check("", &root, expect!["basic:1 dials peer0:7052 trusting r"]);
}

#[test]
fn contradictions_are_named() {
    let both = format!("{SERVED} CHAINCODE_TLS_DISABLED=true CORE_PEER_TLS_ENABLED=true");
    check("", &both, expect!["none: CHAINCODE_TLS_DISABLED contradicts CORE_PEER_TLS_ENABLED"]);
    let keys = "CHAINCODE_TLS_CERT=c CORE_TLS_CLIENT_CERT_FILE=c CHAINCODE_TLS_KEY=k CORE_TLS_CLIENT_KEY_FILE=l";
    check(
        "",
        &format!("{SERVED} {keys}"),
        expect!["none: CHAINCODE_TLS_KEY contradicts CORE_TLS_CLIENT_KEY_FILE"],
    );
    let ids = format!("{SERVED} CORE_CHAINCODE_ID_NAME=other:1");
    check("--plaintext", &ids, expect!["none: CORE_CHAINCODE_ID_NAME contradicts CHAINCODE_ID"]);
    check(
        "--plaintext --tls-key=k",
        SERVED,
        expect!["none: --plaintext contradicts --tls-cert, --tls-key, --tls-roots"],
    );
    check(
        "--address=a:1 --peer-address=b:1",
        "",
        expect![
            "none: no package id is given: --package-id, CORE_CHAINCODE_ID_NAME or CHAINCODE_ID"
        ],
    );
    check(
        "--address=a:1 --peer-address=b:1 --package-id=x:1",
        "",
        expect!["none: --address contradicts --peer-address"],
    );
    let odd = format!("{SERVED} CHAINCODE_TLS_DISABLED=yes");
    check("", &odd, expect![[r#"none: CHAINCODE_TLS_DISABLED is "yes", neither true nor false"#]]);
}

#[test]
fn a_flag_counts_more_than_a_variable() {
    check(
        "--address=b:2 --package-id=x:1 --plaintext",
        SERVED,
        expect!["x:1 serves b:2 in plain text"],
    );
    check("--peer-address=p:1 --plaintext", SERVED, expect!["basic:1 dials p:1 in plain text"]);
    let plain = format!("{SERVED} CHAINCODE_TLS_DISABLED=true");
    check(
        "--tls-cert=c --tls-key=k",
        &plain,
        expect!["basic:1 serves 0.0.0.0:9999 showing c, key k"],
    );
    // Both addresses: a process that is told where to serve serves.
    check(
        "--plaintext",
        &format!("{SERVED} CORE_PEER_ADDRESS=p:1"),
        expect!["basic:1 serves 0.0.0.0:9999 in plain text"],
    );
}

#[test]
fn what_is_missing_is_named() {
    check(
        "",
        "",
        expect![
            "none: no package id is given: --package-id, CORE_CHAINCODE_ID_NAME or CHAINCODE_ID"
        ],
    );
    check(
        "--package-id=x:1",
        "",
        expect![
            "none: no address is given: --address or CHAINCODE_SERVER_ADDRESS to serve, --peer-address, CORE_PEER_ADDRESS or --chaincode-json to dial a peer"
        ],
    );
    check(
        "--tls-cert=c",
        SERVED,
        expect![
            "none: no certificate and key to serve TLS with is given: --tls-cert and --tls-key, CHAINCODE_TLS_CERT and CHAINCODE_TLS_KEY, or CORE_TLS_CLIENT_CERT_FILE and CORE_TLS_CLIENT_KEY_FILE; plain text must be asked for: --plaintext, CHAINCODE_TLS_DISABLED=true or CORE_PEER_TLS_ENABLED=false"
        ],
    );
    check(
        "--tls-cert=c --tls-roots=r",
        LAUNCHED,
        expect![
            "none: no partner of certificate or key is given: --tls-cert and --tls-key, or CORE_TLS_CLIENT_CERT_FILE and CORE_TLS_CLIENT_KEY_FILE"
        ],
    );
    check(
        "--message-mib=0 --plaintext",
        SERVED,
        expect!["none: messages of 0 MiB: at least 1, at most 2047"],
    );
}

#[test]
fn a_builders_file_says_everything_about_the_peer() {
    let told = r#"{"chaincode_id":"basic:1","peer_address":"peer0:7052","client_cert":"C","client_key":"K","root_cert":"R","mspid":"Org1MSP"}"#;
    let expected = expect!["basic:1 dials peer0:7052 showing (text), key (text), trusting (text)"];
    check(&format!("--chaincode-json={told}"), SERVED, expected);
    let variable = format!("METADATA={told}");
    check(
        "",
        &variable,
        expect!["basic:1 dials peer0:7052 showing (text), key (text), trusting (text)"],
    );
    let plain = r#"{"chaincode_id":"basic:1","peer_address":"peer0:7052","client_cert":"","client_key":"","root_cert":"","mspid":"Org1MSP"}"#;
    check(
        &format!("--chaincode-json={plain}"),
        "",
        expect!["basic:1 dials peer0:7052 in plain text"],
    );
    check(
        "--chaincode-json={}",
        "",
        expect![
            "none: --chaincode-json is no chaincode.json: missing field `chaincode_id` at line 1 column 2"
        ],
    );
}

#[track_caller]
fn check(flags: &str, variables: &str, expected: Expect) {
    let mut read = Flags::default();
    for flag in flags.split_whitespace() {
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        let value = value.to_owned();
        match name {
            "--address" => read.address = Some(value),
            "--peer-address" => read.peer_address = Some(value),
            "--chaincode-json" => read.chaincode_json = Some(value),
            "--package-id" => read.package_id = Some(value),
            "--plaintext" => read.plaintext = true,
            "--tls-cert" => read.tls_certificate = Some(value.into()),
            "--tls-key" => read.tls_key = Some(value.into()),
            "--tls-roots" => read.tls_roots = Some(value.into()),
            "--message-mib" => read.message_mib = Some(value.parse().unwrap()),
            other => panic!("no flag {other}"),
        }
    }
    let variables = variables.split_whitespace().map(|variable| {
        let (name, value) = variable.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    });
    let told = match Settings::read(&read, &Variables::new(variables)) {
        Ok(settings) => render(&settings),
        Err(error) => format!("none: {error}"),
    };
    expected.assert_eq(&told);
}

fn render(settings: &Settings) -> String {
    let Settings { package_id, mode, .. } = settings;
    match mode {
        Mode::Service { address, tls } => {
            format!("{package_id} serves {address} {}", render_tls(tls.as_ref()))
        }
        Mode::Launched { peer, tls } => {
            format!("{package_id} dials {peer} {}", render_tls(tls.as_ref()))
        }
    }
}

fn render_tls(tls: Option<&TlsFiles>) -> String {
    let Some(TlsFiles { certificate, key, roots }) = tls else { return "in plain text".to_owned() };
    let shown = certificate.as_ref().zip(key.as_ref());
    let shown = shown.map(|(certificate, key)| format!("showing {certificate:?}, key {key:?}"));
    let trusted = roots.as_ref().map(|roots| format!("trusting {roots:?}"));
    [shown, trusted].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// W-100: a flag names the log of refused calls, or a variable does; the flag counts more.
#[test]
fn a_log_of_refused_calls_is_kept_where_it_is_asked_for() {
    let told = |flag: Option<&str>, variable: &str| {
        let flags = Flags { plaintext: true, denials: flag.map(Into::into), ..Flags::default() };
        let all = format!("{SERVED} {variable}");
        let pairs = all.split_whitespace().filter_map(|pair| pair.split_once('='));
        let variables =
            Variables::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        Settings::read(&flags, &variables).unwrap().denials
    };
    assert_eq!(told(None, ""), None);
    assert_eq!(told(None, "DENIALS_FILE=b"), Some("b".into()));
    assert_eq!(told(Some("a"), "DENIALS_FILE=b"), Some("a".into()));
}
