//! A call that is run twice, to find what two peers would find.

use std::fmt;

use crate::host::{Outcome, Request, Step, Write};
use crate::{Fault, Status};

/// The step that two runs of a call took, or the end of both if they differ.
///
/// `place` counts the steps before.
pub(super) fn agreed(place: usize, one: Step, other: Step) -> Step {
    if one == other {
        return one;
    }
    let difference = Difference { place, one, other };
    Step::Done(Outcome::failure(&crate::ContractError::of(&difference)))
}

/// What two runs of one call did differently, first of all.
#[derive(Debug, thiserror::Error)]
struct Difference {
    place: usize,
    one: Step,
    other: Step,
}

impl Fault for Difference {
    fn status(&self) -> Status {
        Status::INTERNAL
    }

    fn code(&self) -> &'static str {
        "NONDETERMINISTIC"
    }
}

impl fmt::Display for Difference {
    // Values are not told: they may be private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.saturating_add(1);
        write!(f, "two runs of this call differ at step {place}: ")?;
        match (&self.one, &self.other) {
            (Step::Ask(Request::Batch(one)), Step::Ask(Request::Batch(other))) => {
                batches(f, one, other)
            }
            (Step::Ask(one), Step::Ask(other)) => requests(f, one, other),
            (Step::Done(one), Step::Done(other)) => outcomes(f, one, other),
            (Step::Ask(asked), Step::Done(_)) | (Step::Done(_), Step::Ask(asked)) => {
                write!(f, "one asks for {}, one has ended", Asked(asked))
            }
        }
    }
}

fn batches(f: &mut fmt::Formatter<'_>, one: &[Write], other: &[Write]) -> fmt::Result {
    let differs = one.iter().zip(other).find(|(one, other)| one != other);
    match differs {
        Some((one, other)) => requests(f, &one.clone().into(), &other.clone().into()),
        None => write!(f, "one writes {} keys, one {}", one.len(), other.len()),
    }
}

fn requests(f: &mut fmt::Formatter<'_>, one: &Request, other: &Request) -> fmt::Result {
    let (told, other) = (Asked(one).to_string(), Asked(other).to_string());
    if told == other {
        write!(f, "both ask for {told}, with different content")
    } else {
        write!(f, "one asks for {told}, one for {other}")
    }
}

fn outcomes(f: &mut fmt::Formatter<'_>, one: &Outcome, other: &Outcome) -> fmt::Result {
    if one.status != other.status {
        write!(f, "one ends with status {}, one with {}", one.status, other.status)
    } else if one.payload != other.payload {
        f.write_str("their answers")
    } else if one.event != other.event {
        f.write_str("their events")
    } else {
        f.write_str("their messages")
    }
}

/// A request as far as it may be told.
struct Asked<'a>(&'a Request);

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())?;
        match self.0 {
            Request::Get { collection, key }
            | Request::Put { collection, key, .. }
            | Request::Delete { collection, key }
            | Request::Hash { collection, key }
            | Request::Purge { collection, key }
            | Request::Metadata { collection, key }
            | Request::PutMetadata { collection, key, .. } => {
                let slash = if collection.is_empty() { "" } else { "/" };
                write!(f, " of {collection}{slash}{key:?}")
            }
            Request::History { key } => write!(f, " of {key:?}"),
            Request::Call { chaincode, .. } => write!(f, " of {chaincode}"),
            Request::Range { .. }
            | Request::RangePage { .. }
            | Request::NextChanges { .. }
            | Request::NextPage { .. }
            | Request::CloseIterator { .. }
            | Request::Query { .. }
            | Request::QueryPage { .. }
            | Request::GetMany { .. }
            | Request::Batch(_) => Ok(()),
        }
    }
}
