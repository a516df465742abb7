use super::{Codes, Event, Reading};
use crate::device::keywords::Keyword;
use crate::device::vocabulary::{PV, expanded};
use crate::nearest::nearest;
use crate::node::Node;
use crate::problem::{Problem, ProblemCode};

/// A kind of event, as `x-event` names it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EventKind {
    pub(crate) name: &'static str,
    /// The class, as Turtle writes it.
    pub(crate) class: &'static str,
    /// The predicate of its time, as Turtle writes it.
    pub(crate) time: &'static str,
    pub(crate) roles: &'static [Role],
}

/// What an event may say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: &'static str,
    /// The predicate, as Turtle writes it.
    pub(crate) predicate: &'static str,
    pub(crate) form: RoleForm,
    is_required: bool,
}

/// What stands in a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoleForm {
    Text,
    Decimal,
    Iri,
    /// One of our own states.
    State(&'static [&'static str]),
}

/// Where a role's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RoleValue {
    /// The same in every payload; an IRI for a state.
    Fixed(String),
    /// A field.
    Field(FieldValue),
}

/// A field that fills a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldValue {
    /// The field's name; `None` is the annotated field itself.
    pub(crate) name: Option<String>,
    pub(crate) codes: Option<Codes>,
    /// What is put before the value to make an IRI.
    pub(crate) iri: Option<String>,
}

const fn role(name: &'static str, predicate: &'static str, form: RoleForm) -> Role {
    Role { name, predicate, form, is_required: false }
}

const fn required(name: &'static str, predicate: &'static str, form: RoleForm) -> Role {
    Role { name, predicate, form, is_required: true }
}

const LIFECYCLE: &[&str] = &[
    "Manufactured",
    "Commissioned",
    "Activated",
    "Updated",
    "Calibrated",
    "KeyRotated",
    "Suspended",
    "Decommissioned",
];

const TASK: &[&str] =
    &["TaskOpened", "TaskAccepted", "TaskCompleted", "TaskFailed", "TaskDisputed"];

/// Every kind of event.
pub(crate) const EVENTS: &[EventKind] = &[
    EventKind {
        name: "payment",
        class: "schema:PayAction",
        time: "schema:endTime",
        roles: &[
            required("agent", "schema:agent", RoleForm::Text),
            required("recipient", "schema:recipient", RoleForm::Text),
            required("price", "schema:price", RoleForm::Decimal),
            role("currency", "schema:priceCurrency", RoleForm::Text),
            role("asset", "pv:asset", RoleForm::Text),
            role("settles", "pv:settles", RoleForm::Iri),
            role("reason", "pv:reason", RoleForm::Text),
        ],
    },
    EventKind {
        name: "custody",
        class: "epcis:ObjectEvent",
        time: "epcis:eventTime",
        roles: &[
            role("goods", "epcis:epcList", RoleForm::Iri),
            role("from", "pv:custodyFrom", RoleForm::Iri),
            role("to", "pv:custodyTo", RoleForm::Iri),
            role("location-from", "pv:locationFrom", RoleForm::Iri),
            role("location-to", "pv:locationTo", RoleForm::Iri),
            role("action", "epcis:action", RoleForm::Text),
        ],
    },
    EventKind {
        name: "ownership",
        class: "epcis:ObjectEvent",
        time: "epcis:eventTime",
        roles: &[
            role("goods", "epcis:epcList", RoleForm::Iri),
            role("from", "pv:ownershipFrom", RoleForm::Iri),
            role("to", "pv:ownershipTo", RoleForm::Iri),
            role("action", "epcis:action", RoleForm::Text),
        ],
    },
    EventKind {
        name: "task",
        class: "pv:TaskStep",
        time: "prov:startedAtTime",
        roles: &[
            required("task", "pv:task", RoleForm::Text),
            required("state", "pv:taskState", RoleForm::State(TASK)),
            role("assignee", "pv:assignee", RoleForm::Text),
            role("input", "pv:taskInput", RoleForm::Text),
            role("result", "pv:taskResult", RoleForm::Text),
        ],
    },
    EventKind {
        name: "lifecycle",
        class: "pv:LifecycleEvent",
        time: "prov:startedAtTime",
        roles: &[
            required("state", "pv:lifecycleState", RoleForm::State(LIFECYCLE)),
            role("firmware", "pv:firmwareVersion", RoleForm::Text),
            role("firmware-digest", "pv:firmwareDigest", RoleForm::Text),
            role("hardware", "pv:hardwareVersion", RoleForm::Text),
            role("reason", "pv:reason", RoleForm::Text),
        ],
    },
];

