//! Java keystores of the type JKS, as keytool and Salesforce write them.

use std::sync::Arc;

use der::asn1::ObjectIdentifier;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use crate::encrypted::{algorithm, passphrase_needed};
use crate::key_file::{Entry, Item, Lock, LockedKey, check_count};
use crate::{Encryption, KeyFileError, KeyFileErrorKind, recognise};

/// Sun's own protection of keys.
const PROTECTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.42.2.17.1.1");
const KEY: u32 = 1;
const CERTIFICATE: u32 = 2;
/// SHA-1.
const DIGEST_LEN: usize = 20;

/// All entries, and the certificates of each key's chain behind the key. Needs no passphrase, and verifies nothing:
/// each key has a check of its own.
pub(crate) fn entries(bytes: &[u8]) -> Result<Vec<Entry>, KeyFileError> {
    let end = bytes.len().saturating_sub(DIGEST_LEN);
    let mut rest = Reader(&bytes[..end]);
    let (_magic, version, count) = (rest.number()?, rest.number()?, rest.number()?);
    if !matches!(version, 1 | 2) {
        return Err(damaged());
    }
    let mut entries = Vec::new();
    for _ in 0..count {
        let tag = rest.number()?;
        let len = rest.take(2)?;
        let alias = rest.take(usize::from(len[0]) << 8 | usize::from(len[1]))?;
        let alias: Arc<str> = String::from_utf8_lossy(alias).into();
        let _time = rest.take(8)?;
        let certificates = match tag {
            KEY => {
                let protected = rest.counted()?.to_vec();
                let key = LockedKey::new(Lock::Jks(protected));
                entries.push(Entry::new(Item::PrivateKey(key)).with_alias(Arc::clone(&alias)));
                rest.number()?
            }
            CERTIFICATE => 1,
            _ => return Err(damaged()),
        };
        for _ in 0..certificates {
            if version == 2 {
                let len = rest.take(2)?;
                rest.take(usize::from(len[0]) << 8 | usize::from(len[1]))?;
            }
            let certificate = rest.counted()?;
            if certificate.is_empty() {
                return Err(damaged());
            }
            let certificate = Item::Certificate(certificate.to_vec());
            entries.push(Entry::new(certificate).with_alias(Arc::clone(&alias)));
            check_count(entries.len())?;
        }
        check_count(entries.len())?;
    }
    if !rest.0.is_empty() {
        return Err(damaged());
    }
    Ok(entries)
}

/// The PKCS#8 of a protected key. The passphrase is the key's own, which is mostly also that of the keystore.
pub(crate) fn decrypt(
    protected: &[u8],
    passphrase: Option<&[u8]>,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let elements = recognise::elements(protected).map_err(|_| damaged())?;
    let [identifier, octets] = elements[..] else {
        return Err(damaged());
    };
    let (oid, _) = algorithm(&identifier).map_err(|_| damaged())?;
    if oid != PROTECTION {
        return Err(KeyFileError::unsupported(format!(
            "found a key in a Java keystore that is protected with {oid}, expected Sun's own protection: `keytool \
             -importkeystore -srckeystore FILE -destkeystore NEW.p12 -deststoretype PKCS12` converts it"
        )));
    }
    let octets = octets.value();
    let Some(len) = octets.len().checked_sub(2 * DIGEST_LEN) else {
        return Err(damaged());
    };
    let passphrase = passphrase.ok_or_else(passphrase_needed)?;
    let passphrase = utf16(passphrase)?;
    let (salt, rest) = octets.split_at(DIGEST_LEN);
    let (ciphertext, check) = rest.split_at(len);
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    let mut stream = Zeroizing::new([0; DIGEST_LEN]);
    stream.copy_from_slice(salt);
    for block in plain.chunks_mut(DIGEST_LEN) {
        *stream = digest(&[&passphrase, &*stream]);
        for (octet, mask) in block.iter_mut().zip(*stream) {
            *octet ^= mask;
        }
    }
    if digest(&[&passphrase, &plain]) != *check {
        return Err(KeyFileError::new(
            KeyFileErrorKind::WrongPassphrase,
            "the passphrase does not decrypt the private key in the Java keystore: it is the wrong one, or the file is \
             damaged; a key can have another passphrase than its keystore, and then the key's is the one to give",
        ));
    }
    Ok(plain)
}

pub(crate) fn encryption() -> Encryption {
    Encryption::weak(
        "the protection of Java keystores (JKS), with SHA-1".into(),
        "a single round of SHA-1 makes the key of the passphrase, so that many passphrases can be tried in little \
         time: `keytool -importkeystore -srckeystore FILE -destkeystore NEW.p12 -deststoretype PKCS12` encrypts it \
         better",
    )
}

/// Slices only: no length that was read is ever allocated.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], KeyFileError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, KeyFileError> {
        let octets = self.take(4)?;
        Ok(octets
            .iter()
            .fold(0, |sum, octet| sum << 8 | u32::from(*octet)))
    }

    /// As many octets as the number before them says.
    fn counted(&mut self) -> Result<&'a [u8], KeyFileError> {
        let len = self.number()?;
        self.take(len as usize)
    }
}

fn utf16(passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let text = std::str::from_utf8(passphrase).map_err(|_| {
        KeyFileError::new(
            KeyFileErrorKind::WrongPassphrase,
            "the passphrase is not UTF-8, and Java keystores have passphrases of characters alone",
        )
    })?;
    let mut utf16 = Zeroizing::new(Vec::with_capacity(2 * passphrase.len()));
    utf16.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    Ok(utf16)
}

fn digest(parts: &[&[u8]]) -> [u8; DIGEST_LEN] {
    let mut digest = Sha1::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().into()
}

fn damaged() -> KeyFileError {
    KeyFileError::malformed("the Java keystore is damaged or cut off; take a fresh copy of it")
}
