//! `pervade device new`: an id and a key.

use std::fmt;

use clap::Args;
use pervade_device::{DeviceKey, Identity};
use pervade_embedded::control::{Answer, Command, Enroll};
use pervade_platform::AccountId;
use pervade_registrar::certificate_request;
use serde::Serialize;

use super::home::{Home, key};
use crate::connect::{Known, Where};
use crate::failure::{Failure, OrFail as _};
use crate::network::{ask, unexpected};
use crate::output::Output;

/// Which device to make.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct New {
    #[command(flatten)]
    home: Home,
    /// Make another id, because this one is taken
    #[arg(long)]
    again: bool,
    /// Have the registrar of the running network certify the device's key by this name
    #[arg(long = "as", value_name = "NAME@DOMAIN")]
    name: Option<String>,
    #[command(flatten)]
    place: Where,
}

const EXAMPLES: &str = "\
Examples:
  pervade device new --home valve7
  pervade device new --home valve7 --serial 10000000e3a5b7c9
  pervade device new --home valve7 --as valve7@org2.example.com
  pervade device new --home valve7 --again

The id is the hash of the board's serial number and a random salt. A device that has an id and a
key keeps them. Without --as it prints a certificate request for an organisation's registrar.";

impl New {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let folder = self.home.folder()?;
        let identity =
            if self.again { self.home.renewed(&folder)? } else { self.home.identity(&folder)? };
        let key = key(&folder)?;
        let name = self.name.as_deref().unwrap_or(identity.id());
        let request = certificate_request(name, key.private_key());
        let request = request.or_fail("NO_DEVICE", "no certificate can be asked for")?;
        let request = String::from_utf8_lossy(&request).into_owned();
        if self.name.is_some() {
            self.certify(&key, name, &request).await?;
        }
        output.report(&made(&identity, &key, request)?)
    }

    async fn certify(&self, key: &DeviceKey, name: &str, request: &str) -> Result<(), Failure> {
        let wrong = || Failure::usage(format!("{name:?} is no NAME@DOMAIN"));
        let (_, domain) = name.split_once('@').ok_or_else(wrong)?;
        let known = Known::read(&self.place)?;
        let enroll = Enroll {
            attributes: [].into(),
            is_admin: false,
            name: name.to_owned(),
            organization: known.organization(domain)?.msp_id.clone(),
            request: request.to_owned(),
        };
        let answer = ask(self.place.folder(), &Command::Enroll(enroll)).await?;
        let Answer::Enrolled { certificate } = answer else { return Err(unexpected()) };
        let kept = key.keep_certificate(certificate.as_bytes());
        kept.or_fail("NO_HOME", "the certificate cannot be kept")
    }
}

fn made(identity: &Identity, key: &DeviceKey, request: String) -> Result<Made, Failure> {
    let public_key = key.public_key().or_fail("NO_DEVICE", "the device's key is none")?;
    let is_certified =
        key.is_certified().or_fail("NO_HOME", "the device's folder is unreadable")?;
    Ok(Made {
        address: public_key.address(),
        id: identity.id().to_owned(),
        public_key: public_key.as_str().to_owned(),
        request: (!is_certified).then_some(request),
    })
}

/// A device, as others know it.
#[derive(Debug, Serialize)]
struct Made {
    address: AccountId,
    id: String,
    public_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "device {}\n  address {}", self.id, self.address)?;
        self.request.as_ref().map_or(Ok(()), |request| write!(f, "\n{request}"))
    }
}
