//! The membership oracle of one organisation: issues and revokes certificates.
