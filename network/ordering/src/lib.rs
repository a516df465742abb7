//! Envelopes in, signed blocks out.
