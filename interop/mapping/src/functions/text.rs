//! Functions on text that RML mappings commonly use: a few of
//! [GREL](https://openrefine.org/docs/manual/grelfunctions#string-functions)'s and of `IDLab`'s.
//! They are pure and their cost is that of their inputs, but the ledger's library is closed and
//! has its own.

use super::{Call, Called, FunctionError, Output, Outputs, Parameter, cut};
use crate::plan::Encoding;
use crate::term::{Value, encode};
use crate::vocabulary::{GREL, IDLAB};

/// See [`Function::OnText`](super::Function::OnText).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TextFunction {
    /// `grel:toUpperCase`: `valueParam` → `stringOut`.
    GrelUpperCase,
    /// `grel:toLowerCase`: `valueParam` → `stringOut`.
    GrelLowerCase,
    /// `grel:string_trim`: `valueParam` → `stringOut`.
    GrelTrim,
    /// `grel:string_length`: `valueParam` → `output_number`.
    GrelLength,
    /// `grel:string_substring`: `valueParam`, `p_int_i_from`, `p_int_i_opt_to` → `stringOut`,
    /// or nothing if the text is too short.
    GrelSubstring,
    /// `grel:string_replace`: `valueParam`, `param_find`, `param_replace` → `stringOut`.
    GrelReplace,
    /// `grel:escape`: `valueParam`, `modeParam` (`html`, `xml`, `url`, `csv`) → `stringOut`.
    GrelEscape,
    /// `idlab-fn:alwaysReturnsABC`: → `_stringOut`.
    IdlabAbc,
    /// `idlab-fn:toUpperCaseURL`: `str` → `_stringOut`.
    IdlabUpperCaseUrl,
    /// `idlab-fn:equal`: `grel:valueParam`, `grel:valueParam2` → `_boolOut`.
    IdlabEqual,
    /// `idlab-fn:notEqual`: `grel:valueParam`, `grel:valueParam2` → `_boolOut`.
    IdlabNotEqual,
}

impl TextFunction {
    pub(super) fn find(iri: &str) -> Option<Self> {
        named(FUNCTIONS, iri)
    }

    pub(super) fn iri(self) -> String {
        let found = FUNCTIONS.iter().find(|(_, _, known)| *known == self);
        found.map_or_else(String::new, |(namespace, local, _)| format!("{namespace}{local}"))
    }

    /// Parameters taken; the first of the pair must be there.
    pub(super) const fn parameters(self) -> (&'static [Parameter], &'static [Parameter]) {
        use Parameter as P;
        match self {
            Self::GrelUpperCase | Self::GrelLowerCase | Self::GrelTrim | Self::GrelLength => {
                (&[P::GrelValue], &[])
            }
            Self::GrelSubstring => (&[P::GrelValue, P::GrelFrom], &[P::GrelTo]),
            Self::GrelReplace => (&[P::GrelValue, P::GrelFind, P::GrelReplacement], &[]),
            Self::GrelEscape => (&[P::GrelValue, P::GrelMode], &[]),
            Self::IdlabAbc => (&[], &[]),
            Self::IdlabUpperCaseUrl => (&[P::IdlabText], &[]),
            Self::IdlabEqual | Self::IdlabNotEqual => (&[P::GrelValue, P::GrelValue2], &[]),
        }
    }

