//! Events of several types in the one event that a transaction has.
//!
//! Fabric keeps one event of a transaction: the last that the outermost chaincode set. A contract
//! that [emits](crate::Transaction::emit) events leaves all of them there, in an envelope:
//!
//! ```json
//! {"events":[{"payload":{"id":"7"},"type":"created"}],"version":1}
//! ```
//!
//! The envelope is canonical JSON under the name [`EventEnvelope::NAME`]. Members that a reader
//! does not know are left alone, so that later versions may have more.

use fabric_protos::id::ChaincodeName;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Fault, Status, canonical, host};

/// A value that can be emitted: what happened, by name.
///
/// ```
/// use pervade_chaincode::TypedEvent;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Transferred {
///     id: String,
///     to: String,
/// }
///
/// impl TypedEvent for Transferred {
///     const TYPE: &'static str = "transferred";
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be emitted",
    note = "implement `TypedEvent` for it, which gives the type its name, beside `Serialize`"
)]
pub trait TypedEvent: Serialize {
    /// The type's name, the same for as long as anyone reads its events. Not empty.
    const TYPE: &'static str;
}

/// The events of a transaction, as its clients read them.
///
/// ```
/// use pervade_chaincode::{EventEnvelope, EventError, TypedEvent};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Created {
///     id: String,
/// }
///
/// impl TypedEvent for Created {
///     const TYPE: &'static str = "created";
/// }
///
/// # fn main() -> Result<(), EventError> {
/// let payload = br#"{"events":[{"payload":{"id":"7"},"type":"created"}],"version":1}"#;
/// let envelope = EventEnvelope::decode(payload)?;
/// let created: Vec<Created> = envelope.of_type().collect::<Result<_, _>>()?;
/// assert_eq!(created[0].id, "7");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EventEnvelope {
    events: Vec<EmittedEvent>,
}

impl EventEnvelope {
    /// The name under which clients find the envelope among a chaincode's events.
    pub const NAME: &str = "pervade.events";

    /// Most events of one transaction.
    pub const EVENTS_MAX: usize = 1_024;

    /// Most bytes of an envelope. Orderers refuse transactions far above it.
    pub const BYTES_MAX: usize = 1024 * 1024;

    /// Reads the payload of an event that has the envelope's [name](Self::NAME).
    ///
    /// # Errors
    /// If it is no envelope, one of a later version, or beyond the limits.
    pub fn decode(payload: &[u8]) -> Result<Self, EventError> {
        if payload.len() > Self::BYTES_MAX {
            return Err(EventError::TooLarge);
        }
        let content: Content =
            serde_json::from_slice(payload).map_err(|source| EventError::Json { source })?;
        if content.version != VERSION {
            return Err(EventError::Version { version: content.version });
        }
        if content.events.len() > Self::EVENTS_MAX {
            return Err(EventError::TooMany);
        }
        Ok(Self { events: content.events })
    }

    /// All events, in the order in which they were emitted.
    #[must_use]
    pub fn events(&self) -> &[EmittedEvent] {
        &self.events
    }

    /// The events of one type, in the order in which they were emitted.
    pub fn of_type<E>(&self) -> impl Iterator<Item = Result<E, EventError>>
    where
        E: TypedEvent + DeserializeOwned,
    {
        self.events.iter().filter(|event| event.kind == E::TYPE).map(EmittedEvent::read)
    }
}

/// One event of an envelope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmittedEvent {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chaincode: Option<ChaincodeName>,
    payload: Value,
}

impl EmittedEvent {
    fn new<E: TypedEvent>(event: &E) -> Result<Self, EventError> {
        if E::TYPE.is_empty() {
            return Err(EventError::Nameless);
        }
        let payload = serde_json::to_value(event).map_err(|source| EventError::Json { source })?;
        Ok(Self { kind: E::TYPE.to_owned(), chaincode: None, payload })
    }

    /// The name of its type.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.kind
    }

    /// The chaincode that emitted it; `None` for the one that the client called.
    #[must_use]
    pub fn chaincode(&self) -> Option<&ChaincodeName> {
        self.chaincode.as_ref()
    }

    /// What it carries.
    #[must_use]
    pub fn payload(&self) -> &Value {
        &self.payload
    }

    /// What it carries, as a type.
    ///
    /// # Errors
    /// If it is of another type, or what it carries does not fit.
    pub fn read<E: TypedEvent + DeserializeOwned>(&self) -> Result<E, EventError> {
        if self.kind != E::TYPE {
            return Err(EventError::OtherType { found: self.kind.clone(), wanted: E::TYPE });
        }
        E::deserialize(&self.payload).map_err(|source| EventError::Json { source })
    }
}

