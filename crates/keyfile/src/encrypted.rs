use der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use der::{Decode, Encode, Tag, Tagged};
use pkcs8::pkcs5::{EncryptionScheme, pbes2};
use zeroize::Zeroizing;

use crate::{Encryption, KeyFileError, KeyFileErrorKind, names, pbes1, recognise};

/// More than twice what the most careful programs write. With SHA-512 it takes some seven seconds.
pub(crate) const MAX_ITERATIONS: u64 = 10_000_000;
/// OpenSSL's own limit for scrypt, so that nothing that it wrote is refused: N plus p, times r times 128 octets.
const MAX_MEMORY: u64 = 32 << 20;
/// The same for the work: all of `MAX_MEMORY` sixteen times over.
const MAX_WORK: u64 = 16 * MAX_MEMORY;

/// What mends it.
pub(crate) const RENEW: &str = "`openssl pkcs8 -topk8 -in FILE -out NEW` encrypts it anew";
/// The same for schemes that OpenSSL 3 keeps apart.
pub(crate) const RENEW_OLD: &str =
    "`openssl pkcs8 -topk8 -provider legacy -provider default -in FILE -out NEW` encrypts it anew";

const KDFS: [ObjectIdentifier; 2] = [pbes2::PBKDF2_OID, pbes2::SCRYPT_OID];
const CIPHERS: [ObjectIdentifier; 4] = [
    pbes2::AES_128_CBC_OID,
    pbes2::AES_192_CBC_OID,
    pbes2::AES_256_CBC_OID,
    pbes2::DES_EDE3_CBC_OID,
];
/// HMAC with SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512.
const PRFS: [ObjectIdentifier; 5] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.2.7"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.2.8"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.2.9"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.2.10"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.2.11"),
];

/// How something is encrypted with a passphrase: a scheme that is known, and that does not cost too much.
pub(crate) struct Scheme<'a> {
    algorithm: Algorithm<'a>,
    /// What it costs, in iterations or what takes as long.
    pub(crate) work: u64,
}

enum Algorithm<'a> {
    Pbes2(Box<pbes2::Parameters>),
    Pbes1 {
        scheme: pbes1::Scheme,
        salt: &'a [u8],
    },
}

impl<'a> Scheme<'a> {
    /// Reads an `AlgorithmIdentifier`, and refuses what would take too long.
    pub(crate) fn read(identifier: &AnyRef<'a>) -> Result<Self, KeyFileError> {
        let (oid, parameters) = algorithm(identifier)?;
        let parts = parameters
            .as_ref()
            .and_then(recognise::inner)
            .ok_or_else(damaged);
        if let Some(scheme) = pbes1::Scheme::of(oid) {
            let [salt, iterations] = parts?[..] else {
                return Err(damaged());
            };
            if salt.tag() != Tag::OctetString {
                return Err(damaged());
            }
            let (salt, work) = (salt.value(), number(&iterations)?);
            check_iterations(work)?;
            return Ok(Self {
                algorithm: Algorithm::Pbes1 { scheme, salt },
                work,
            });
        }
        if oid != pbes2::PBES2_OID {
            return Err(unknown(oid));
        }
        let work = check_pbes2(&parts?)?;
        let parameters = identifier.to_der().map_err(|_| damaged())?;
        match EncryptionScheme::from_der(&parameters) {
            Ok(EncryptionScheme::Pbes2(parameters)) => Ok(Self {
                algorithm: Algorithm::Pbes2(Box::new(parameters)),
                work,
            }),
            _ => Err(damaged()),
        }
    }

