//! The suite of RFC 9180 that files are sealed by, and the only module that names its library.

use std::convert::Infallible;

use hpke::aead::{AeadTag, ChaCha20Poly1305};
use hpke::inout::InOutBuf;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{
    Deserializable as _, HpkeError, Kem as _, OpModeR, OpModeS, Serializable as _,
    single_shot_open_inout_detached, single_shot_seal_inout_detached_with_rng,
};
use pervade_ports::{Rng, RngError};
use zeroize::Zeroizing;

type Kem = X25519HkdfSha256;
type Aead = ChaCha20Poly1305;
type Public = <Kem as hpke::Kem>::PublicKey;
type Private = <Kem as hpke::Kem>::PrivateKey;

/// Bytes of a key, public or secret, and of what is agreed by.
pub(crate) const KEY_BYTES: usize = 32;

/// Bytes that show a ciphertext to be whole.
pub(crate) const TAG_BYTES: usize = 16;

/// A secret key and its public half. The library wipes the secret when it is dropped.
pub(crate) struct KeyPair {
    secret: Private,
    public: Public,
}

impl KeyPair {
    pub(crate) fn generate(rng: &dyn Rng) -> Result<Self, RngError> {
        let mut material = Zeroizing::new([0; KEY_BYTES]);
        rng.fill(material.as_mut_slice())?;
        let (secret, public) = Kem::derive_keypair(material.as_slice());
        Ok(Self { secret, public })
    }

    pub(crate) fn from_secret(secret: &[u8; KEY_BYTES]) -> Option<Self> {
        let secret = Private::from_bytes(secret).ok()?;
        let public = Kem::sk_to_pk(&secret);
        Some(Self { secret, public })
    }

    pub(crate) fn secret(&self) -> Zeroizing<[u8; KEY_BYTES]> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        self.secret.write_exact(bytes.as_mut_slice());
        bytes
    }

    pub(crate) fn public(&self) -> [u8; KEY_BYTES] {
        self.public.to_bytes().into()
    }

    /// The mode in which this key seals.
    pub(crate) fn seals(&self) -> OpModeS<'_, Kem> {
        OpModeS::Auth((self.secret.clone(), self.public.clone()))
    }
}

/// What is added to a ciphertext.
pub(crate) struct Added {
    pub(crate) enc: [u8; KEY_BYTES],
    pub(crate) tag: [u8; TAG_BYTES],
}

/// Why nothing was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Randomness,
    Reader,
}

/// What both sides must say alike.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) info: &'a [u8],
    pub(crate) aad: &'a [u8],
}

/// Encrypts in place.
pub(crate) fn seal(
    mode: &OpModeS<'_, Kem>,
    reader: &[u8; KEY_BYTES],
    terms: Terms<'_>,
    data: &mut [u8],
    rng: &dyn Rng,
) -> Result<Added, Failure> {
    let reader = Public::from_bytes(reader).map_err(|_length| Failure::Reader)?;
    let mut draw = Draw { rng, has_failed: false };
    let sealed = single_shot_seal_inout_detached_with_rng::<Aead, HkdfSha256, Kem>(
        mode,
        &reader,
        terms.info,
        InOutBuf::from(data),
        terms.aad,
        &mut draw,
    );
    if draw.has_failed {
        return Err(Failure::Randomness);
    }
    // All else that can fail is that the reader's key agrees on the same secret with every key.
    let (enc, tag) = sealed.map_err(|_encapsulation| Failure::Reader)?;
    Ok(Added { enc: enc.to_bytes().into(), tag: tag.to_bytes().into() })
}

/// Decrypts in place. What is left of `data` if it fails is of no use.
pub(crate) fn open(
    mode: &OpModeR<'_, Kem>,
    reader: &KeyPair,
    terms: Terms<'_>,
    data: &mut [u8],
    added: &Added,
) -> Result<(), HpkeError> {
    let enc = <Kem as hpke::Kem>::EncappedKey::from_bytes(&added.enc)?;
    let tag = AeadTag::from_bytes(&added.tag)?;
    single_shot_open_inout_detached::<Aead, HkdfSha256, Kem>(
        mode,
        &reader.secret,
        &enc,
        terms.info,
        InOutBuf::from(data),
        terms.aad,
        &tag,
    )
}

/// The mode in which what this key sealed is opened.
pub(crate) fn sealed_by(sender: &[u8; KEY_BYTES]) -> Result<OpModeR<'static, Kem>, HpkeError> {
    Ok(OpModeR::Auth(Public::from_bytes(sender)?))
}

/// Random bytes for a library that takes none for an answer: the failure is kept, and whatever was
/// made of the zeros is thrown away.
struct Draw<'a> {
    rng: &'a dyn Rng,
    has_failed: bool,
}

impl TryRng for Draw<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        if self.rng.fill(bytes).is_err() {
            self.has_failed = true;
            bytes.fill(0);
        }
        Ok(())
    }
}

impl TryCryptoRng for Draw<'_> {}

#[cfg(test)]
mod tests {
    use hpke::{OpModeR, OpModeS};
    use pervade_ports::{Rng, RngError};

    use super::{Added, Failure, KEY_BYTES, KeyPair, Terms, open, seal, sealed_by};

