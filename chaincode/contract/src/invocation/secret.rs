//! Data that must not be printed.

use std::fmt;

/// Bytes from a proposal's transient map. They cannot be printed, compared or serialised by
/// accident: whoever wants them calls [`Secret::expose`].
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes. Whatever is written with them to public state, returned, or put into an event
    /// is secret no longer.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_prints_nothing() {
        let secret = Secret::new(b"salt".to_vec());
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(secret.expose(), b"salt");
    }
}