    /// The plain text, if the passphrase is the right one; a wrong one can pass by chance.
    pub(crate) fn decrypt(
        &self,
        ciphertext: &[u8],
        passphrase: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        match &self.algorithm {
            Algorithm::Pbes1 { scheme, salt } => scheme
                .decrypt(salt, self.work, ciphertext, passphrase)
                .ok_or_else(wrong_passphrase),
            Algorithm::Pbes2(parameters) => {
                let mut buffer = Zeroizing::new(ciphertext.to_vec());
                let len = parameters
                    .decrypt_in_place(passphrase, &mut buffer)
                    .map_err(|_| wrong_passphrase())?
                    .len();
                buffer.truncate(len);
                Ok(buffer)
            }
        }
    }

    pub(crate) fn encryption(&self) -> Encryption {
        match &self.algorithm {
            Algorithm::Pbes1 { scheme, .. } => Encryption::weak(
                scheme.name(self.work),
                "it is of the 1990s, with DES, RC2, MD5 or SHA-1: `openssl pkcs8 -topk8` encrypts a key better",
            ),
            Algorithm::Pbes2(parameters) => Encryption::strong(name(parameters)),
        }
    }
}

/// The scheme and the encrypted octets of `EncryptedPrivateKeyInfo`
/// ([RFC 5958 §3](https://www.rfc-editor.org/rfc/rfc5958#section-3)).
pub(crate) fn read(der: &[u8]) -> Result<(Scheme<'_>, &[u8]), KeyFileError> {
    match recognise::elements(der)?[..] {
        [identifier, octets] if octets.tag() == Tag::OctetString => {
            Ok((Scheme::read(&identifier)?, octets.value()))
        }
        _ => Err(damaged()),
    }
}

pub(crate) fn passphrase_needed() -> KeyFileError {
    KeyFileError::new(
        KeyFileErrorKind::PassphraseNeeded,
        "found an encrypted private key and no passphrase: give the passphrase that it was encrypted with",
    )
}

pub(crate) fn wrong_passphrase() -> KeyFileError {
    KeyFileError::new(
        KeyFileErrorKind::WrongPassphrase,
        "the passphrase does not decrypt the private key: it is the wrong one, or the file is damaged",
    )
}

/// What a scheme with these parameters is, for people.
fn name(parameters: &pbes2::Parameters) -> String {
    use pbes2::{EncryptionScheme, Kdf, Pbkdf2Prf};

    let cipher = match parameters.encryption {
        EncryptionScheme::Aes128Cbc { .. } => "AES-128",
        EncryptionScheme::Aes192Cbc { .. } => "AES-192",
        EncryptionScheme::Aes256Cbc { .. } => "AES-256",
        _ => "3DES",
    };
    let kdf = match &parameters.kdf {
        Kdf::Scrypt(kdf) => {
            let (n, r, p) = (kdf.cost_parameter, kdf.block_size, kdf.parallelization);
            format!("scrypt, N={n}, r={r}, p={p}")
        }
        Kdf::Pbkdf2(kdf) => {
            let hash = match kdf.prf {
                Pbkdf2Prf::HmacWithSha1 => "SHA-1",
                Pbkdf2Prf::HmacWithSha224 => "SHA-224",
                Pbkdf2Prf::HmacWithSha256 => "SHA-256",
                Pbkdf2Prf::HmacWithSha384 => "SHA-384",
                _ => "SHA-512",
            };
            format!(
                "PBKDF2 with HMAC-{hash}, {} iterations",
                kdf.iteration_count
            )
        }
        _ => "another key derivation".into(),
    };
    format!("PBES2 with {cipher} ({kdf})")
}

