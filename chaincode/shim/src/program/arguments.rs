//! The command line.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::{Choice, Chosen, Program, ProgramError};
use crate::record::Shown;
use crate::settings::Flags;

/// What the command line said.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) flags: Flags,
    pub(super) chosen: Chosen,
    /// A recording to be run, instead of anything else.
    pub(super) replay: Option<PathBuf>,
}

pub(super) fn read(
    program: &Program,
    arguments: Vec<OsString>,
    variables: &BTreeMap<String, String>,
) -> Result<Read, ProgramError> {
    let arguments = arguments.into_iter().map(as_go_writes_it);
    let matches = command(program).try_get_matches_from(arguments).map_err(ProgramError::Usage)?;
    let chosen = program.choices.iter().map(|choice| {
        let flag = matches.get_one::<String>(choice.flag);
        let told = flag.or(variables.get(choice.variable)).filter(|value| !value.is_empty());
        (choice.flag, told.map_or(choice.default, String::as_str).to_owned())
    });
    let chosen = Chosen(chosen.collect());
    let replay = matches.get_one::<PathBuf>("replay").cloned();
    Ok(Read { flags: flags(&matches)?, chosen, replay })
}

/// Peers' builders write Go's flag with one dash: `-peer.address`.
fn as_go_writes_it(argument: OsString) -> OsString {
    const GO: &str = "-peer.address";
    match argument.to_str() {
        Some(text) if text.starts_with(GO) => OsString::from(format!("-{text}")),
        _ => argument,
    }
}

fn command(program: &Program) -> Command {
    let name = std::env::args_os().next().map(PathBuf::from);
    let name = name.as_deref().and_then(|path| path.file_name()).and_then(OsStr::to_str);
    let name = name.unwrap_or("chaincode").to_owned();
    let command = Command::new("chaincode")
        .bin_name(name.clone())
        .about(program.about.clone())
        .after_help(after_help(&name, &program.choices))
        .args(program.choices.iter().map(|choice| {
            let help = format!(
                "{} [variable: {}] [default: {}]",
                choice.help, choice.variable, choice.default
            );
            Arg::new(choice.flag).long(choice.flag).value_name("VALUE").help(help)
        }));
    command.args(connection()).args(limits()).args(recording())
}

fn connection() -> [Arg; 8] {
    let file = |name: &'static str| {
        Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf))
    };
    [
        Arg::new("address")
            .long("address")
            .value_name("HOST:PORT")
            .conflicts_with_all(["peer-address", "chaincode-json"])
            .help("Serve here, for any number of peers [variable: CHAINCODE_SERVER_ADDRESS]"),
        Arg::new("peer-address")
            .long("peer-address")
            .aliases(["peer.address", "peerAddress"])
            .value_name("HOST:PORT")
            .conflicts_with("chaincode-json")
            .help("Dial the peer that launched this [variable: CORE_PEER_ADDRESS]"),
        file("chaincode-json").help("Dial the peer that this file of a builder's run tells of"),
        Arg::new("package-id")
            .long("package-id")
            .value_name("LABEL:HASH")
            .help("The package's id [variables: CORE_CHAINCODE_ID_NAME, CHAINCODE_ID]"),
        Arg::new("plaintext")
            .long("plaintext")
            .action(ArgAction::SetTrue)
            .help("No TLS [variables: CHAINCODE_TLS_DISABLED=true, CORE_PEER_TLS_ENABLED=false]"),
        file("tls-cert").help(
            "The certificate to show, PEM [variables: CHAINCODE_TLS_CERT, CORE_TLS_CLIENT_CERT_FILE]",
        ),
        file("tls-key")
            .help("Its key, PEM [variables: CHAINCODE_TLS_KEY, CORE_TLS_CLIENT_KEY_FILE]"),
        file("tls-roots").help(
            "Whom to trust, PEM; a service without it takes any client [variables: \
             CHAINCODE_CLIENT_CA_CERT, CORE_PEER_TLS_ROOTCERT_FILE]",
        ),
    ]
}

