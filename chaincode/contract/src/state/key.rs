//! The fields that make a key.

use super::State;

/// The type of a field that may stand in a key: text, a number without sign, or a Boolean.
///
/// Keys are ordered as text, so a number is written with all the digits its type can have: keys
/// lie on the ledger in the order of their numbers.
///
/// ```
/// use pervade_chaincode::KeyPart;
///
/// assert_eq!(7_u32.part(), "0000000007");
/// assert_eq!("ann".to_owned().part(), "ann");
/// ```
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be in a key",
    note = "a key is made of `String`, `bool` and numbers without sign; a type of your own may implement `KeyPart`"
)]
pub trait KeyPart {
    /// The part's text.
    fn part(&self) -> String;
}

impl KeyPart for String {
    fn part(&self) -> String {
        self.clone()
    }
}

impl KeyPart for bool {
    fn part(&self) -> String {
        self.to_string()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl KeyPart for $number {
            fn part(&self) -> String {
                let digits = const { <$number>::MAX.ilog10() as usize + 1 };
                format!("{self:0digits$}")
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, u128);

/// What can be given for a part whose field is of type `T`: a `T`, lent or not, and `&str` for a
/// `String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no part of a key where the field is of type `{T}`",
    note = "give the parts in the order of the key, each with the type of its field; text may be `&str`"
)]
pub trait PartOf<T> {
    /// The part's text.
    fn part(&self) -> String;
}

impl<T: KeyPart> PartOf<T> for T {
    fn part(&self) -> String {
        KeyPart::part(self)
    }
}

impl<T: KeyPart> PartOf<T> for &T {
    fn part(&self) -> String {
        KeyPart::part(*self)
    }
}

impl PartOf<String> for &str {
    fn part(&self) -> String {
        (*self).to_owned()
    }
}

/// What a value of type `T` is found by: what its key's field holds, or a tuple for a key of
/// several.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no key of `{T}`",
    note = "give what the key's field holds, or, for a key of several fields, a tuple in their order; text may be `&str`"
)]
pub trait KeyOf<T: State> {
    /// The parts.
    fn parts(&self) -> Vec<String>;
}

/// The first parts of a key of `T`, as a tuple: `()`, `(&a,)`, `(&a, 7)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no beginning of the key of `{T}`",
    note = "give a tuple of the key's first parts: `()` for none, `(first,)`, `(first, second)`; never all of them"
)]
pub trait KeyPrefix<T: State> {
    /// The parts.
    fn parts(&self) -> Vec<String>;
}
