//! Compressed archives that are made of names, permissions and content, and of nothing else.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};

/// Most bytes that an archive may unpack to.
const UNPACKED_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Most files of an archive.
const FILES_MAX: usize = 1_024;

/// Writes files, in the order given: name, permissions, content.
pub(crate) fn write(files: &[(&str, u32, &[u8])]) -> Result<Vec<u8>, ArchiveError> {
    /// Which system made it: none that is known.
    const UNKNOWN: u8 = 255;
    let zipped = GzBuilder::new().mtime(0).operating_system(UNKNOWN);
    let mut archive = tar::Builder::new(zipped.write(Vec::new(), Compression::new(6)));
    for (name, mode, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_mode(*mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(u64::try_from(content.len()).unwrap_or(u64::MAX));
        header.set_entry_type(tar::EntryType::Regular);
        archive.append_data(&mut header, name, *content).map_err(ArchiveError::Write)?;
    }
    let mut zipped = archive.into_inner().map_err(ArchiveError::Write)?;
    zipped.flush().map_err(ArchiveError::Write)?;
    zipped.finish().map_err(ArchiveError::Write)
}

/// Reads the regular files of an archive, by name.
pub(crate) fn read(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
    let unpacked = GzDecoder::new(bytes).take(UNPACKED_BYTES_MAX);
    let mut files = BTreeMap::new();
    let mut archive = tar::Archive::new(unpacked);
    for entry in archive.entries().map_err(ArchiveError::Read)? {
        let mut entry = entry.map_err(ArchiveError::Read)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        if files.len() == FILES_MAX {
            return Err(ArchiveError::TooMany);
        }
        let path = entry.path().map_err(ArchiveError::Read)?;
        let name = path.to_string_lossy().trim_start_matches("./").to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(ArchiveError::Read)?;
        files.insert(name, content);
    }
    Ok(files)
}

/// Why an archive cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// It cannot be written.
    #[error("the archive cannot be written")]
    Write(#[source] io::Error),
    /// The bytes are no archive, or unpack to too many.
    #[error("the archive cannot be read")]
    Read(#[source] io::Error),
    /// It has more than `FILES_MAX` files.
    #[error("the archive has more than {FILES_MAX} files")]
    TooMany,
}
