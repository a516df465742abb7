//! X.509 identities, roles, signature policies and signers, as Fabric's MSP judges them.
