//! How a command ends when it does not do what it was asked.

use std::borrow::Cow;
use std::error::Error;
use std::process::ExitCode;

use serde::Serialize;

/// A command that failed: a code for programs, a sentence for people, and the causes.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Cow<'static, str>,
    what: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    exit: u8,
}

/// Exit code of a command that was done wrongly.
const FAILED: u8 = 1;
/// Exit code of a command that was called wrongly.
const USAGE: u8 = 2;

impl Failure {
    /// The command could not be done.
    pub(crate) fn new(code: impl Into<Cow<'static, str>>, what: impl Into<String>) -> Self {
        Self { code: code.into(), what: what.into(), source: None, exit: FAILED }
    }

    /// The command was called wrongly.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self { code: Cow::Borrowed("USAGE"), what: what.into(), source: None, exit: USAGE }
    }

    /// The same failure with the error that caused it.
    pub(crate) fn because(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// What programs know the failure by.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    pub(crate) fn exit(&self) -> ExitCode {
        ExitCode::from(self.exit)
    }

    /// `what: cause: cause`; causes that the text before them already tells are left out.
    pub(crate) fn message(&self) -> String {
        let mut text = self.what.clone();
        let mut cause: Option<&dyn Error> = self.source.as_deref().map(|source| source as _);
        for _ in 0..CAUSES_MAX {
            let Some(error) = cause else { break };
            let told = error.to_string();
            if !text.ends_with(&told) {
                text = format!("{text}: {told}");
            }
            cause = error.source();
        }
        text
    }

    /// As one JSON object.
    pub(crate) fn json(&self) -> String {
        let object = ErrorObject { error: Told { code: self.code(), message: self.message() } };
        // A struct of two texts always serialises.
        serde_json::to_string(&object).unwrap_or_default()
    }
}

/// Most causes that are told.
const CAUSES_MAX: usize = 16;

#[derive(Serialize)]
struct ErrorObject<'a> {
    error: Told<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    code: &'a str,
    message: String,
}

/// Turns an error into a [`Failure`] where it happens.
pub(crate) trait OrFail<T> {
    /// Names what could not be done.
    fn or_fail(self, code: &'static str, what: impl Into<String>) -> Result<T, Failure>;

    /// As [`OrFail::or_fail`], with a sentence that is made when it is needed.
    fn or_fail_with(self, code: &'static str, what: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> OrFail<T> for Result<T, E> {
    fn or_fail(self, code: &'static str, what: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(code, what).because(error))
    }

    fn or_fail_with(self, code: &'static str, what: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(code, what()).because(error))
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, OrFail as _};

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is full")]
    struct Full;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot write")]
    struct Write(#[source] Full);

    #[derive(Debug, thiserror::Error)]
    #[error("cannot write: {0}")]
    struct Repeating(#[source] Full);

    #[test]
    fn causes_follow_what_failed() {
        check(
            Failure::new("X", "no ledger").because(Write(Full)),
            "no ledger: cannot write: the disk is full",
        );
        check(
            Failure::new("X", "no ledger").because(Repeating(Full)),
            "no ledger: cannot write: the disk is full",
        );
        check(Failure::usage("no such identity"), "no such identity");
    }

    #[test]
    fn programs_get_a_code() {
        let failure = Err::<(), _>(Full).or_fail("LEDGER", "no \"ledger\"").unwrap_err();
        let expected = r#"{"error":{"code":"LEDGER","message":"no \"ledger\": the disk is full"}}"#;
        assert_eq!(failure.json(), expected);
    }

    #[track_caller]
    fn check(failure: Failure, text: &str) {
        assert_eq!(failure.message(), text);
    }
}
