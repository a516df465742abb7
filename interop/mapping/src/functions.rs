mod reading;
mod text;

use std::collections::BTreeMap;

use pervade_rdf::NamedNode;
use pervade_units::{
    ConvertError, DeviceTime, EuiError, Instant, Number, NumberError, QuantityKind, Scheme,
    TimeError, ZoneOffset, convert, eui48, eui64,
};

use crate::plan::{Encoding, Profile};
use crate::term::{TermError, Value, encode};
use crate::vocabulary::{GREL, IDLAB, PERVADE};
pub use text::TextFunction;

/// Version of the library: it grows with every function that is added, and what a function gives
/// for the same inputs never changes.
pub const LIBRARY_VERSION: u32 = 2;

/// The functions a mapping may execute; the library is closed, so that every endorser has it.
///
/// IRIs are `urn:pervade:vocab#` and the name of the variant with a small first letter, the
/// same for parameters and outputs. A function whose required input has no value gives none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Function {
    /// `value`, `unit`, `quantityKind`, `scheme` (`symbol` unless stated) →
    /// `number`, `unitIri`, `originalUnitIri`: the exact value in the kind's own unit.
    ConvertUnit,
    /// `text`, `zone` → `instant` or, without a zone, `localTime` and `timeFlag`.
    NormaliseTime,
    /// `seconds` → `instant`: seconds since 1970.
    EpochTime,
    /// `seconds` → `instant`, or `timeFlag` for a time below 2^28, which is relative to the
    /// sender's now (RFC 8428, 4.5.3).
    SenmlTime,
    /// `up`, `suffix` → `iri` (base, path, suffix), `pathText`, `member`: where the iteration
    /// is, or the value `up` steps around it.
    Here,
    /// `path` → `found`: the value at a `JSONPath` in the nearest value around the iteration
    /// that has it.
    Enclosing,
    /// → `iri`: the device of the transaction.
    ThisDevice,
    /// → `iri`: the transaction's record.
    ThisRecord,
    /// `part1` … `part6`, `separator` → `result`.
    Concat,
    /// `part1` … `part6` → `result`: the first that has a value.
    FirstOf,
    /// `value`, `minimum`, `maximum` → `flag`, `Implausible`, if the value is outside.
    RangeFlag,
    /// `text` → `result`, ASCII letters upper-case.
    UpperCase,
    /// `text` → `result`, ASCII letters lower-case.
    LowerCase,
    /// `text` → `result`: canonical EUI-64.
    Eui64,
    /// `text` → `result`: canonical EUI-48, such as a MAC address. Since version 2.
    Eui48,
    /// `code`, `namespace` → `iri`: the code's IRI; a code that is an IRI stays.
    CodeIri,
    /// `code`, `entry`*, `otherwise` → `iri`: entries are `code=IRI`.
    Lookup,
    /// `text`, `decimal` (`.` unless stated, or `,`) → `number`, `unitText`: a number as devices
    /// write it, with `+`, an exponent or a unit after it. A text that says there is no value
    /// (nothing, `NaN`, `--`, `n/a`, `null`) gives none. Since version 2 of the library.
    ReadNumber,
    /// `text` → `boolean`: `true`, `on`, `yes` and numbers but zero; `false`, `off`, `no` and zero, in
    /// any case of letters. A text that says there is no value gives none. Since version 2.
    ReadBoolean,
    /// `text`, `pattern`, `zone` → as [`Function::NormaliseTime`]: a time in another form than ISO
    /// 8601, such as `DD.MM.YYYY hh:mm`. Since version 2.
    ReadTime,
    /// `text`, `decimal` → `number`: an angle in decimal degrees, from degrees, minutes and seconds,
    /// with a sign or a hemisphere. Since version 2.
    ReadAngle,
    /// `latitude`, `longitude`, `code`, `entry`* → `flag`: entries are `code=south north west east`,
    /// the box in degrees that places of the code are in. `AxesSwapped` for a position that is in the
    /// box only the other way round, `Implausible` for one that is outside both ways. Since version 2.
    PlaceFlag,
    /// Off the ledger only: a function on text that RML mappings commonly use.
    OnText(TextFunction),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Parameter {
    Value,
    Unit,
    QuantityKind,
    Scheme,
    Text,
    Zone,
    Seconds,
    Suffix,
    Path,
    Part1,
    Part2,
    Part3,
    Part4,
    Part5,
    Part6,
    Separator,
    Code,
    Namespace,
    Entry,
    Otherwise,
    Up,
    Minimum,
    Maximum,
    Decimal,
    Pattern,
    Latitude,
    Longitude,
    GrelValue,
    GrelValue2,
    GrelFrom,
    GrelTo,
    GrelFind,
    GrelReplacement,
    GrelMode,
    IdlabText,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Output {
    Number,
    UnitIri,
    OriginalUnitIri,
    Instant,
    LocalTime,
    TimeFlag,
    Iri,
    PathText,
    Member,
    Found,
    Result,
    Flag,
    UnitText,
    Boolean,
    GrelString,
    GrelNumber,
    IdlabString,
    IdlabBoolean,
}

/// Why a function gives an error instead of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FunctionError {
    /// The value is not a number.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// The unit is unknown or does not fit.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// The time is not one.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// The text is no EUI-64 or EUI-48.
    #[error(transparent)]
    Eui(#[from] EuiError),
    /// A value cannot be used.
    #[error(transparent)]
    Term(#[from] TermError),
    /// The code is not in the list and there is no `otherwise`.
    #[error("{code:?} is not in the code list")]
    UnknownCode {
        /// The code, cut to a bounded length.
        code: String,
    },
    /// An input that takes one value has several.
    #[error("the input {parameter} has several values")]
    Several {
        /// The parameter's local name.
        parameter: String,
    },
    /// A quantity kind or scheme that does not exist.
    #[error("{text:?} is no {what}")]
    NoSuch {
        /// What it should be.
        what: &'static str,
        /// The text, cut to a bounded length.
        text: String,
    },
}

/// What a function may know beside its inputs.
pub(crate) struct Surroundings<'a> {
    pub(crate) base: &'a str,
    pub(crate) record: &'a str,
    pub(crate) device: &'a str,
    /// Steps from the document's root to the iteration, as text.
    pub(crate) path: &'a [String],
    /// What [`Function::Enclosing`] found.
    pub(crate) enclosing: Option<Value>,
}

/// The IRI of a place in a document: the base, and the names and indices that lead there from the
/// root, percent-encoded and joined by slashes.
#[must_use]
pub fn place_iri(base: &str, path: &[String]) -> String {
    let steps: Vec<String> = path.iter().map(|step| encode(step, Encoding::Uri)).collect();
    format!("{base}{}", steps.join("/"))
}

pub(crate) type Arguments = BTreeMap<Parameter, Vec<String>>;
pub(crate) type Outputs = BTreeMap<Output, Value>;

/// Times below this are relative (RFC 8428, 4.5.3).
const RELATIVE_BELOW: i64 = 1 << 28;

impl Function {
    const ALL: &[Self] = &[
        Self::ConvertUnit,
        Self::NormaliseTime,
        Self::EpochTime,
        Self::SenmlTime,
        Self::Here,
        Self::Enclosing,
        Self::ThisDevice,
        Self::ThisRecord,
        Self::Concat,
        Self::FirstOf,
        Self::RangeFlag,
        Self::UpperCase,
        Self::LowerCase,
        Self::Eui64,
        Self::Eui48,
        Self::CodeIri,
        Self::Lookup,
        Self::ReadNumber,
        Self::ReadBoolean,
        Self::ReadTime,
        Self::ReadAngle,
        Self::PlaceFlag,
    ];

    /// The function of this IRI; the ledger's library is a part of what is there off it.
    pub(crate) fn find(iri: &str, profile: Profile) -> Option<Self> {
        let ours = iri.strip_prefix(PERVADE).unwrap_or_default();
        let found = Self::ALL.iter().copied().find(|function| local(function) == ours);
        match profile {
            Profile::Ledger => found,
            Profile::Open => found.or_else(|| TextFunction::find(iri).map(Self::OnText)),
        }
    }

    /// How messages name it.
    pub(crate) fn name(self) -> String {
        if let Self::OnText(function) = self {
            return shortened(function.iri());
        }
        format!("pv:{}", local(&self))
    }

    /// Parameters taken; the first of the pair must be there.
    pub(crate) const fn parameters(self) -> (&'static [Parameter], &'static [Parameter]) {
        use Parameter as P;
        match self {
            Self::ConvertUnit => (&[P::Value, P::Unit, P::QuantityKind], &[P::Scheme]),
            Self::NormaliseTime => (&[P::Text], &[P::Zone]),
            Self::EpochTime | Self::SenmlTime => (&[P::Seconds], &[]),
            Self::Here => (&[], &[P::Suffix, P::Up]),
            Self::Enclosing => (&[P::Path], &[]),
            Self::ThisDevice | Self::ThisRecord => (&[], &[]),
            Self::Concat => {
                (&[P::Part1], &[P::Part2, P::Part3, P::Part4, P::Part5, P::Part6, P::Separator])
            }
            Self::FirstOf => (&[], &[P::Part1, P::Part2, P::Part3, P::Part4, P::Part5, P::Part6]),
            Self::RangeFlag => (&[P::Value, P::Minimum, P::Maximum], &[]),
            Self::UpperCase | Self::LowerCase | Self::Eui64 | Self::Eui48 | Self::ReadBoolean => {
                (&[P::Text], &[])
            }
            Self::CodeIri => (&[P::Code, P::Namespace], &[]),
            Self::Lookup => (&[P::Code, P::Entry], &[P::Otherwise]),
            Self::ReadNumber | Self::ReadAngle => (&[P::Text], &[P::Decimal]),
            Self::ReadTime => (&[P::Text, P::Pattern], &[P::Zone]),
            Self::PlaceFlag => (&[P::Latitude, P::Longitude, P::Code, P::Entry], &[]),
            Self::OnText(function) => function.parameters(),
        }
    }

    pub(crate) const fn outputs(self) -> &'static [Output] {
        use Output as O;
        match self {
            Self::ConvertUnit => &[O::Number, O::UnitIri, O::OriginalUnitIri],
            Self::NormaliseTime | Self::ReadTime => &[O::Instant, O::LocalTime, O::TimeFlag],
            Self::ReadNumber => &[O::Number, O::UnitText],
            Self::ReadAngle => &[O::Number],
            Self::ReadBoolean => &[O::Boolean],
            Self::EpochTime => &[O::Instant],
            Self::SenmlTime => &[O::Instant, O::TimeFlag],
            Self::Here => &[O::Iri, O::PathText, O::Member],
            Self::Enclosing => &[O::Found],
            Self::ThisDevice | Self::ThisRecord | Self::CodeIri | Self::Lookup => &[O::Iri],
            Self::RangeFlag | Self::PlaceFlag => &[O::Flag],
            Self::Concat
            | Self::FirstOf
            | Self::UpperCase
            | Self::LowerCase
            | Self::Eui64
            | Self::Eui48 => &[O::Result],
            Self::OnText(function) => function.outputs(),
        }
    }

    pub(crate) fn call(
        self,
        arguments: &Arguments,
        around: &Surroundings<'_>,
    ) -> Result<Outputs, FunctionError> {
        let call = Call { arguments };
        if !self.parameters().0.iter().all(|needed| arguments.contains_key(needed)) {
            return Ok(Outputs::new());
        }
        match self {
            Self::ConvertUnit => call.convert_unit(),
            Self::NormaliseTime => call.normalise_time(),
            Self::EpochTime => call.epoch_time(),
            Self::SenmlTime => call.senml_time(),
            Self::Here => call.here(around),
            Self::Enclosing => {
                Ok(around.enclosing.iter().map(|v| (Output::Found, v.clone())).collect())
            }
            Self::ThisDevice => Ok(iri_output(around.device.to_owned())),
            Self::ThisRecord => Ok(iri_output(around.record.to_owned())),
            Self::Concat => call.concat(),
            Self::FirstOf => call.first_of(),
            Self::RangeFlag => call.range_flag(),
            Self::UpperCase => Ok(result(call.one(Parameter::Text)?.to_ascii_uppercase())),
            Self::LowerCase => Ok(result(call.one(Parameter::Text)?.to_ascii_lowercase())),
            Self::Eui64 => Ok(result(eui64(call.one(Parameter::Text)?)?)),
            Self::Eui48 => Ok(result(eui48(call.one(Parameter::Text)?)?)),
            Self::CodeIri => call.code_iri(),
            Self::Lookup => call.lookup(),
            Self::ReadNumber => call.read_number(),
            Self::ReadBoolean => call.read_boolean(),
            Self::ReadTime => call.read_time(),
            Self::ReadAngle => call.read_angle(),
            Self::PlaceFlag => call.place_flag(),
            Self::OnText(function) => function.call(&call),
        }
    }
}