/// Why a transaction cannot have an event, or a client cannot read it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// Events are found by name.
    #[error("an event needs a name")]
    Nameless,
    /// One event is all there is: either one that the contract sets, or an envelope.
    #[error("a transaction has either an event that is set, or events that are emitted")]
    Both,
    /// More than [`EventEnvelope::EVENTS_MAX`].
    #[error("a transaction has at most {max} events", max = EventEnvelope::EVENTS_MAX)]
    TooMany,
    /// More than [`EventEnvelope::BYTES_MAX`].
    #[error("a transaction's events have at most {max} bytes", max = EventEnvelope::BYTES_MAX)]
    TooLarge,
    /// Not the JSON that it should be.
    #[error("an event as JSON: {source}")]
    Json {
        /// What serde found.
        #[source]
        source: serde_json::Error,
    },
    /// An envelope of a version that this reader does not know.
    #[error("an envelope of version {version}")]
    Version {
        /// The version.
        version: u32,
    },
    /// An event of another type than the one asked for.
    #[error("the event is a {found:?}, not a {wanted:?}")]
    OtherType {
        /// Its type.
        found: String,
        /// The type asked for.
        wanted: &'static str,
    },
}

impl Fault for EventError {
    fn status(&self) -> Status {
        Status::INTERNAL
    }

    fn code(&self) -> &'static str {
        "EVENT"
    }
}

/// What a call leaves for its clients.
#[derive(Debug, Default)]
pub(crate) struct Events {
    set: Option<host::Event>,
    /// Its own, and those of the chaincodes that it called.
    emitted: Vec<EmittedEvent>,
    has_own: bool,
    bytes: usize,
}

impl Events {
    /// Sets the event; the last one counts.
    pub(crate) fn set(&mut self, event: host::Event) -> Result<(), EventError> {
        if event.name.is_empty() {
            return Err(EventError::Nameless);
        }
        if self.has_own {
            return Err(EventError::Both);
        }
        self.set = Some(event);
        Ok(())
    }

    /// Adds an event to the envelope.
    pub(crate) fn emit<E: TypedEvent>(&mut self, event: &E) -> Result<(), EventError> {
        if self.set.is_some() {
            return Err(EventError::Both);
        }
        self.add(EmittedEvent::new(event)?)?;
        self.has_own = true;
        Ok(())
    }

    /// Adds what a called chaincode emitted. An event that it set is not relayed: only its own
    /// clients know what it means.
    pub(crate) fn relay(
        &mut self,
        chaincode: &ChaincodeName,
        event: &host::Event,
    ) -> Result<(), EventError> {
        if event.name != EventEnvelope::NAME {
            return Ok(());
        }
        // Another library may use the name for something else.
        let Ok(envelope) = EventEnvelope::decode(&event.payload) else { return Ok(()) };
        for event in envelope.events {
            let chaincode = event.chaincode.or_else(|| Some(chaincode.clone()));
            self.add(EmittedEvent { chaincode, ..event })?;
        }
        Ok(())
    }

    fn add(&mut self, event: EmittedEvent) -> Result<(), EventError> {
        if self.emitted.len() >= EventEnvelope::EVENTS_MAX {
            return Err(EventError::TooMany);
        }
        let text = canonical::to_string(&event).map_err(|source| EventError::Json { source })?;
        let bytes = self.bytes.saturating_add(text.len()).saturating_add(1);
        if bytes > EventEnvelope::BYTES_MAX.saturating_sub(FRAME_BYTES) {
            return Err(EventError::TooLarge);
        }
        self.bytes = bytes;
        self.emitted.push(event);
        Ok(())
    }

    /// The one event that the ledger keeps, if there is any.
    pub(crate) fn take(&mut self) -> Result<Option<host::Event>, EventError> {
        let emitted = std::mem::take(&mut self.emitted);
        if self.set.is_some() || emitted.is_empty() {
            return Ok(self.set.take());
        }
        let content = Content { events: emitted, version: VERSION };
        let payload = canonical::to_vec(&content).map_err(|source| EventError::Json { source })?;
        Ok(Some(host::Event { name: EventEnvelope::NAME.to_owned(), payload }))
    }
}

const VERSION: u32 = 1;

/// More than the bytes of an envelope around its events.
const FRAME_BYTES: usize = 64;

#[derive(Serialize, Deserialize)]
struct Content {
    events: Vec<EmittedEvent>,
    version: u32,
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde::{Deserialize, Serialize};

    use super::{EventEnvelope, EventError, Events, TypedEvent};
    use crate::host::Event;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Created {
        id: String,
    }

    impl TypedEvent for Created {
        const TYPE: &'static str = "created";
    }

    #[derive(Serialize, Deserialize)]
    struct Nameless;

    impl TypedEvent for Nameless {
        const TYPE: &'static str = "";
    }

    #[test]
    fn emitted_events_share_an_envelope_in_their_order() {
        let mut events = Events::default();
        events.emit(&created("b")).unwrap();
        events.emit(&created("a")).unwrap();
        check(
            events,
            expect![[
                r#"pervade.events({"events":[{"payload":{"id":"b"},"type":"created"},{"payload":{"id":"a"},"type":"created"}],"version":1})"#
            ]],
        );
        check(Events::default(), expect!["none"]);
    }

