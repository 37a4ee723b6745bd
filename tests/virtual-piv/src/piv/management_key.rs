//! The management key: who may make keys and write certificates.

use openssl::error::ErrorStack;
use openssl::memcmp;
use openssl::rand::rand_bytes;
use openssl::symm::{Cipher, Crypter, Mode};

use crate::apdu::{Answer, Status};
use crate::card::Version;
use crate::tlv;

/// The key that every token comes with, in its first bytes.
const DEFAULT: [u8; 24] = [
    1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8,
];

const WITNESS: u16 = 0x80;
const CHALLENGE: u16 = 0x81;
const RESPONSE: u16 = 0x82;

/// The kind of a management key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tdes,
    Aes128,
    Aes192,
    Aes256,
}

impl Kind {
    /// The kind that a new token of this version has.
    pub(crate) fn of(version: Version) -> Self {
        if version < Version(5, 7, 0) {
            Self::Tdes
        } else {
            Self::Aes192
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x03 => Some(Self::Tdes),
            0x08 => Some(Self::Aes128),
            0x0a => Some(Self::Aes192),
            0x0c => Some(Self::Aes256),
            _ => None,
        }
    }

    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Tdes => 0x03,
            Self::Aes128 => 0x08,
            Self::Aes192 => 0x0a,
            Self::Aes256 => 0x0c,
        }
    }

    fn cipher(self) -> Cipher {
        match self {
            Self::Tdes => Cipher::des_ede3_ecb(),
            Self::Aes128 => Cipher::aes_128_ecb(),
            Self::Aes192 => Cipher::aes_192_ecb(),
            Self::Aes256 => Cipher::aes_256_ecb(),
        }
    }

    fn block(self) -> usize {
        if self == Self::Tdes { 8 } else { 16 }
    }
}

/// What the token waits for, once it has answered the first half of an authentication.
pub(crate) enum Pending {
    /// The witness, decrypted by the caller.
    Witness(Vec<u8>),
    /// The challenge, encrypted by the caller.
    Challenge(Vec<u8>),
}

/// A management key. `Debug` is not derived: it would show the bytes.
pub(crate) struct ManagementKey {
    kind: Kind,
    bytes: Vec<u8>,
    touch: u8,
}

impl ManagementKey {
    /// The key that a new token has. Only 3DES and AES-192 have one.
    pub(crate) fn initial(kind: Kind) -> Self {
        Self {
            kind,
            bytes: DEFAULT.to_vec(),
            touch: 1,
        }
    }