impl Parameter {
    pub(crate) const ALL: &[Self] = &[
        Self::Value,
        Self::Unit,
        Self::QuantityKind,
        Self::Scheme,
        Self::Text,
        Self::Zone,
        Self::Seconds,
        Self::Suffix,
        Self::Path,
        Self::Part1,
        Self::Part2,
        Self::Part3,
        Self::Part4,
        Self::Part5,
        Self::Part6,
        Self::Separator,
        Self::Code,
        Self::Namespace,
        Self::Entry,
        Self::Otherwise,
        Self::Up,
        Self::Minimum,
        Self::Maximum,
        Self::Decimal,
        Self::Pattern,
        Self::Latitude,
        Self::Longitude,
    ];

    pub(crate) fn find(iri: &str) -> Option<Self> {
        let ours = iri.strip_prefix(PERVADE).unwrap_or_default();
        let found = Self::ALL.iter().copied().find(|parameter| local(parameter) == ours);
        found.or_else(|| text::parameter(iri))
    }

    /// How messages name it.
    pub(crate) fn name(self) -> String {
        text::iri_of_parameter(self)
            .map_or_else(|| format!("pv:{}", local(&self)), |iri| shortened(&iri))
    }
}

impl Output {
    const ALL: &[Self] = &[
        Self::Number,
        Self::UnitIri,
        Self::OriginalUnitIri,
        Self::Instant,
        Self::LocalTime,
        Self::TimeFlag,
        Self::Iri,
        Self::PathText,
        Self::Member,
        Self::Found,
        Self::Result,
        Self::Flag,
        Self::UnitText,
        Self::Boolean,
    ];

