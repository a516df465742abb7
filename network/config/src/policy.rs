//! The policies of a configuration as a tree: each group has its own and those of its inner
//! groups.

use std::collections::BTreeMap;

use fabric_protos::{
    Message,
    common::{
        self, ConfigGroup, ImplicitMetaPolicy, MspPrincipal, MspRole, SignaturePolicy,
        SignaturePolicyEnvelope, implicit_meta_policy::Rule, msp_principal::Classification,
        msp_role::MspRoleType, policy::PolicyType, signature_policy,
    },
    id::MspId,
};
use pervade_identity::{
    Identity, Membership,
    policy::{self, PolicyUnmet},
};
use thiserror::Error;

use crate::{
    channel::ConfigError,
    elements::{ElementKind, ElementPath},
    names,
};

/// A policy of the configuration.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Policy {
    /// Met by signatures of certain principals.
    Signature(SignaturePolicyEnvelope),
    /// Met when enough of the inner groups' policies of one name are met.
    ImplicitMeta {
        /// How many are enough.
        rule: Rule,
        /// Their name in each inner group.
        sub_policy: String,
    },
}

/// A policy that cannot be understood.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PolicyDefinitionError {
    /// The element has no policy in it.
    #[error("it is empty")]
    Empty,
    /// Its type is neither signature nor implicit meta.
    #[error("its type {found} is not known")]
    Type {
        /// The type's number.
        found: i32,
    },
    /// Its bytes are not what its type says.
    #[error("it cannot be decoded")]
    Malformed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is a signature policy that cannot be evaluated.
    #[error("it is not in order")]
    Rule(#[source] PolicyUnmet),
    /// It counts inner policies by a rule that is not known.
    #[error("the rule {found} is not known")]
    Counting {
        /// The rule's number.
        found: i32,
    },
}

/// Whether a signature policy can be evaluated at all: its version is known, its rules are not too
/// many or too deep, none is empty, and each names a principal that is listed.
///
/// # Errors
/// If it cannot.
pub fn check(policy: &SignaturePolicyEnvelope) -> Result<(), PolicyDefinitionError> {
    // Evaluated for nobody, a policy is met, or not met, or not in order.
    match policy::evaluate(&Membership::new([]), policy, &[]) {
        Ok(()) | Err(PolicyUnmet::NotSatisfied) => Ok(()),
        Err(source) => Err(PolicyDefinitionError::Rule(source)),
    }
}