    /// A key that somebody sets.
    pub(crate) fn new(kind: Kind, bytes: &[u8], touch: u8) -> Result<Self, Status> {
        if bytes.len() != kind.cipher().key_len() {
            return Err(Status::WRONG_DATA);
        }
        Ok(Self {
            kind,
            bytes: bytes.to_vec(),
            touch,
        })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn metadata(&self) -> Vec<u8> {
        let mut out = tlv::element(0x01, &[self.kind.byte()]);
        tlv::push(&mut out, 0x02, &[0, self.touch]);
        tlv::push(&mut out, 0x05, &[u8::from(self.bytes == DEFAULT)]);
        out
    }

    /// One half of an authentication, mutual or single: the answer's fields, what is waited for, and whether the caller
    /// has proved the key.
    pub(crate) fn authenticate(
        &self,
        fields: &[tlv::Element<'_>],
        pending: Option<Pending>,
    ) -> Result<(Vec<u8>, Option<Pending>, bool), Status> {
        if fields == [(WITNESS, &[][..])] {
            let witness = self.random()?;
            let hidden = tlv::element(WITNESS, &self.apply(Mode::Encrypt, &witness)?);
            return Ok((hidden, Some(Pending::Witness(witness)), false));
        }
        if fields == [(CHALLENGE, &[][..])] {
            let challenge = self.random()?;
            return Ok((
                tlv::element(CHALLENGE, &challenge),
                Some(Pending::Challenge(challenge)),
                false,
            ));
        }
        match pending {
            Some(Pending::Witness(witness)) => {
                let given = tlv::find(fields, WITNESS).ok_or(Status::WRONG_DATA)?;
                prove(&witness, given)?;
                let challenge = tlv::find(fields, CHALLENGE).unwrap_or_default();
                if challenge.len() != self.kind.block() {
                    return Err(Status::WRONG_DATA);
                }
                Ok((
                    tlv::element(RESPONSE, &self.apply(Mode::Encrypt, challenge)?),
                    None,
                    true,
                ))
            }
            Some(Pending::Challenge(challenge)) => {
                let given = tlv::find(fields, RESPONSE).ok_or(Status::WRONG_DATA)?;
                prove(&self.apply(Mode::Encrypt, &challenge)?, given)?;
                Ok((Vec::new(), None, true))
            }
            None => Err(Status::CONDITIONS),
        }
    }

    fn random(&self) -> Answer {
        let mut bytes = vec![0; self.kind.block()];
        rand_bytes(&mut bytes)?;
        Ok(bytes)
    }

    /// One block, without padding.
    fn apply(&self, mode: Mode, block: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let cipher = self.kind.cipher();
        let mut crypter = Crypter::new(cipher, mode, &self.bytes, None)?;
        crypter.pad(false);
        let mut out = vec![0; block.len() + cipher.block_size()];
        let mut length = crypter.update(block, &mut out)?;
        length += crypter.finalize(&mut out[length..])?;
        out.truncate(length);
        Ok(out)
    }
}

fn prove(wanted: &[u8], given: &[u8]) -> Result<(), Status> {
    if wanted.len() != given.len() || !memcmp::eq(wanted, given) {
        return Err(Status::SECURITY);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 4] = [Kind::Tdes, Kind::Aes128, Kind::Aes192, Kind::Aes256];

    fn key(kind: Kind) -> ManagementKey {
        let bytes: Vec<u8> = (1..).take(kind.cipher().key_len()).collect();
        ManagementKey::new(kind, &bytes, 1).unwrap_or_else(|status| panic!("{status:?}"))
    }

    fn value(fields: &[u8], tag: u16) -> Vec<u8> {
        tlv::find(&tlv::read(fields).unwrap(), tag)
            .unwrap()
            .to_vec()
    }

    #[test]
    fn both_sides_prove_the_key() {
        for kind in KINDS {
            let key = key(kind);
            let (answer, pending, _) = key.authenticate(&[(WITNESS, &[])], None).unwrap();
            let witness = key.apply(Mode::Decrypt, &value(&answer, WITNESS)).unwrap();
            let challenge = vec![9; kind.block()];
            let fields = [(WITNESS, &witness[..]), (CHALLENGE, &challenge)];
            let (answer, _, proved) = key.authenticate(&fields, pending).unwrap();
            assert_eq!(
                key.apply(Mode::Decrypt, &value(&answer, RESPONSE)).unwrap(),
                challenge
            );
            assert!(proved);
        }
    }

    #[test]
    fn the_caller_alone_proves_the_key() {
        for kind in KINDS {
            let key = key(kind);
            let (answer, pending, _) = key.authenticate(&[(CHALLENGE, &[])], None).unwrap();
            let response = key
                .apply(Mode::Encrypt, &value(&answer, CHALLENGE))
                .unwrap();
            let (_, _, proved) = key.authenticate(&[(RESPONSE, &response)], pending).unwrap();
            assert!(proved);
        }
    }

    #[test]
    fn a_wrong_answer_and_one_to_no_question_are_refused() {
        let key = key(Kind::Aes192);
        let (_, pending, _) = key.authenticate(&[(CHALLENGE, &[])], None).unwrap();
        let wrong = [(RESPONSE, &[0; 16][..])];
        assert_eq!(
            key.authenticate(&wrong, pending).err(),
            Some(Status::SECURITY)
        );
        assert_eq!(
            key.authenticate(&wrong, None).err(),
            Some(Status::CONDITIONS)
        );
    }
}
