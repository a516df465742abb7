//! Blocks and transactions as provenance; what is proven about each quad.
