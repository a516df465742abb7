//! ECDSA over P-256 and P-384: strict signatures, low S, the digest the algorithm names.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{self, EcdsaVerificationAlgorithm, ParsedPublicKey, UnparsedPublicKey};
use thiserror::Error;

use crate::der;

/// An ECDSA public key that lies on its curve.
#[derive(Clone)]
pub struct PublicKey {
    curve: Curve,
    point: Arc<[u8]>,
    for_messages: Arc<ParsedPublicKey>,
}

impl PublicKey {
    /// The key at an uncompressed point (`04 | x | y`).
    ///
    /// # Errors
    /// If the point is compressed or not on the curve.
    pub fn from_point(curve: Curve, point: &[u8]) -> Result<Self, NotOnCurve> {
        if point.len() != 1 + 2 * curve.scalar_len() || point.first() != Some(&UNCOMPRESSED) {
            return Err(NotOnCurve { curve });
        }
        let algorithm = verification(curve, SignatureAlgorithm::EcdsaSha256);
        let parsed = ParsedPublicKey::new(algorithm, point).map_err(|_| NotOnCurve { curve })?;
        Ok(Self { curve, point: point.into(), for_messages: Arc::new(parsed) })
    }

    /// The curve the key is a point of.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The uncompressed point.
    #[must_use]
    pub fn point(&self) -> &[u8] {
        &self.point
    }

    /// Checks a signature over a Fabric message: SHA-256 whatever the curve, strict DER, low S.
    ///
    /// # Errors
    /// If the signature is not in the one form that is allowed, or is another key's or message's.
    pub fn verify_message(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let parts = Signature::parse(self.curve, signature).ok_or(SignatureError::Malformed)?;
        if parts.is_high() {
            return Err(SignatureError::HighS);
        }
        self.for_messages.verify_sig(message, signature).map_err(|_| SignatureError::Mismatch)
    }

    /// Checks a signature on a certificate, a revocation list or a request, whatever its S.
    ///
    /// # Errors
    /// If the signature is not strict DER, or is another key's or message's.
    pub fn verify_document(
        &self,
        algorithm: SignatureAlgorithm,
        document: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        Signature::parse(self.curve, signature).ok_or(SignatureError::Malformed)?;
        UnparsedPublicKey::new(verification(self.curve, algorithm), &self.point)
            .verify(document, signature)
            .map_err(|_| SignatureError::Mismatch)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.curve == other.curve && self.point == other.point
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?} {})", self.curve, hex::encode(&self.point))
    }
}

/// The curves Fabric's identities use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Curve {
    /// NIST P-256, the curve of `cryptogen` and of the CA's default.
    P256,
    /// NIST P-384.
    P384,
}

impl Curve {
    /// The curve of a key's algorithm parameters; `None` for those that are not supported.
    #[must_use]
    pub fn from_oid(dotted: &str) -> Option<Self> {
        match dotted {
            "1.2.840.10045.3.1.7" => Some(Self::P256),
            "1.3.132.0.34" => Some(Self::P384),
            _ => None,
        }
    }

    /// Bytes of a scalar and of a coordinate.
    fn scalar_len(self) -> usize {
        self.order().len()
    }

    /// The order of the base point, big-endian.
    fn order(self) -> &'static [u8] {
        match self {
            Self::P256 => &P256_ORDER,
            Self::P384 => &P384_ORDER,
        }
    }
}

/// How a certificate, a revocation list or a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// `ecdsa-with-SHA256`.
    EcdsaSha256,
    /// `ecdsa-with-SHA384`.
    EcdsaSha384,
    /// `ecdsa-with-SHA512`.
    EcdsaSha512,
}

impl SignatureAlgorithm {
    /// The algorithm of an identifier; `None` for those that are not supported.
    #[must_use]
    pub fn from_oid(dotted: &str) -> Option<Self> {
        match dotted {
            "1.2.840.10045.4.3.2" => Some(Self::EcdsaSha256),
            "1.2.840.10045.4.3.3" => Some(Self::EcdsaSha384),
            "1.2.840.10045.4.3.4" => Some(Self::EcdsaSha512),
            _ => None,
        }
    }
}

/// The bytes are no uncompressed point of the curve.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no uncompressed point of {curve:?}")]
pub struct NotOnCurve {
    curve: Curve,
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// Not the DER form of two positive integers of the curve's size.
    #[error("the signature is not strict DER")]
    Malformed,
    /// The larger of the two equivalent forms, which anyone can make from the other.
    #[error("the signature's S is in the upper half of the curve's order")]
    HighS,
    /// Another key or another message.
    #[error("the signature is not this key's over this message")]
    Mismatch,
    /// The key is of a kind that is not supported.
    #[error("the public key is neither P-256 nor P-384")]
    UnsupportedKey,
}

/// An ECDSA signature taken apart; both numbers as wide as the curve's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    curve: Curve,
    r: Vec<u8>,
    s: Vec<u8>,
}

