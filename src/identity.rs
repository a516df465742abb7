//! `pervade identity`: keys and certificates of those who call.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use clap::{Args, Subcommand};
use pervade_embedded::control::{Answer, Command, Enroll};
use pervade_identity::{Certificate, PrivateKey};
use pervade_registrar::certificate_request;
use serde::Serialize;

use crate::connect::{Known, Where, identity_files};
use crate::failure::{Failure, OrFail as _};
use crate::network::{ask, unexpected};
use crate::output::Output;

/// What to do with identities.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Identity {
    /// Make a key, have an organisation's registrar certify it; usable as --as NAME@DOMAIN
    #[command(after_help = EXAMPLES)]
    New(New),
    /// List everybody whose key is in the network's folder
    #[command(after_help = EXAMPLES)]
    List {
        #[command(flatten)]
        place: Where,
    },
}

const EXAMPLES: &str = "\
Examples:
  pervade identity new ann@org1.example.com
  pervade identity new ticker@org2.example.com --attribute platform.ticker=true
  pervade identity list --json

The key is made here and stays in DIR/identities, for the folder's owner alone; the running
network's registrar sees a certificate request. An attribute is NAME=VALUE; contracts read it.";

/// Whom to certify.
#[derive(Args, Debug)]
pub(crate) struct New {
    /// The name, and the domain of the organisation
    #[arg(value_name = "NAME@DOMAIN")]
    name: String,
    /// What the certificate says beside the name
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<(String, String)>,
    /// It is an administrator's
    #[arg(long)]
    admin: bool,
    #[command(flatten)]
    place: Where,
}

impl Identity {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::New(new) => output.report(&new.run().await?),
            Self::List { place } => output.report(&list(&place)?),
        }
    }
}

impl New {
    async fn run(self) -> Result<Person, Failure> {
        let known = Known::read(&self.place)?;
        let Some((name, domain)) = self.name.split_once('@').filter(|(name, _)| is_name(name))
        else {
            return Err(Failure::usage(format!(
                "{:?} is no NAME@DOMAIN, the name of letters, digits, '-', '_' and '.'",
                self.name
            )));
        };
        let organization = known.organization(domain)?;
        if known.member(Some(&self.name)).is_ok() {
            return Err(Failure::new(
                "IDENTITY_EXISTS",
                format!("there is a {} already", self.name),
            ));
        }
        let key = PrivateKey::generate().or_fail("NO_KEY", "no key can be made")?;
        let request = certificate_request(&self.name, &key);
        let request = request.or_fail("NO_KEY", "no certificate can be asked for")?;
        let enroll = Enroll {
            attributes: self.attributes.into_iter().collect(),
            is_admin: self.admin,
            name: self.name.clone(),
            organization: organization.msp_id.clone(),
            request: String::from_utf8_lossy(&request).into_owned(),
        };
        let answer = ask(self.place.folder(), &Command::Enroll(enroll)).await?;
        let Answer::Enrolled { certificate } = answer else { return Err(unexpected()) };
        let secret = key.to_pkcs8_pem().or_fail("NO_KEY", "the key cannot be written down")?;
        let files = identity_files(self.place.folder(), domain, name);
        keep(&files.key, secret.expose().as_bytes())?;
        keep(&files.certificate, certificate.as_bytes())?;
        person(self.name, organization.msp_id.as_str(), certificate.as_bytes())
    }
}

/// Somebody who can call.
#[derive(Debug, Serialize)]
struct Person {
    /// The address of the key, by which contracts know it.
    address: String,
    /// What the certificate says beside the name.
    attributes: BTreeMap<String, String>,
    name: String,
    organization: String,
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}\n  address {}", self.name, self.organization, self.address)?;
        self.attributes.iter().try_for_each(|(name, value)| write!(f, "\n  {name}={value}"))
    }
}

#[derive(Debug, Serialize)]
struct People {
    identities: Vec<Person>,
}

impl fmt::Display for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, person) in self.identities.iter().enumerate() {
            write!(f, "{}{person}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

fn list(place: &Where) -> Result<People, Failure> {
    let known = Known::read(place)?;
    let people = known.members().map(|member| {
        let path = known.locate(&member.user.certificate);
        let unreadable = || format!("cannot read {}", path.display());
        let certificate = fs::read(&path).or_fail_with("NO_IDENTITY", unreadable)?;
        person(member.name(), member.organization.msp_id.as_str(), &certificate)
    });
    Ok(People { identities: people.collect::<Result<_, _>>()? })
}

fn person(name: String, msp_id: &str, certificate: &[u8]) -> Result<Person, Failure> {
    let certificate = Certificate::from_pem(certificate)
        .or_fail_with("NO_IDENTITY", || format!("the certificate of {name} cannot be read"))?;
    let attributes = certificate.fabric_attributes().clone();
    let attributes = attributes.into_iter().filter(|(name, _)| !name.starts_with("hf."));
    Ok(Person {
        address: certificate.address(),
        attributes: attributes.collect(),
        name,
        organization: msp_id.to_owned(),
    })
}

/// Writes a file that is not there yet, for its owner alone.
fn keep(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().or_fail_with("NO_IDENTITY", || format!("cannot write {}", path.display()))
}

fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(fits)
}

fn attribute(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("an attribute is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
