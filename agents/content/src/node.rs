//! Nodes of a file's tree: [UnixFS][unixfs] within [dag-pb][dag-pb].
//!
//! ```text
//! node   link*  data                       links come first, though their number is the higher
//! link   0x12 length  0x0a 36 identifier  0x12 0 (no name)  0x18 total
//! data   0x0a length  0x08 2 (a file)  0x18 file size  (0x20 size of one link's part)*
//! ```
//!
//! A link's *size* counts bytes of the file; its *total* counts the blocks under it as well.
//!
//! [unixfs]: https://specs.ipfs.tech/unixfs/
//! [dag-pb]: https://ipld.io/specs/codecs/dag-pb/spec/

use crate::id::ContentId;
use crate::varint;

/// A link to a part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) id: ContentId,
    /// Bytes of the file.
    pub(crate) size: u64,
    /// Bytes of all blocks.
    pub(crate) total: u64,
}

/// The node with these links.
pub(crate) fn encode(links: &[Link]) -> Vec<u8> {
    let mut node = Vec::new();
    for link in links {
        let mut written = Vec::new();
        write_bytes(&mut written, LINK_ID, &link.id.to_bytes());
        write_bytes(&mut written, LINK_NAME, b"");
        write_number(&mut written, LINK_TOTAL, link.total);
        write_bytes(&mut node, NODE_LINK, &written);
    }
    let mut data = Vec::new();
    write_number(&mut data, DATA_TYPE, FILE);
    write_number(&mut data, DATA_SIZE, links.iter().map(|link| link.size).sum());
    for link in links {
        write_number(&mut data, DATA_PART, link.size);
    }
    write_bytes(&mut node, NODE_DATA, &data);
    node
}

/// What a node claims. Whether it is written as it should be, [`encode`] tells.
pub(crate) struct Claims {
    /// What it links to.
    pub(crate) ids: Vec<ContentId>,
    /// Size of the file.
    pub(crate) size: u64,
}

impl Claims {
    pub(crate) fn of(mut node: &[u8]) -> Option<Self> {
        let (mut ids, mut size) = (Vec::new(), None);
        while !node.is_empty() {
            match read_field(&mut node)? {
                (NODE_LINK, Value::Bytes(link)) => ids.push(link_id(link)?),
                (NODE_DATA, Value::Bytes(data)) => size = file_size(data),
                _ => return None,
            }
        }
        Some(Self { ids, size: size? })
    }
}

fn link_id(mut link: &[u8]) -> Option<ContentId> {
    match read_field(&mut link)? {
        (LINK_ID, Value::Bytes(id)) => ContentId::from_bytes(id).ok(),
        _ => None,
    }
}

fn file_size(mut data: &[u8]) -> Option<u64> {
    match (read_field(&mut data)?, read_field(&mut data)?) {
        ((DATA_TYPE, Value::Number(FILE)), (DATA_SIZE, Value::Number(size))) => Some(size),
        _ => None,
    }
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn read_field<'a>(input: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    let key = varint::read(input)?;
    let number = varint::read(input)?;
    match key & 7 {
        NUMBER => Some((key >> 3, Value::Number(number))),
        BYTES => {
            let (bytes, rest) = input.split_at_checked(usize::try_from(number).ok()?)?;
            *input = rest;
            Some((key >> 3, Value::Bytes(bytes)))
        }
        _ => None,
    }
}

fn write_number(out: &mut Vec<u8>, field: u64, number: u64) {
    varint::write(out, field << 3 | NUMBER);
    varint::write(out, number);
}

fn write_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint::write(out, field << 3 | BYTES);
    varint::write(out, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    out.extend_from_slice(bytes);
}

const NUMBER: u64 = 0;
const BYTES: u64 = 2;

const NODE_DATA: u64 = 1;
const NODE_LINK: u64 = 2;
const LINK_ID: u64 = 1;
const LINK_NAME: u64 = 2;
const LINK_TOTAL: u64 = 3;
const DATA_TYPE: u64 = 1;
const DATA_SIZE: u64 = 3;
const DATA_PART: u64 = 4;
const FILE: u64 = 2;
