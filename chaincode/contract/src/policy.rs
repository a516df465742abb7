//! Who must endorse a change of a key.

use std::collections::BTreeSet;
use std::fmt;

use fabric_protos::common::msp_principal::Classification;
use fabric_protos::common::msp_role::MspRoleType;
use fabric_protos::common::signature_policy::{NOutOf, Type};
use fabric_protos::common::{MspPrincipal, MspRole, SignaturePolicy, SignaturePolicyEnvelope};
use fabric_protos::id::MspId;
use fabric_protos::{DecodeError, Message};

/// A policy over organisations' endorsements, as keys and chaincodes have it.
///
/// ```
/// use pervade_chaincode::{KeyPolicy, Role};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let seller = KeyPolicy::signed_by("SellerMSP".parse()?, Role::Peer);
/// let buyer = KeyPolicy::signed_by("BuyerMSP".parse()?, Role::Peer);
/// let both = KeyPolicy::all_of([seller, buyer])?;
/// # drop(both);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPolicy {
    rule: Rule,
    depth: usize,
    leaves: usize,
}

impl KeyPolicy {
    /// The metadata entry in which a key keeps its policy.
    pub const METADATA_NAME: &str = "VALIDATION_PARAMETER";

    /// Most rules within one another.
    pub const DEPTH_MAX: usize = 16;

    /// Most signatures that a policy may name.
    pub const SIGNATURES_MAX: usize = 256;

    /// Someone of an organisation in a role has signed. Endorsers sign as [`Role::Peer`].
    #[must_use]
    pub fn signed_by(organisation: MspId, role: Role) -> Self {
        Self { rule: Rule::SignedBy(organisation, role), depth: 1, leaves: 1 }
    }

    /// All of the policies hold: `AND`.
    ///
    /// # Errors
    /// If there are none, or the whole is too large.
    pub fn all_of(policies: impl IntoIterator<Item = Self>) -> Result<Self, KeyPolicyError> {
        let policies: Vec<Self> = policies.into_iter().collect();
        Self::out_of(policies.len(), policies)
    }

    /// At least one of the policies holds: `OR`.
    ///
    /// # Errors
    /// If there are none, or the whole is too large.
    pub fn any_of(policies: impl IntoIterator<Item = Self>) -> Result<Self, KeyPolicyError> {
        Self::out_of(1, policies)
    }

    /// At least `needed` of the policies hold: `OutOf`. One signer's signature counts once.
    ///
    /// # Errors
    /// If none or more than all are needed, or the whole is too large.
    pub fn out_of(
        needed: usize,
        policies: impl IntoIterator<Item = Self>,
    ) -> Result<Self, KeyPolicyError> {
        let policies: Vec<Self> = policies.into_iter().collect();
        if needed == 0 || needed > policies.len() {
            return Err(KeyPolicyError::Needed { needed, of: policies.len() });
        }
        let deepest = policies.iter().map(|policy| policy.depth).max().unwrap_or_default();
        let depth = deepest.saturating_add(1);
        let leaves = policies.iter().fold(0_usize, |sum, each| sum.saturating_add(each.leaves));
        if depth > Self::DEPTH_MAX || leaves > Self::SIGNATURES_MAX {
            return Err(KeyPolicyError::TooLarge);
        }
        Ok(Self { rule: Rule::OutOf(needed, policies), depth, leaves })
    }

