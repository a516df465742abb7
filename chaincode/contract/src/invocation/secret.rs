//! Data that must not be printed.

use std::fmt;

/// A value from a proposal's transient map, its bytes if nothing else is said. It cannot be
/// printed, compared or serialised by accident: whoever wants it calls [`Secret::expose`].
///
/// ```compile_fail
/// use pervade_chaincode::Secret;
///
/// println!("{}", Secret::new(5));
/// ```
#[derive(Clone)]
pub struct Secret<T = Vec<u8>>(T);

impl<T> Secret<T> {
    /// A value to be kept.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value. Whatever is written with it to public state, returned, or put into an event
    /// is secret no longer.
    #[must_use]
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// As [`expose`](Self::expose), for good.
    #[must_use]
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
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