impl Reading<'_, '_> {
    pub(super) fn event(&mut self, note: &Node) -> Option<Event> {
        let stated = note.get("kind").unwrap_or(note);
        let name = stated.text().unwrap_or_default();
        let Some(kind) = EVENTS.iter().find(|kind| kind.name == name) else {
            let names = || EVENTS.iter().map(|kind| kind.name);
            let message = format!("{name:?} is no kind of event");
            let problem = Problem::at(stated.at, ProblemCode::WrongValue, message);
            self.problems.push(match nearest(name, names()) {
                Some(near) => problem.near(Some(near)),
                None => {
                    problem.suggesting(format!("one of {}", names().collect::<Vec<_>>().join(", ")))
                }
            });
            return None;
        };
        let mut roles = Vec::new();
        for member in note.members().iter().filter(|member| member.name != "kind") {
            let Some(role) = kind.roles.iter().find(|role| role.name == member.name) else {
                let message = format!("a {} has no {}", kind.name, member.name);
                let near = nearest(&member.name, kind.roles.iter().map(|role| role.name));
                self.problems
                    .push(Problem::at(member.at, ProblemCode::UnknownKeyword, message).near(near));
                continue;
            };
            if let Some(value) = self.role_value(role, &member.value) {
                roles.push((role, value));
            }
        }
        for role in kind.roles.iter().filter(|role| role.is_required) {
            if note.member(role.name).is_none() {
                let message = format!("a {} says its {}", kind.name, role.name);
                self.report(note.at, ProblemCode::Missing, message);
            }
        }
        Some(Event { kind, roles, time_from: self.name(Keyword::TimeFrom) })
    }

    /// A field's name, or an object that says more: `{value: …}`, or `{field: …}` with codes or
    /// with what makes it an IRI.
    fn role_value(&mut self, role: &Role, note: &Node) -> Option<RoleValue> {
        if let Some(fixed) = note.get("value") {
            self.refuse_members(note, &["value"]);
            return self.fixed(role, fixed).map(RoleValue::Fixed);
        }
        if note.is_object() {
            self.refuse_members(note, &["field", "codes", "iri"]);
        } else if note.text().is_none() {
            let message = format!("{} names a field, or is an object", role.name);
            self.report(note.at, ProblemCode::WrongValue, message);
            return None;
        }
        let name = note.get("field").unwrap_or(note).text().map(str::to_owned);
        let codes = match note.get("codes") {
            Some(codes) => Some(self.role_codes(role, codes)?),
            None => None,
        };
        if matches!(role.form, RoleForm::State(_)) && codes.is_none() {
            let message = format!("{} needs the codes that the field has", role.name);
            let problem = Problem::at(note.at, ProblemCode::Missing, message);
            let hint =
                "for example {field: event, codes: {boot: Activated}}, or {value: Activated}";
            self.problems.push(problem.suggesting(hint));
            return None;
        }
        let iri = note.get("iri").and_then(Node::text).map(str::to_owned);
        Some(RoleValue::Field(FieldValue { name, codes, iri }))
    }

    fn role_codes(&mut self, role: &Role, note: &Node) -> Option<Codes> {
        let mut codes = Codes::new();
        for member in note.members() {
            let iri = match role.form {
                RoleForm::State(states) => self.state(&member.value, states)?,
                RoleForm::Text | RoleForm::Decimal | RoleForm::Iri => {
                    self.code_iri(&member.value)?
                }
            };
            codes.insert(member.name.clone(), iri);
        }
        Some(codes)
    }

    fn fixed(&mut self, role: &Role, note: &Node) -> Option<String> {
        match role.form {
            RoleForm::State(states) => self.state(note, states),
            RoleForm::Iri => {
                let text = note.scalar().unwrap_or_default();
                self.valid_iri(expanded(text).unwrap_or_else(|| text.to_owned()), note)
            }
            RoleForm::Text | RoleForm::Decimal => note.scalar().map(str::to_owned),
        }
    }

    fn state(&mut self, note: &Node, states: &[&str]) -> Option<String> {
        let name = note.text().unwrap_or_default();
        let local = name.strip_prefix("pv:").unwrap_or(name);
        if states.contains(&local) {
            return Some(format!("{PV}{local}"));
        }
        let message = format!("{name:?} is no such state");
        let problem = Problem::at(note.at, ProblemCode::WrongValue, message);
        self.problems.push(match nearest(local, states.iter().copied()) {
            Some(near) => problem.near(Some(near)),
            None => problem.suggesting(format!("one of {}", states.join(", "))),
        });
        None
    }
}
