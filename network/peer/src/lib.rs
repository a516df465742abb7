//! Endorser, chaincode support, gateway, deliver, system chaincodes.