    pub(crate) fn find(iri: &str) -> Option<Self> {
        let ours = iri.strip_prefix(PERVADE).unwrap_or_default();
        let found = Self::ALL.iter().copied().find(|output| local(output) == ours);
        found.or_else(|| text::output(iri))
    }
}

/// An IRI with its usual prefix.
pub(crate) fn shortened(iri: impl AsRef<str>) -> String {
    let iri = iri.as_ref();
    let prefixes = [("pv", PERVADE), ("grel", GREL), ("idlab-fn", IDLAB)];
    let short = prefixes.iter().find_map(|(prefix, namespace)| {
        iri.strip_prefix(namespace).map(|local| format!("{prefix}:{local}"))
    });
    short.unwrap_or_else(|| iri.to_owned())
}

/// The name of a variant with a small first letter.
pub(crate) fn local(variant: &impl std::fmt::Debug) -> String {
    let name = format!("{variant:?}");
    let mut letters = name.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

struct Call<'a> {
    arguments: &'a Arguments,
}

type Called = Result<Outputs, FunctionError>;

impl<'a> Call<'a> {
    fn optional(&self, parameter: Parameter) -> Result<Option<&'a str>, FunctionError> {
        match self.arguments.get(&parameter).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([one]) => Ok(Some(one)),
            Some(_) => Err(FunctionError::Several { parameter: local(&parameter) }),
        }
    }

    fn one(&self, parameter: Parameter) -> Result<&'a str, FunctionError> {
        // Callers name required parameters, which are there.
        Ok(self.optional(parameter)?.unwrap_or_default())
    }

    fn convert_unit(&self) -> Called {
        let value = Number::parse(self.one(Parameter::Value)?)?;
        let kind_text = self.one(Parameter::QuantityKind)?;
        let no_such = |what, text: &str| FunctionError::NoSuch { what, text: cut(text) };
        let kind =
            QuantityKind::find(kind_text).ok_or_else(|| no_such("quantity kind", kind_text))?;
        let scheme = match self.optional(Parameter::Scheme)? {
            None => Scheme::Symbol,
            Some(name) => Scheme::find(name).ok_or_else(|| no_such("unit scheme", name))?,
        };
        let converted = convert(&value, self.one(Parameter::Unit)?, scheme, kind)?;
        let mut outputs =
            Outputs::from([(Output::Number, Value::Number(converted.value.to_decimal()))]);
        let units = [
            (Output::UnitIri, converted.unit.iri()),
            (Output::OriginalUnitIri, converted.original_unit.iri()),
        ];
        outputs
            .extend(units.into_iter().filter_map(|(output, iri)| Some((output, Value::Iri(iri?)))));
        Ok(outputs)
    }

    fn normalise_time(&self) -> Called {
        self.time(self.one(Parameter::Text)?)
    }

    /// Of a time in ISO 8601.
    fn time(&self, text: &str) -> Called {
        let zone = self.optional(Parameter::Zone)?.map(ZoneOffset::parse).transpose()?;
        Ok(match DeviceTime::parse(text, zone)? {
            DeviceTime::Zoned(instant) => instant_output(&instant),
            DeviceTime::Local(local) => Outputs::from([
                (Output::LocalTime, Value::Text(local)),
                (Output::TimeFlag, Value::Iri(format!("{PERVADE}ZoneUnknown"))),
            ]),
        })
    }

    fn epoch_time(&self) -> Called {
        let seconds = Number::parse(self.one(Parameter::Seconds)?)?;
        Ok(instant_output(&Instant::from_epoch(&seconds)?))
    }

    fn senml_time(&self) -> Called {
        let seconds = Number::parse(self.one(Parameter::Seconds)?)?;
        let relative = Number::ratio(RELATIVE_BELOW, 1).is_some_and(|limit| seconds < limit);
        if relative {
            let flag = Value::Iri(format!("{PERVADE}RelativeTime"));
            return Ok(Outputs::from([(Output::TimeFlag, flag)]));
        }
        Ok(instant_output(&Instant::from_epoch(&seconds)?))
    }

    fn here(&self, around: &Surroundings<'_>) -> Called {
        let up = match self.optional(Parameter::Up)? {
            None => 0,
            Some(text) => text
                .parse::<usize>()
                .map_err(|_| FunctionError::NoSuch { what: "number of steps", text: cut(text) })?,
        };
        let length = around.path.len().saturating_sub(up);
        let path = around.path.get(..length).unwrap_or_default();
        let suffix = self.optional(Parameter::Suffix)?.unwrap_or_default();
        let iri = format!("{}{suffix}", place_iri(around.base, path));
        NamedNode::new(&iri).map_err(|_| TermError::Iri { iri: cut(&iri) })?;
        let mut outputs = iri_output(iri);
        outputs.insert(Output::PathText, Value::Text(path.join("/")));
        if let Some(member) = path.last() {
            outputs.insert(Output::Member, Value::Text(member.clone()));
        }
        Ok(outputs)
    }

    /// The parts that have a value, in order.
    fn parts(&self) -> Result<Vec<&'a str>, FunctionError> {
        use Parameter as P;
        let mut parts = Vec::new();
        for parameter in [P::Part1, P::Part2, P::Part3, P::Part4, P::Part5, P::Part6] {
            parts.extend(self.optional(parameter)?);
        }
        Ok(parts)
    }

    fn concat(&self) -> Called {
        let separator = self.optional(Parameter::Separator)?.unwrap_or_default();
        Ok(result(self.parts()?.join(separator)))
    }

    fn first_of(&self) -> Called {
        let first = self.parts()?.first().map(|part| (*part).to_owned());
        Ok(first.map_or_else(Outputs::new, result))
    }

    fn range_flag(&self) -> Called {
        let value = Number::parse(self.one(Parameter::Value)?)?;
        let minimum = Number::parse(self.one(Parameter::Minimum)?)?;
        let maximum = Number::parse(self.one(Parameter::Maximum)?)?;
        if (minimum..=maximum).contains(&value) {
            return Ok(Outputs::new());
        }
        Ok(Outputs::from([(Output::Flag, Value::Iri(format!("{PERVADE}Implausible")))]))
    }

    fn code_iri(&self) -> Called {
        let code = self.one(Parameter::Code)?;
        let iri = if code.contains(':') {
            code.to_owned()
        } else {
            format!("{}{}", self.one(Parameter::Namespace)?, encode(code, Encoding::Uri))
        };
        NamedNode::new(&iri).map_err(|_| TermError::Iri { iri: cut(&iri) })?;
        Ok(iri_output(iri))
    }

    fn lookup(&self) -> Called {
        let code = self.one(Parameter::Code)?;
        let entries = self.arguments.get(&Parameter::Entry).map(Vec::as_slice).unwrap_or_default();
        let found = entries
            .iter()
            .find_map(|entry| entry.split_once('=').filter(|(key, _)| *key == code))
            .map(|(_, iri)| iri);
        let iri = match found {
            Some(iri) => iri,
            None => self
                .optional(Parameter::Otherwise)?
                .ok_or_else(|| FunctionError::UnknownCode { code: cut(code) })?,
        };
        NamedNode::new(iri).map_err(|_| TermError::Iri { iri: cut(iri) })?;
        Ok(iri_output(iri.to_owned()))
    }
}