    pub(super) const fn outputs(self) -> &'static [Output] {
        match self {
            Self::GrelLength => &[Output::GrelNumber],
            Self::GrelUpperCase
            | Self::GrelLowerCase
            | Self::GrelTrim
            | Self::GrelSubstring
            | Self::GrelReplace
            | Self::GrelEscape => &[Output::GrelString],
            Self::IdlabAbc | Self::IdlabUpperCaseUrl => &[Output::IdlabString],
            Self::IdlabEqual | Self::IdlabNotEqual => &[Output::IdlabBoolean],
        }
    }

    pub(super) fn call(self, call: &Call<'_>) -> Called {
        let value = || call.one(Parameter::GrelValue);
        let string = |text: String| Outputs::from([(Output::GrelString, Value::Text(text))]);
        let idlab = |text: String| Outputs::from([(Output::IdlabString, Value::Text(text))]);
        Ok(match self {
            Self::GrelUpperCase => string(value()?.to_uppercase()),
            Self::GrelLowerCase => string(value()?.to_lowercase()),
            Self::GrelTrim => string(value()?.trim().to_owned()),
            Self::GrelLength => {
                let length = Value::Number(value()?.chars().count().to_string());
                Outputs::from([(Output::GrelNumber, length)])
            }
            Self::GrelSubstring => substring(call)?.map_or_else(Outputs::new, string),
            Self::GrelReplace => {
                let (find, replacement) =
                    (call.one(Parameter::GrelFind)?, call.one(Parameter::GrelReplacement)?);
                string(if find.is_empty() {
                    value()?.to_owned()
                } else {
                    value()?.replace(find, replacement)
                })
            }
            Self::GrelEscape => string(escaped(value()?, call.one(Parameter::GrelMode)?)?),
            Self::IdlabAbc => idlab("ABC".to_owned()),
            Self::IdlabUpperCaseUrl => idlab(upper_case_url(call.one(Parameter::IdlabText)?)),
            Self::IdlabEqual => boolean(value()? == call.one(Parameter::GrelValue2)?),
            Self::IdlabNotEqual => boolean(value()? != call.one(Parameter::GrelValue2)?),
        })
    }
}

const FUNCTIONS: &[(&str, &str, TextFunction)] = &[
    (GREL, "toUpperCase", TextFunction::GrelUpperCase),
    (GREL, "toLowerCase", TextFunction::GrelLowerCase),
    (GREL, "string_trim", TextFunction::GrelTrim),
    (GREL, "string_length", TextFunction::GrelLength),
    (GREL, "string_substring", TextFunction::GrelSubstring),
    (GREL, "string_replace", TextFunction::GrelReplace),
    (GREL, "escape", TextFunction::GrelEscape),
    (IDLAB, "alwaysReturnsABC", TextFunction::IdlabAbc),
    (IDLAB, "toUpperCaseURL", TextFunction::IdlabUpperCaseUrl),
    (IDLAB, "equal", TextFunction::IdlabEqual),
    (IDLAB, "notEqual", TextFunction::IdlabNotEqual),
];

/// A parameter may be named by itself or by its `fno:predicate`.
const PARAMETERS: &[(&str, &str, Parameter)] = &[
    (GREL, "valueParam", Parameter::GrelValue),
    (GREL, "valueParameter", Parameter::GrelValue),
    (GREL, "valueParam2", Parameter::GrelValue2),
    (GREL, "valueParameter2", Parameter::GrelValue2),
    (GREL, "p_int_i_from", Parameter::GrelFrom),
    (GREL, "param_int_i_from", Parameter::GrelFrom),
    (GREL, "p_int_i_opt_to", Parameter::GrelTo),
    (GREL, "param_int_i_opt_to", Parameter::GrelTo),
    (GREL, "param_find", Parameter::GrelFind),
    (GREL, "p_string_find", Parameter::GrelFind),
    (GREL, "param_replace", Parameter::GrelReplacement),
    (GREL, "p_string_replace", Parameter::GrelReplacement),
    (GREL, "modeParam", Parameter::GrelMode),
    (GREL, "modeParameter", Parameter::GrelMode),
    (IDLAB, "str", Parameter::IdlabText),
    (IDLAB, "_str", Parameter::IdlabText),
];

const OUTPUTS: &[(&str, &str, Output)] = &[
    (GREL, "stringOut", Output::GrelString),
    (GREL, "stringOutput", Output::GrelString),
    (GREL, "output_number", Output::GrelNumber),
    (IDLAB, "_stringOut", Output::IdlabString),
    (IDLAB, "_boolOut", Output::IdlabBoolean),
];

pub(super) fn parameter(iri: &str) -> Option<Parameter> {
    named(PARAMETERS, iri)
}

