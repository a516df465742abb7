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

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use expect_test::{Expect, expect};
    use fabric_protos::common::implicit_meta_policy::Rule;
    use fabric_protos::common::signature_policy::{NOutOf, Type};
    use fabric_protos::common::{SignaturePolicy, SignaturePolicyEnvelope};
    use proptest::prelude::*;

    use super::{PolicyUnmet, SignedData, evaluate, implicit_meta_threshold, verified_identities};
    use crate::identity::Identity;
    use crate::membership::Membership;
    use crate::policy::parse;
    use crate::testing::{Authority, Member, definition, flipped, msp};

    const NAMES: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

    /// Eight organisations, in each a peer, a client and an administrator.
    struct World {
        membership: Membership,
        members: Vec<(String, Member)>,
    }

    static WORLD: LazyLock<World> = LazyLock::new(|| {
        let mut members = Vec::new();
        let mut definitions = Vec::new();
        for name in NAMES {
            let root = Authority::root(name);
            for role in ["peer", "client", "admin"] {
                members.push((format!("{name}.{role}"), root.member(role, &[role])));
            }
            definitions.push(msp(&definition(name, &root)).unwrap());
        }
        World { membership: Membership::new(definitions), members }
    });

    #[test]
    fn each_signer_counts_once() {
        check("OR('A.peer', 'B.peer')", "B.peer", expect!["met"]);
        check("OR('A.peer', 'B.peer')", "C.peer", expect!["unmet"]);
        check("AND('A.peer', 'B.peer')", "B.peer A.peer", expect!["met"]);
        check("AND('A.peer', 'B.peer')", "A.peer A.client", expect!["unmet"]);
        check("AND('A.member', 'A.member')", "A.peer", expect!["unmet"]);
        check("AND('A.member', 'A.member')", "A.peer A.client", expect!["met"]);
        check("OutOf(2, 'A.peer', 'B.peer', 'C.peer')", "C.peer A.peer", expect!["met"]);
        check("OutOf(2, 'A.peer', 'B.peer', 'C.peer')", "C.peer C.admin", expect!["unmet"]);
        check("OutOf(0, 'A.peer')", "", expect!["met"]);
        check("OutOf(2, 'A.peer')", "A.peer A.admin", expect!["unmet"]);
        check("AND('A.admin', OR('A.member', 'B.member'))", "A.admin B.peer", expect!["met"]);
        check("AND('A.admin', OR('A.member', 'B.member'))", "A.admin", expect!["unmet"]);
    }

    /// Counting is greedy, so the order of rules and signers can matter.
    #[test]
    fn the_first_fitting_signer_is_taken_for_good() {
        check("AND('A.member', 'A.admin')", "A.admin A.peer", expect!["unmet"]);
        check("AND('A.member', 'A.admin')", "A.peer A.admin", expect!["met"]);
        check("AND('A.admin', 'A.member')", "A.admin A.peer", expect!["met"]);
        check("AND(OR('A.member', 'A.admin'), 'A.admin')", "A.peer A.admin", expect!["unmet"]);
        check("AND(AND('A.admin', 'B.peer'), 'A.admin')", "A.admin", expect!["unmet"]);
        check("OR(AND('A.admin', 'B.peer'), 'A.admin')", "A.admin", expect!["met"]);
    }

    #[test]
    fn policies_out_of_order_are_told() {
        let signed_by = |index| SignaturePolicy { r#type: Some(Type::SignedBy(index)) };
        let gate = |rules| SignaturePolicy { r#type: Some(Type::NOutOf(NOutOf { n: 0, rules })) };
        let deep = |depth| (0..depth).fold(gate(vec![]), |inner, _| gate(vec![inner]));
        let policy = |rule| SignaturePolicyEnvelope { version: 0, rule, identities: vec![] };
        let refusal = |policy: &SignaturePolicyEnvelope| {
            evaluate(&WORLD.membership, policy, &[]).unwrap_err()
        };
        assert_eq!(refusal(&policy(None)), PolicyUnmet::EmptyRule);
        let empty = SignaturePolicy { r#type: None };
        assert_eq!(refusal(&policy(Some(gate(vec![empty])))), PolicyUnmet::EmptyRule);
        for index in [0, -1, i32::MAX] {
            let unknown = policy(Some(gate(vec![signed_by(index)])));
            assert_eq!(refusal(&unknown), PolicyUnmet::UnknownPrincipal { index });
        }
        let later = SignaturePolicyEnvelope { version: 1, ..policy(Some(gate(vec![]))) };
        assert_eq!(refusal(&later), PolicyUnmet::UnsupportedVersion { version: 1 });
        assert_eq!(evaluate(&WORLD.membership, &policy(Some(deep(31))), &[]), Ok(()));
        assert_eq!(refusal(&policy(Some(deep(32)))), PolicyUnmet::TooDeep { limit: 32 });
        let wide = policy(Some(gate(vec![gate(vec![]); 1_000])));
        assert_eq!(refusal(&wide), PolicyUnmet::TooManyNodes { limit: 1_000 });
    }

    /// T-10: unknown signers, spoilt and repeated signatures are passed over, the rest counts.
    #[test]
    fn only_verified_signers_are_kept() {
        let [peer, client, admin] = ["A.peer", "B.client", "C.admin"].map(member);
        let stranger = Authority::root("A").member("x", &["peer"]);
        let sign = |member: &Member| member.key.sign(b"data").unwrap();
        let (by_peer, again, by_client) = (sign(peer), sign(peer), sign(client));
        let high = flipped(crate::Curve::P256, &sign(admin));
        let by_stranger = sign(&stranger);
        let identities = [(peer, "A"), (client, "B"), (admin, "C"), (&stranger, "A")];
        let [peer, client, admin, stranger] =
            identities.map(|(member, msp_id)| member.serialized(msp_id));
        let signed = |identity, signature| SignedData { data: b"data", identity, signature };
        let set = [
            signed(&client, &by_peer),
            signed(&stranger, &by_stranger),
            signed(&client, &by_client),
            signed(&peer, &by_peer),
            signed(&admin, &high),
            signed(&peer, &again),
            signed(b"nobody", &by_peer),
        ];
        let kept = verified_identities(&WORLD.membership, &set);
        let kept: Vec<&[u8]> = kept.iter().map(Identity::serialized).collect();
        assert_eq!(kept, [client.as_slice(), peer.as_slice()]);
    }

    #[test]
    fn implicit_thresholds() {
        let thresholds =
            |rule| [0, 1, 2, 3, 4, 5].map(|count| implicit_meta_threshold(rule, count));
        assert_eq!(thresholds(Rule::Any), [0, 1, 1, 1, 1, 1]);
        assert_eq!(thresholds(Rule::All), [0, 1, 2, 3, 4, 5]);
        assert_eq!(thresholds(Rule::Majority), [0, 1, 2, 2, 3, 3]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Where every leaf names another organisation, a policy is the formula it looks like:
        /// compared for every set of signers.
        #[test]
        fn policies_agree_with_their_truth_table(formula in formula()) {
            let mut text = String::new();
            let mut leaves = 0;
            formula.write(&mut leaves, &mut text);
            let policy = parse(&text).unwrap();
            let peers: Vec<Identity> =
                NAMES.iter().map(|name| identity(&format!("{name}.peer"))).collect();
            for set in 0_u32..1 << leaves {
                let signed = |leaf: usize| set & (1 << leaf) != 0;
                let signers: Vec<Identity> =
                    (0..leaves).filter(|leaf| signed(*leaf)).map(|leaf| peers[leaf].clone()).collect();
                let met = evaluate(&WORLD.membership, &policy, &signers).is_ok();
                let mut leaf = 0;
                prop_assert_eq!(met, formula.holds(&mut leaf, &signed), "{} {:b}", text, set);
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Formula {
        Leaf,
        OutOf(usize, Vec<Self>),
    }

    impl Formula {
        fn leaves(&self) -> usize {
            match self {
                Self::Leaf => 1,
                Self::OutOf(_, parts) => parts.iter().map(Self::leaves).sum(),
            }
        }

        fn write(&self, leaf: &mut usize, out: &mut String) {
            match self {
                Self::Leaf => {
                    out.push_str(&format!("'{}.peer'", NAMES[*leaf]));
                    *leaf += 1;
                }
                Self::OutOf(threshold, parts) => {
                    out.push_str(&format!("OutOf({threshold}"));
                    for part in parts {
                        out.push_str(", ");
                        part.write(leaf, out);
                    }
                    out.push(')');
                }
            }
        }

        fn holds(&self, leaf: &mut usize, signed: &dyn Fn(usize) -> bool) -> bool {
            match self {
                Self::Leaf => {
                    *leaf += 1;
                    signed(*leaf - 1)
                }
                Self::OutOf(threshold, parts) => {
                    let held = parts.iter().filter(|part| part.holds(leaf, signed)).count();
                    held >= *threshold
                }
            }
        }
    }

    fn formula() -> impl Strategy<Value = Formula> {
        let gate = |inner: BoxedStrategy<Formula>| {
            proptest::collection::vec(inner, 1..4).prop_flat_map(|parts| {
                (0..=parts.len())
                    .prop_map(move |threshold| Formula::OutOf(threshold, parts.clone()))
            })
        };
        let inner = Just(Formula::Leaf).prop_recursive(3, 8, 3, move |inner| gate(inner.boxed()));
        gate(inner.boxed()).prop_filter("eight organisations", |formula| formula.leaves() <= 8)
    }

    fn check(policy: &str, signers: &str, expected: Expect) {
        let policy = parse(policy).unwrap();
        let signers: Vec<Identity> = signers.split_whitespace().map(identity).collect();
        let outcome = evaluate(&WORLD.membership, &policy, &signers);
        expected.assert_eq(match outcome {
            Ok(()) => "met",
            Err(PolicyUnmet::NotSatisfied) => "unmet",
            Err(_) => "out of order",
        });
    }

    fn identity(name: &str) -> Identity {
        let (msp_id, _) = name.split_once('.').unwrap();
        WORLD.membership.deserialize(&member(name).serialized(msp_id)).unwrap()
    }

    fn member(name: &str) -> &'static Member {
        let found = WORLD.members.iter().find(|(known, _)| known == name);
        &found.unwrap().1
    }
}
