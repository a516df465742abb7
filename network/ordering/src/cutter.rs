use pervade_channel_config::BatchRules;

/// Decides which envelopes share a block, by number and size.
///
/// [Fabric's rules][batching]: a block is cut when it is full or when the next envelope would take
/// it over the preferred size; an envelope over that size is a block of its own.
///
/// [batching]: https://hyperledger-fabric.readthedocs.io/en/latest/orderer/ordering_service.html
#[derive(Debug)]
pub struct Cutter<T> {
    pending: Vec<T>,
    bytes: usize,
}

impl<T> Default for Cutter<T> {
    fn default() -> Self {
        Self { pending: Vec::new(), bytes: 0 }
    }
}

impl<T> Cutter<T> {
    /// Takes the next envelope and gives the blocks that are complete now: none, one, or two.
    pub fn add(&mut self, envelope: T, bytes: usize, rules: &BatchRules) -> Vec<Vec<T>> {
        let preferred = usize::try_from(rules.preferred_max_bytes).unwrap_or(usize::MAX);
        let most = usize::try_from(rules.max_message_count).unwrap_or(usize::MAX);
        let mut complete = Vec::new();
        if self.bytes + bytes > preferred && !self.is_empty() {
            complete.push(self.cut());
        }
        self.pending.push(envelope);
        self.bytes += bytes;
        if bytes > preferred || self.pending.len() >= most {
            complete.push(self.cut());
        }
        complete
    }

    /// Cuts what is there, which may be nothing.
    pub fn cut(&mut self) -> Vec<T> {
        self.bytes = 0;
        std::mem::take(&mut self.pending)
    }

    /// Whether no envelope waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};
    use pervade_channel_config::BatchRules;

    use super::Cutter;

    #[test]
    fn a_full_block_is_cut() {
        check(&[1, 1, 1, 1], expect!["1+1+1 | 1"]);
    }

    #[test]
    fn a_block_stays_below_the_preferred_size() {
        check(&[6, 4, 1], expect!["6+4 | 1"]);
        check(&[6, 5], expect!["6 | 5"]);
    }

    #[test]
    fn a_large_envelope_is_alone() {
        check(&[2, 11, 2], expect!["2 | 11 | 2"]);
        check(&[11], expect!["11"]);
    }

    /// At most three envelopes and preferably ten bytes.
    #[track_caller]
    fn check(sizes: &[usize], blocks: Expect) {
        let rules = BatchRules {
            max_message_count: 3,
            absolute_max_bytes: 20,
            preferred_max_bytes: 10,
            timeout: Duration::from_secs(1),
        };
        let mut cutter = Cutter::default();
        let mut cut: Vec<Vec<usize>> =
            sizes.iter().flat_map(|size| cutter.add(*size, *size, &rules)).collect();
        cut.push(cutter.cut());
        let render = |block: &Vec<usize>| {
            block.iter().map(ToString::to_string).collect::<Vec<_>>().join("+")
        };
        let shown: Vec<String> = cut.iter().filter(|block| !block.is_empty()).map(render).collect();
        blocks.assert_eq(&shown.join(" | "));
    }
}