    #[test]
    fn what_called_chaincode_emitted_is_relayed_with_its_name() {
        let mut inner = Events::default();
        inner.emit(&created("a")).unwrap();
        let inner = inner.take().unwrap().unwrap();
        let mut middle = Events::default();
        middle.relay(&"inner".parse().unwrap(), &inner).unwrap();
        let middle = middle.take().unwrap().unwrap();
        let mut outer = Events::default();
        outer.emit(&created("b")).unwrap();
        outer.relay(&"middle".parse().unwrap(), &middle).unwrap();
        check(
            outer,
            expect![[
                r#"pervade.events({"events":[{"payload":{"id":"b"},"type":"created"},{"chaincode":"inner","payload":{"id":"a"},"type":"created"}],"version":1})"#
            ]],
        );
    }

    #[test]
    fn foreign_events_are_not_relayed() {
        let mut events = Events::default();
        for (name, payload) in [("moved", "x"), (EventEnvelope::NAME, "x")] {
            events.relay(&"inner".parse().unwrap(), &event(name, payload)).unwrap();
        }
        check(events, expect!["none"]);
    }

    #[test]
    fn an_event_is_set_or_events_are_emitted() {
        let mut events = Events::default();
        events.set(event("moved", "1")).unwrap();
        assert!(matches!(events.emit(&created("a")), Err(EventError::Both)));
        events.set(event("moved", "2")).unwrap();
        check(events, expect!["moved(2)"]);
        let mut events = Events::default();
        events.emit(&created("a")).unwrap();
        assert!(matches!(events.set(event("moved", "1")), Err(EventError::Both)));
        assert!(matches!(Events::default().set(event("", "1")), Err(EventError::Nameless)));
        assert!(matches!(Events::default().emit(&Nameless), Err(EventError::Nameless)));
    }

    #[test]
    fn an_event_that_is_set_hides_what_was_relayed() {
        let mut inner = Events::default();
        inner.emit(&created("a")).unwrap();
        let mut events = Events::default();
        events.relay(&"inner".parse().unwrap(), &inner.take().unwrap().unwrap()).unwrap();
        events.set(event("moved", "1")).unwrap();
        check(events, expect!["moved(1)"]);
    }

    #[test]
    fn an_envelope_is_bounded_and_what_is_emitted_can_be_read() {
        let mut events = Events::default();
        for _ in 0..EventEnvelope::EVENTS_MAX {
            events.emit(&created("a")).unwrap();
        }
        assert!(matches!(events.emit(&created("a")), Err(EventError::TooMany)));
        let full = events.take().unwrap().unwrap();
        assert_eq!(EventEnvelope::decode(&full.payload).unwrap().events().len(), 1_024);
        let mut events = Events::default();
        let large = created(&"x".repeat(EventEnvelope::BYTES_MAX / 2));
        events.emit(&large).unwrap();
        assert!(matches!(events.emit(&large), Err(EventError::TooLarge)));
        let full = events.take().unwrap().unwrap();
        assert_eq!(EventEnvelope::decode(&full.payload).unwrap().events().len(), 1);
    }

    #[test]
    fn a_client_reads_events_by_type() {
        let mut events = Events::default();
        events.emit(&created("a")).unwrap();
        let event = events.take().unwrap().unwrap();
        let envelope = EventEnvelope::decode(&event.payload).unwrap();
        let read: Vec<Created> = envelope.of_type().collect::<Result<_, _>>().unwrap();
        assert_eq!(read, [created("a")]);
        let [event] = envelope.events() else { panic!("one event") };
        assert_eq!((event.type_name(), event.chaincode()), ("created", None));
        assert!(matches!(event.read::<Nameless>(), Err(EventError::OtherType { .. })));
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        let refused = |payload: &str| EventEnvelope::decode(payload.as_bytes()).unwrap_err();
        assert!(matches!(refused(""), EventError::Json { .. }));
        assert!(matches!(refused("[]"), EventError::Json { .. }));
        let version = refused(r#"{"events":[],"version":2}"#);
        assert!(matches!(version, EventError::Version { version: 2 }));
        let nested = "[".repeat(100_000);
        let deep = format!(r#"{{"events":[{{"type":"a","payload":{nested}"#);
        assert!(matches!(refused(&deep), EventError::Json { .. }));
        assert!(matches!(refused(&" ".repeat(2_000_000)), EventError::TooLarge));
        let later = r#"{"events":[{"type":"a","payload":1,"more":2}],"version":1,"more":3}"#;
        assert_eq!(EventEnvelope::decode(later.as_bytes()).unwrap().events().len(), 1);
    }

    fn created(id: &str) -> Created {
        Created { id: id.to_owned() }
    }

    fn event(name: &str, payload: &str) -> Event {
        Event { name: name.to_owned(), payload: payload.into() }
    }

    #[track_caller]
    fn check(mut events: Events, expected: Expect) {
        let event = events.take().unwrap();
        expected.assert_eq(&event.map_or("none".to_owned(), |event| format!("{event:?}")));
    }
}
