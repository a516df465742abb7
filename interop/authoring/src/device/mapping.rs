use std::collections::BTreeMap;

use crate::device::lookup::{Access, Lookup};
use crate::device::meaning::{
    Actuation, Codes, Event, FieldValue, Identifier, IdentifierForm, Meaning, Observation,
    Quantity, ResultForm, RoleForm, RoleValue, Statement, Time, TimeForm, Unit, Zone,
};
use crate::device::places::{Step, is_plain, json_path, quoted};
use crate::device::vocabulary::{PREFIXES, turtle_iri};
use crate::turtle::{Writer, constant, input, input_of, literal, says, says_constant, term};

/// Writes the RML mapping of what all places mean.
pub(crate) fn mapping(lookup: &mut Lookup<'_, '_>, title: &str) -> String {
    let mut mapper = Mapper { lookup, writer: Writer::default() };
    let places: Vec<usize> = mapper.lookup.meanings.keys().copied().collect();
    let mut groups: Vec<Group> = Vec::new();
    let mut known: BTreeMap<(Option<usize>, Said), usize> = BTreeMap::new();
    for place in places {
        let Some(said) = mapper.said(place) else { continue };
        let parent = mapper.parent_of_named(place);
        let group = parent.and_then(|parent| known.get(&(Some(parent), said.clone())).copied());
        match group.and_then(|group| groups.get_mut(group)) {
            Some(group) if group.places.len() < GROUP_MAX => group.places.push(place),
            _ => {
                if let Some(parent) = parent {
                    known.insert((Some(parent), said.clone()), groups.len());
                }
                groups.push(Group { places: vec![place], said });
            }
        }
    }
    for group in groups {
        let iterator = mapper.iterator(&group.places);
        let Said { name, subject, says } = group.said;
        mapper.writer.map(&name, &iterator, &subject, &says);
    }
    let mut prefixes = vec![("rml", "http://w3id.org/rml/")];
    prefixes.extend(PREFIXES);
    mapper.writer.finish(title, &prefixes)
}

/// Most fields that one map iterates over; the ledger bounds the selectors of a path.
const GROUP_MAX: usize = 32;

/// Fields of one object that say the same.
struct Group {
    places: Vec<usize>,
    said: Said,
}

/// What is said of every iteration over a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    name: String,
    subject: String,
    says: Vec<String>,
}

struct Mapper<'l, 'a, 'n> {
    lookup: &'l mut Lookup<'a, 'n>,
    writer: Writer,
}

