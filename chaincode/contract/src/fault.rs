//! Errors of a contract, and what becomes of them in a response.

use std::fmt;

/// An error that a contract function may return.
///
/// The response carries the [`Status`] and the text `CODE: message`, which is all that a
/// client's gateway passes on; a caller can therefore act on the code without reading prose.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a contract function",
    note = "implement `Fault` for it: a status, a stable code, and `Display` for the message"
)]
pub trait Fault: fmt::Display {
    /// The kind of failure.
    fn status(&self) -> Status;

    /// A stable name for programs: capital letters, digits and underscores.
    fn code(&self) -> &str;
}

/// The status of a failed call: 400 to 599.
///
/// Below 500 the caller is at fault, from 500 on the contract or the peer is. Peers endorse
/// neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Status(u16);

impl Status {
    /// The call's arguments are not what the function takes.
    pub const BAD_REQUEST: Self = Self(400);
    /// The caller may not do this.
    pub const FORBIDDEN: Self = Self(403);
    /// What the call names does not exist.
    pub const NOT_FOUND: Self = Self(404);
    /// What the call wants to create exists already, or contradicts the state.
    pub const CONFLICT: Self = Self(409);
    /// The arguments are well-formed, and their content is refused.
    pub const UNPROCESSABLE: Self = Self(422);
    /// The contract or the peer failed.
    pub const INTERNAL: Self = Self(500);
    /// Too much is under way; the same call may succeed later.
    pub const BUSY: Self = Self(503);

    /// Checks a status code.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        if code >= 400 && code < 600 { Some(Self(code)) } else { None }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A failed call as it leaves a contract: status, code and message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ContractError {
    status: Status,
    code: String,
    message: String,
}

impl ContractError {
    /// Most bytes of a message; a longer one is cut, with `…` at its end. The message travels in
    /// gRPC trailers, three times and encoded, and common clients stop reading these at 16 KiB.
    pub const MESSAGE_BYTES_MAX: usize = 2_048;

    /// An error made of its parts.
    #[must_use]
    pub fn new(status: Status, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: cut(message.into()) }
    }

    /// The error that stands for a fault.
    #[must_use]
    pub fn of<F: Fault + ?Sized>(fault: &F) -> Self {
        Self::new(fault.status(), fault.code(), fault.to_string())
    }

    /// Reads `CODE: message` back into its parts; the code is `None` if the text has none.
    #[must_use]
    pub fn split_text(text: &str) -> (Option<&str>, &str) {
        let is_code = |code: &str| {
            code.starts_with(|c: char| c.is_ascii_uppercase())
                && code.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
        };
        match text.split_once(": ") {
            Some((code, message)) if is_code(code) => (Some(code), message),
            _ => (None, text),
        }
    }

    /// The message in a response: `CODE: message`.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}: {}", self.code, self.message)
    }
}

impl Fault for ContractError {
    fn status(&self) -> Status {
        self.status
    }

    fn code(&self) -> &str {
        &self.code
    }
}

fn cut(mut message: String) -> String {
    const ELLIPSIS: char = '…';
    if message.len() > ContractError::MESSAGE_BYTES_MAX {
        let room = ContractError::MESSAGE_BYTES_MAX.saturating_sub(ELLIPSIS.len_utf8());
        message.truncate(message.floor_char_boundary(room));
        message.push(ELLIPSIS);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::{ContractError, Status};

    #[test]
    fn a_code_survives_the_way_there_and_back() {
        let error = ContractError::new(Status::NOT_FOUND, "UNKNOWN_PACKAGE", "package: none");
        assert_eq!(
            ContractError::split_text(&error.text()),
            (Some("UNKNOWN_PACKAGE"), "package: none")
        );
    }

    #[test]
    fn prose_is_no_code() {
        for text in ["no code", "Not found: a", ": a", "", "9A: b"] {
            assert_eq!(ContractError::split_text(text), (None, text));
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let error = ContractError::new(Status::INTERNAL, "LONG", "ä".repeat(3_000));
        assert!(error.to_string().ends_with("ä…"));
        assert!(error.to_string().len() <= ContractError::MESSAGE_BYTES_MAX);
    }

    #[test]
    fn only_failures_are_statuses() {
        assert_eq!(Status::new(399), None);
        assert_eq!(Status::new(400), Some(Status::BAD_REQUEST));
        assert_eq!(Status::new(599).map(Status::code), Some(599));
        assert_eq!(Status::new(600), None);
    }
}
