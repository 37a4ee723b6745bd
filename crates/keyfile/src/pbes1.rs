//! The schemes before PBES2: PBES1 ([RFC 8018 §6.1](https://www.rfc-editor.org/rfc/rfc8018#section-6.1)), and those of
//! PKCS#12 ([RFC 7292 §C](https://www.rfc-editor.org/rfc/rfc7292#appendix-C)).

use der::asn1::ObjectIdentifier;
use hmac::digest::FixedOutputReset;
use hmac::digest::block_api::BlockSizeUser;
use md5::{Digest, Md5};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use sha1::Sha1;
use zeroize::Zeroizing;

use crate::cipher::Cipher;

/// How a passphrase becomes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kdf {
    Pbkdf1Md5,
    Pbkdf1Sha1,
    Pkcs12,
}

/// A scheme, by its object identifier.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scheme {
    kdf: Kdf,
    cipher: Cipher,
}

const SCHEMES: &[(&str, Kdf, Cipher)] = &[
    ("1.2.840.113549.1.5.3", Kdf::Pbkdf1Md5, Cipher::Des),
    ("1.2.840.113549.1.5.10", Kdf::Pbkdf1Sha1, Cipher::Des),
    ("1.2.840.113549.1.12.1.3", Kdf::Pkcs12, Cipher::Des3),
    ("1.2.840.113549.1.12.1.4", Kdf::Pkcs12, Cipher::Des2),
    ("1.2.840.113549.1.12.1.5", Kdf::Pkcs12, Cipher::Rc2With128),
    ("1.2.840.113549.1.12.1.6", Kdf::Pkcs12, Cipher::Rc2With40),
];

impl Scheme {
    pub(crate) fn of(oid: ObjectIdentifier) -> Option<Self> {
        let oid = oid.to_string();
        let (_, kdf, cipher) = *SCHEMES.iter().find(|(dotted, ..)| *dotted == oid)?;
        Some(Self { kdf, cipher })
    }

    /// The plain text; `None` if the passphrase does not fit.
    pub(crate) fn decrypt(
        self,
        salt: &[u8],
        iterations: u64,
        ciphertext: &[u8],
        passphrase: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let cipher = self.cipher;
        let mut key = Zeroizing::new(vec![0; cipher.key_len()]);
        let mut iv = [0; 8];
        match self.kdf {
            Kdf::Pbkdf1Md5 => pbkdf1::<Md5>(passphrase, salt, iterations, &mut key, &mut iv),
            Kdf::Pbkdf1Sha1 => pbkdf1::<Sha1>(passphrase, salt, iterations, &mut key, &mut iv),
            Kdf::Pkcs12 => {
                let passphrase = std::str::from_utf8(passphrase).ok()?;
                let iterations = i32::try_from(iterations).ok()?;
                let derive =
                    |purpose, len| pkcs12_key::<Sha1>(passphrase, salt, purpose, iterations, len);
                key = derive(Pkcs12KeyType::EncryptionKey, key.len());
                let derived = derive(Pkcs12KeyType::Iv, iv.len());
                iv.copy_from_slice(&derived);
            }
        }
        cipher.decrypt(&key, &iv, ciphertext)
    }

    /// What it is, for people.
    pub(crate) fn name(self, iterations: u64) -> String {
        let cipher = self.cipher.name();
        let kdf = match self.kdf {
            Kdf::Pbkdf1Md5 => "PBES1 with MD5",
            Kdf::Pbkdf1Sha1 => "PBES1 with SHA-1",
            Kdf::Pkcs12 => "the scheme of PKCS#12 with SHA-1",
        };
        format!("{kdf} and {cipher} ({iterations} iterations)")
    }
}

/// Eight octets each of key and initialization vector, which is all that PBES1 needs.
fn pbkdf1<D: Digest>(
    passphrase: &[u8],
    salt: &[u8],
    iterations: u64,
    key: &mut [u8],
    iv: &mut [u8],
) {
    let mut block = Zeroizing::new(
        D::new()
            .chain_update(passphrase)
            .chain_update(salt)
            .finalize()
            .to_vec(),
    );
    for _ in 1..iterations {
        let next = D::digest(&*block);
        block.copy_from_slice(&next);
    }
    key.copy_from_slice(&block[..8]);
    iv.copy_from_slice(&block[8..16]);
}

/// The key that PKCS#12 makes of a passphrase ([RFC 7292 §B.2](https://www.rfc-editor.org/rfc/rfc7292#appendix-B.2)).
///
/// Characters beyond U+FFFF are two units, as OpenSSL has them; strictly there are none.
pub(crate) fn pkcs12_key<D: Digest + BlockSizeUser + FixedOutputReset>(
    passphrase: &str,
    salt: &[u8],
    purpose: Pkcs12KeyType,
    iterations: i32,
    len: usize,
) -> Zeroizing<Vec<u8>> {
    let mut utf16 = Zeroizing::new(Vec::with_capacity(2 * passphrase.len() + 2));
    utf16.extend(passphrase.encode_utf16().flat_map(u16::to_be_bytes));
    utf16.extend([0; 2]);
    Zeroizing::new(derive_key::<D>(&utf16, salt, purpose, iterations, len))
}