    /// The policy as the ledger keeps it: an encoded `common.SignaturePolicyEnvelope`, with
    /// signers in the order in which they are named first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut identities = Vec::new();
        let rule = Some(self.encode(&mut identities));
        SignaturePolicyEnvelope { version: 0, rule, identities }.encode_to_vec()
    }

    /// Reads a policy as the ledger keeps it.
    ///
    /// # Errors
    /// If the bytes are no policy, or one beyond the limits, or one that names something else
    /// than organisations and roles.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyPolicyError> {
        let envelope = SignaturePolicyEnvelope::decode(bytes)
            .map_err(|source| KeyPolicyError::Malformed { source })?;
        let rule = envelope.rule.ok_or(KeyPolicyError::NoRule)?;
        Self::decode(&rule, &envelope.identities, Self::DEPTH_MAX)
    }

    /// The organisations whose endorsement the policy speaks of.
    #[must_use]
    pub fn organisations(&self) -> BTreeSet<&MspId> {
        match &self.rule {
            Rule::SignedBy(organisation, _) => BTreeSet::from([organisation]),
            Rule::OutOf(_, policies) => policies.iter().flat_map(Self::organisations).collect(),
        }
    }

    fn decode(
        policy: &SignaturePolicy,
        identities: &[MspPrincipal],
        depth: usize,
    ) -> Result<Self, KeyPolicyError> {
        let depth = depth.checked_sub(1).ok_or(KeyPolicyError::TooLarge)?;
        match policy.r#type.as_ref().ok_or(KeyPolicyError::NoRule)? {
            Type::SignedBy(place) => {
                let principal = usize::try_from(*place).ok().and_then(|at| identities.get(at));
                signer(principal.ok_or(KeyPolicyError::NoSigner { place: *place })?)
            }
            Type::NOutOf(NOutOf { n, rules }) => {
                if rules.len() > Self::SIGNATURES_MAX {
                    return Err(KeyPolicyError::TooLarge);
                }
                let policies = rules.iter().map(|rule| Self::decode(rule, identities, depth));
                let policies = policies.collect::<Result<Vec<_>, _>>()?;
                Self::out_of(usize::try_from(*n).unwrap_or_default(), policies)
            }
        }
    }

    fn encode(&self, identities: &mut Vec<MspPrincipal>) -> SignaturePolicy {
        let r#type = match &self.rule {
            Rule::SignedBy(organisation, role) => {
                Type::SignedBy(number(principal(organisation, *role), identities))
            }
            Rule::OutOf(needed, policies) => Type::NOutOf(NOutOf {
                // At most SIGNATURES_MAX.
                n: i32::try_from(*needed).unwrap_or(i32::MAX),
                rules: policies.iter().map(|policy| policy.encode(identities)).collect(),
            }),
        };
        SignaturePolicy { r#type: Some(r#type) }
    }
}

/// As Fabric's command line writes it: `OutOf(2, 'AMSP.peer', 'BMSP.peer')`, with `AND` and `OR`
/// for all and for one.
impl fmt::Display for KeyPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policies = match &self.rule {
            Rule::SignedBy(organisation, role) => return write!(f, "'{organisation}.{role}'"),
            Rule::OutOf(needed, policies) if *needed == policies.len() => {
                f.write_str("AND(")?;
                policies
            }
            Rule::OutOf(1, policies) => {
                f.write_str("OR(")?;
                policies
            }
            Rule::OutOf(needed, policies) => {
                write!(f, "OutOf({needed}, ")?;
                policies
            }
        };
        for (index, policy) in policies.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{policy}")?;
        }
        f.write_str(")")
    }
}

/// What a certificate makes its holder within an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the protocol's roles")]
pub enum Role {
    /// Any member.
    Member,
    /// An administrator.
    Admin,
    /// A client.
    Client,
    /// A peer.
    Peer,
    /// An orderer.
    Orderer,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Client => "client",
            Self::Peer => "peer",
            Self::Orderer => "orderer",
        })
    }
}

/// Why a policy was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyPolicyError {
    /// None or more than all of the policies are needed: it would always hold, or never.
    #[error("{needed} of {of} policies cannot be needed")]
    Needed {
        /// How many are needed.
        needed: usize,
        /// How many there are.
        of: usize,
    },
    /// Beyond [`KeyPolicy::DEPTH_MAX`] or [`KeyPolicy::SIGNATURES_MAX`].
    #[error(
        "a policy has at most {} signatures in {} levels",
        KeyPolicy::SIGNATURES_MAX,
        KeyPolicy::DEPTH_MAX
    )]
    TooLarge,
    /// The bytes are none.
    #[error("not a policy: {source}")]
    Malformed {
        /// What the decoder found.
        #[source]
        source: DecodeError,
    },
    /// A policy, or a part of it, without a rule.
    #[error("a part of the policy has no rule")]
    NoRule,
    /// A signer that the policy does not list.
    #[error("the policy lists no signer {place}")]
    NoSigner {
        /// Its number.
        place: i32,
    },
    /// A signer that is not someone of an organisation in a role.
    #[error("a signer of the policy is not an organisation's role")]
    OtherSigner,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    SignedBy(MspId, Role),
    OutOf(usize, Vec<KeyPolicy>),
}

