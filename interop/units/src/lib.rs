//! Exact unit and time normalisation.