impl Signature {
    /// Reads strict DER and nothing after it.
    pub(crate) fn parse(curve: Curve, bytes: &[u8]) -> Option<Self> {
        let (sequence, rest) = der::element(bytes)?;
        let (r, after_r) = der::element(sequence.content)?;
        let (s, after_s) = der::element(after_r)?;
        let complete = rest.is_empty() && after_s.is_empty() && sequence.tag == der::SEQUENCE;
        let (r, s) = (scalar(curve, r)?, scalar(curve, s)?);
        complete.then_some(Self { curve, r, s })
    }

    /// Splits `r | s` as a signer gives it.
    pub(crate) fn from_fixed(curve: Curve, bytes: &[u8]) -> Option<Self> {
        let (r, s) = bytes.split_at_checked(curve.scalar_len())?;
        (s.len() == r.len()).then(|| Self { curve, r: r.to_vec(), s: s.to_vec() })
    }

    /// Whether S lies in the upper half of the order.
    pub(crate) fn is_high(&self) -> bool {
        self.s > halved(self.curve.order())
    }

    /// The equivalent signature with S in the lower half.
    pub(crate) fn into_low(self) -> Self {
        if self.is_high() { self.flipped() } else { self }
    }

    /// The other of the two equivalent signatures.
    pub(crate) fn flipped(self) -> Self {
        let s = difference(self.curve.order(), &self.s);
        Self { s, ..self }
    }

    /// The DER form.
    pub(crate) fn to_der(&self) -> Vec<u8> {
        let content = [integer(&self.r), integer(&self.s)].concat();
        der::encode(der::SEQUENCE, &content)
    }
}

/// Reads a positive INTEGER no wider than the curve's order, and widens it.
fn scalar(curve: Curve, element: der::Element<'_>) -> Option<Vec<u8>> {
    let digits = match element.content {
        _ if element.tag != der::INTEGER => return None,
        [] | [0] | [0, 0..SIGN_BIT, ..] | [(SIGN_BIT..), ..] => return None,
        [0, digits @ ..] | digits => digits,
    };
    let padding = curve.scalar_len().checked_sub(digits.len())?;
    Some([&vec![0; padding], digits].concat())
}

/// Writes a positive INTEGER in the fewest bytes.
fn integer(number: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = number.iter().copied().skip_while(|&digit| digit == 0).collect();
    let needs_zero = digits.first().is_none_or(|&digit| digit >= SIGN_BIT);
    let content = if needs_zero { [vec![0], digits].concat() } else { digits };
    der::encode(der::INTEGER, &content)
}

/// Half of a big-endian number, rounded down.
fn halved(number: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    number
        .iter()
        .map(|&digit| {
            let half = carry | digit >> 1;
            carry = digit << 7;
            half
        })
        .collect()
}

/// `larger - smaller` of two equally wide big-endian numbers.
fn difference(larger: &[u8], smaller: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut out: Vec<u8> = larger
        .iter()
        .zip(smaller)
        .rev()
        .map(|(&from, &take)| {
            let (partial, under) = from.overflowing_sub(take);
            let (digit, under_again) = partial.overflowing_sub(u8::from(borrow));
            borrow = under || under_again;
            digit
        })
        .collect();
    out.reverse();
    out
}

fn verification(
    curve: Curve,
    algorithm: SignatureAlgorithm,
) -> &'static EcdsaVerificationAlgorithm {
    match (curve, algorithm) {
        (Curve::P256, SignatureAlgorithm::EcdsaSha256) => &signature::ECDSA_P256_SHA256_ASN1,
        (Curve::P256, SignatureAlgorithm::EcdsaSha384) => &signature::ECDSA_P256_SHA384_ASN1,
        (Curve::P256, SignatureAlgorithm::EcdsaSha512) => &signature::ECDSA_P256_SHA512_ASN1,
        (Curve::P384, SignatureAlgorithm::EcdsaSha256) => &signature::ECDSA_P384_SHA256_ASN1,
        (Curve::P384, SignatureAlgorithm::EcdsaSha384) => &signature::ECDSA_P384_SHA384_ASN1,
        (Curve::P384, SignatureAlgorithm::EcdsaSha512) => &signature::ECDSA_P384_SHA512_ASN1,
    }
}

/// First byte of a point in uncompressed form ([SEC 1](https://www.secg.org/sec1-v2.pdf), 2.3.3).
const UNCOMPRESSED: u8 = 0x04;

/// Set in the first byte of a negative INTEGER.
const SIGN_BIT: u8 = 0x80;

const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

