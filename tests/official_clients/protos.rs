//! Our messages against those of `@hyperledger/fabric-protos`: the same definitions, and the same
//! bytes in both directions. Part of `N-06`.

mod exceptions;
mod samples;
mod types;

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use fabric_protos::Message;
use libtest_mimic::{Failed, Trial};
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage,
};
use serde::{Deserialize, Serialize};

use self::types::Recoder;
use crate::node;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        node::trial("protos::messages_and_fields_are_the_same", messages_and_fields),
        node::trial("protos::enums_are_the_same", enums),
        node::trial("protos::types_cover_the_definitions", types_cover_the_definitions),
        node::trial("protos::node_returns_our_bytes", node_returns_our_bytes),
        node::trial("protos::we_return_the_bytes_of_node", we_return_the_bytes_of_node),
    ]
}

/// Each message of the package has ours beside it, or a reason why not; and the other way round.
fn messages_and_fields() -> Result<(), Failed> {
    let session = session()?;
    let mut differences = Vec::new();
    for (name, theirs) in &session.report.messages {
        if exceptions::left_out(name).is_some() {
            continue;
        }
        let our_fields = session.ours.get(name).map(fields);
        let their_fields: BTreeSet<_> = theirs.fields.iter().cloned().collect();
        if our_fields.as_ref() != Some(&their_fields) {
            differences.push(format!("{name}: ours {our_fields:?}, theirs {their_fields:?}"));
        }
    }
    for name in session.ours.keys().filter(|name| !session.report.messages.contains_key(*name)) {
        differences.push(format!("{name}: only ours"));
    }
    for name in exceptions::names().filter(|name| session.ours.contains_key(*name)) {
        differences.push(format!("{name}: listed as left out, but defined"));
    }
    for name in exceptions::names().filter(|name| !session.knows(name)) {
        differences.push(format!("{name}: listed as left out, but the package has no such thing"));
    }
    none(&differences)
}

/// Each enum of the package has ours beside it, with the same names and numbers.
fn enums() -> Result<(), Failed> {
    let session = session()?;
    let ours: BTreeMap<_, BTreeMap<_, _>> = session
        .pool
        .all_enums()
        .filter(|found| !is_google(found.full_name()))
        .map(|found| {
            let values = found.values().map(|value| (value.name().to_owned(), value.number()));
            (found.full_name().to_owned(), values.collect())
        })
        .collect();
    let theirs: BTreeMap<_, _> = session
        .report
        .enums
        .iter()
        .filter(|(name, _)| exceptions::left_out(name).is_none())
        .map(|(name, values)| (name.clone(), values.clone()))
        .collect();
    if ours == theirs {
        return Ok(());
    }
    Err(format!("ours {ours:#?}, theirs {theirs:#?}").into())
}

/// Every definition is tried with the Rust type that was generated for it.
fn types_cover_the_definitions() -> Result<(), Failed> {
    let session = session()?;
    let untried: Vec<_> = session
        .ours
        .keys()
        .filter(|name| !session.recoders.contains_key(*name))
        .map(|name| format!("{name}: no Rust type is listed"))
        .collect();
    none(&untried)
}

/// What our types encode, the package decodes and encodes to the same bytes.
fn node_returns_our_bytes() -> Result<(), Failed> {
    let session = session()?;
    let mut differences = Vec::new();
    for (name, sent) in &session.samples {
        let echoes = session.report.messages.get(name).map(|theirs| &theirs.echoes[..]);
        let back = echoes.unwrap_or_default();
        if !session.agree(name, sent, back)? {
            differences.push(format!("{name}: sent {sent:?}, came back {back:?}"));
        }
    }
    none(&differences)
}

/// What the package encodes, our types decode and encode to the same bytes.
fn we_return_the_bytes_of_node() -> Result<(), Failed> {
    let session = session()?;
    let mut differences = Vec::new();
    for (name, recode) in &session.recoders {
        let samples = session.report.messages.get(name).map_or(&[][..], |theirs| &theirs.samples);
        if samples.is_empty() {
            differences.push(format!("{name}: no samples"));
        }
        let returned = recoded(*recode, samples)?;
        if !session.agree(name, &returned, samples)? {
            differences.push(format!("{name}: came {samples:?}, went {returned:?}"));
        }
    }
    none(&differences)
}

fn none(differences: &[String]) -> Result<(), Failed> {
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n").into()) }
}

/// All that one run of the script told, which every trial looks at.
struct Session {
    pool: DescriptorPool,
    /// Our definitions by full name.
    ours: BTreeMap<String, MessageDescriptor>,
    /// Our generated types by full name.
    recoders: BTreeMap<String, Recoder>,
    /// What our types encoded, in hexadecimal.
    samples: BTreeMap<String, Vec<String>>,
    report: Report,
}