    /// One message of a vector in RFC 9180, appendix A.2, whose suite is ours.
    struct Vector {
        ephemeral: &'static str,
        reader: [&'static str; 3],
        enc: &'static str,
        ciphertext: &'static str,
    }

    const INFO: &str = "4f6465206f6e2061204772656369616e2055726e";
    const PLAINTEXT: &[u8] = b"Beauty is truth, truth beauty";
    const AAD: &[u8] = b"Count-0";

    /// RFC 9180, A.2.1: mode Base.
    const BASE: Vector = Vector {
        ephemeral: "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b",
        reader: [
            "1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df",
            "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
            "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
        ],
        enc: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
        ciphertext: "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
    };

    /// RFC 9180, A.2.3: mode Auth.
    const AUTH: Vector = Vector {
        ephemeral: "938d3daa5a8904540bc24f48ae90eed3f4f7f11839560597b55e7c9598c996c0",
        reader: [
            "64835d5ee64aa7aad57c6f2e4f758f7696617f8829e70bc9ac7a5ef95d1c756c",
            "3ca22a6d1cda1bb9480949ec5329d3bf0b080ca4c45879c95eddb55c70b80b82",
            "1a478716d63cb2e16786ee93004486dc151e988b34b475043d3e0175bdb01c44",
        ],
        enc: "f7674cc8cd7baa5872d1f33dbaffe3314239f6197ddf5ded1746760bfc847e0e",
        ciphertext: "ab1a13c9d4f01a87ec3440dbd756e2677bd2ecf9df0ce7ed73869b98e00c09be111cb9fdf077347aeb88e61bdf",
    };

    const AUTH_SENDER: [&str; 3] = [
        "9d8f94537d5a3ddef71234c0baedfad4ca6861634d0b94c3007fed557ad17df6",
        "2def0cb58ffcf83d1062dd085c8aceca7f4c0c3fd05912d847b61f3e54121f05",
        "f0f4f9e96c54aeed3f323de8534fffd7e0577e4ce269896716bcb95643c8712b",
    ];

    struct Fixed([u8; KEY_BYTES]);

    impl Rng for Fixed {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
            bytes.copy_from_slice(&self.0);
            Ok(())
        }
    }

    fn bytes<const N: usize>(digits: &str) -> [u8; N] {
        hex::decode(digits).unwrap().try_into().unwrap()
    }

    /// The pair that a vector derives from its material, with both halves as it says.
    fn pair([material, secret, public]: [&str; 3]) -> KeyPair {
        let pair = KeyPair::generate(&Fixed(bytes(material))).unwrap();
        assert_eq!(pair.public(), bytes(public), "the public half");
        // The RFC writes secrets as they are derived; the library clamps them as X25519 does.
        let same = KeyPair::from_secret(&bytes(secret)).unwrap();
        assert_eq!(*same.secret(), *pair.secret(), "the secret half");
        pair
    }

    fn check(vector: &Vector, seals: &OpModeS<'_, super::Kem>, opens: &OpModeR<'_, super::Kem>) {
        let info: [u8; 20] = bytes(INFO);
        let terms = Terms { info: &info, aad: AAD };
        let reader = pair(vector.reader);
        let mut data = PLAINTEXT.to_vec();
        let ephemeral = Fixed(bytes(vector.ephemeral));
        let added = seal(seals, &reader.public(), terms, &mut data, &ephemeral).unwrap();
        assert_eq!(hex::encode(added.enc), vector.enc);
        let ciphertext = [data.as_slice(), &added.tag].concat();
        assert_eq!(hex::encode(ciphertext), vector.ciphertext);
        open(opens, &reader, terms, &mut data, &added).unwrap();
        assert_eq!(data, PLAINTEXT);
    }

    /// W-93, D-25: the published vectors of RFC 9180 for this suite.
    #[test]
    fn the_vectors_of_rfc_9180_hold() {
        check(&BASE, &OpModeS::Base, &OpModeR::Base);
        let sender = pair(AUTH_SENDER);
        check(&AUTH, &sender.seals(), &sealed_by(&sender.public()).unwrap());
    }

    /// The modes are not each other's: a file without a sender does not open as one with.
    #[test]
    fn a_file_that_nobody_signed_for_does_not_open() {
        let (reader, sender) = (pair(BASE.reader), pair(AUTH_SENDER));
        let terms = Terms { info: b"", aad: b"" };
        let mut data = PLAINTEXT.to_vec();
        let ephemeral = Fixed(bytes(BASE.ephemeral));
        let added = seal(&OpModeS::Base, &reader.public(), terms, &mut data, &ephemeral).unwrap();
        let claimed = sealed_by(&sender.public()).unwrap();
        assert!(open(&claimed, &reader, terms, &mut data, &added).is_err());
    }

    #[test]
    fn without_randomness_nothing_is_sealed() {
        struct Dry;
        impl Rng for Dry {
            fn fill(&self, _bytes: &mut [u8]) -> Result<(), RngError> {
                Err(RngError)
            }
        }
        assert!(KeyPair::generate(&Dry).is_err(), "no key");
        let terms = Terms { info: b"", aad: b"" };
        let (reader, sender) = (pair(BASE.reader), pair(AUTH_SENDER));
        let sealed = seal(&sender.seals(), &reader.public(), terms, &mut [0; 4], &Dry);
        assert_eq!(sealed.map(|Added { enc, .. }| enc), Err(Failure::Randomness));
    }
}