fn principal(organisation: &MspId, role: Role) -> MspPrincipal {
    let role = match role {
        Role::Member => MspRoleType::Member,
        Role::Admin => MspRoleType::Admin,
        Role::Client => MspRoleType::Client,
        Role::Peer => MspRoleType::Peer,
        Role::Orderer => MspRoleType::Orderer,
    };
    let role = MspRole { msp_identifier: organisation.as_str().to_owned(), role: role.into() };
    MspPrincipal {
        principal_classification: Classification::Role.into(),
        principal: role.encode_to_vec(),
    }
}

/// The policy that a principal signs.
fn signer(principal: &MspPrincipal) -> Result<KeyPolicy, KeyPolicyError> {
    if principal.principal_classification != i32::from(Classification::Role) {
        return Err(KeyPolicyError::OtherSigner);
    }
    let role = MspRole::decode(principal.principal.as_slice())
        .map_err(|source| KeyPolicyError::Malformed { source })?;
    let organisation =
        MspId::new(role.msp_identifier).map_err(|_name| KeyPolicyError::OtherSigner)?;
    let role = match MspRoleType::try_from(role.role) {
        Ok(MspRoleType::Member) => Role::Member,
        Ok(MspRoleType::Admin) => Role::Admin,
        Ok(MspRoleType::Client) => Role::Client,
        Ok(MspRoleType::Peer) => Role::Peer,
        Ok(MspRoleType::Orderer) => Role::Orderer,
        Err(_unknown) => return Err(KeyPolicyError::OtherSigner),
    };
    Ok(KeyPolicy::signed_by(organisation, role))
}

