use der::Decode;
use der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2;
use zeroize::Zeroizing;

use crate::{KeyFileError, KeyFileErrorKind, names, recognise};

/// More than twice what the most careful programs write. With SHA-512 it takes some seven seconds.
const MAX_ITERATIONS: u64 = 10_000_000;
/// OpenSSL's own limit for scrypt, so that nothing that it wrote is refused: N times r times 128 octets.
const MAX_MEMORY: u64 = 32 << 20;
/// The same for the work: all of `MAX_MEMORY` sixteen times over.
const MAX_WORK: u64 = 16 * MAX_MEMORY;

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

/// Decrypts `EncryptedPrivateKeyInfo` ([RFC 5958 §3](https://www.rfc-editor.org/rfc/rfc5958#section-3)) with PBES2
/// ([RFC 8018 §6.2](https://www.rfc-editor.org/rfc/rfc8018#section-6.2)) to the DER of PKCS#8.
pub(crate) fn decrypt(
    der: &[u8],
    passphrase: Option<&[u8]>,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let elements = recognise::elements(der)?;
    let scheme = elements.first().ok_or_else(damaged)?;
    check(scheme)?;
    let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| damaged())?;
    let passphrase = passphrase.ok_or_else(|| {
        KeyFileError::new(
            KeyFileErrorKind::PassphraseNeeded,
            "found an encrypted private key and no passphrase: give the passphrase that it was encrypted with",
        )
    })?;
    let mut buffer = Zeroizing::new(info.encrypted_data.as_bytes().to_vec());
    let len = info
        .encryption_algorithm
        .decrypt_in_place(passphrase, &mut buffer)
        .map_err(|_| wrong_passphrase())?
        .len();
    buffer.truncate(len);
    Ok(buffer)
}

pub(crate) fn wrong_passphrase() -> KeyFileError {
    KeyFileError::new(
        KeyFileErrorKind::WrongPassphrase,
        "the passphrase does not decrypt the private key: it is the wrong one, or the file is damaged",
    )
}

/// Refuses what pkcs5 does not know, since it calls that damaged, and what costs too much, since it has no bounds:
/// such a file ends the process or hangs it.
fn check(scheme: &AnyRef<'_>) -> Result<(), KeyFileError> {
    let (oid, parameters) = algorithm(scheme)?;
    if oid != pbes2::PBES2_OID {
        return Err(unknown(oid));
    }
    let parameters = parameters
        .as_ref()
        .and_then(recognise::inner)
        .ok_or_else(damaged)?;
    let [kdf, cipher] = parameters[..] else {
        return Err(damaged());
    };
    let (cipher, _) = algorithm(&cipher)?;
    let (kdf, parameters) = algorithm(&kdf)?;
    if !KDFS.contains(&kdf) {
        return Err(unknown(kdf));
    }
    let parameters = parameters
        .as_ref()
        .and_then(recognise::inner)
        .ok_or_else(damaged)?;
    match &parameters[..] {
        [_, n, r, p, ..] if kdf == pbes2::SCRYPT_OID => scrypt(number(n)?, number(r)?, number(p)?)?,
        [_, iterations, rest @ ..] if kdf == pbes2::PBKDF2_OID => {
            pbkdf2(number(iterations)?)?;
            // The key's length may stand before the hash.
            if let Some((prf, _)) = rest.last().and_then(|prf| algorithm(prf).ok()) {
                known(&PRFS, prf)?;
            }
        }
        _ => return Err(damaged()),
    }
    let salt = parameters[0].value().len();
    if salt > pbes2::Salt::MAX_LEN {
        return Err(renew(&format!("PBES2 (a salt of {salt} octets)")));
    }
    known(&CIPHERS, cipher)
}

fn pbkdf2(iterations: u64) -> Result<(), KeyFileError> {
    match iterations {
        0 => Err(damaged()),
        1..=MAX_ITERATIONS => Ok(()),
        _ => Err(too_expensive(&format!(
            "{iterations} PBKDF2 iterations, where {MAX_ITERATIONS} is the limit"
        ))),
    }
}

fn scrypt(n: u64, r: u64, p: u64) -> Result<(), KeyFileError> {
    if !n.is_power_of_two() || n == 1 || r == 0 || p == 0 {
        return Err(damaged());
    }
    let memory = n.saturating_mul(r).saturating_mul(128);
    if memory > MAX_MEMORY || memory.saturating_mul(p) > MAX_WORK {
        return Err(too_expensive(&format!(
            "scrypt with N={n}, r={r} and p={p}, where N=16384, r=8 and p=1 is usual"
        )));
    }
    Ok(())
}

/// The two parts of an `AlgorithmIdentifier`.
fn algorithm<'a>(
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
fn number(element: &AnyRef<'_>) -> Result<u64, KeyFileError> {
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
        "found a private key encrypted with {scheme}, expected PBES2 with AES or 3DES: `openssl pkcs8 -topk8 \
         -provider legacy -provider default -in FILE -out NEW` encrypts it anew"
    ))
}

fn too_expensive(what: &str) -> KeyFileError {
    KeyFileError::new(
        KeyFileErrorKind::TooExpensive,
        format!(
            "decrypting the private key asks for {what}: if you trust the file, \
             `openssl pkcs8 -topk8 -in FILE -out NEW` encrypts it anew"
        ),
    )
}

fn damaged() -> KeyFileError {
    KeyFileError::malformed(
        "the encryption parameters of the private key are damaged; take a fresh copy of the file",
    )
}