fn limits() -> [Arg; 5] {
    [
        Arg::new("message-mib")
            .long("message-mib")
            .value_name("MIB")
            .value_parser(value_parser!(usize))
            .help("Largest message, either way [default: 100]"),
        Arg::new("in-flight")
            .long("in-flight")
            .value_name("N")
            .value_parser(value_parser!(usize))
            .help("Transactions of a stream that run at a time; more are refused [default: 16384]"),
        Arg::new("deadline")
            .long("deadline")
            .value_name("SECONDS")
            .value_parser(value_parser!(u64))
            .help(
                "How long a transaction may take; set it below the peers' \
                 chaincode.executetimeout [default: 29]",
            ),
        Arg::new("grace")
            .long("grace")
            .value_name("SECONDS")
            .value_parser(value_parser!(u64))
            .help("How long running transactions may go on after SIGTERM [default: 10]"),
        Arg::new("twice")
            .long("twice")
            .action(ArgAction::SetTrue)
            .help("Run each call twice, and fail those whose two runs differ"),
    ]
}

fn recording() -> [Arg; 4] {
    let file = |name: &'static str| {
        Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf))
    };
    [
        file("record").help("Write every stream down, without secrets; see --replay"),
        Arg::new("record-secrets")
            .long("record-secrets")
            .value_name("KIND,...")
            .value_delimiter(',')
            .value_parser(["transient", "private"])
            .requires("record")
            .help("Secrets to write down as well: transient data, private values"),
        file("denials").help(
            "Write refused calls to this log: who called what, no arguments [variable: \
             DENIALS_FILE]",
        ),
        file("replay").help("Run a recording, tell the first difference, and do nothing else"),
    ]
}

fn after_help(name: &str, choices: &[Choice]) -> String {
    let example = choices.first().map(|choice| {
        format!("\n  {name} --{} {} --address 0.0.0.0:9999", choice.flag, choice.default)
    });
    format!(
        "\
Examples:
  {name} --address 0.0.0.0:9999 --package-id basic_1:4f2a... --plaintext
  {name} --address 0.0.0.0:9999 --package-id basic_1:4f2a... \\
      --tls-cert server.crt --tls-key server.key --tls-roots peers.crt
  {name} --chaincode-json chaincode.json{}

A flag counts more than a variable. Without --plaintext or its variables, TLS must be set up.
SIGTERM lets running transactions end. PERVADE_LOG or CORE_CHAINCODE_LOGGING_LEVEL sets what is
logged to standard error.

Exit codes: 0 asked to end, or the peer closed the stream; 1 failed; 2 started wrongly.",
        example.unwrap_or_default()
    )
}

fn flags(matches: &ArgMatches) -> Result<Flags, ProgramError> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let file = |name: &str| matches.get_one::<PathBuf>(name).cloned();
    let number = |name: &str| matches.get_one::<usize>(name).copied();
    let secrets = matches.get_many::<String>("record-secrets").into_iter().flatten();
    let secrets: Vec<&str> = secrets.map(String::as_str).collect();
    let shows = |kind: &str| secrets.contains(&kind);
    let seconds = |name: &str| matches.get_one::<u64>(name).copied();
    Ok(Flags {
        address: text("address"),
        peer_address: text("peer-address"),
        chaincode_json: file("chaincode-json").map(read_file).transpose()?,
        package_id: text("package-id"),
        plaintext: matches.get_flag("plaintext"),
        tls_certificate: file("tls-cert"),
        tls_key: file("tls-key"),
        tls_roots: file("tls-roots"),
        message_mib: number("message-mib"),
        in_flight: number("in-flight"),
        deadline: seconds("deadline"),
        grace: seconds("grace"),
        twice: matches.get_flag("twice"),
        record: file("record"),
        denials: file("denials"),
        record_secrets: Shown { transient: shows("transient"), private: shows("private") },
    })
}

fn read_file(path: PathBuf) -> Result<String, ProgramError> {
    fs::read_to_string(&path).map_err(|source| ProgramError::Read { path, source })
}
