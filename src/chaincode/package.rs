//! `pervade chaincode package` and `builder`: what a peer installs, and what it needs for that.

use std::fmt;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use fabric_protos::id::ChaincodeName;
use pervade_packaging::{Connection, Label, builder};
use serde::Serialize;

use super::read_text;
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// What to package.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct Package {
    /// The chaincode's name
    name: ChaincodeName,
    #[command(flatten)]
    service: Service,
    /// A program that peers launch, with the builder that `pervade chaincode builder` writes
    #[arg(long, value_name = "FILE", group = "what")]
    executable: Option<PathBuf>,
    /// The package's label [default: name and version]
    #[arg(long)]
    label: Option<Label>,
    /// The version in the default label
    #[arg(long, value_name = "VERSION", default_value = "1.0")]
    version: String,
    /// Where to write it [default: LABEL.tar.gz]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How peers dial a chaincode that is a service.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Service {
    /// A service that peers dial at this address
    #[arg(long, value_name = "HOST:PORT", group = "what")]
    pub(crate) address: Option<String>,
    /// The root of the service's TLS certificate, PEM [default: plain text]
    #[arg(long, value_name = "FILE", requires = "address")]
    tls_root: Option<PathBuf>,
    /// The certificate that peers show to the service, PEM
    #[arg(long, value_name = "FILE", requires_all = ["tls_root", "client_key"])]
    client_cert: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
}

impl Service {
    /// What a peer is told, if this is a service.
    pub(crate) fn connection(&self) -> Result<Option<Connection>, Failure> {
        let Some(address) = &self.address else { return Ok(None) };
        let mut connection = Connection::plain(address);
        if let Some(root) = &self.tls_root {
            connection = connection.with_tls(read_text(root)?);
        }
        if let (Some(certificate), Some(key)) = (&self.client_cert, &self.client_key) {
            connection = connection.showing(read_text(certificate)?, read_text(key)?);
        }
        Ok(Some(connection))
    }
}

/// The label that a version of a chaincode has if it is given none.
pub(crate) fn default_label(name: &ChaincodeName, version: &str) -> Result<Label, Failure> {
    let label = format!("{name}_{version}");
    label.parse().map_err(|error| Failure::usage("the label is none").because(error))
}

impl Package {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        let label = match self.label {
            Some(label) => label,
            None => default_label(&self.name, &self.version)?,
        };
        let package = match (self.service.connection()?, &self.executable) {
            (Some(connection), _) => pervade_packaging::Package::service(label, &connection),
            (None, Some(file)) => {
                let program = fs::read(file)
                    .or_fail_with("NO_FILE", || format!("cannot read {}", file.display()))?;
                pervade_packaging::Package::executable(label, program)
            }
            (None, None) => return Err(Failure::usage("--address or --executable is needed")),
        };
        let package = package.or_fail("NOT_PACKAGED", "there is no package")?;
        let file = self.out.unwrap_or_else(|| format!("{}.tar.gz", package.label()).into());
        write(&file, package.bytes())?;
        output.report(&Packaged { package_id: package.id(), file })
    }
}

#[derive(Debug, Serialize)]
struct Packaged {
    package_id: String,
    file: PathBuf,
}

impl fmt::Display for Packaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.package_id)?;
        write!(f, "written to {}", self.file.display())
    }
}

/// Where the builder is written.
#[derive(Args, Debug)]
pub(crate) struct Builder {
    /// Its folder, which the peer must reach under the same path
    dir: PathBuf,
}

impl Builder {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        for (file, text) in builder::FILES {
            let path = self.dir.join(file);
            write(&path, text.as_bytes())?;
            let runnable = fs::set_permissions(&path, Permissions::from_mode(0o755));
            runnable.or_fail_with("NOT_WRITTEN", || format!("cannot write {}", path.display()))?;
        }
        let folder = fs::canonicalize(&self.dir).or_fail("NOT_WRITTEN", "the folder is gone")?;
        let core_yaml = builder::core_yaml(&folder.to_string_lossy());
        output.report(&Built { folder, core_yaml })
    }
}

#[derive(Debug, Serialize)]
struct Built {
    folder: PathBuf,
    core_yaml: String,
}

impl fmt::Display for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The builder is in {}. In the peer's core.yaml:", self.folder.display())?;
        write!(f, "\n{}", self.core_yaml)
    }
}

/// Writes a file, and the folders that it is in.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let unwritten = || format!("cannot write {}", path.display());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).or_fail_with("NOT_WRITTEN", unwritten)?;
    }
    fs::write(path, bytes).or_fail_with("NOT_WRITTEN", unwritten)
}
