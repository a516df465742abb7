use thiserror::Error;

use crate::id::{Codec, ContentId};
use crate::node::{self, Claims, Link};
use crate::tree::Layout;

/// A file as it is put together from blocks that nobody vouches for.
///
/// The caller fetches what is [wanted](Self::wanted) next and [gives](Self::give) it, until nothing
/// is. Every block is checked against its identifier, and the tree against the one that
/// [`address`](crate::address) makes of a file of the size that its root claims, so that no tree,
/// however it was made, leads to more bytes than the limit or to more blocks than such a file has.
#[derive(Debug)]
pub struct Assembly {
    layout: Layout,
    limit: u64,
    /// What is missing, the next one last.
    pending: Vec<Pending>,
    file: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    id: ContentId,
    place: Place,
}

/// What is known of a block before it is there.
#[derive(Clone, Copy, Debug)]
enum Place {
    Root,
    Part { size: u64, height: u32 },
}

impl Assembly {
    /// Begins a file of at most `limit` bytes.
    #[must_use]
    pub fn new(root: ContentId, limit: u64) -> Self {
        Self::within(Layout::KUBO, root, limit)
    }

    pub(crate) fn within(layout: Layout, root: ContentId, limit: u64) -> Self {
        let pending = vec![Pending { id: root, place: Place::Root }];
        Self { layout, limit, pending, file: Vec::new() }
    }

    /// The block to give next; nothing once the file is whole.
    #[must_use]
    pub fn wanted(&self) -> Option<ContentId> {
        self.pending.last().map(|pending| pending.id)
    }

    /// Takes the block that was wanted.
    ///
    /// # Errors
    /// It is not that block, or the file is too large or cut in another way. The block stays wanted.
    pub fn give(&mut self, block: &[u8]) -> Result<(), Refusal> {
        let Some(&Pending { id, place }) = self.pending.last() else { return Ok(()) };
        if !id.is_of(block) {
            return Err(Refusal::Altered { id });
        }
        let (size, height) = match place {
            Place::Root => self.shape(id, block)?,
            Place::Part { size, height } => (size, height),
        };
        let parts = match (id.codec(), height) {
            (Codec::Raw, 0) if length(block) == size => Vec::new(),
            (Codec::DagPb, 1..) => self.parts(block, size, height).ok_or(Refusal::Layout { id })?,
            _ => return Err(Refusal::Layout { id }),
        };
        if height == 0 {
            self.file.extend_from_slice(block);
        }
        self.pending.pop();
        self.pending.extend(parts.into_iter().rev());
        Ok(())
    }

    /// The file, once nothing is wanted.
    #[must_use]
    pub fn finish(self) -> Option<Vec<u8>> {
        self.pending.is_empty().then_some(self.file)
    }

    /// Size and height that a root claims.
    fn shape(&self, id: ContentId, root: &[u8]) -> Result<(u64, u32), Refusal> {
        let size = match id.codec() {
            Codec::Raw => length(root),
            Codec::DagPb => Claims::of(root).ok_or(Refusal::Layout { id })?.size,
        };
        if size > self.limit {
            return Err(Refusal::TooLarge { id, limit: self.limit });
        }
        Ok((size, self.layout.height(size)))
    }

    /// What a node of this size and height links to, if it is written as it must be.
    fn parts(&self, node: &[u8], size: u64, height: u32) -> Option<Vec<Pending>> {
        let ids = Claims::of(node)?.ids;
        let height = height.checked_sub(1)?;
        let links = self.links(&ids, size, height);
        let is_as_ours = links.len() == ids.len() && node::encode(&links) == node;
        let part = |link: &Link| {
            let place = Place::Part { size: link.size, height };
            Pending { id: link.id, place }
        };
        is_as_ours.then(|| links.iter().map(part).collect())
    }

    /// The links of a node to parts of this height, as far as there are identifiers for them.
    fn links(&self, ids: &[ContentId], size: u64, height: u32) -> Vec<Link> {
        let capacity = self.layout.capacity(height);
        let full = self.total(capacity, height);
        let mut left = size;
        let mut links = Vec::new();
        for id in ids.iter().take(self.layout.width).copied() {
            let size = left.min(capacity);
            if size == 0 {
                break;
            }
            let total = if size == capacity { full } else { self.total(size, height) };
            links.push(Link { id, size, total });
            left -= size;
        }
        links
    }

