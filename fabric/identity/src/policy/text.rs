//! The text form of signature policies, read without recursion and written back.

use std::iter::Peekable;
use std::str::CharIndices;

use fabric_protos::Message as _;
use fabric_protos::common::msp_principal::Classification;
use fabric_protos::common::msp_role::MspRoleType;
use fabric_protos::common::signature_policy::{NOutOf, Type};
use fabric_protos::common::{MspPrincipal, MspRole, SignaturePolicy, SignaturePolicyEnvelope};
use thiserror::Error;

use crate::policy::{POLICY_DEPTH_MAX, POLICY_NODES_MAX};

/// Reads a policy: `AND`, `OR` and `OutOf` over principals `'<MSP>.<role>'`.
///
/// Principals are numbered as Fabric numbers them, so that equal texts give equal bytes: those of
/// an inner gate before those of the gate around it, repeated ones again.
///
/// # Errors
/// If the text is not a policy or too large; the error tells where.
pub fn parse(text: &str) -> Result<SignaturePolicyEnvelope, PolicyTextError> {
    if text.len() > POLICY_TEXT_BYTES_MAX {
        return Err(PolicyTextError::TooLong { limit: POLICY_TEXT_BYTES_MAX });
    }
    let mut tokens = Tokens { text, characters: text.char_indices().peekable() };
    let mut reader = Reader::default();
    loop {
        let (at, token) = tokens.next_token()?;
        let Some(rule) = reader.take(at, token)? else { continue };
        return match tokens.next_token()? {
            (_, Token::End) => Ok(SignaturePolicyEnvelope {
                version: 0,
                rule: Some(rule),
                identities: reader.principals,
            }),
            (at, _) => Err(PolicyTextError::Unexpected { at }),
        };
    }
}

/// Writes a policy as text. What has no text form, such as a principal that is no role, is written
/// in angle brackets, which [`parse`] refuses.
#[must_use]
pub fn render(policy: &SignaturePolicyEnvelope) -> String {
    let mut out = String::new();
    match &policy.rule {
        Some(rule) => render_rule(rule, &policy.identities, 1, &mut out),
        None => out.push_str("<empty>"),
    }
    out
}

/// What is wrong with a policy's text; positions are in bytes from its start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyTextError {
    /// Too many bytes.
    #[error("the policy is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// Too many gates and principals.
    #[error("at byte {at}: more than {limit} gates and principals")]
    TooManyNodes {
        /// Where the first one too many stands.
        at: usize,
        /// The limit.
        limit: usize,
    },
    /// Gates nested too deeply.
    #[error("at byte {at}: gates nested deeper than {limit}")]
    TooDeep {
        /// Where the gate too deep stands.
        at: usize,
        /// The limit.
        limit: usize,
    },
    /// A word that is no gate.
    #[error("at byte {at}: neither AND, OR nor OutOf")]
    UnknownGate {
        /// Where the word stands.
        at: usize,
    },
    /// A text that is no principal.
    #[error("at byte {at}: no principal of the form '<MSP>.<role>'")]
    Principal {
        /// Where the text stands.
        at: usize,
    },
    /// A number that cannot be the threshold of its gate.
    #[error("at byte {at}: the threshold must be between 0 and one more than the rules")]
    Threshold {
        /// Where the gate stands.
        at: usize,
    },
    /// A text without its closing quote.
    #[error("at byte {at}: the quote is not closed")]
    Unclosed {
        /// Where the quote opens.
        at: usize,
    },
    /// Anything else that cannot stand there, the end of the text included.
    #[error("at byte {at}: this cannot stand here")]
    Unexpected {
        /// Where it stands.
        at: usize,
    },
}

impl PolicyTextError {
    /// Where the mistake stands, in bytes from the start of the text.
    #[must_use]
    pub fn position(&self) -> usize {
        match self {
            Self::TooLong { limit } => *limit,
            Self::TooManyNodes { at, .. }
            | Self::TooDeep { at, .. }
            | Self::UnknownGate { at }
            | Self::Principal { at }
            | Self::Threshold { at }
            | Self::Unclosed { at }
            | Self::Unexpected { at } => *at,
        }
    }
}

/// Most bytes of a policy's text.
pub const POLICY_TEXT_BYTES_MAX: usize = 64 * 1024;

