//! Channel configuration: groups, policies, updates, genesis.
