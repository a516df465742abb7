use std::io::{self, Cursor, Read, Write as _};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use lzma_rust2::{XzOptions, XzReader, XzWriter};
use pervade_mapping::{Compression, SourceError};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Most bytes that a packed file may come to.
pub const UNPACKED_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// How many times longer than it is packed a file may come to be, once it is longer than
/// [`RATIO_FREE_BYTES`].
const RATIO_MAX: u64 = 200;

/// A file that comes to no more than this is not a bomb, whatever its ratio.
const RATIO_FREE_BYTES: u64 = 16 * 1024 * 1024;

/// What a packed file holds.
pub(crate) fn unpacked(bytes: Vec<u8>, compression: Compression) -> Result<Vec<u8>, SourceError> {
    let limit = limit_of(&bytes);
    match compression {
        Compression::None => Ok(bytes),
        Compression::Gzip => bounded(MultiGzDecoder::new(bytes.as_slice()), limit),
        Compression::Zip => {
            let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
            if archive.len() != 1 {
                return Err(not_one_file());
            }
            bounded(archive.by_index(0).map_err(broken)?, limit)
        }
        Compression::TarGzip => untarred(&bounded(MultiGzDecoder::new(bytes.as_slice()), limit)?),
        Compression::TarXz => untarred(&bounded(XzReader::new(bytes.as_slice(), true), limit)?),
    }
}

fn limit_of(packed: &[u8]) -> u64 {
    let packed = u64::try_from(packed.len()).unwrap_or(u64::MAX);
    packed.saturating_mul(RATIO_MAX).clamp(RATIO_FREE_BYTES, UNPACKED_BYTES_MAX)
}

fn bounded(reader: impl Read, limit: u64) -> Result<Vec<u8>, SourceError> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes).map_err(broken)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(SourceError::Limit { what: "unpacked bytes", limit });
    }
    Ok(bytes)
}

/// The one file of a tar archive.
fn untarred(bytes: &[u8]) -> Result<Vec<u8>, SourceError> {
    let mut archive = tar::Archive::new(bytes);
    let mut found = None;
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        if found.is_some() {
            return Err(not_one_file());
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(broken)?;
        found = Some(bytes);
    }
    found.ok_or_else(not_one_file)
}

fn broken(error: impl std::fmt::Display) -> SourceError {
    SourceError::Syntax {
        line: 0,
        reason: format!("it is not packed as the mapping says: {error}"),
    }
}

fn not_one_file() -> SourceError {
    SourceError::Syntax { line: 0, reason: "the archive does not hold one file".to_owned() }
}

/// Packs what is written to a file; archives hold one file of the name `inside`. Times and owners
/// are left out, so that the same quads give the same bytes.
pub(crate) fn packed(
    bytes: Vec<u8>,
    compression: Compression,
    inside: &str,
) -> io::Result<Vec<u8>> {
    match compression {
        Compression::None => Ok(bytes),
        Compression::Gzip => gzipped(&bytes),
        Compression::Zip => {
            let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
            archive.start_file(inside, SimpleFileOptions::default()).map_err(io::Error::other)?;
            archive.write_all(&bytes)?;
            Ok(archive.finish().map_err(io::Error::other)?.into_inner())
        }
        Compression::TarGzip => gzipped(&tarred(&bytes, inside)?),
        Compression::TarXz => {
            let mut writer = XzWriter::new(Vec::new(), XzOptions::default())?;
            writer.write_all(&tarred(&bytes, inside)?)?;
            writer.finish()
        }
    }
}

fn gzipped(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes)?;
    writer.finish()
}

fn tarred(bytes: &[u8], inside: &str) -> io::Result<Vec<u8>> {
    let mut header = tar::Header::new_gnu();
    header.set_size(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    header.set_mode(0o644);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, inside, bytes)?;
    archive.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Compression; 5] = [
        Compression::None,
        Compression::Gzip,
        Compression::Zip,
        Compression::TarGzip,
        Compression::TarXz,
    ];

    #[test]
    fn both_ways() {
        for compression in ALL {
            let there = packed(b"text".to_vec(), compression, "a.nq").unwrap();
            let again = packed(b"text".to_vec(), compression, "a.nq").unwrap();
            assert_eq!(there, again, "{compression:?} gives the same bytes");
            assert_eq!(unpacked(there, compression), Ok(b"text".to_vec()), "{compression:?}");
        }
    }

    #[test]
    fn what_is_not_packed_is_refused() {
        for compression in ALL.into_iter().skip(1) {
            assert!(unpacked(b"text".to_vec(), compression).is_err(), "{compression:?}");
        }
    }

    #[test]
    fn bombs_are_refused() {
        let zeros = vec![0; 20 * 1024 * 1024];
        for compression in [Compression::Gzip, Compression::Zip, Compression::TarGzip] {
            let bomb = packed(zeros.clone(), compression, "a").unwrap();
            let error = unpacked(bomb, compression).unwrap_err();
            assert!(matches!(error, SourceError::Limit { .. }), "{compression:?}: {error}");
        }
    }
}