impl Mapper<'_, '_, '_> {
    /// The place around a member; of no other.
    fn parent_of_named(&self, place: usize) -> Option<usize> {
        let found = self.lookup.places.get(place)?;
        matches!(found.step, Some(Step::Name(_))).then_some(found.parent).flatten()
    }

    fn iterator(&self, places: &[usize]) -> String {
        let steps_of = |place: &usize| self.lookup.places.steps(*place, 0);
        let first = places.first().map(steps_of).unwrap_or_default();
        if places.len() < 2 {
            return json_path(&first);
        }
        let around = first.get(..first.len().saturating_sub(1)).unwrap_or_default();
        let names: Vec<String> = places
            .iter()
            .filter_map(|place| match steps_of(place).last() {
                Some(Step::Name(name)) => Some(quoted(name)),
                _ => None,
            })
            .collect();
        format!("{}[{}]", json_path(around), names.join(","))
    }

    fn said(&mut self, place: usize) -> Option<Said> {
        let meaning = self.lookup.meanings.get(&place)?;
        match meaning {
            Meaning::Observes(observation) => self.observation(place, observation),
            Meaning::Actuates(actuation) => self.actuation(place, actuation),
            Meaning::States(statement) => Some(self.statement(place, statement)),
            Meaning::Identifier(identifier) => self.identifier(*identifier),
            Meaning::Event(event) => self.event(place, event),
            Meaning::Time(_) | Meaning::Ignored(_) => None,
        }
    }

    fn subject(&mut self, wish: &str, class: &str) -> String {
        let here = self.here();
        let body = format!(
            "rml:functionExecution {here} ; rml:return pv:iri ; rml:termType rml:IRI ;\n    rml:class {class}"
        );
        self.writer.share(wish, &body)
    }

    /// The subject of an observation. Where there may be no value, a text that says so or a member that
    /// is not there, there is no subject either: a function without a required input gives nothing.
    fn subject_of_value(
        &mut self,
        place: usize,
        observation: &Observation,
        value: &Access,
    ) -> String {
        let may_lack = match &observation.value {
            Some(member) => self.lookup.may_lack(place, member),
            None => false,
        };
        let code = match &observation.result {
            ResultForm::Quantity(Quantity { text: Some(decimal), .. }) => {
                self.read_number(value, decimal)
            }
            ResultForm::Quantity(_) | ResultForm::State | ResultForm::Boolean if may_lack => {
                term(value)
            }
            ResultForm::Quantity(_) | ResultForm::State | ResultForm::Boolean => {
                return self.subject("observation", "sosa:Observation");
            }
        };
        let here = self.here();
        let iri = format!("rml:functionExecution {here} ; rml:return pv:iri");
        // Every code, the empty one too, stands for where the iteration is.
        let entry = format!(
            "rml:functionExecution [ rml:function pv:concat ; rml:input {} , {} ] ; rml:return pv:result",
            constant("part1", "="),
            input_of("part2", &iri)
        );
        let body = format!(
            "rml:functionExecution [ rml:function pv:lookup ;\n        rml:input {} ,\n            {} ,\n            {} ] ;\n    \
             rml:return pv:iri ; rml:termType rml:IRI ;\n    rml:class sosa:Observation",
            input_of("code", &code),
            input_of("entry", &entry),
            input_of("otherwise", &iri)
        );
        self.writer.share("observationOfValue", &body)
    }

    fn here(&mut self) -> String {
        self.writer.share("here", "rml:function pv:here")
    }

    fn by_this_device(&mut self, predicate: &str, wish: &str) -> String {
        let body = format!(
            "rml:predicate {predicate} ;\n    rml:objectMap [ rml:functionExecution [ rml:function pv:thisDevice ] ; rml:return pv:iri ; rml:termType rml:IRI ]"
        );
        self.writer.share(wish, &body)
    }

    fn source_path(&mut self) -> String {
        let here = self.here();
        let body = format!(
            "rml:predicate pv:sourcePath ;\n    rml:objectMap [ rml:functionExecution {here} ; rml:return pv:pathText ]"
        );
        self.writer.share("sourcePath", &body)
    }

    fn observation(&mut self, place: usize, observation: &Observation) -> Option<Said> {
        let value = self.value(place, observation.value.as_deref())?;
        let subject = self.subject_of_value(place, observation, &value);
        let mut said = vec![self.by_this_device("sosa:madeBySensor", "madeBySensor")];
        said.push(self.source_path());
        let property = turtle_iri(&observation.property);
        let mut own = vec![says_constant("sosa:observedProperty", &property)];
        match &observation.result {
            ResultForm::State => own.push(says("sosa:hasSimpleResult", &term(&value))),
            ResultForm::Boolean => own.push(says("sosa:hasSimpleResult", &boolean(&value))),
            ResultForm::Quantity(quantity) => {
                let (shared, mut more) = self.quantity(place, quantity, &value)?;
                said.extend(shared);
                own.append(&mut more);
            }
        }
        said.extend(self.time(place, observation.time_from.as_deref(), "sosa:resultTime"));
        if let Some((_, access)) = self.lookup.sensor(place) {
            let body =
                format!("rml:predicate pv:sensorName ;\n    rml:objectMap [ {} ]", term(&access));
            said.push(self.writer.share("sensorName", &body));
        }
        if let Some(statistic) = observation.statistic {
            own.push(says_constant("pv:statistic", &format!("pv:{statistic}")));
        }
        said.append(&mut own);
        Some(Said { name: local(&observation.property), subject, says: said })
    }

    /// What a number is, in parts that others share and parts of its own.
    fn quantity(
        &mut self,
        place: usize,
        quantity: &Quantity,
        value: &Access,
    ) -> Option<(Vec<String>, Vec<String>)> {
        let value = match quantity.text {
            None => term(value),
            Some(decimal) => self.read_number(value, decimal),
        };
        let original = format!(
            "rml:predicate pv:originalValue ;\n    rml:objectMap [ {value} ; rml:datatype xsd:decimal ]"
        );
        let mut shared = vec![self.writer.share("originalValue", &original)];
        let value_body = format!("rml:parameter pv:value ; rml:inputValueMap [ {value} ]");
        let value_input = self.writer.share("value", &value_body);
        let mut own = Vec::new();
        let unit = match &quantity.unit {
            Unit::Fixed(code) => {
                // A pure number has no unit that a device would name.
                if !matches!(code.as_str(), "" | "1") {
                    own.push(says_constant("pv:originalUnit", &literal(code)));
                }
                constant("unit", code)
            }
            Unit::Field(name) => {
                let (_, access) = self.lookup.field(place, name, "unit")?;
                let body = format!(
                    "rml:predicate pv:originalUnit ;\n    rml:objectMap [ {} ]",
                    term(&access)
                );
                shared.push(self.writer.share("originalUnit", &body));
                input("unit", &access)
            }
        };
        let mut inputs = vec![value_input.clone(), unit, constant("quantityKind", &quantity.kind)];
        inputs.extend(quantity.scheme.map(|scheme| constant("scheme", scheme)));
        let converted =
            format!("rml:function pv:convertUnit ;\n    rml:input {}", inputs.join(" ,\n        "));
        let converted = self.writer.share(&format!("in{}", quantity.kind), &converted);
        if let Some(limits) = &quantity.plausible {
            let number = match &quantity.unit {
                Unit::Fixed(_) => value_input,
                Unit::Field(_) => input_of(
                    "value",
                    &format!("rml:functionExecution {converted} ; rml:return pv:number"),
                ),
            };
            shared.push(self.plausible(limits, &number));
        }
        let result = |output: &str, form: &str| {
            format!("rml:functionExecution {converted} ; rml:return pv:{output} ; {form}")
        };
        own.splice(
            0..0,
            [
                says_constant("qudt:hasQuantityKind", &format!("kind:{}", quantity.kind)),
                says("sosa:hasSimpleResult", &result("number", "rml:datatype xsd:decimal")),
                says("qudt:hasUnit", &result("unitIri", "rml:termType rml:IRI")),
            ],
        );
        Some((shared, own))
    }

    /// A number that is sent as text.
    fn read_number(&mut self, value: &Access, decimal: &str) -> String {
        let mut inputs = vec![input("text", value)];
        inputs.extend((decimal != ".").then(|| constant("decimal", decimal)));
        let body =
            format!("rml:function pv:readNumber ;\n    rml:input {}", inputs.join(" ,\n        "));
        let read = self.writer.share("number", &body);
        format!("rml:functionExecution {read} ; rml:return pv:number")
    }

    fn plausible(&mut self, (least, most): &(String, String), number: &str) -> String {
        let body = format!(
            "rml:predicate pv:qualityFlag ;\n    rml:objectMap [ rml:functionExecution [ rml:function pv:rangeFlag ;\n            rml:input {number} ,\n                {} ,\n                {} ] ;\n        rml:return pv:flag ; rml:termType rml:IRI ]",
            constant("minimum", least),
            constant("maximum", most)
        );
        self.writer.share("plausible", &body)
    }

    /// Where the value of an observation or actuation is.
    fn value(&mut self, place: usize, member: Option<&str>) -> Option<Access> {
        let Some(name) = member else { return Some(Access::Inside("$".to_owned())) };
        let (_, access) = self.lookup.field(place, name, "value")?;
        Some(access)
    }

    /// When: an instant, or a local time with its flag where the form may lack a zone.
    fn time(&mut self, place: usize, named: Option<&str>, predicate: &str) -> Vec<String> {
        let Some((found, access)) = self.lookup.time(place, named) else { return Vec::new() };
        let Some(Meaning::Time(time)) = self.lookup.meanings.get(&found) else { return Vec::new() };
        let time = time.clone();
        let execution = self.time_execution(found, &time, &access, place);
        let part = |predicate: &str, output: &str, form: &str| {
            format!(
                "rml:predicate {predicate} ;\n    rml:objectMap [ rml:functionExecution {execution} ; rml:return pv:{output} ; {form} ]"
            )
        };
        let instant = part(predicate, "instant", "rml:datatype xsd:dateTimeStamp");
        let flag = part("pv:qualityFlag", "timeFlag", "rml:termType rml:IRI");
        let mut parts = vec![self.writer.share(&local_name(predicate), &instant)];
        match time.form {
            TimeForm::Iso | TimeForm::Pattern(_, None) => {
                let local = part("pv:deviceTime", "localTime", "rml:datatype xsd:dateTime");
                parts.push(self.writer.share("deviceTime", &local));
                parts.push(self.writer.share("timeFlag", &flag));
            }
            TimeForm::Senml => parts.push(self.writer.share("timeFlag", &flag)),
            TimeForm::Epoch(_) | TimeForm::Local(_) | TimeForm::Pattern(..) => {}
        }
        if let Some(clock) = time.clock {
            let body = format!("rml:predicate pv:timeSource ; rml:object pv:{clock}");
            parts.push(self.writer.share("timeSource", &body));
        }
        parts
    }

    fn time_execution(
        &mut self,
        field: usize,
        time: &Time,
        access: &Access,
        place: usize,
    ) -> String {
        let body = match &time.form {
            TimeForm::Epoch("s") => {
                format!("rml:function pv:epochTime ;\n    rml:input {}", input("seconds", access))
            }
            TimeForm::Epoch(unit) => {
                let seconds = format!(
                    "rml:functionExecution [ rml:function pv:convertUnit ;\n        rml:input {} , {} ,\n            {} , {} ] ;\n        rml:return pv:number",
                    input("value", access),
                    constant("unit", unit),
                    constant("quantityKind", "Time"),
                    constant("scheme", "ucum")
                );
                format!(
                    "rml:function pv:epochTime ;\n    rml:input {}",
                    input_of("seconds", &seconds)
                )
            }
            TimeForm::Senml => {
                format!("rml:function pv:senmlTime ;\n    rml:input {}", input("seconds", access))
            }
            TimeForm::Iso => {
                format!("rml:function pv:normaliseTime ;\n    rml:input {}", input("text", access))
            }
            TimeForm::Pattern(pattern, zone) => {
                let mut inputs = vec![input("text", access), constant("pattern", pattern)];
                inputs.extend(zone.as_ref().map(|zone| self.zone(field, zone, place)));
                format!("rml:function pv:readTime ;\n    rml:input {}", inputs.join(" ,\n        "))
            }
            TimeForm::Local(zone) => {
                let zone = self.zone(field, zone, place);
                format!(
                    "rml:function pv:normaliseTime ;\n    rml:input {} ,\n        {zone}",
                    input("text", access)
                )
            }
        };
        self.writer.share("time", &body)
    }

    /// The zone stands near the time; the iteration at `place` reaches for it.
    fn zone(&mut self, field: usize, zone: &Zone, place: usize) -> String {
        let name = match zone {
            Zone::Fixed(zone) => return constant("zone", zone),
            Zone::Field(name) => name,
        };
        let found = self.lookup.field(field, name, "zone");
        let access = found.and_then(|(found, _)| self.lookup.reach(place, found));
        access.map_or_else(String::new, |access| input("zone", &access))
    }

    fn actuation(&mut self, place: usize, actuation: &Actuation) -> Option<Said> {
        let value = self.value(place, actuation.value.as_deref())?;
        let subject = self.subject("actuation", "sosa:Actuation");
        let mut said = vec![self.by_this_device("sosa:madeByActuator", "madeByActuator")];
        said.push(self.source_path());
        said.extend(self.time(place, actuation.time_from.as_deref(), "sosa:resultTime"));
        said.push(says_constant("sosa:actsOnProperty", &turtle_iri(&actuation.property)));
        let result = if actuation.is_boolean { boolean(&value) } else { term(&value) };
        said.push(says("sosa:hasSimpleResult", &result));
        let may_lack = match &actuation.value {
            Some(member) => self.lookup.may_lack(place, member),
            None => false,
        };
        // Without a result the actuator has not answered.
        said.push(if may_lack {
            let confirmed = "urn:pervade:vocab#Confirmed";
            let codes = Codes::from([
                (String::new(), confirmed.to_owned()),
                ("*".to_owned(), confirmed.to_owned()),
            ]);
            says("pv:actuationState", &coded(&value, &codes))
        } else {
            says_constant("pv:actuationState", "pv:Confirmed")
        });
        for (predicate, name, what) in [
            ("pv:commandedValue", &actuation.commanded, "commanded value"),
            ("pv:commandedBy", &actuation.commanded_by, "who commanded"),
        ] {
            if let Some(name) = name {
                let (_, access) = self.lookup.field(place, name, what)?;
                let is_value = predicate == "pv:commandedValue";
                let object =
                    if is_value && actuation.is_boolean { boolean(&access) } else { term(&access) };
                said.push(says(predicate, &object));
            }
        }
        Some(Said { name: local(&actuation.property), subject, says: said })
    }

    fn statement(&mut self, place: usize, statement: &Statement) -> Said {
        let itself = Access::Inside("$".to_owned());
        let subject = self.writer.share(
            "device",
            "rml:functionExecution [ rml:function pv:thisDevice ] ; rml:return pv:iri ; rml:termType rml:IRI",
        );
        let object = match (&statement.time, &statement.codes) {
            (Some(time), _) => {
                let execution = self.time_execution(place, time, &itself, place);
                format!(
                    "rml:functionExecution {execution} ; rml:return pv:instant ; rml:datatype xsd:dateTimeStamp"
                )
            }
            (None, Some(codes)) => coded(&itself, codes),
            (None, None) => term(&itself),
        };
        let says = vec![says(&turtle_iri(&statement.predicate), &object)];
        Said { name: local(&statement.predicate), subject, says }
    }

    fn identifier(&mut self, identifier: Identifier) -> Option<Said> {
        let itself = Access::Inside("$".to_owned());
        let function = |name: &str| {
            format!(
                "rml:functionExecution [ rml:function pv:{name} ; rml:input {} ] ; rml:return pv:result",
                input("text", &itself)
            )
        };
        let object = match identifier.form {
            IdentifierForm::SensorName => return None,
            IdentifierForm::AsItIs => format!("{} ; rml:datatype xsd:string", term(&itself)),
            IdentifierForm::Iri => format!("{} ; rml:termType rml:IRI", term(&itself)),
            IdentifierForm::Eui64 => function("eui64"),
            IdentifierForm::Eui48 => function("eui48"),
        };
        // The value may be named and say something else: the statements stay apart.
        let body = format!(
            "rml:functionExecution [ rml:function pv:here ; rml:input {} ] ; rml:return pv:iri ; rml:termType rml:IRI ;\n    rml:class pv:IdentityStatement",
            constant("suffix", "/identity")
        );
        let subject = self.writer.share("identity", &body);
        let predicate = format!("pv:{}", identifier.predicate);
        let says = vec![self.source_path(), says(&predicate, &object)];
        Some(Said { name: identifier.predicate.to_owned(), subject, says })
    }

    fn event(&mut self, place: usize, event: &Event) -> Option<Said> {
        let kind = event.kind;
        let suffix =
            constant("suffix", &format!("{}{}", if place == 0 { "" } else { "/" }, kind.name));
        // The same value may be an event and hold observations: their names stay apart.
        let here = format!("[ rml:function pv:here ; rml:input {suffix} ]");
        let body = format!(
            "rml:functionExecution {here} ; rml:return pv:iri ; rml:termType rml:IRI ;\n    rml:class {}",
            kind.class
        );
        let subject = self.writer.share(&format!("{}Event", kind.name), &body);
        let mut said = vec![self.source_path()];
        let time = self.time(place, event.time_from.as_deref(), kind.time);
        if time.is_empty() && kind.time == "epcis:eventTime" {
            self.lookup.need_time(place, kind.name);
        }
        said.extend(time);
        for (role, value) in &event.roles {
            let object = match value {
                RoleValue::Fixed(text) => {
                    let fixed = match role.form {
                        RoleForm::Iri | RoleForm::State(_) => turtle_iri(text),
                        RoleForm::Decimal => format!("{}^^xsd:decimal", literal(text)),
                        RoleForm::Text => literal(text),
                    };
                    said.push(says_constant(role.predicate, &fixed));
                    continue;
                }
                RoleValue::Field(field) => self.role(place, role.form, field, role.name)?,
            };
            said.push(says(role.predicate, &object));
        }
        Some(Said { name: kind.name.to_owned(), subject, says: said })
    }

    fn role(
        &mut self,
        place: usize,
        form: RoleForm,
        field: &FieldValue,
        what: &str,
    ) -> Option<String> {
        let access = match &field.name {
            Some(name) => self.lookup.field(place, name, what)?.1,
            None => Access::Inside("$".to_owned()),
        };
        if let Some(codes) = &field.codes {
            return Some(coded(&access, codes));
        }
        if let Some(namespace) = &field.iri {
            return Some(format!(
                "rml:functionExecution [ rml:function pv:codeIri ;\n            rml:input {} ,\n                {} ] ;\n        rml:return pv:iri ; rml:termType rml:IRI",
                input("code", &access),
                constant("namespace", namespace)
            ));
        }
        let access = term(&access);
        Some(match form {
            RoleForm::Decimal => format!("{access} ; rml:datatype xsd:decimal"),
            RoleForm::Iri => format!("{access} ; rml:termType rml:IRI"),
            RoleForm::Text => format!("{access} ; rml:datatype xsd:string"),
            RoleForm::State(_) => access,
        })
    }
}

/// Yes or no, in whatever way it is written.
fn boolean(access: &Access) -> String {
    format!(
        "rml:functionExecution [ rml:function pv:readBoolean ; rml:input {} ] ; rml:return pv:boolean",
        input("text", access)
    )
}

/// The IRI that a code stands for.
fn coded(access: &Access, codes: &Codes) -> String {
    let mut inputs = vec![input("code", access)];
    for (code, iri) in codes {
        inputs.push(match code.as_str() {
            "*" => constant("otherwise", iri),
            code => constant("entry", &format!("{code}={iri}")),
        });
    }
    format!(
        "rml:functionExecution [ rml:function pv:lookup ;\n            rml:input {} ] ;\n        rml:return pv:iri ; rml:termType rml:IRI",
        inputs.join(" ,\n                ")
    )
}

/// The last part of an IRI, for naming maps.
fn local(iri: &str) -> String {
    let last = iri.rsplit(['#', '/', ':']).find(|part| is_plain(part));
    last.unwrap_or("field").to_owned()
}

fn local_name(predicate: &str) -> String {
    predicate.rsplit(':').next().unwrap_or(predicate).to_owned()
}
