use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::organizations::ORGANIZATIONS;

/// Folders below each other in an export at most.
const DEPTH_MAX: usize = 8;

/// Why nothing, or not all, was exported.
#[derive(Debug, Error)]
#[error("cannot copy {}", path.display())]
pub struct ExportError {
    /// The file or folder.
    pub path: PathBuf,
    /// The file system's answer.
    pub source: io::Error,
}

/// Copies the organisations' files of the network in `data` – definitions, TLS roots, users' keys,
/// connection profiles – to `target/organizations`, laid out as in Fabric's test network. The keys
/// of the organisations' roots stay behind.
///
/// # Errors
/// If a file cannot be read or written.
pub fn export(data: &Path, target: &Path) -> Result<(), ExportError> {
    copy(&data.join(ORGANIZATIONS), &target.join(ORGANIZATIONS), DEPTH_MAX)
}

fn copy(from: &Path, to: &Path, depth: usize) -> Result<(), ExportError> {
    let failed = |source| ExportError { path: from.to_owned(), source };
    if !from.is_dir() {
        fs::copy(from, to).map_err(failed)?;
        let is_key = to.file_name().is_some_and(|name| name == "priv_sk")
            || to.extension().is_some_and(|extension| extension == "key");
        let mode = if is_key { 0o600 } else { 0o644 };
        return fs::set_permissions(to, fs::Permissions::from_mode(mode)).map_err(failed);
    }
    if depth == 0 {
        return Err(failed(io::ErrorKind::InvalidInput.into()));
    }
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        copy(&entry.path(), &to.join(entry.file_name()), depth - 1)?;
    }
    Ok(())
}
