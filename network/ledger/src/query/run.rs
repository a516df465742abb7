//! A query at work on the keys of one namespace or collection.

use std::cmp::Ordering;
use std::collections::VecDeque;

use serde_json::Value;

use super::collation::compare;
use super::{Direction, Query, QueryError, SORTED_MAX};
use crate::state::Versioned;

/// What CouchDB gives for a bookmark where there is no result to mark.
const NO_BOOKMARK: &str = "nil";

/// One result of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Its key.
    pub key: String,
    /// The value, or the fields of it that were asked for.
    pub value: Vec<u8>,
    /// What is committed under the key.
    pub committed: Versioned,
}

/// Some entries in the order of their keys, and where to go on; `None` after the last.
pub type Chunk = (Vec<(String, Versioned)>, Option<String>);

/// A query being run, result after result.
///
/// Results depend on the query and the entries alone. An unsorted query reads no further than its
/// results are pulled; a sorted one reads everything before its first result.
#[derive(Debug)]
pub struct QueryRun {
    query: Query,
    /// Where the next chunk begins; `None` after the last one.
    resume: Option<String>,
    ready: VecDeque<Found>,
    /// Results still to be passed over.
    skip: u64,
    /// The bookmark of the last result.
    bookmark: String,
}

impl QueryRun {
    /// Starts after a bookmark, or with the first result if it is empty. It takes the place of the
    /// bookmark in the query.
    ///
    /// # Errors
    /// If no page of such a query returned the bookmark.
    pub fn new(query: Query, bookmark: &str) -> Result<Self, QueryError> {
        let bookmark = if bookmark.is_empty() { &query.bookmark } else { bookmark }.to_owned();
        let skip = query.skip;
        let mut run =
            Self { query, resume: Some(String::new()), ready: VecDeque::new(), skip, bookmark };
        if run.bookmark == NO_BOOKMARK {
            run.resume = None;
        } else if let Some(last) = run.position()?.pop()
            && run.query.sort.is_empty()
        {
            let Value::String(last) = last else { return Err(QueryError::Bookmark) };
            run.resume = Some(format!("{last}\0"));
        }
        Ok(run)
    }

    /// The next result. `entries` reads from a key on.
    ///
    /// # Errors
    /// If the entries cannot be read, or there are too many to be sorted.
    pub fn next<E: From<QueryError>>(
        &mut self,
        mut entries: impl FnMut(&str) -> Result<Chunk, E>,
    ) -> Result<Option<Found>, E> {
        loop {
            while self.ready.is_empty() && self.resume.is_some() {
                self.fill(&mut entries)?;
            }
            let Some(found) = self.ready.pop_front() else { return Ok(None) };
            if self.skip == 0 {
                return Ok(Some(found));
            }
            self.skip = self.skip.saturating_sub(1);
        }
    }

    /// Where the page after this result begins, or after none.
    #[must_use]
    pub fn bookmark(&self, last: Option<&Found>) -> String {
        let Some(last) = last else { return NO_BOOKMARK.to_owned() };
        let document = self.query.document(&last.key, &last.committed.value).unwrap_or_default();
        let mut position: Vec<_> = self.place(&document).into_iter().cloned().collect();
        position.push(Value::String(last.key.clone()));
        hex::encode(Value::Array(position).to_string())
    }

    /// The values that were sorted by, and the key, of the result before the first one; empty
    /// without a bookmark.
    fn position(&self) -> Result<Vec<Value>, QueryError> {
        if self.bookmark.is_empty() {
            return Ok(Vec::new());
        }
        let text = hex::decode(&self.bookmark).map_err(|_| QueryError::Bookmark)?;
        let position: Vec<Value> =
            serde_json::from_slice(&text).map_err(|_| QueryError::Bookmark)?;
        let expected = self.query.sort.len().saturating_add(1);
        if position.len() == expected { Ok(position) } else { Err(QueryError::Bookmark) }
    }

    fn fill<E: From<QueryError>>(
        &mut self,
        entries: &mut impl FnMut(&str) -> Result<Chunk, E>,
    ) -> Result<(), E> {
        if self.query.sort.is_empty() {
            let chunk = self.chunk(entries)?;
            self.ready.extend(chunk.into_iter().map(|(found, _)| found));
            return Ok(());
        }
        let before = self.position()?;
        let mut all = Vec::new();
        while self.resume.is_some() {
            let chunk = self.chunk(entries)?;
            let placed = chunk.into_iter().map(|(found, document)| {
                let mut place: Vec<_> = self.place(&document).into_iter().cloned().collect();
                place.push(Value::String(found.key.clone()));
                (place, found)
            });
            all.extend(placed.filter(|(place, _)| {
                before.is_empty() || self.order(&before, place) == Ordering::Less
            }));
            if all.len() > SORTED_MAX {
                return Err(QueryError::TooManyFound.into());
            }
        }
        all.sort_by(|(one, _), (other, _)| self.order(one, other));
        self.ready.extend(all.into_iter().map(|(_, found)| found));
        Ok(())
    }

