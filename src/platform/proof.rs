//! Proofs that somebody holds a key.

use std::fs;

use pervade_chaincode::canonical;
use pervade_identity::PrivateKey;
use pervade_platform::{KeyProof, PublicKey};
use serde::Serialize;

use crate::connect::{Known, Member};
use crate::failure::{Failure, OrFail as _};

/// Signs a statement with the key of somebody whose key is in the network's folder.
pub(crate) fn prove(
    known: &Known,
    member: Member<'_>,
    statement: &impl Serialize,
) -> Result<KeyProof, Failure> {
    let path = known.locate(&member.user.key);
    let unreadable = || format!("{} holds no key", path.display());
    let pem = fs::read(&path).or_fail_with("NO_IDENTITY", unreadable)?;
    let key = PrivateKey::from_pem(&pem).or_fail_with("NO_IDENTITY", unreadable)?;
    let statement = canonical::to_vec(statement).or_fail("INTERNAL", "the statement is no JSON")?;
    let signature = key.sign(&statement).or_fail("NO_IDENTITY", "the key cannot sign")?;
    let public_key = PublicKey::try_from(hex::encode(key.public_key().point()));
    let public_key = public_key.or_fail("NO_IDENTITY", "the key is not one that contracts take")?;
    Ok(KeyProof { public_key, signature: hex::encode(signature) })
}
