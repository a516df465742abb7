//! Whether a set of signers meets a policy, counted exactly as Fabric counts.

use std::collections::BTreeSet;

use fabric_protos::common::implicit_meta_policy::Rule;
use fabric_protos::common::signature_policy::Type;
use fabric_protos::common::{MspPrincipal, SignaturePolicy, SignaturePolicyEnvelope};
use thiserror::Error;

use crate::identity::Identity;
use crate::membership::Membership;
use crate::policy::{POLICY_DEPTH_MAX, POLICY_NODES_MAX};

/// One signature and what it is said to be of.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct SignedData<'a> {
    /// The bytes that were signed.
    pub data: &'a [u8],
    /// Who signed: a serialized `msp.SerializedIdentity`.
    pub identity: &'a [u8],
    /// The signature over `data`.
    pub signature: &'a [u8],
}

/// Those signers whose organisation knows them and whose signature holds, in order, each once.
///
/// A signer that was counted is passed over before its further signatures are checked, so nobody
/// can make others check one signature many times. Revocation and roles are left to the
/// principals. Signatures after the first [`SIGNATURES_MAX`] are passed over.
#[must_use]
pub fn verified_identities(membership: &Membership, signed: &[SignedData<'_>]) -> Vec<Identity> {
    let mut seen = BTreeSet::new();
    let mut verified = Vec::new();
    for signed in signed.iter().take(SIGNATURES_MAX) {
        let Ok(judged) = membership.judged(signed.identity) else { continue };
        let identity = &judged.identity;
        if judged.vouching.is_err() || seen.contains(identity.id_hash()) {
            continue;
        }
        if identity.verify(signed.data, signed.signature).is_ok() {
            seen.insert(*identity.id_hash());
            verified.push(identity.clone());
        }
    }
    verified
}

/// Checks that the identities, each counted at most once, meet the policy.
///
/// Fabric's way of counting, which is greedy: rules are tried in order, a leaf takes the first
/// identity not yet taken that satisfies its principal, and a threshold keeps what its satisfied
/// rules took even beyond the number it needs.
///
/// # Errors
/// If the policy is not met or not in order.
pub fn evaluate(
    membership: &Membership,
    policy: &SignaturePolicyEnvelope,
    identities: &[Identity],
) -> Result<(), PolicyUnmet> {
    if policy.version != 0 {
        return Err(PolicyUnmet::UnsupportedVersion { version: policy.version });
    }
    let rule = policy.rule.as_ref().ok_or(PolicyUnmet::EmptyRule)?;
    check_shape(rule, policy.identities.len())?;
    let count = Count { membership, principals: &policy.identities, identities };
    let mut taken = vec![false; identities.len()];
    if count.is_met(rule, &mut taken) { Ok(()) } else { Err(PolicyUnmet::NotSatisfied) }
}

/// How many sub-policies an implicit policy over `sub_policies` groups needs.
#[must_use]
pub fn implicit_meta_threshold(rule: Rule, sub_policies: usize) -> usize {
    match rule {
        _ if sub_policies == 0 => 0,
        Rule::Any => 1,
        Rule::All => sub_policies,
        Rule::Majority => sub_policies / 2 + 1,
    }
}

/// Why a policy is not met.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyUnmet {
    /// The signers are not enough.
    #[error("the signers do not satisfy the policy")]
    NotSatisfied,
    /// Too few of an implicit policy's sub-policies are met.
    #[error("{satisfied} of the {sub_policy} policies are met, but {needed} are needed")]
    TooFewSubPolicies {
        /// The name that the sub-policies share.
        sub_policy: String,
        /// How many are met.
        satisfied: usize,
        /// How many must be.
        needed: usize,
    },
    /// No policy of that name.
    #[error("no policy {path}")]
    NoSuchPolicy {
        /// The policy's path.
        path: String,
    },
    /// A version of policies that is not known.
    #[error("policies of version {version} are not supported")]
    UnsupportedVersion {
        /// The version given.
        version: i32,
    },
    /// A rule without content.
    #[error("the policy has an empty rule")]
    EmptyRule,
    /// A leaf that names a principal the policy does not list.
    #[error("the policy has no principal {index}")]
    UnknownPrincipal {
        /// The index given.
        index: i32,
    },
    /// Thresholds nested too deeply.
    #[error("the policy is nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// Too many thresholds and leaves.
    #[error("the policy has more than {limit} nodes")]
    TooManyNodes {
        /// The limit.
        limit: usize,
    },
}

/// Most signatures of one set that are looked at.
pub const SIGNATURES_MAX: usize = 4_096;

struct Count<'a> {
    membership: &'a Membership,
    principals: &'a [MspPrincipal],
    identities: &'a [Identity],
}

impl Count<'_> {
    /// Whether a rule is met by identities not yet taken; marks those it takes. The rule's depth
    /// was checked before.
    fn is_met(&self, rule: &SignaturePolicy, taken: &mut [bool]) -> bool {
        match &rule.r#type {
            None => false,
            Some(Type::SignedBy(index)) => self.take_signer(*index, taken),
            Some(Type::NOutOf(gate)) => {
                let mut met = 0;
                for rule in &gate.rules {
                    let mut attempt = taken.to_vec();
                    if self.is_met(rule, &mut attempt) {
                        met += 1;
                        taken.copy_from_slice(&attempt);
                    }
                }
                met >= gate.n
            }
        }
    }

    fn take_signer(&self, index: i32, taken: &mut [bool]) -> bool {
        let index = usize::try_from(index).ok();
        let Some(principal) = index.and_then(|index| self.principals.get(index)) else {
            return false;
        };
        let free = self.identities.iter().zip(taken).filter(|(_, taken)| !**taken);
        for (identity, taken) in free {
            if self.membership.satisfies(identity, principal).unwrap_or(false) {
                *taken = true;
                return true;
            }
        }
        false
    }
}

/// Refuses a policy that has an empty rule, names a principal it does not list, or is too large.
fn check_shape(rule: &SignaturePolicy, principals: usize) -> Result<(), PolicyUnmet> {
    let mut open = vec![(rule, 1_usize)];
    let mut nodes = 0;
    while let Some((rule, depth)) = open.pop() {
        nodes += 1;
        if nodes > POLICY_NODES_MAX {
            return Err(PolicyUnmet::TooManyNodes { limit: POLICY_NODES_MAX });
        }
        match &rule.r#type {
            None => return Err(PolicyUnmet::EmptyRule),
            Some(Type::SignedBy(index)) => {
                if usize::try_from(*index).is_ok_and(|index| index < principals) {
                    continue;
                }
                return Err(PolicyUnmet::UnknownPrincipal { index: *index });
            }
            Some(Type::NOutOf(_)) if depth > POLICY_DEPTH_MAX => {
                return Err(PolicyUnmet::TooDeep { limit: POLICY_DEPTH_MAX });
            }
            Some(Type::NOutOf(gate)) => {
                open.extend(gate.rules.iter().map(|rule| (rule, depth + 1)));
            }
        }
    }
    Ok(())
}