/// What the script writes.
#[derive(Deserialize)]
struct Report {
    messages: BTreeMap<String, Theirs>,
    enums: BTreeMap<String, BTreeMap<String, i32>>,
}

/// A message as the package has it.
#[derive(Deserialize)]
struct Theirs {
    fields: Vec<Field>,
    echoes: Vec<String>,
    samples: Vec<String>,
}

/// What of a field shows in the package's code. It writes names without case and underscores, and
/// does not tell enums apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Field {
    number: u32,
    name: String,
    kind: String,
}

/// What the script reads.
#[derive(Serialize)]
struct Question<'a> {
    messages: &'a BTreeMap<String, Vec<String>>,
}

impl Session {
    fn start() -> Result<Self, Box<dyn Error>> {
        let pool = definitions()?;
        let ours: BTreeMap<_, _> = pool
            .all_messages()
            .filter(|message| !message.is_map_entry() && !is_google(message.full_name()))
            .map(|message| (message.full_name().to_owned(), message))
            .collect();
        let recoders = types::recoders();
        let mut samples = BTreeMap::new();
        for (name, recode) in &recoders {
            let message = ours.get(name).ok_or_else(|| format!("{name} has no definition"))?;
            let encoded: Result<Vec<_>, _> =
                samples::of(message).iter().map(|sample| faithfully(sample, *recode)).collect();
            samples.insert(name.clone(), encoded?);
        }
        let question = serde_json::to_vec(&Question { messages: &samples })?;
        let report = serde_json::from_slice(&node::answer("protos.mjs", &question)?)?;
        Ok(Self { pool, ours, recoders, samples, report })
    }

    /// Whether bytes of ours and of the package are the same; or, for the exceptions, differ but
    /// mean the same to our types.
    fn agree(&self, name: &str, ours: &[String], theirs: &[String]) -> Result<bool, Failed> {
        if exceptions::encoded_differently(name).is_none() {
            return Ok(ours == theirs);
        }
        let recode = self.recoders.get(name).ok_or_else(|| format!("{name} has no type"))?;
        Ok(ours != theirs && ours == recoded(*recode, theirs)?)
    }

    /// Whether the package has a message, enum or package of that name.
    fn knows(&self, name: &str) -> bool {
        let within = |found: &String| exceptions::covers(name, found);
        self.report.messages.keys().any(within) || self.report.enums.keys().any(within)
    }
}

fn session() -> Result<&'static Session, Failed> {
    static SESSION: LazyLock<Result<Session, String>> =
        LazyLock::new(|| Session::start().map_err(|error| error.to_string()));
    SESSION.as_ref().map_err(Failed::from)
}

/// Our definitions, compiled anew.
fn definitions() -> Result<DescriptorPool, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fabric/protos/proto");
    let mut files = Vec::new();
    collect_files(&root, &mut files)?;
    Ok(DescriptorPool::from_file_descriptor_set(protox::compile(files, [root])?)?)
}

fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect_files(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// The sample as our generated type encodes it, in hexadecimal; fails if the type loses anything.
fn faithfully(sample: &DynamicMessage, recode: Recoder) -> Result<String, Box<dyn Error>> {
    let descriptor = sample.descriptor();
    let encoded = recode(&sample.encode_to_vec())?;
    let back = DynamicMessage::decode(descriptor.clone(), &*encoded)?;
    if back == *sample {
        return Ok(hex::encode(encoded));
    }
    Err(format!("{}: the Rust type made {back} of {sample}", descriptor.full_name()).into())
}

/// What our type makes of encoded messages, all in hexadecimal.
fn recoded(recode: Recoder, messages: &[String]) -> Result<Vec<String>, Failed> {
    messages.iter().map(|message| Ok(hex::encode(recode(&hex::decode(message)?)?))).collect()
}

fn fields(message: &MessageDescriptor) -> BTreeSet<Field> {
    message
        .fields()
        .map(|field| Field {
            number: field.number(),
            name: field.name().replace('_', "").to_lowercase(),
            kind: field_kind(&field),
        })
        .collect()
}

fn field_kind(field: &FieldDescriptor) -> String {
    let kind = field.kind();
    if let Some(entry) = kind.as_message().filter(|_| field.is_map()) {
        let key = kind_name(&entry.map_entry_key_field().kind());
        return format!("map<{key}, {}>", kind_name(&entry.map_entry_value_field().kind()));
    }
    let label = if field.is_list() { "repeated " } else { "" };
    format!("{label}{}", kind_name(&kind))
}

fn kind_name(kind: &Kind) -> String {
    let message = kind.as_message().map(|message| message.full_name().to_owned());
    let is_enum = kind.as_enum().is_some();
    message.unwrap_or_else(|| {
        if is_enum { "enum".to_owned() } else { format!("{kind:?}").to_lowercase() }
    })
}

fn is_google(name: &str) -> bool {
    name.starts_with("google.protobuf.")
}
