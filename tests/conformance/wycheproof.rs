//! [Wycheproof](https://github.com/C2SP/wycheproof)'s ECDSA vectors.
//!
//! A message's signature must have the low S of the two that verify, as Fabric demands; a
//! certificate's may have either.

use std::{fs, path::Path};

use libtest_mimic::Failed;
use pervade_identity::{Curve, PublicKey, SignatureAlgorithm, SignatureError};
use serde::{Deserialize, Deserializer, de::Error};

use crate::{Suite, outcome::Outcome};

pub(crate) const P256_MESSAGES: Suite = Suite {
    name: "wycheproof-p256-messages",
    about: "ECDSA P-256, SHA-256: signatures of messages; of valid ones, those with high S refused",
    run: |data| run(&P256, data, message),
};

pub(crate) const P256_DOCUMENTS: Suite = Suite {
    name: "wycheproof-p256-certificates",
    about: "ECDSA P-256, SHA-256: signatures of certificates",
    run: |data| run(&P256, data, document),
};

pub(crate) const P384_MESSAGES: Suite = Suite {
    name: "wycheproof-p384-messages",
    about: "ECDSA P-384, SHA-384: signatures of messages, as far as no digest is needed",
    run: |data| run(&P384, data, message),
};

pub(crate) const P384_DOCUMENTS: Suite = Suite {
    name: "wycheproof-p384-certificates",
    about: "ECDSA P-384, SHA-384: signatures of certificates",
    run: |data| run(&P384, data, document),
};

struct Vectors {
    file: &'static str,
    curve: Curve,
    algorithm: SignatureAlgorithm,
    /// The order of the curve's base point, big-endian.
    order: &'static str,
}

const P256: Vectors = Vectors {
    file: "ecdsa_secp256r1_sha256_test.json",
    curve: Curve::P256,
    algorithm: SignatureAlgorithm::EcdsaSha256,
    order: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
};

const P384: Vectors = Vectors {
    file: "ecdsa_secp384r1_sha384_test.json",
    curve: Curve::P384,
    algorithm: SignatureAlgorithm::EcdsaSha384,
    order: "ffffffffffffffffffffffffffffffffffffffffffffffff\
            c7634d81f4372ddf581a0db248b0a77aecec196accc52973",
};

const OTHER_DIGEST: &str =
    "valid over SHA-384, but Fabric's messages are digested by SHA-256 whatever the curve";

type Judge = fn(&mut Outcome, &Vectors, &PublicKey, &Test);

fn run(vectors: &Vectors, data: &Path, judge: Judge) -> Result<Outcome, Failed> {
    let text = fs::read(data.join("suites/wycheproof").join(vectors.file))?;
    let file: File = serde_json::from_slice(&text)?;
    let mut outcome = Outcome::default();
    for group in file.groups {
        let key = PublicKey::from_point(vectors.curve, &group.key.point)?;
        group.tests.iter().for_each(|test| judge(&mut outcome, vectors, &key, test));
    }
    Ok(outcome)
}

fn message(outcome: &mut Outcome, vectors: &Vectors, key: &PublicKey, test: &Test) {
    let ours = key.verify_message(&test.message, &test.signature);
    let valid = test.result == Verdict::Valid;
    let high = valid && has_high_s(vectors, &test.signature);
    if valid && !high && vectors.algorithm != SignatureAlgorithm::EcdsaSha256 {
        return outcome.skip(&test.case(), OTHER_DIGEST);
    }
    let right = match ours {
        Ok(()) => valid && !high,
        Err(SignatureError::HighS) => high || !valid,
        Err(_) => !valid,
    };
    outcome.record(&test.case(), if right { Ok(()) } else { Err(test.wrong(&ours)) });
}

fn document(outcome: &mut Outcome, vectors: &Vectors, key: &PublicKey, test: &Test) {
    let ours = key.verify_document(vectors.algorithm, &test.message, &test.signature);
    let right = ours.is_ok() == (test.result == Verdict::Valid);
    outcome.record(&test.case(), if right { Ok(()) } else { Err(test.wrong(&ours)) });
}

/// Whether the S of a valid signature is more than half the order. Read from its end: S is the
/// second and last of two DER integers, so it is what the last bytes hold.
fn has_high_s(vectors: &Vectors, signature: &[u8]) -> bool {
    let Some(s) = second_integer(signature) else { return false };
    let digits = hex::encode(s);
    let s = format!("{:0>width$}", digits.trim_start_matches('0'), width = vectors.order.len());
    s > half(vectors.order)
}

/// The second of a sequence's two integers: tag, length, value, each length one byte.
fn second_integer(signature: &[u8]) -> Option<&[u8]> {
    let first = usize::from(*signature.get(3)?);
    let second = signature.get(4 + first..)?;
    second.get(2..)
}

/// Half of a number of hexadecimal digits, rounded down.
fn half(digits: &str) -> String {
    let mut rest = 0;
    let halved = digits.chars().filter_map(|digit| {
        let value = rest * 16 + digit.to_digit(16)?;
        rest = value % 2;
        char::from_digit(value / 2, 16)
    });
    halved.collect()
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "testGroups")]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "publicKey")]
    key: Key,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Key {
    #[serde(rename = "uncompressed", deserialize_with = "bytes")]
    point: Vec<u8>,
}

#[derive(Deserialize)]
struct Test {
    #[serde(rename = "tcId")]
    id: u32,
    comment: String,
    #[serde(rename = "msg", deserialize_with = "bytes")]
    message: Vec<u8>,
    #[serde(rename = "sig", deserialize_with = "bytes")]
    signature: Vec<u8>,
    result: Verdict,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Valid,
    Invalid,
}

impl Test {
    fn case(&self) -> String {
        format!("{} {}", self.id, self.comment)
    }

    fn wrong(&self, ours: &Result<(), SignatureError>) -> String {
        format!("{:?} by the vectors, {ours:?} by us", self.result)
    }
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
}
