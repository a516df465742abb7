//! Exact numbers, units and times: what devices mean, in one form, without floats.
//!
//! - [`Number`] reads a number as it is written and keeps it exactly; it prints canonical
//!   `xsd:decimal`.
//! - [`resolve`] finds the unit behind a code of UCUM, SenML, UN/CEFACT Recommendation 20 or
//!   a plain symbol. A code that several units share is an error unless the quantity kind
//!   decides.
//! - [`convert`] gives the value in the one unit that Pervade states each
//!   [`QuantityKind`] in, with QUDT IRIs.
//! - [`Instant`] reads ISO 8601 / RFC 3339 and epoch seconds and prints UTC
//!   `xsd:dateTimeStamp`.
//!
//! **Invariant:** pure and exact. The only rounding is [`DECIMAL_PLACES`] when a value has
//! no finite decimal, as a third has none.

mod convert;
mod eui;
mod kind;
mod number;
mod table;
mod time;

pub use convert::{ConvertError, Converted, UnitError, convert, resolve};
pub use eui::{EuiError, eui64};
pub use kind::QuantityKind;
pub use number::{
    DECIMAL_PLACES, EXPONENT_MAX, NUMBER_CHARS_MAX, Number, NumberError, canonical_decimal,
    check_number,
};
pub use table::{Scheme, Unit};
pub use time::{DeviceTime, Instant, TimeError, ZoneOffset};