/// Builds rules from tokens; the gates not yet closed are on a stack of its own.
#[derive(Default)]
struct Reader {
    open: Vec<Gate>,
    expected: Expected,
    principals: Vec<MspPrincipal>,
    nodes: usize,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Expected {
    #[default]
    Value,
    Opening(GateKind),
    CommaOrEnd,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum GateKind {
    And,
    Or,
    OutOf,
}

struct Gate {
    kind: GateKind,
    at: usize,
    threshold: Option<i32>,
    arguments: Vec<Argument>,
}

enum Argument {
    Principal(MspRole),
    Rule(SignaturePolicy),
}

impl Reader {
    /// Takes one token; gives the whole rule once the outermost gate is closed.
    fn take(
        &mut self,
        at: usize,
        token: Token<'_>,
    ) -> Result<Option<SignaturePolicy>, PolicyTextError> {
        let unexpected = PolicyTextError::Unexpected { at };
        match (self.expected, token) {
            (Expected::Value, Token::Word(word)) => {
                let kind = gate_kind(word).ok_or(PolicyTextError::UnknownGate { at })?;
                self.expected = Expected::Opening(kind);
            }
            (Expected::Opening(kind), Token::Opening) => self.open_gate(kind, at)?,
            (Expected::Value, Token::Number(digits) | Token::Quoted(digits))
                if self.awaits_threshold() =>
            {
                let threshold = digits.parse().map_err(|_| PolicyTextError::Threshold { at })?;
                let gate = self.open.last_mut().ok_or(unexpected)?;
                gate.threshold = Some(threshold);
                self.expected = Expected::CommaOrEnd;
            }
            (Expected::Value, Token::Quoted(text)) => {
                self.count_node(at)?;
                let role = principal(text).ok_or(PolicyTextError::Principal { at })?;
                let gate = self.open.last_mut().ok_or(unexpected)?;
                gate.arguments.push(Argument::Principal(role));
                self.expected = Expected::CommaOrEnd;
            }
            (Expected::CommaOrEnd, Token::Comma) => self.expected = Expected::Value,
            (Expected::CommaOrEnd, Token::Closing) => return self.close_gate(unexpected),
            _ => return Err(unexpected),
        }
        Ok(None)
    }

    fn awaits_threshold(&self) -> bool {
        self.open.last().is_some_and(|gate| {
            gate.kind == GateKind::OutOf && gate.threshold.is_none() && gate.arguments.is_empty()
        })
    }

    fn open_gate(&mut self, kind: GateKind, at: usize) -> Result<(), PolicyTextError> {
        self.count_node(at)?;
        if self.open.len() >= POLICY_DEPTH_MAX {
            return Err(PolicyTextError::TooDeep { at, limit: POLICY_DEPTH_MAX });
        }
        self.open.push(Gate { kind, at, threshold: None, arguments: Vec::new() });
        self.expected = Expected::Value;
        Ok(())
    }

    fn close_gate(
        &mut self,
        unexpected: PolicyTextError,
    ) -> Result<Option<SignaturePolicy>, PolicyTextError> {
        let gate = self.open.pop().ok_or(unexpected)?;
        let threshold = gate.threshold()?;
        let rules = gate.arguments.into_iter().map(|argument| self.rule(argument)).collect();
        let gate = NOutOf { n: threshold, rules };
        let rule = SignaturePolicy { r#type: Some(Type::NOutOf(gate)) };
        let Some(outer) = self.open.last_mut() else { return Ok(Some(rule)) };
        outer.arguments.push(Argument::Rule(rule));
        self.expected = Expected::CommaOrEnd;
        Ok(None)
    }

    fn rule(&mut self, argument: Argument) -> SignaturePolicy {
        match argument {
            Argument::Rule(rule) => rule,
            Argument::Principal(role) => {
                let index = i32::try_from(self.principals.len()).unwrap_or(i32::MAX);
                self.principals.push(MspPrincipal {
                    principal_classification: Classification::Role.into(),
                    principal: role.encode_to_vec(),
                });
                SignaturePolicy { r#type: Some(Type::SignedBy(index)) }
            }
        }
    }

    fn count_node(&mut self, at: usize) -> Result<(), PolicyTextError> {
        self.nodes += 1;
        if self.nodes > POLICY_NODES_MAX {
            return Err(PolicyTextError::TooManyNodes { at, limit: POLICY_NODES_MAX });
        }
        Ok(())
    }
}

impl Gate {
    fn threshold(&self) -> Result<i32, PolicyTextError> {
        let refused = PolicyTextError::Threshold { at: self.at };
        let rules = i32::try_from(self.arguments.len()).unwrap_or(i32::MAX);
        let threshold = match self.kind {
            GateKind::And => rules,
            GateKind::Or => 1,
            GateKind::OutOf => self.threshold.ok_or(refused.clone())?,
        };
        // Fabric lets a threshold be one more than can ever be met.
        let fits = rules > 0 && (0..=rules.saturating_add(1)).contains(&threshold);
        if fits { Ok(threshold) } else { Err(refused) }
    }
}

#[derive(Clone, Copy)]
enum Token<'a> {
    Word(&'a str),
    Quoted(&'a str),
    Number(&'a str),
    Opening,
    Closing,
    Comma,
    End,
}

struct Tokens<'a> {
    text: &'a str,
    characters: Peekable<CharIndices<'a>>,
}

impl<'a> Tokens<'a> {
    fn next_token(&mut self) -> Result<(usize, Token<'a>), PolicyTextError> {
        while self.characters.next_if(|(_, character)| character.is_ascii_whitespace()).is_some() {}
        let Some((at, character)) = self.characters.next() else {
            return Ok((self.text.len(), Token::End));
        };
        let token = match character {
            '(' => Token::Opening,
            ')' => Token::Closing,
            ',' => Token::Comma,
            '\'' | '"' => {
                let inside = self.run(at + 1, |other| other != character);
                let closing = self.characters.next();
                closing.ok_or(PolicyTextError::Unclosed { at })?;
                Token::Quoted(inside)
            }
            '0'..='9' => Token::Number(self.run(at, |other| other.is_ascii_digit())),
            'a'..='z' | 'A'..='Z' => {
                Token::Word(self.run(at, |other| other.is_ascii_alphanumeric()))
            }
            _ => return Err(PolicyTextError::Unexpected { at }),
        };
        Ok((at, token))
    }

    /// The text from `start` to the first character that does not belong.
    fn run(&mut self, start: usize, belongs: impl Fn(char) -> bool) -> &'a str {
        while self.characters.next_if(|(_, character)| belongs(*character)).is_some() {}
        let end = self.characters.peek().map_or(self.text.len(), |(at, _)| *at);
        self.text.get(start..end).unwrap_or_default()
    }
}

fn gate_kind(word: &str) -> Option<GateKind> {
    match word {
        "AND" | "And" | "and" => Some(GateKind::And),
        "OR" | "Or" | "or" => Some(GateKind::Or),
        "OutOf" | "OUTOF" | "outof" => Some(GateKind::OutOf),
        _ => None,
    }
}

/// `<MSP>.<role>`: the role is what follows the last dot, so an MSP's name may hold dots.
fn principal(text: &str) -> Option<MspRole> {
    let (msp, role) = text.rsplit_once('.')?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let role = ROLES.iter().find(|(name, _)| *name == role).map(|(_, role)| *role)?;
    (!msp.is_empty() && msp.bytes().all(allowed))
        .then(|| MspRole { msp_identifier: msp.to_owned(), role: role.into() })
}

fn render_rule(
    rule: &SignaturePolicy,
    principals: &[MspPrincipal],
    depth: usize,
    out: &mut String,
) {
    match &rule.r#type {
        None => out.push_str("<empty>"),
        Some(Type::NOutOf(_)) if depth > POLICY_DEPTH_MAX => out.push_str("<too deep>"),
        Some(Type::SignedBy(index)) => {
            let principal = usize::try_from(*index).ok().and_then(|index| principals.get(index));
            out.push_str(&render_principal(principal));
        }
        Some(Type::NOutOf(gate)) => {
            out.push_str(&match (gate.n, gate.rules.len()) {
                (1, 2..) => "OR(".to_owned(),
                (n, rules) if usize::try_from(n) == Ok(rules) => "AND(".to_owned(),
                (n, _) => format!("OutOf({n}, "),
            });
            for (index, rule) in gate.rules.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                render_rule(rule, principals, depth + 1, out);
            }
            out.push(')');
        }
    }
}

fn render_principal(principal: Option<&MspPrincipal>) -> String {
    let Some(principal) = principal else { return "<unknown principal>".to_owned() };
    let role = Some(&principal.principal)
        .filter(|_| principal.principal_classification == i32::from(Classification::Role))
        .and_then(|bytes| MspRole::decode(bytes.as_slice()).ok());
    let name = role
        .as_ref()
        .and_then(|role| ROLES.iter().find(|(_, number)| i32::from(*number) == role.role));
    match role.as_ref().zip(name) {
        Some((role, (name, _))) => format!("'{}.{name}'", role.msp_identifier),
        None => format!("<principal {}>", hex::encode(&principal.principal)),
    }
}

const ROLES: [(&str, MspRoleType); 5] = [
    ("member", MspRoleType::Member),
    ("admin", MspRoleType::Admin),
    ("client", MspRoleType::Client),
    ("peer", MspRoleType::Peer),
    ("orderer", MspRoleType::Orderer),
];

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use fabric_protos::Message as _;
    use fabric_protos::common::MspRole;
    use proptest::prelude::*;

    use super::{PolicyTextError, parse, render};

    /// Numbers and order of principals must be Fabric's: organisations compare the encoded bytes.
    #[test]
    fn policies_are_read_as_fabric_reads_them() {
        check("OR('A.member', 'B.admin')", expect!["1 of (0 1) | A.0 B.1"]);
        check("AND('A.client', 'B.peer', 'C.orderer')", expect!["3 of (0 1 2) | A.2 B.3 C.4"]);
        check(
            "OutOf(2, 'A.member', 'B.member', 'C.member')",
            expect!["2 of (0 1 2) | A.0 B.0 C.0"],
        );
        check("OutOf('1', 'A.member', 'B.member')", expect!["1 of (0 1) | A.0 B.0"]);
        check("OutOf(0, 'A.member')", expect!["0 of (0) | A.0"]);
        check("OutOf(3, 'A.member', 'B.member')", expect!["3 of (0 1) | A.0 B.0"]);
        check(
            "OR('A.member', AND('B.member', 'C.member'))",
            expect!["1 of (2 2 of (0 1)) | B.0 C.0 A.0"],
        );
        check(
            "OR(AND('A.member', 'B.member'), OR('C.admin', 'D.member'))",
            expect!["1 of (2 of (0 1) 1 of (2 3)) | A.0 B.0 C.1 D.0"],
        );
        check("AND('A.member', 'A.member')", expect!["2 of (0 1) | A.0 A.0"]);
        check(" and (\n\"A.member\" ,or('B.peer'))", expect!["2 of (1 1 of (0)) | B.3 A.0"]);
        check(
            "OR('MSP.WITH.DOTS.member', 'MSP-WITH-DASHES.peer')",
            expect!["1 of (0 1) | MSP.WITH.DOTS.0 MSP-WITH-DASHES.3"],
        );
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        check("", expect!["at byte 0: this cannot stand here"]);
        check("'A.member'", expect!["at byte 0: this cannot stand here"]);
        check("OR", expect!["at byte 2: this cannot stand here"]);
        check("OR()", expect!["at byte 3: this cannot stand here"]);
        check("OR('A.member'", expect!["at byte 13: this cannot stand here"]);
        check("OR('A.member',)", expect!["at byte 14: this cannot stand here"]);
        check("OR('A.member')) ", expect!["at byte 14: this cannot stand here"]);
        check("OR('A.member', Bmember)", expect!["at byte 15: neither AND, OR nor OutOf"]);
        check(
            "OR('A.member', 'Bmember')",
            expect!["at byte 15: no principal of the form '<MSP>.<role>'"],
        );
        check("OR('A.owner')", expect!["at byte 3: no principal of the form '<MSP>.<role>'"]);
        check("OR('.member')", expect!["at byte 3: no principal of the form '<MSP>.<role>'"]);
        check("OR('A_B.member')", expect!["at byte 3: no principal of the form '<MSP>.<role>'"]);
        check("OR('A.member", expect!["at byte 3: the quote is not closed"]);
        check("NOR('A.member')", expect!["at byte 0: neither AND, OR nor OutOf"]);
        check(
            "OutOf(1)",
            expect!["at byte 5: the threshold must be between 0 and one more than the rules"],
        );
        check(
            "OutOf('A.member')",
            expect!["at byte 6: the threshold must be between 0 and one more than the rules"],
        );
        check(
            "OutOf(4, 'A.member', 'B.member')",
            expect!["at byte 5: the threshold must be between 0 and one more than the rules"],
        );
        check("OutOf(-1, 'A.member')", expect!["at byte 6: this cannot stand here"]);
        check(
            "OutOf(99999999999, 'A.member')",
            expect!["at byte 6: the threshold must be between 0 and one more than the rules"],
        );
        check("OutOf(1, 2)", expect!["at byte 9: this cannot stand here"]);
        check("OutOf(true, 'A.member')", expect!["at byte 6: neither AND, OR nor OutOf"]);
        check("OR('A.mëmber')", expect!["at byte 3: no principal of the form '<MSP>.<role>'"]);
        check("ÖR('A.member')", expect!["at byte 0: this cannot stand here"]);
    }

    /// T-11: nesting and size are bounded, whatever the stack could bear.
    #[test]
    fn huge_policies_are_refused() {
        let nested = |depth: usize| format!("{}'A.peer'{}", "OR(".repeat(depth), ")".repeat(depth));
        assert!(parse(&nested(32)).is_ok(), "as deep as is allowed");
        for depth in [33, 1_000, 10_000, 16_000] {
            assert!(matches!(parse(&nested(depth)), Err(PolicyTextError::TooDeep { at: 98, .. })));
        }
        assert!(matches!(parse(&nested(200_000)), Err(PolicyTextError::TooLong { .. })));
        assert!(matches!(
            parse(&"(".repeat(100_000)),
            Err(PolicyTextError::TooLong { limit: 65_536 })
        ));
        assert_eq!(parse(&"(".repeat(60_000)).unwrap_err().position(), 0);
        let wide = |leaves: usize| format!("OR({})", vec!["'A.peer'"; leaves].join(","));
        assert!(parse(&wide(999)).is_ok(), "as many as are allowed");
        assert!(matches!(parse(&wide(1_000)), Err(PolicyTextError::TooManyNodes { .. })));
    }

    #[test]
    fn policies_are_written_as_they_are_read() {
        for text in [
            "OR('A.member', 'B.admin')",
            "AND('A.client')",
            "OutOf(2, 'A.member', 'B.member', 'C.member')",
            "OutOf(0, 'A.member')",
            "AND('A.peer', OR('B.peer', 'C.orderer'), OutOf(3, 'D.peer', 'E.peer'))",
        ] {
            assert_eq!(render(&parse(text).unwrap()), text);
        }
    }

    proptest! {
        #[test]
        fn any_policy_survives_being_written(text in policy_text()) {
            let policy = parse(&text).unwrap();
            prop_assert_eq!(parse(&render(&policy)).unwrap(), policy);
        }

        #[test]
        fn no_text_upsets_the_parser(text in "[AORNDutf('.,)m0-9ember \"é]{0,60}") {
            if let Err(error) = parse(&text) {
                prop_assert!(error.position() <= text.len());
            }
        }
    }

    fn policy_text() -> impl Strategy<Value = String> {
        let leaf = "[A-Za-z0-9.-]{1,8}\\.(member|admin|client|peer|orderer)"
            .prop_map(|principal| format!("'{principal}'"));
        let gate = leaf.prop_recursive(4, 24, 4, |inner| {
            (0_usize..6, proptest::collection::vec(inner, 1..4)).prop_map(|(gate, rules)| {
                let list = rules.join(", ");
                match gate {
                    0 | 1 => format!("AND({list})"),
                    2 | 3 => format!("OR({list})"),
                    threshold => format!("OutOf({}, {list})", threshold.min(rules.len())),
                }
            })
        });
        gate.prop_map(|rule| format!("OR({rule})"))
    }

    fn check(text: &str, expected: Expect) {
        let shown = match parse(text) {
            Err(error) => error.to_string(),
            Ok(policy) => {
                let principals: Vec<String> = policy
                    .identities
                    .iter()
                    .map(|principal| MspRole::decode(principal.principal.as_slice()).unwrap())
                    .map(|role| format!("{}.{}", role.msp_identifier, role.role))
                    .collect();
                format!("{} | {}", shape(policy.rule.as_ref().unwrap()), principals.join(" "))
            }
        };
        expected.assert_eq(&shown);
    }

    fn shape(rule: &super::SignaturePolicy) -> String {
        match rule.r#type.as_ref().unwrap() {
            super::Type::SignedBy(index) => index.to_string(),
            super::Type::NOutOf(gate) => {
                let rules: Vec<String> = gate.rules.iter().map(shape).collect();
                format!("{} of ({})", gate.n, rules.join(" "))
            }
        }
    }
}
