//! The stories Pervade tells, as a library.
