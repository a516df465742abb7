//! JSON queries in a simulation.
//!
//! Every public result that is pulled is recorded as a read of its key, as at Fabric's peers; that
//! nothing else was found is not. What is found among private values is not recorded at all.

use fabric_protos::id::MspId;

use super::private::Place;
use super::range::after;
use super::{Page, RANGE_CHUNK, SimulateError, Simulator};
use crate::query::{Found, Query, QueryRun};
use crate::state::{PrivateView, StateView};

/// A JSON query that is being run.
#[derive(Debug)]
pub struct Search {
    run: QueryRun,
    among: Among,
}

#[derive(Debug)]
enum Among {
    Public { namespace: String },
    Private(Place),
}

impl<S: StateView + PrivateView> Simulator<S> {
    /// Starts a query over the values of a namespace. Nothing is read before the first
    /// [`next_found`](Self::next_found).
    ///
    /// # Errors
    /// If the query is refused.
    pub fn search(&mut self, namespace: &str, query: &str) -> Result<Search, SimulateError> {
        let run = QueryRun::new(Query::parse(query)?, "")?;
        Ok(Search { run, among: Among::Public { namespace: namespace.to_owned() } })
    }

    /// Starts a query over the values of a collection, as a peer of this organisation holds them.
    /// Only for transactions that write nothing.
    ///
    /// # Errors
    /// If the query is refused, the transaction wrote already, or the state cannot be read.
    pub fn search_private(
        &mut self,
        organization: &MspId,
        place: (&str, &str),
        query: &str,
    ) -> Result<Search, SimulateError> {
        let place = self.begin_private_query(organization, place)?;
        let run = QueryRun::new(Query::parse(query)?, "")?;
        Ok(Search { run, among: Among::Private(place) })
    }

    /// The next result of a query.
    ///
    /// # Errors
    /// If the state cannot be read, or there is too much to be sorted.
    pub fn next_found(
        &mut self,
        search: &mut Search,
    ) -> Result<Option<(String, Vec<u8>)>, SimulateError> {
        let found = self.pull(search)?;
        Ok(found.map(|found| (found.key, found.value)))
    }

    /// One page of a query over the values of a namespace, from a bookmark on. Only for
    /// transactions that write nothing.
    ///
    /// # Errors
    /// If the query or the bookmark is refused, the transaction wrote already, or the state cannot
    /// be read.
    pub fn search_page(
        &mut self,
        namespace: &str,
        query: &str,
        (size, bookmark): (usize, &str),
    ) -> Result<Page, SimulateError> {
        self.begin_page()?;
        let run = QueryRun::new(Query::parse(query)?, bookmark)?;
        let among = Among::Public { namespace: namespace.to_owned() };
        let mut search = Search { run, among };
        let (mut entries, mut last) = (Vec::new(), None);
        while entries.len() < size
            && let Some(found) = self.pull(&mut search)?
        {
            entries.push((found.key.clone(), found.value.clone()));
            last = Some(found);
        }
        let bookmark = search.run.bookmark(last.as_ref());
        Ok(Page { entries, bookmark })
    }

    fn pull(&mut self, search: &mut Search) -> Result<Option<Found>, SimulateError> {
        let Search { run, among } = search;
        let state = &self.state;
        match among {
            Among::Public { namespace } => {
                let found = run.next::<SimulateError>(|start| {
                    let chunk = state.range(namespace, start, "", RANGE_CHUNK)?;
                    let is_whole = chunk.len() >= RANGE_CHUNK;
                    let resume = chunk.last().filter(|_| is_whole).map(|(key, _)| after(key));
                    Ok((chunk, resume))
                })?;
                if let Some(found) = &found {
                    let version = Some(found.committed.version);
                    let reads = &mut self.recorder.namespace(namespace).reads;
                    reads.insert(found.key.clone(), version);
                }
                Ok(found)
            }
            Among::Private(place) => run.next(|start| self.private_chunk(place, (start, ""))),
        }
    }
}
