//! Exact numbers, units and times: what devices mean, in one form, without floats.
//!
//! - [`Number`] reads a number as it is written and keeps it exactly; it prints canonical
//!   `xsd:decimal`.
//! - [`resolve`] finds the unit behind an expression of UCUM, a code of SenML or of UN/CEFACT
//!   Recommendation 20, or a symbol as vendors print it. A code that several units share is an
//!   error unless the quantity kind decides; a unit of another [`Dimension`] than the kind's is
//!   an error always.
//! - [`convert`] gives the value in the one unit that Pervade states each
//!   [`QuantityKind`] in, with QUDT IRIs.
//! - [`Instant`] reads ISO 8601 / RFC 3339 and epoch seconds and prints UTC
//!   `xsd:dateTimeStamp`.
//!
//! - [`Limit`] lists what no value of a kind can be beyond; such values are refused.
//!
//! `docs/units.md` lists kinds, units and limits.
//!
//! **Invariant:** pure and exact. The only rounding is [`DECIMAL_PLACES`] when a value has
//! no finite decimal, as a third, and a radian in degrees, have none.

mod convert;
mod dimension;
mod eui;
mod kind;
mod limits;
mod number;
mod page;
mod resolve;
mod symbol;
mod table;
mod time;
mod ucum;

pub use convert::{ConvertError, Converted, convert};
pub use dimension::Dimension;
pub use eui::{EuiError, eui48, eui64};
pub use kind::QuantityKind;
pub use limits::Limit;
pub use number::{
    DECIMAL_PLACES, EXPONENT_MAX, NUMBER_CHARS_MAX, Number, NumberError, canonical_decimal,
    check_number,
};
pub use page::page;
pub use resolve::{Unit, UnitError, resolve};
pub use table::Scheme;
pub use time::{DeviceTime, Instant, TimeError, ZoneOffset};
pub use ucum::{UCUM_BYTES_MAX, UcumError, UcumReason};