const P384_ORDER: [u8; 48] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Curve, PublicKey, Signature, SignatureAlgorithm, SignatureError};
    use crate::key::PrivateKey;
    use crate::testing::flipped;

    const MESSAGE: &[u8] = b"reading 21.5";

    /// One signature, spoilt in every way that leaves it recognisable.
    #[test]
    fn only_strict_low_s_signatures_count() {
        let key = PrivateKey::generate().unwrap();
        let good = key.sign(MESSAGE).unwrap();
        let [0x30, length, body @ ..] = good.as_slice() else { panic!("a sequence") };
        let relabelled = |tag| [&[tag, *length], body].concat();
        let widened = [&[0x30, *length + 1, 0x02, body[1] + 1, 0x00], &body[2..]].concat();
        let malformed = Err(SignatureError::Malformed);
        for (what, signature, expected) in [
            ("as signed", good.clone(), Ok(())),
            ("the other form", flipped(Curve::P256, &good), Err(SignatureError::HighS)),
            ("a byte after it", [&good[..], &[0]].concat(), malformed),
            ("a byte within, after S", [&[0x30, length + 2], body, &[5, 0]].concat(), malformed),
            ("length in long form", [&[0x30, 0x81, *length], body].concat(), malformed),
            ("indefinite length", [&[0x30, 0x80], body, &[0, 0]].concat(), malformed),
            ("R with a needless zero", widened, malformed),
            ("a set", relabelled(0x31), malformed),
            ("cut off", good[..good.len() - 1].to_vec(), malformed),
            ("R of zero", vec![0x30, 6, 2, 1, 0, 2, 1, 1], malformed),
            ("S of zero", vec![0x30, 6, 2, 1, 1, 2, 1, 0], malformed),
            ("negative R", vec![0x30, 6, 2, 1, 0x80, 2, 1, 1], malformed),
            ("empty R", vec![0x30, 5, 2, 0, 2, 1, 1], malformed),
            ("nothing", vec![], malformed),
            ("small numbers", vec![0x30, 6, 2, 1, 1, 2, 1, 1], Err(SignatureError::Mismatch)),
        ] {
            assert_eq!(key.public_key().verify_message(MESSAGE, &signature), expected, "{what}");
        }
        let other = PrivateKey::generate().unwrap();
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(other.public_key().verify_message(MESSAGE, &good), mismatch, "another key");
        assert_eq!(key.public_key().verify_message(b"21.6", &good), mismatch, "another message");
    }

    #[test]
    fn p384_keys_sign_messages_over_sha256() {
        let point = hex::decode(
            "04c2bc53d2e445f992c81f82c38f3d258b634666defd4d73f4cb8ddf5a2b195af120546ce71598aff99da\
             915dec79d4e042684445d704fdaf6e21fc723047d02d59886c6f86e056be0b7c2331986d31713a2190e599\
             c351eb8bcaec5a074bc1f1f",
        );
        let low = hex::decode(
            "306502310089b9a3cfbbdf1b389293ac5034b62394e18bd39ea9d4ebc0486b412b096509bd8f183621270e\
             69081c9fa6d7a19db6b402302525054049f19ad7c6236dc7dfd8f309b114540f4634e5cbecc672c889e999\
             6e281e146efe0291b2b65e905ebf4cced4",
        )
        .unwrap();
        let key = PublicKey::from_point(Curve::P384, &point.unwrap()).unwrap();
        assert_eq!(key.verify_message(MESSAGE, &low), Ok(()));
        let high = flipped(Curve::P384, &low);
        assert_eq!(key.verify_message(MESSAGE, &high), Err(SignatureError::HighS));
        let sha384 = key.verify_document(SignatureAlgorithm::EcdsaSha384, MESSAGE, &low);
        assert_eq!(sha384, Err(SignatureError::Mismatch), "the digest is SHA-256");
    }

    #[test]
    fn only_uncompressed_points_of_the_curve_are_keys() {
        let key = PrivateKey::generate().unwrap();
        let point = key.public_key().point();
        let compressed = [&[2 + (point[64] & 1)], &point[1..33]].concat();
        let mut off_curve = point.to_vec();
        off_curve[64] ^= 1;
        assert!(PublicKey::from_point(Curve::P256, &compressed).is_err(), "compressed");
        assert!(PublicKey::from_point(Curve::P256, &off_curve).is_err(), "off the curve");
        assert!(PublicKey::from_point(Curve::P384, point).is_err(), "another curve");
    }

    proptest! {
        /// Both forms of a signature lead to one low form, which is one of them.
        #[test]
        fn the_low_form_is_one(r in any::<[u8; 32]>(), s in any::<[u8; 32]>()) {
            let order = Curve::P256.order();
            prop_assume!(&s[..] < order && s != [0; 32] && r != [0; 32]);
            let one = Signature::from_fixed(Curve::P256, &[r, s].concat()).unwrap();
            let other = Signature::parse(Curve::P256, &flipped(Curve::P256, &one.to_der())).unwrap();
            prop_assert_ne!(&one, &other);
            prop_assert_ne!(one.is_high(), other.is_high());
            prop_assert_eq!(one.clone().into_low(), other.into_low());
            prop_assert_eq!(Signature::parse(Curve::P256, &one.to_der()), Some(one));
        }

        #[test]
        fn no_bytes_upset_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            if let Some(signature) = Signature::parse(Curve::P256, &bytes) {
                prop_assert_eq!(signature.to_der(), bytes);
            }
        }
    }
}
