//! Hyperledger Fabric's messages, generated from our own definitions.