    /// What is found in the next chunk, with the values as they were searched.
    fn chunk<E>(
        &mut self,
        entries: &mut impl FnMut(&str) -> Result<Chunk, E>,
    ) -> Result<Vec<(Found, Value)>, E> {
        let Some(start) = self.resume.take() else { return Ok(Vec::new()) };
        let (chunk, resume) = entries(&start)?;
        self.resume = resume;
        let found = chunk.into_iter().filter_map(|(key, committed)| {
            let document = self.query.document(&key, &committed.value)?;
            let value = self.query.shown(committed.value.clone(), &document);
            Some((Found { key, value, committed }, document))
        });
        Ok(found.collect())
    }

    /// The values that a document is sorted by.
    fn place<'d>(&self, document: &'d Value) -> Vec<&'d Value> {
        self.query.sort.iter().filter_map(|field| field.find(document)).collect()
    }

    fn order(&self, one: &[Value], other: &[Value]) -> Ordering {
        let mut differences = one.iter().zip(other).map(|(one, other)| compare(one, other));
        let ascending = differences.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal);
        match self.query.direction {
            Direction::Ascending => ascending,
            Direction::Descending => ascending.reverse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::Value;

    use super::{Chunk, Found, Query, QueryError, QueryRun};
    use crate::query::KEY_FIELD;
    use crate::state::{Version, Versioned};

    #[test]
    fn results_come_in_the_order_of_their_keys() {
        check(r#"{"selector":{"size":{"$gt":2}}}"#, 9, expect!["a=5 c=3 d=4 | nil"]);
        check(r#"{"selector":{"size":{"$gt":2}},"skip":1}"#, 9, expect!["c=3 d=4 | nil"]);
        check(r#"{"selector":{"size":{"$gt":2}},"limit":1}"#, 9, expect!["a=5 c=3 d=4 | nil"]);
    }

    #[test]
    fn sorted_results_come_in_the_order_of_a_field_and_then_of_their_keys() {
        check(r#"{"selector":{},"sort":["size"]}"#, 9, expect!["b=1 c=3 d=4 a=5 | nil"]);
        check(r#"{"selector":{},"sort":[{"size":"desc"}]}"#, 9, expect!["a=5 d=4 c=3 b=1 | nil"]);
        check(r#"{"selector":{},"sort":["colour"]}"#, 9, expect!["b=1 a=5 d=4 | nil"]);
        let down = r#"{"selector":{},"sort":[{"colour":"desc"},{"size":"desc"}]}"#;
        check(down, 9, expect!["a=5 d=4 b=1 | nil"]);
    }

    #[test]
    fn pages_follow_each_other() {
        check(r#"{"selector":{}}"#, 2, expect!["a=5 b=1 | c=3 d=4 | nil"]);
        check(r#"{"selector":{}}"#, 3, expect!["a=5 b=1 c=3 | d=4 | nil"]);
        check(r#"{"selector":{},"sort":["size"]}"#, 2, expect!["b=1 c=3 | d=4 a=5 | nil"]);
        let down = r#"{"selector":{},"sort":[{"colour":"desc"}]}"#;
        check(down, 1, expect!["d=4 | a=5 | b=1 | nil"]);
    }

    #[test]
    fn a_bookmark_of_something_else_is_refused() {
        for bookmark in ["x", "00", "5b5d", "5b22612222622225d"] {
            let query = Query::parse(r#"{"selector":{}}"#).unwrap();
            let refused = QueryRun::new(query, bookmark).map(|_| ());
            assert!(matches!(refused, Err(QueryError::Bookmark)), "{bookmark}");
        }
    }

    /// Every page of a query, until one has no results.
    #[track_caller]
    fn check(query: &str, size: usize, expected: Expect) {
        let mut pages = Vec::new();
        let mut bookmark = String::new();
        loop {
            let mut run = QueryRun::new(Query::parse(query).unwrap(), &bookmark).unwrap();
            let mut page: Vec<Found> = Vec::new();
            while page.len() < size
                && let Some(found) = run.next::<QueryError>(|start| Ok(read(start))).unwrap()
            {
                page.push(found);
            }
            bookmark = run.bookmark(page.last());
            if page.is_empty() {
                pages.push(bookmark.clone());
                break;
            }
            let shown = page.iter().map(|found| {
                let value: Value = serde_json::from_slice(&found.value).unwrap();
                assert!(value.get(KEY_FIELD).is_none(), "the key is not added");
                format!("{}={}", found.key, value["size"])
            });
            pages.push(shown.collect::<Vec<_>>().join(" "));
        }
        expected.assert_eq(&pages.join(" | "));
    }

    /// Two entries at a time.
    fn read(start: &str) -> Chunk {
        let values = [
            ("a", r#"{"size":5,"colour":"red"}"#),
            ("b", r#"{"size":1,"colour":"blue"}"#),
            ("c", r#"{"size":3}"#),
            ("ca", "no JSON"),
            ("d", r#"{"size":4,"colour":"red"}"#),
        ];
        let mut entries = values.iter().filter(|(key, _)| *key >= start).map(|(key, value)| {
            let version = Version { block: 1, transaction: 0 };
            let value = value.as_bytes().to_vec();
            ((*key).to_owned(), Versioned { value, metadata: None, version })
        });
        let chunk = entries.by_ref().take(2).collect();
        (chunk, entries.next().map(|(key, _)| key))
    }
}
