use fabric_protos::common::Status;
use fabric_protos::orderer::SeekInfo;
use fabric_protos::orderer::seek_position::Type;

/// Which blocks a reader asked for: from one number to another, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    next: Option<u64>,
    last: u64,
}

impl Span {
    /// Reads a request against a channel of the given height, which is never 0.
    pub(super) fn of(seek: &SeekInfo, height: u64) -> Result<Self, Status> {
        let (Some(start), Some(stop)) = (&seek.start, &seek.stop) else {
            return Err(Status::BadRequest);
        };
        let newest = height.saturating_sub(1);
        let first = match &start.r#type {
            Some(Type::Oldest(_)) => 0,
            Some(Type::Newest(_)) => newest,
            Some(Type::NextCommit(_)) => height,
            Some(Type::Specified(at)) if at.number <= height => at.number,
            Some(Type::Specified(_)) | None => return Err(Status::NotFound),
        };
        let last = match &stop.r#type {
            Some(Type::Oldest(_)) => first,
            Some(Type::Newest(_)) if start == stop => first,
            Some(Type::Newest(_)) => newest,
            Some(Type::Specified(at)) if at.number >= first => at.number,
            Some(Type::Specified(_)) => return Err(Status::BadRequest),
            // Block 0 is the only one at which such a request would end.
            Some(Type::NextCommit(_)) | None => 0,
        };
        Ok(Self { next: Some(first), last })
    }

    /// The next block to send; `None` once the last one was sent.
    pub(super) fn next(self) -> Option<u64> {
        self.next
    }

    /// Notes that the next block was sent.
    pub(super) fn sent(&mut self) {
        self.next =
            self.next.filter(|sent| *sent != self.last).and_then(|sent| sent.checked_add(1));
    }
}

#[cfg(test)]
mod tests {
    use fabric_protos::common::Status;
    use fabric_protos::orderer::{
        SeekInfo, SeekNewest, SeekNextCommit, SeekOldest, SeekPosition, SeekSpecified,
        seek_position::Type,
    };

    use super::Span;

    #[test]
    fn a_span_has_both_its_ends() {
        check("oldest", "oldest", Ok(&[0]));
        check("oldest", "newest", Ok(&[0, 1, 2, 3, 4]));
        check("newest", "newest", Ok(&[4]));
        check("2", "3", Ok(&[2, 3]));
        check("next", "6", Ok(&[5, 6]));
        check("5", "5", Ok(&[5]));
    }

    #[test]
    fn a_span_that_cannot_be_is_refused() {
        check("3", "2", Err(Status::BadRequest));
        check("6", "7", Err(Status::NotFound));
        check("?", "7", Err(Status::NotFound));
    }

    /// On a channel of five blocks.
    #[track_caller]
    fn check(start: &str, stop: &str, expected: Result<&[u64], Status>) {
        let seek = SeekInfo {
            start: Some(position(start)),
            stop: Some(position(stop)),
            ..Default::default()
        };
        let numbers = Span::of(&seek, 5).map(|mut span| {
            let mut numbers = Vec::new();
            while let Some(number) = span.next() {
                numbers.push(number);
                span.sent();
            }
            numbers
        });
        assert_eq!(numbers, expected.map(<[u64]>::to_vec));
    }

    fn position(text: &str) -> SeekPosition {
        let r#type = match text {
            "oldest" => Some(Type::Oldest(SeekOldest {})),
            "newest" => Some(Type::Newest(SeekNewest {})),
            "next" => Some(Type::NextCommit(SeekNextCommit {})),
            "?" => None,
            number => Some(Type::Specified(SeekSpecified { number: number.parse().unwrap() })),
        };
        SeekPosition { r#type }
    }
}
