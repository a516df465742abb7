//! Files addressed by what they hold, and stores that keep them.
//!
//! A file's address is the identifier that IPFS gives it, so that any IPFS node can serve it and
//! whoever fetches it can check it. IPFS has several ways to cut a file into blocks, and each
//! gives another identifier; ours is the one of `ipfs add --cid-version=1` in Kubo up to 0.39
//! without further options:
//!
//! | Parameter | Value |
//! |---|---|
//! | identifiers | `CIDv1` in base32, SHA-256 |
//! | chunks | 262 144 bytes each, the last one shorter |
//! | leaves | raw blocks: a file of one chunk is its only block |
//! | layout | balanced, at most 174 links in a node |
//! | nodes | `UnixFS` files in dag-pb, without mode and time |
//!
//! [IPIP-499][profiles] gives names to two sets of parameters and ours is neither: `unixfs-v0-2015`
//! has the same chunks and layout, but `CIDv0` and wrapped leaves; `unixfs-v1-2025` has the same
//! identifiers and leaves, but chunks of 1 MiB and 1 024 links. A node that is configured for
//! either still serves our blocks; it would give the same file another identifier if it added it.
//!
//! - [`address`] tells the identifier of a file in memory, [`Blocks`] cuts any reader into blocks.
//! - [`Assembly`] puts a file together from blocks that nobody vouches for.
//! - [`ContentStore`] is what a program is given; [`LocalStore`] keeps blocks in a folder.
//!
//! [profiles]: https://github.com/ipfs/specs/blob/main/src/ipips/ipip-0499.md

mod assembly;
mod id;
mod local;
mod node;
mod store;
mod tree;
mod varint;

pub use assembly::{Assembly, Refusal};
pub use id::{Codec, ContentId, ContentIdError};
pub use local::LocalStore;
pub use store::{ContentStore, StoreError};
pub use tree::{BLOCK_BYTES_MAX, Block, Blocks, address};