/// The principal's place in the list, to which it is added if it is new.
fn number(principal: MspPrincipal, identities: &mut Vec<MspPrincipal>) -> i32 {
    let known = identities.iter().position(|known| *known == principal);
    let place = known.unwrap_or_else(|| {
        identities.push(principal);
        identities.len().saturating_sub(1)
    });
    i32::try_from(place).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[test]
    fn signers_are_numbered_as_they_are_named() {
        check(&peer("A"), expect!["#0 [A:Peer]"]);
        let both = KeyPolicy::all_of([peer("A"), peer("B")]).unwrap();
        check(&both, expect!["2(#0 #1) [A:Peer B:Peer]"]);
        let either = KeyPolicy::any_of([peer("B"), both.clone()]).unwrap();
        check(&either, expect!["1(#0 2(#1 #0)) [B:Peer A:Peer]"]);
        let admin = KeyPolicy::signed_by("A".parse().unwrap(), Role::Admin);
        let some = KeyPolicy::out_of(2, [peer("A"), admin, either]).unwrap();
        check(&some, expect!["2(#0 #1 1(#2 2(#0 #2))) [A:Peer A:Admin B:Peer]"]);
    }

    #[test]
    fn the_bytes_are_the_protocols() {
        // rule{n_out_of{n=1, rules{signed_by=0}}}, identities{principal{"Org", PEER}}
        let policy = KeyPolicy::any_of([peer("Org")]).unwrap();
        let expected = "120812060801120208001a0912070a034f72671003";
        assert_eq!(hex::encode(policy.to_bytes()), expected);
    }

    #[test]
    fn a_policy_can_hold_and_can_fail() {
        let refused = |needed, of| Err(KeyPolicyError::Needed { needed, of });
        assert_eq!(KeyPolicy::all_of([]), refused(0, 0));
        assert_eq!(KeyPolicy::any_of([]), refused(1, 0));
        assert_eq!(KeyPolicy::out_of(0, [peer("A")]), refused(0, 1));
        assert_eq!(KeyPolicy::out_of(2, [peer("A")]), refused(2, 1));
    }

    #[test]
    fn a_policy_is_bounded() {
        let many = vec![peer("A"); KeyPolicy::SIGNATURES_MAX + 1];
        assert_eq!(KeyPolicy::any_of(many), Err(KeyPolicyError::TooLarge));
        let mut nested = peer("A");
        for _ in 1..KeyPolicy::DEPTH_MAX {
            nested = KeyPolicy::any_of([nested]).unwrap();
        }
        assert_eq!(KeyPolicy::any_of([nested]), Err(KeyPolicyError::TooLarge));
    }

    #[test]
    fn a_policy_is_read_back_as_it_was_built() {
        let either = KeyPolicy::any_of([peer("B"), peer("A")]).unwrap();
        let admin = KeyPolicy::signed_by("C".parse().unwrap(), Role::Admin);
        let two = KeyPolicy::out_of(2, [either, peer("A"), admin]).unwrap();
        let whole = KeyPolicy::all_of([two, peer("A")]).unwrap();
        assert_eq!(KeyPolicy::from_bytes(&whole.to_bytes()), Ok(whole.clone()));
        expect!["AND(OutOf(2, OR('B.peer', 'A.peer'), 'A.peer', 'C.admin'), 'A.peer')"]
            .assert_eq(&whole.to_string());
        let organisations = whole.organisations();
        assert!(organisations.iter().map(|msp| msp.as_str()).eq(["A", "B", "C"]));
    }

    #[test]
    fn every_role_is_read_back() {
        for role in [Role::Member, Role::Admin, Role::Client, Role::Peer, Role::Orderer] {
            let policy = KeyPolicy::signed_by("A".parse().unwrap(), role);
            assert_eq!(KeyPolicy::from_bytes(&policy.to_bytes()), Ok(policy));
        }
    }

    #[test]
    fn what_is_no_policy_of_organisations_is_refused() {
        use KeyPolicyError::{Malformed, Needed, NoRule, NoSigner, OtherSigner, TooLarge};
        let signed_by = |place| SignaturePolicy { r#type: Some(Type::SignedBy(place)) };
        let of = |rule, identities| {
            let envelope = SignaturePolicyEnvelope { version: 0, rule, identities };
            KeyPolicy::from_bytes(&envelope.encode_to_vec())
        };
        let unit = MspPrincipal {
            principal_classification: Classification::OrganizationUnit.into(),
            principal: Vec::new(),
        };
        let none =
            SignaturePolicy { r#type: Some(Type::NOutOf(NOutOf { n: 0, rules: Vec::new() })) };
        let deep = (0..=KeyPolicy::DEPTH_MAX).fold(signed_by(0), |inner, _| SignaturePolicy {
            r#type: Some(Type::NOutOf(NOutOf { n: 1, rules: vec![inner] })),
        });
        assert!(matches!(KeyPolicy::from_bytes(b"old"), Err(Malformed { .. })));
        assert_eq!(of(None, Vec::new()), Err(NoRule));
        assert_eq!(of(Some(SignaturePolicy { r#type: None }), Vec::new()), Err(NoRule));
        assert_eq!(of(Some(signed_by(0)), Vec::new()), Err(NoSigner { place: 0 }));
        assert_eq!(of(Some(signed_by(-1)), Vec::new()), Err(NoSigner { place: -1 }));
        assert_eq!(of(Some(signed_by(0)), vec![unit]), Err(OtherSigner));
        assert_eq!(of(Some(none), Vec::new()), Err(Needed { needed: 0, of: 0 }));
        assert_eq!(of(Some(deep), Vec::new()), Err(TooLarge));
    }

    fn peer(organisation: &str) -> KeyPolicy {
        KeyPolicy::signed_by(organisation.parse().unwrap(), Role::Peer)
    }

    #[track_caller]
    fn check(policy: &KeyPolicy, expected: Expect) {
        let envelope = SignaturePolicyEnvelope::decode(policy.to_bytes().as_slice()).unwrap();
        let identities = envelope.identities.iter().map(|principal| {
            let role = MspRole::decode(principal.principal.as_slice()).unwrap();
            format!("{}:{:?}", role.msp_identifier, MspRoleType::try_from(role.role).unwrap())
        });
        let identities: Vec<_> = identities.collect();
        expected.assert_eq(&format!(
            "{} [{}]",
            rule(&envelope.rule.unwrap()),
            identities.join(" ")
        ));
    }

    fn rule(policy: &SignaturePolicy) -> String {
        match policy.r#type.as_ref().unwrap() {
            Type::SignedBy(number) => format!("#{number}"),
            Type::NOutOf(NOutOf { n, rules }) => {
                format!("{n}({})", rules.iter().map(rule).collect::<Vec<_>>().join(" "))
            }
        }
    }
}
