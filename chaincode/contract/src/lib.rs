//! The contract programming model: contracts, transactions, state, errors.
