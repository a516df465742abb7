use super::{Codes, Identifier, IdentifierForm, Reading, Statement, Time, TimeForm, Zone};
use crate::device::keywords::Keyword;
use crate::device::vocabulary::{PV, Vocabulary, expanded};
use crate::nearest::nearest;
use crate::node::Node;
use crate::problem::{Problem, ProblemCode};

/// Forms of times, as `x-time` names them.
pub(crate) const TIME_FORMS: &[&str] = &[
    "epoch-seconds",
    "epoch-milliseconds",
    "epoch-microseconds",
    "iso-8601",
    "local",
    "pattern",
    "senml",
];

/// What `x-identifier` names.
pub(crate) const IDENTIFIERS: &[Identifier] = &[
    identifier("serial", "serialNumber", IdentifierForm::AsItIs),
    identifier("eui64", "deviceEui", IdentifierForm::Eui64),
    identifier("mac", "macAddress", IdentifierForm::Eui48),
    identifier("imei", "imei", IdentifierForm::AsItIs),
    identifier("iccid", "iccid", IdentifierForm::AsItIs),
    identifier("epc", "epc", IdentifierForm::Iri),
    identifier("did", "decentralizedId", IdentifierForm::Iri),
    identifier("name", "deviceName", IdentifierForm::AsItIs),
    identifier("sensor", "sensorName", IdentifierForm::SensorName),
];

const fn identifier(
    scheme: &'static str,
    predicate: &'static str,
    form: IdentifierForm,
) -> Identifier {
    Identifier { scheme, predicate, form }
}

impl Reading<'_, '_> {
    pub(super) fn time(&mut self, note: &Node) -> Option<Time> {
        self.refuse_members(note, &["form", "pattern", "zone", "zone-from", "clock"]);
        let form = self.time_form(note)?;
        let clock = match note.get("clock") {
            Some(clock) => Some(self.clock(clock)?),
            None => None,
        };
        Some(Time { form, clock })
    }

    fn time_form(&mut self, note: &Node) -> Option<TimeForm> {
        let form = note.get("form").unwrap_or(note);
        let name = form.text().unwrap_or_default();
        match name {
            "epoch-seconds" => Some(TimeForm::Epoch("s")),
            "epoch-milliseconds" => Some(TimeForm::Epoch("ms")),
            "epoch-microseconds" => Some(TimeForm::Epoch("us")),
            "iso-8601" => Some(TimeForm::Iso),
            "senml" => Some(TimeForm::Senml),
            "local" => self.zone(note).map(TimeForm::Local),
            "pattern" => self.pattern(note),
            _ => {
                let message = format!("{name:?} is no form of a time");
                let problem = Problem::at(form.at, ProblemCode::WrongValue, message);
                let near = nearest(name, TIME_FORMS.iter().copied());
                self.problems.push(match near {
                    Some(_) => problem.near(near),
                    None => problem.suggesting(format!("one of {}", TIME_FORMS.join(", "))),
                });
                None
            }
        }
    }

    fn pattern(&mut self, note: &Node) -> Option<TimeForm> {
        let Some(pattern) = note.get("pattern").and_then(Node::text) else {
            let problem =
                Problem::at(note.at, ProblemCode::Missing, "the form pattern needs a pattern");
            let hint = "{form: pattern, pattern: \"DD.MM.YYYY hh:mm\", zone: \"+01:00\"}";
            self.problems.push(problem.suggesting(hint));
            return None;
        };
        let has_zone = note.get("zone").is_some() || note.get("zone-from").is_some();
        let zone = if has_zone { Some(self.zone(note)?) } else { None };
        Some(TimeForm::Pattern(pattern.to_owned(), zone))
    }