/// The policy met by at least `needed` of these principals, each by another identity.
#[must_use]
pub fn signed_by<'a>(
    needed: usize,
    principals: impl IntoIterator<Item = (&'a MspId, MspRoleType)>,
) -> SignaturePolicyEnvelope {
    let identities: Vec<_> = principals
        .into_iter()
        .map(|(msp, role)| MspPrincipal {
            principal_classification: Classification::Role.into(),
            principal: MspRole { msp_identifier: msp.to_string(), role: role.into() }
                .encode_to_vec(),
        })
        .collect();
    let rules = (0..)
        .take(identities.len())
        .map(|index| SignaturePolicy { r#type: Some(signature_policy::Type::SignedBy(index)) });
    let out_of = signature_policy::NOutOf {
        n: i32::try_from(needed).unwrap_or(i32::MAX),
        rules: rules.collect(),
    };
    let rule = SignaturePolicy { r#type: Some(signature_policy::Type::NOutOf(out_of)) };
    SignaturePolicyEnvelope { version: 0, rule: Some(rule), identities }
}

/// The policies of a group and, by name, its inner groups.
#[derive(Debug, Default)]
pub(crate) struct PolicyGroup {
    policies: BTreeMap<String, Policy>,
    groups: BTreeMap<String, Self>,
}

impl PolicyGroup {
    /// Reads all policies; the tree's depth has been checked.
    pub(crate) fn read(root: &ConfigGroup) -> Result<Self, ConfigError> {
        Self::read_group(&[names::CHANNEL.to_owned()], root)
    }

    fn read_group(path: &[String], group: &ConfigGroup) -> Result<Self, ConfigError> {
        let mut read = Self::default();
        for (name, policy) in &group.policies {
            let policy = read_policy(policy.policy.as_ref()).map_err(|reason| {
                let element = ElementPath::new(ElementKind::Policy, path, name);
                ConfigError::Policy { element, reason }
            })?;
            read.policies.insert(name.clone(), policy);
        }
        for (name, inner) in &group.groups {
            let path = [path, std::slice::from_ref(name)].concat();
            read.groups.insert(name.clone(), Self::read_group(&path, inner)?);
        }
        Ok(read)
    }

    /// The policy at an absolute path, `/Channel/…`, seen from the root.
    pub(crate) fn absolute(&self, path: &str) -> Option<(&Self, &Policy)> {
        let path = path.strip_prefix('/')?.strip_prefix(names::CHANNEL)?.strip_prefix('/')?;
        self.relative(path)
    }

    /// The policy at a path from this group down, with the group that it is in.
    pub(crate) fn relative(&self, path: &str) -> Option<(&Self, &Policy)> {
        let mut group = self;
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                return group.policies.get(name).map(|policy| (group, policy));
            }
            group = group.groups.get(name)?;
        }
        None
    }

    /// The group at a path of names from this one down.
    pub(crate) fn group(&self, path: &[String]) -> Option<&Self> {
        path.iter().try_fold(self, |group, name| group.groups.get(name))
    }

    /// Whether identities whose signatures have been verified meet a policy of this group. Each
    /// step of an implicit policy goes one group down, so the depth is that of the tree.
    pub(crate) fn evaluate(
        &self,
        policy: &Policy,
        membership: &Membership,
        signers: &[Identity],
    ) -> Result<(), PolicyUnmet> {
        let (rule, sub_policy) = match policy {
            Policy::Signature(signature) => {
                return policy::evaluate(membership, signature, signers);
            }
            Policy::ImplicitMeta { rule, sub_policy } => (*rule, sub_policy),
        };
        let met = self.groups.values().filter(|inner| {
            inner
                .relative(sub_policy)
                .is_some_and(|(group, policy)| group.evaluate(policy, membership, signers).is_ok())
        });
        let satisfied = met.count();
        let needed = policy::implicit_meta_threshold(rule, self.groups.len());
        if satisfied >= needed {
            return Ok(());
        }
        let sub_policy = sub_policy.clone();
        Err(PolicyUnmet::TooFewSubPolicies { sub_policy, satisfied, needed })
    }

    /// One signature policy that asks for the same signatures; `None` if an inner policy that it
    /// counts does not exist.
    pub(crate) fn flatten(&self, policy: &Policy) -> Option<SignaturePolicyEnvelope> {
        let (rule, sub_policy) = match policy {
            Policy::Signature(signature) => return Some(signature.clone()),
            Policy::ImplicitMeta { rule, sub_policy } => (*rule, sub_policy),
        };
        let mut identities = Vec::new();
        let mut rules = Vec::new();
        for inner in self.groups.values() {
            let (group, policy) = inner.relative(sub_policy)?;
            let inner = group.flatten(policy)?;
            let places: Vec<i32> = inner
                .identities
                .iter()
                .map(|principal| place(&mut identities, principal))
                .collect::<Option<_>>()?;
            rules.push(renumber(inner.rule.as_ref()?, &places)?);
        }
        let needed = policy::implicit_meta_threshold(rule, self.groups.len());
        let out_of = signature_policy::NOutOf { n: i32::try_from(needed).ok()?, rules };
        let rule = SignaturePolicy { r#type: Some(signature_policy::Type::NOutOf(out_of)) };
        Some(SignaturePolicyEnvelope { version: 0, rule: Some(rule), identities })
    }
}

/// Where a principal is in the list, put there if it was not.
fn place(principals: &mut Vec<MspPrincipal>, principal: &MspPrincipal) -> Option<i32> {
    let place = principals.iter().position(|known| known == principal).unwrap_or_else(|| {
        principals.push(principal.clone());
        principals.len().saturating_sub(1)
    });
    i32::try_from(place).ok()
}

/// The rule with each principal at its new place. The depth has been checked.
fn renumber(rule: &SignaturePolicy, places: &[i32]) -> Option<SignaturePolicy> {
    let renumbered = match rule.r#type.as_ref()? {
        signature_policy::Type::SignedBy(index) => {
            let place = places.get(usize::try_from(*index).ok()?)?;
            signature_policy::Type::SignedBy(*place)
        }
        signature_policy::Type::NOutOf(out_of) => {
            let rules = out_of.rules.iter().map(|rule| renumber(rule, places));
            let rules = rules.collect::<Option<_>>()?;
            signature_policy::Type::NOutOf(signature_policy::NOutOf { n: out_of.n, rules })
        }
    };
    Some(SignaturePolicy { r#type: Some(renumbered) })
}

fn read_policy(policy: Option<&common::Policy>) -> Result<Policy, PolicyDefinitionError> {
    let policy = policy.ok_or(PolicyDefinitionError::Empty)?;
    let bytes = policy.value.as_slice();
    let malformed = |source| PolicyDefinitionError::Malformed(Box::new(source));
    match PolicyType::try_from(policy.r#type) {
        Ok(PolicyType::Signature) => {
            let policy = SignaturePolicyEnvelope::decode(bytes).map_err(malformed)?;
            check(&policy)?;
            Ok(Policy::Signature(policy))
        }
        Ok(PolicyType::ImplicitMeta) => {
            let policy = ImplicitMetaPolicy::decode(bytes).map_err(malformed)?;
            let rule = Rule::try_from(policy.rule)
                .map_err(|_| PolicyDefinitionError::Counting { found: policy.rule })?;
            Ok(Policy::ImplicitMeta { rule, sub_policy: policy.sub_policy })
        }
        Ok(PolicyType::Unknown | PolicyType::Msp) | Err(_) => {
            Err(PolicyDefinitionError::Type { found: policy.r#type })
        }
    }
}

#[cfg(test)]
mod tests {
    use pervade_identity::{
        Signer,
        policy::{SignedData, render},
    };

    use crate::testing::{Consortium, chain};

    #[test]
    fn who_meets_a_policy() {
        let consortium = Consortium::new();
        let check =
            |path: &str, signers: &str, expected: &str| check(&consortium, path, signers, expected);
        check("/Channel/Application/Writers", "Org1.client", "met");
        check(
            "/Channel/Application/Writers",
            "Org1.peer",
            "0 of the Writers policies are met, but 1 are needed",
        );
        check("/Channel/Readers", "Org2.peer", "met");
        check("/Channel/Readers", "Orderer.orderer", "met");
        check("/Channel/Orderer/BlockValidation", "Orderer.orderer", "met");
        check("/Channel/Application/Endorsement", "Org1.peer Org2.peer", "met");
        check(
            "/Channel/Application/Endorsement",
            "Org1.peer Org1.peer",
            "1 of the Endorsement policies are met, but 2 are needed",
        );
        check("/Channel/Application/Org1/Admins", "Org1.admin", "met");
        check(
            "/Channel/Application/Org1/Admins",
            "Org2.admin",
            "the signers do not satisfy the policy",
        );
        check("/Channel/Admins", "Orderer.admin Org1.admin Org2.admin", "met");
        check(
            "/Channel/Admins",
            "Orderer.admin Org1.admin",
            "1 of the Admins policies are met, but 2 are needed",
        );
        for absent in ["/Channel/Application/Nobody", "Channel/Readers", "/Channel", "", "/"] {
            check(absent, "Org1.admin", &format!("no policy {absent}"));
        }
    }

    fn check(consortium: &Consortium, path: &str, signers: &str, expected: &str) {
        let config = consortium.config();
        let data = b"something";
        let signatures: Vec<_> = signers
            .split_whitespace()
            .map(|name| consortium.signer(name))
            .map(|signer| (signer.identity(), signer.sign(data).unwrap()))
            .collect();
        let signed: Vec<_> = signatures
            .iter()
            .map(|(identity, signature)| SignedData { data, identity, signature })
            .collect();
        let found = config.evaluate(path, &signed).map_err(|error| chain(&error));
        let found = found.map_or_else(|error| error, |()| "met".to_owned());
        assert_eq!(found, expected, "{path} signed by {signers}");
    }

    #[test]
    fn an_implicit_policy_counts_signature_policies() {
        let config = Consortium::new().config();
        let check = |path: &str, expected: &str| {
            let policy = config.signature_policy(path);
            assert_eq!(policy.map(|policy| render(&policy)).as_deref(), Some(expected), "{path}");
        };
        check("/Channel/Application/Org1/Endorsement", "AND('Org1MSP.peer')");
        check("/Channel/Application/Endorsement", "AND(AND('Org1MSP.peer'), AND('Org2MSP.peer'))");
        check(
            "/Channel/Writers",
            "OR(OR(OR('Org1MSP.admin', 'Org1MSP.client'), OR('Org2MSP.admin', 'Org2MSP.client')), \
             AND(AND('OrdererMSP.member')))",
        );
    }
}