pub(super) fn output(iri: &str) -> Option<Output> {
    named(OUTPUTS, iri)
}

fn named<T: Copy>(list: &[(&str, &str, T)], iri: &str) -> Option<T> {
    let is = |(namespace, local, _): &&(&str, &str, T)| iri.strip_prefix(namespace) == Some(local);
    list.iter().find(is).map(|(_, _, value)| *value)
}

pub(super) fn iri_of_parameter(parameter: Parameter) -> Option<String> {
    let found = PARAMETERS.iter().find(|(_, _, known)| *known == parameter);
    found.map(|(namespace, local, _)| format!("{namespace}{local}"))
}

fn boolean(value: bool) -> Outputs {
    Outputs::from([(Output::IdlabBoolean, Value::Boolean(value))])
}

/// Characters `from` (counted from 0) up to `to`; none if there are fewer than `from`.
fn substring(call: &Call<'_>) -> Result<Option<String>, FunctionError> {
    let text = call.one(Parameter::GrelValue)?;
    let place = |text: &str| {
        let what = "number of characters";
        text.parse::<usize>().map_err(|_| FunctionError::NoSuch { what, text: cut(text) })
    };
    let from = place(call.one(Parameter::GrelFrom)?)?;
    let to = call.optional(Parameter::GrelTo)?.map(place).transpose()?;
    let length = text.chars().count();
    if from > length {
        return Ok(None);
    }
    let end = to.unwrap_or(length).min(length);
    Ok(Some(text.chars().take(end).skip(from).collect()))
}

fn escaped(text: &str, mode: &str) -> Result<String, FunctionError> {
    match mode {
        "html" | "xml" => {
            let mut escaped = String::new();
            for character in text.chars() {
                match character {
                    '&' => escaped.push_str("&amp;"),
                    '<' => escaped.push_str("&lt;"),
                    '>' => escaped.push_str("&gt;"),
                    '"' => escaped.push_str("&quot;"),
                    other => escaped.push(other),
                }
            }
            Ok(escaped)
        }
        "url" => Ok(encode(text, Encoding::Uri)),
        "csv" => Ok(text.replace('"', "\"\"")),
        _ => Err(FunctionError::NoSuch { what: "mode of escaping", text: cut(mode) }),
    }
}

/// The URL in upper case; one without a scheme becomes an `http` one.
fn upper_case_url(text: &str) -> String {
    let upper = text.to_uppercase();
    if upper.starts_with("HTTP://") || upper.starts_with("HTTPS://") {
        upper
    } else {
        format!("http://{upper}")
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::functions::Arguments;

    fn check(function: TextFunction, inputs: &[(Parameter, &str)], expected: Expect) {
        let mut arguments = Arguments::new();
        for (parameter, text) in inputs {
            arguments.entry(*parameter).or_default().push((*text).to_owned());
        }
        match function.call(&Call { arguments: &arguments }) {
            Ok(outputs) => expected.assert_eq(&format!("{:?}", outputs.values().next())),
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    #[test]
    fn texts() {
        use Parameter as P;
        use TextFunction as F;
        let from = |from| [(P::GrelValue, "Zoë"), (P::GrelFrom, from)];
        check(F::GrelSubstring, &from("1"), expect![[r#"Some(Text("oë"))"#]]);
        check(F::GrelSubstring, &from("3"), expect![[r#"Some(Text(""))"#]]);
        check(F::GrelSubstring, &from("4"), expect!["None"]);
        check(F::GrelSubstring, &from("x"), expect![[r#""x" is no number of characters"#]]);
        check(F::GrelLength, &[(P::GrelValue, "Zoë")], expect![[r#"Some(Number("3"))"#]]);
        check(
            F::GrelEscape,
            &[(P::GrelValue, "a&b"), (P::GrelMode, "html")],
            expect![[r#"Some(Text("a&amp;b"))"#]],
        );
        check(
            F::IdlabUpperCaseUrl,
            &[(P::IdlabText, "www.example.com")],
            expect![[r#"Some(Text("http://WWW.EXAMPLE.COM"))"#]],
        );
    }
}