    fn clock(&mut self, note: &Node) -> Option<&'static str> {
        match note.text() {
            Some("device") => Some("DeviceClock"),
            Some("gateway") => Some("GatewayClock"),
            Some("server") => Some("ServerClock"),
            _ => {
                let problem = Problem::at(note.at, ProblemCode::WrongValue, "no such clock");
                self.problems.push(problem.suggesting("one of device, gateway, server"));
                None
            }
        }
    }

    fn zone(&mut self, note: &Node) -> Option<Zone> {
        if let Some(field) = note.get("zone-from").and_then(Node::text) {
            return Some(Zone::Field(field.to_owned()));
        }
        let zone = note.get("zone");
        let text = zone.and_then(Node::text).unwrap_or_default();
        if pervade_units::ZoneOffset::parse(text).is_ok() {
            return Some(Zone::Fixed(text.to_owned()));
        }
        let at = zone.map_or(note.at, |zone| zone.at);
        let problem =
            Problem::at(at, ProblemCode::Missing, "a local time needs its offset from UTC");
        let hint =
            "{form: local, zone: \"+01:00\"}; a device whose zone nobody knows sends iso-8601";
        self.problems.push(problem.suggesting(hint));
        None
    }

    /// Members that an annotation does not have.
    pub(super) fn refuse_members(&mut self, note: &Node, known: &[&str]) {
        for member in note.members() {
            if known.contains(&member.name.as_str()) {
                continue;
            }
            let message = format!("{} is nothing that is read here", member.name);
            let near = nearest(&member.name, known.iter().copied());
            self.problems
                .push(Problem::at(member.at, ProblemCode::UnknownKeyword, message).near(near));
        }
    }

    pub(super) fn identifier(&mut self, note: &Node) -> Option<Identifier> {
        let name = note.text().unwrap_or_default();
        let found = IDENTIFIERS.iter().find(|known| known.scheme == name).copied();
        if found.is_none() {
            let schemes = || IDENTIFIERS.iter().map(|known| known.scheme);
            let message = format!("{name:?} is no kind of identifier");
            let problem = Problem::at(note.at, ProblemCode::WrongValue, message);
            self.problems.push(match nearest(name, schemes()) {
                Some(near) => problem.near(Some(near)),
                None => {
                    let all: Vec<&str> = schemes().collect();
                    problem.suggesting(format!("one of {}", all.join(", ")))
                }
            });
        }
        found
    }

    pub(super) fn statement(&mut self, note: &Node) -> Option<Statement> {
        let Some(name) = note.text() else {
            let message = format!("x-states names a predicate, not {}", note.kind());
            self.report(note.at, ProblemCode::WrongValue, message);
            return None;
        };
        let iri = expanded(name).unwrap_or_else(|| format!("{PV}{name}"));
        let vocabulary = Vocabulary::own();
        if let Some(ours) = iri.strip_prefix(PV)
            && !vocabulary.is_predicate(ours)
        {
            let message = format!("{name:?} is no predicate of the vocabulary");
            let problem = Problem::at(note.at, ProblemCode::UnknownProperty, message);
            self.problems.push(match vocabulary.nearest_predicate(ours) {
                Some(near) => problem.near(Some(near)),
                None => problem.suggesting(
                    "`pervade vocabulary` lists them; a predicate of your own is a full IRI",
                ),
            });
            return None;
        }
        let predicate = self.valid_iri(iri, note)?;
        let time = match self.notes.get(&Keyword::Time).copied() {
            Some(note) => Some(self.time(note)?),
            None => None,
        };
        Some(Statement { predicate, codes: self.codes(), time })
    }

    /// `x-codes`: what the codes of a field stand for.
    pub(super) fn codes(&mut self) -> Option<Codes> {
        let note = *self.notes.get(&Keyword::Codes)?;
        if note.members().is_empty() {
            let problem = Problem::at(
                note.at,
                ProblemCode::WrongValue,
                "x-codes gives an IRI for every code",
            );
            self.problems
                .push(problem.suggesting("for example {open: pv:Open, closed: pv:Closed}"));
            return None;
        }
        let mut codes = Codes::new();
        for member in note.members() {
            if let Some(iri) = self.code_iri(&member.value) {
                codes.insert(member.name.clone(), iri);
            }
        }
        let listed: Vec<String> = self
            .schemas
            .iter()
            .filter_map(|schema| schema.get("enum"))
            .flat_map(Node::items)
            .filter_map(|item| item.scalar().map(str::to_owned))
            .collect();
        let missing = listed.iter().find(|code| !codes.contains_key(*code));
        if let Some(code) = missing.filter(|_| !codes.contains_key("*")) {
            let message = format!("the code {code:?} of the enum has no IRI");
            let problem = Problem::at(note.at, ProblemCode::Missing, message);
            self.problems.push(problem.suggesting("\"*\" stands for every other code"));
        }
        Some(codes)
    }

    /// An IRI, a prefixed name or a name of our vocabulary.
    pub(super) fn code_iri(&mut self, note: &Node) -> Option<String> {
        let Some(name) = note.text() else {
            let message = format!("a code stands for an IRI, not for {}", note.kind());
            self.report(note.at, ProblemCode::WrongValue, message);
            return None;
        };
        let iri = expanded(name).unwrap_or_else(|| format!("{PV}{name}"));
        let vocabulary = Vocabulary::own();
        if let Some(ours) = iri.strip_prefix(PV)
            && vocabulary.term(ours).is_none()
        {
            let message = format!("{name:?} is no term of the vocabulary");
            let near = vocabulary.nearest_term(ours);
            self.problems
                .push(Problem::at(note.at, ProblemCode::UnknownProperty, message).near(near));
            return None;
        }
        self.valid_iri(iri, note)
    }
}