    /// Bytes of all blocks of a file, or part of one.
    fn total(&self, size: u64, height: u32) -> u64 {
        let Some(below) = height.checked_sub(1) else { return size };
        // A node's length does not depend on what it links to.
        let any = ContentId::of(Codec::Raw, &[]);
        let links = self.links(&vec![any; self.layout.width], size, below);
        let own = length(&node::encode(&links));
        links.iter().fold(own, |total, link| total.saturating_add(link.total))
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Why a block, or the file it belongs to, is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The bytes are not those that the identifier names.
    #[error("block {id} was altered")]
    Altered {
        /// The block.
        id: ContentId,
    },
    /// The file has more bytes than the reader takes.
    #[error("{id} has more than {limit} bytes")]
    TooLarge {
        /// The file.
        id: ContentId,
        /// Most bytes that the reader takes.
        limit: u64,
    },
    /// The block is whole, but files are not cut like that here.
    #[error("block {id} is not cut as files are here")]
    Layout {
        /// The block.
        id: ContentId,
    },
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;
    use expect_test::{Expect, expect};
    use proptest::prelude::{ProptestConfig, proptest};

    use super::{Assembly, Refusal};
    use crate::id::{Codec, ContentId};
    use crate::node::{self, Link};
    use crate::tree::testing::{SMALL, blocks, pattern};

    type Kept = BTreeMap<ContentId, Bytes>;

    /// A file of 37 bytes: leaves of 4 bytes, nodes of 3 links, three levels of nodes.
    fn file() -> (ContentId, Kept) {
        let blocks = blocks(SMALL, &pattern(37));
        let root = blocks.last().unwrap().id;
        (root, blocks.into_iter().map(|block| (block.id, block.bytes)).collect())
    }

    fn assemble(root: ContentId, kept: &Kept, limit: u64) -> Result<Vec<u8>, Refusal> {
        let mut assembly = Assembly::within(SMALL, root, limit);
        while let Some(id) = assembly.wanted() {
            assembly.give(&kept[&id])?;
        }
        Ok(assembly.finish().unwrap())
    }

    /// A node with links as given, whether or not anybody would make it.
    fn keep(kept: &mut Kept, links: &[Link]) -> ContentId {
        keep_bytes(kept, Codec::DagPb, node::encode(links))
    }

    fn keep_bytes(kept: &mut Kept, codec: Codec, bytes: Vec<u8>) -> ContentId {
        let id = ContentId::of(codec, &bytes);
        kept.insert(id, bytes.into());
        id
    }

    #[test]
    fn a_file_is_as_long_as_the_reader_takes() {
        let (root, kept) = file();
        assert_eq!(assemble(root, &kept, 37), Ok(pattern(37)));
        assert_eq!(assemble(root, &kept, 36), Err(Refusal::TooLarge { id: root, limit: 36 }));
        let leaf = blocks(SMALL, &pattern(4)).remove(0);
        let kept = Kept::from([(leaf.id, leaf.bytes)]);
        assert_eq!(assemble(leaf.id, &kept, 4), Ok(pattern(4)));
        let refused = assemble(leaf.id, &kept, 3);
        assert_eq!(refused, Err(Refusal::TooLarge { id: leaf.id, limit: 3 }));
    }

    /// W-91: a block that is not the one its identifier names is refused by that identifier.
    #[test]
    fn every_block_is_checked() {
        let (root, kept) = file();
        for id in kept.keys().copied() {
            let whole = &kept[&id];
            for (index, _) in whole.iter().enumerate() {
                let mut altered = whole.to_vec();
                altered[index] ^= 1;
                let mut kept = kept.clone();
                kept.insert(id, altered.into());
                assert_eq!(assemble(root, &kept, 37), Err(Refusal::Altered { id }), "{index}");
            }
            let mut kept = kept.clone();
            kept.insert(id, whole.slice(..whole.len() - 1));
            assert_eq!(assemble(root, &kept, 37), Err(Refusal::Altered { id }), "cut short");
        }
    }

    #[test]
    fn a_refused_block_stays_wanted() {
        let (root, kept) = file();
        let mut assembly = Assembly::within(SMALL, root, 37);
        assert_eq!(assembly.give(b"other"), Err(Refusal::Altered { id: root }));
        assert_eq!(assembly.wanted(), Some(root));
        assembly.give(&kept[&root]).unwrap();
        assert!(assembly.wanted().is_some_and(|next| next != root), "the next one");
        assert_eq!(assembly.finish(), None, "the file is not whole");
    }

    /// A tree may be whole block by block and still lead to more than it claims, or in circles of
    /// equal blocks; it is refused where it differs from the tree of such a file.
    #[test]
    fn trees_of_another_making_are_refused() {
        let mut kept = Kept::new();
        let link = |id, size, total| Link { id, size, total };
        let full = keep_bytes(&mut kept, Codec::Raw, pattern(4));
        let half = keep_bytes(&mut kept, Codec::Raw, pattern(2));
        let empty = keep_bytes(&mut kept, Codec::Raw, Vec::new());
        let pair = keep(&mut kept, &[link(full, 4, 4), link(half, 2, 2)]);
        let pair_total = 4 + 2 + u64::try_from(kept[&pair].len()).unwrap();
        let mut check = |links: &[Link], expected: Expect| {
            let root = keep(&mut kept, links);
            let names = [("root", root), ("full", full), ("half", half), ("pair", pair)];
            expected.assert_eq(&match assemble(root, &kept, 1_000) {
                Ok(file) => format!("{} bytes", file.len()),
                Err(refusal) => {
                    let told = refusal.to_string();
                    names.iter().fold(told, |told, (name, id)| told.replace(&id.to_string(), name))
                }
            });
        };
        check(&[link(full, 4, 4), link(half, 2, 2)], expect!["6 bytes"]);
        check(&[], expect!["block root is not cut as files are here"]);
        check(&[link(half, 2, 2)], expect!["block root is not cut as files are here"]);
        check(
            &[link(half, 2, 2), link(full, 4, 4)],
            expect!["block root is not cut as files are here"],
        );
        check(
            &[link(full, 4, 4), link(half, 2, 3)],
            expect!["block root is not cut as files are here"],
        );
        check(
            &[link(full, 4, 4), link(half, 3, 3)],
            expect!["block half is not cut as files are here"],
        );
        check(
            &[link(full, 4, 4), link(full, 3, 3)],
            expect!["block full is not cut as files are here"],
        );
        check(
            &[link(full, 4, 4), link(pair, 2, 2)],
            expect!["block pair is not cut as files are here"],
        );
        check(&[link(full, 4, 4); 4], expect!["block root is not cut as files are here"]);
        check(
            &[link(full, 4, 4), link(full, 4, 4), link(empty, 0, 0)],
            expect!["block root is not cut as files are here"],
        );
        // Two levels for a file of 18 bytes: every part but the last holds 12.
        check(
            &[link(pair, 12, pair_total), link(pair, 6, pair_total)],
            expect!["block root is not cut as files are here"],
        );
        check(&[link(full, u64::MAX >> 1, 4)], expect!["root has more than 1000 bytes"]);
    }

    #[test]
    fn a_node_is_written_in_one_way() {
        let (root, mut kept) = file();
        let other = [kept[&root].as_ref(), &[0x0a, 0]].concat();
        let other = keep_bytes(&mut kept, Codec::DagPb, other);
        assert_eq!(assemble(other, &kept, 37), Err(Refusal::Layout { id: other }));
        let raw = keep_bytes(&mut kept, Codec::Raw, pattern(5));
        assert_eq!(assemble(raw, &kept, 37), Err(Refusal::Layout { id: raw }), "a leaf too long");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_cut_is_put_together(file in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            let blocks = blocks(SMALL, &file);
            let root = blocks.last().unwrap().id;
            let kept = blocks.into_iter().map(|block| (block.id, block.bytes)).collect();
            assert_eq!(assemble(root, &kept, 400), Ok(file));
        }

        #[test]
        fn any_node_ends_in_a_refusal(node: Vec<u8>) {
            let id = ContentId::of(Codec::DagPb, &node);
            let mut assembly = Assembly::new(id, u64::MAX);
            assert!(assembly.give(&node).is_err(), "no node is made by chance");
        }
    }
}