fn instant_output(instant: &Instant) -> Outputs {
    Outputs::from([(Output::Instant, Value::Text(instant.to_string()))])
}

fn iri_output(iri: String) -> Outputs {
    Outputs::from([(Output::Iri, Value::Iri(iri))])
}

fn result(text: String) -> Outputs {
    Outputs::from([(Output::Result, Value::Text(text))])
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(function: Function, inputs: &[(Parameter, &str)], expected: Expect) {
        let mut arguments = Arguments::new();
        for (parameter, text) in inputs {
            arguments.entry(*parameter).or_default().push((*text).to_owned());
        }
        let path = ["em:0".to_owned(), "a_voltage".to_owned()];
        let around = Surroundings {
            base: "urn:pervade:tx:c:t#",
            record: "urn:pervade:tx:c:t",
            device: "urn:pervade:device:d",
            path: &path,
            enclosing: None,
        };
        let shown = match function.call(&arguments, &around) {
            Ok(outputs) => {
                let line =
                    |(output, value): (&Output, &Value)| format!("{}={value:?}", local(output));
                outputs.iter().map(line).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn names_are_found() {
        assert_eq!(
            Function::find("urn:pervade:vocab#convertUnit", Profile::Ledger),
            Some(Function::ConvertUnit),
            "function"
        );
        let upper = format!("{GREL}toUpperCase");
        let found = |profile| Function::find(&upper, profile);
        assert_eq!(
            found(Profile::Open),
            Some(Function::OnText(TextFunction::GrelUpperCase)),
            "off the ledger"
        );
        assert_eq!(found(Profile::Ledger), None, "the ledger's library is closed");
        assert_eq!(Function::find("convertUnit", Profile::Open), None, "only in the namespace");
        assert_eq!(Parameter::find("urn:pervade:vocab#part1"), Some(Parameter::Part1), "parameter");
    }

    #[test]
    fn calls() {
        use Function as F;
        use Parameter as P;
        check(
            F::ConvertUnit,
            &[(P::Value, "68"), (P::Unit, "°F"), (P::QuantityKind, "Temperature")],
            expect![[
                r#"number=Number("20") unitIri=Iri("http://qudt.org/vocab/unit/DEG_C") originalUnitIri=Iri("http://qudt.org/vocab/unit/DEG_F")"#
            ]],
        );
        check(F::ConvertUnit, &[(P::Value, "68"), (P::Unit, "°F")], expect![[""]]);
        check(
            F::NormaliseTime,
            &[(P::Text, "2020-01-01T00:00:00")],
            expect![[
                r#"localTime=Text("2020-01-01T00:00:00") timeFlag=Iri("urn:pervade:vocab#ZoneUnknown")"#
            ]],
        );
        check(
            F::SenmlTime,
            &[(P::Seconds, "-5")],
            expect![[r#"timeFlag=Iri("urn:pervade:vocab#RelativeTime")"#]],
        );
        check(
            F::SenmlTime,
            &[(P::Seconds, "1320067464")],
            expect![[r#"instant=Text("2011-10-31T13:24:24Z")"#]],
        );
    }

    #[test]
    fn places_and_texts() {
        use Function as F;
        use Parameter as P;
        check(
            F::Here,
            &[(P::Suffix, "/min")],
            expect![[
                r#"iri=Iri("urn:pervade:tx:c:t#em%3A0/a_voltage/min") pathText=Text("em:0/a_voltage") member=Text("a_voltage")"#
            ]],
        );
        check(
            F::Here,
            &[(P::Up, "1")],
            expect![[
                r#"iri=Iri("urn:pervade:tx:c:t#em%3A0") pathText=Text("em:0") member=Text("em:0")"#
            ]],
        );
        check(F::FirstOf, &[(P::Part3, "c"), (P::Part2, "b")], expect![[r#"result=Text("b")"#]]);
        check(
            F::RangeFlag,
            &[(P::Value, "-0.02"), (P::Minimum, "0"), (P::Maximum, "1")],
            expect![[r#"flag=Iri("urn:pervade:vocab#Implausible")"#]],
        );
        check(
            F::RangeFlag,
            &[(P::Value, "1.0"), (P::Minimum, "0"), (P::Maximum, "1")],
            expect![[""]],
        );
        check(
            F::Concat,
            &[(P::Part2, "b"), (P::Part1, "a"), (P::Separator, "-")],
            expect![[r#"result=Text("a-b")"#]],
        );
        check(
            F::CodeIri,
            &[(P::Code, "shipping"), (P::Namespace, "https://ref.gs1.org/cbv/BizStep-")],
            expect![[r#"iri=Iri("https://ref.gs1.org/cbv/BizStep-shipping")"#]],
        );
        check(
            F::Lookup,
            &[(P::Code, "b"), (P::Entry, "a=urn:x:1"), (P::Entry, "b=urn:x:2")],
            expect![[r#"iri=Iri("urn:x:2")"#]],
        );
        check(
            F::Lookup,
            &[(P::Code, "c"), (P::Entry, "a=urn:x:1")],
            expect![[r#""c" is not in the code list"#]],
        );
        check(
            F::Eui64,
            &[(P::Text, "70b3d57ba0001f2c")],
            expect![[r#"result=Text("70B3D57BA0001F2C")"#]],
        );
    }
}