/// Refuses what pkcs5 does not know, since it calls that damaged, and what costs too much, since it has no bounds:
/// such a file ends the process or hangs it.
///
/// Gives what it costs, in iterations or what takes as long.
fn check_pbes2(parameters: &[AnyRef<'_>]) -> Result<u64, KeyFileError> {
    let [kdf, cipher] = parameters else {
        return Err(damaged());
    };
    let (cipher, _) = algorithm(cipher)?;
    let (kdf, parameters) = algorithm(kdf)?;
    if !KDFS.contains(&kdf) {
        return Err(unknown(kdf));
    }
    let parameters = parameters
        .as_ref()
        .and_then(recognise::inner)
        .ok_or_else(damaged)?;
    let work = match &parameters[..] {
        [_, n, r, p, ..] if kdf == pbes2::SCRYPT_OID => {
            check_scrypt(number(n)?, number(r)?, number(p)?)?
        }
        [_, iterations, rest @ ..] if kdf == pbes2::PBKDF2_OID => {
            let iterations = number(iterations)?;
            check_iterations(iterations)?;
            // The key's length may stand before the hash.
            if let Some((prf, _)) = rest.last().and_then(|prf| algorithm(prf).ok()) {
                known(&PRFS, prf)?;
            }
            iterations
        }
        _ => return Err(damaged()),
    };
    let salt = parameters[0].value().len();
    if salt > pbes2::Salt::MAX_LEN {
        return Err(renew(&format!("PBES2 (a salt of {salt} octets)")));
    }
    known(&CIPHERS, cipher)?;
    Ok(work)
}

fn check_iterations(iterations: u64) -> Result<(), KeyFileError> {
    match iterations {
        0 => Err(damaged()),
        1..=MAX_ITERATIONS => Ok(()),
        _ => Err(too_expensive(&format!(
            "{iterations} iterations, where {MAX_ITERATIONS} is the limit"
        ))),
    }
}

fn check_scrypt(n: u64, r: u64, p: u64) -> Result<u64, KeyFileError> {
    if !n.is_power_of_two() || n == 1 || r == 0 || p == 0 {
        return Err(damaged());
    }
    let block = r.saturating_mul(128);
    let memory = n.saturating_add(p).saturating_mul(block);
    let work = n.saturating_mul(p).saturating_mul(block);
    if memory > MAX_MEMORY || work > MAX_WORK {
        return Err(too_expensive(&format!(
            "scrypt with N={n}, r={r} and p={p}, where N=16384, r=8 and p=1 is usual"
        )));
    }
    Ok(work / 128)
}

/// The two parts of an `AlgorithmIdentifier`.
pub(crate) fn algorithm<'a>(
    element: &AnyRef<'a>,
) -> Result<(ObjectIdentifier, Option<AnyRef<'a>>), KeyFileError> {
    let parts = recognise::inner(element).ok_or_else(damaged)?;
    let oid = parts
        .first()
        .and_then(|oid| oid.decode_as().ok())
        .ok_or_else(damaged)?;
    Ok((oid, parts.get(1).copied()))
}

/// A number, or the largest there is if it is larger.
pub(crate) fn number(element: &AnyRef<'_>) -> Result<u64, KeyFileError> {
    let number = element.decode_as::<UintRef<'_>>().map_err(|_| damaged())?;
    let octets = number.as_bytes();
    Ok(if octets.len() > 8 {
        u64::MAX
    } else {
        octets
            .iter()
            .fold(0, |sum, octet| sum << 8 | u64::from(*octet))
    })
}

fn known(list: &[ObjectIdentifier], oid: ObjectIdentifier) -> Result<(), KeyFileError> {
    if list.contains(&oid) {
        Ok(())
    } else {
        Err(unknown(oid))
    }
}

fn unknown(oid: ObjectIdentifier) -> KeyFileError {
    renew(&names::encryption(oid))
}

fn renew(scheme: &str) -> KeyFileError {
    KeyFileError::unsupported(format!(
        "found a private key encrypted with {scheme}, expected PBES2 with AES or 3DES: {RENEW_OLD}"
    ))
}

pub(crate) fn too_expensive(what: &str) -> KeyFileError {
    KeyFileError::new(
        KeyFileErrorKind::TooExpensive,
        format!("decrypting the private key asks for {what}: if you trust the file, {RENEW}"),
    )
}

fn damaged() -> KeyFileError {
    KeyFileError::malformed(
        "the encryption parameters of the private key are damaged; take a fresh copy of the file",
    )
}
