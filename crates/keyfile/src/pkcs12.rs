//! PKCS#12 ([RFC 7292](https://www.rfc-editor.org/rfc/rfc7292)) in DER.
//!
//! `p12-keystore`, which writes it, does not read it here: it decrypts all that it finds, bounds neither the sum of the
//! work nor scrypt with N = 0, which ends the process, and gives out keys that nobody wipes.

use std::collections::HashMap;
use std::sync::Arc;

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Tag, Tagged};
use hmac::digest::FixedOutputReset;
use hmac::digest::block_api::BlockSizeUser;
use hmac::{KeyInit, Mac, SimpleHmac};
use pkcs12::kdf::Pkcs12KeyType;
use sha1::{Digest, Sha1};
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::encrypted::{MAX_ITERATIONS, Scheme, algorithm, number, too_expensive};
use crate::key_file::{Entry, Item, Lock, LockedKey, check_count};
use crate::pbes1::pkcs12_key;
use crate::recognise::{each, elements, inner};
use crate::{KeyFileError, KeyFileErrorKind};

/// What mends a store that is not read.
pub(crate) const WRITE_PEM: &str =
    "`openssl pkcs12 -provider legacy -provider default -in FILE -out NEW` writes it as PEM";
/// More than any program writes; it takes a second or two.
const MAX_MAC_ITERATIONS: i32 = 1_000_000;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const X509: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");

/// All private keys, still encrypted where they are, and all certificates.
///
/// A key without a name has that of the certificate with its local key id, or its number, as in Java.
pub(crate) fn entries(der: &[u8], passphrase: Option<&[u8]>) -> Result<Vec<Entry>, KeyFileError> {
    let pfx = elements(der)?;
    let authenticated = pfx
        .get(1)
        .and_then(|content| content_of(content, DATA))
        .and_then(|content| octets(&content))
        .ok_or_else(|| {
            unsupported("a PKCS#12 store that is guarded by a certificate in place of a passphrase")
        })?;
    // Without a passphrase the empty one is tried: some services export stores with that.
    let tried = passphrase.unwrap_or_default();
    if let Some(mac) = pfx.get(2) {
        verify(mac, authenticated, tried).map_err(|error| ask(error, passphrase))?;
    }
    let safes = elements(authenticated).map_err(|_| damaged())?;
    let safes: Vec<_> = safes.iter().map(Safe::read).collect::<Result<_, _>>()?;
    let work: u64 = safes.iter().map(Safe::work).sum();
    if work > MAX_ITERATIONS {
        return Err(too_expensive(&format!(
            "{work} iterations, where {MAX_ITERATIONS} is the limit"
        )));
    }
    let plain = safes.iter().map(|safe| safe.open(tried));
    let plain: Vec<_> = plain
        .collect::<Result<_, _>>()
        .map_err(|error| ask(error, passphrase))?;
    let mut bags = Vec::new();
    for safe in &plain {
        for bag in elements(safe).map_err(|_| ask(wrong_passphrase(), passphrase))? {
            bags.extend(Bag::read(&bag)?);
            check_count(bags.len())?;
        }
    }
    let mut entries = named(bags);
    // The empty passphrase was the right one, and so it is for the keys.
    let is_proven = pfx.len() > 2 || work > 0;
    if passphrase.is_none() && is_proven {
        entries = entries
            .into_iter()
            .map(|entry| entry.named(None, Some("")))
            .collect();
    }
    Ok(entries)
}

/// How the store is encrypted around what is in it; `None` if no part is, or if that cannot be read. Needs no passphrase.
#[cfg(feature = "certificate")]
pub(crate) fn encryption(der: &[u8]) -> Option<crate::Encryption> {
    let pfx = elements(der).ok()?;
    let content = content_of(pfx.get(1)?, DATA)?;
    let safes = elements(octets(&content)?).ok()?;
    safes.iter().find_map(|safe| match Safe::read(safe) {
        Ok(Safe::Encrypted(scheme, _)) => Some(scheme.encryption()),
        _ => None,
    })
}

/// A part of the store, encrypted or not.
enum Safe<'a> {
    Plain(&'a [u8]),
    Encrypted(Scheme<'a>, &'a [u8]),
}

impl<'a> Safe<'a> {
    fn read(info: &AnyRef<'a>) -> Result<Self, KeyFileError> {
        if let Some(data) = content_of(info, DATA) {
            return Ok(Self::Plain(octets(&data).ok_or_else(damaged)?));
        }
        let encrypted = content_of(info, ENCRYPTED_DATA).ok_or_else(|| {
            unsupported(
                "a PKCS#12 store that is encrypted for a certificate in place of a passphrase",
            )
        })?;
        let content = inner(&encrypted).and_then(|parts| inner(parts.get(1)?));
        match content.as_deref() {
            Some([_, identifier, ciphertext]) => Ok(Self::Encrypted(
                Scheme::read(identifier)?,
                ciphertext.value(),
            )),
            _ => Err(damaged()),
        }
    }

    const fn work(&self) -> u64 {
        match self {
            Self::Plain(_) => 0,
            Self::Encrypted(scheme, _) => scheme.work,
        }
    }

    fn open(&self, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        match self {
            Self::Plain(octets) => Ok(Zeroizing::new(octets.to_vec())),
            Self::Encrypted(scheme, ciphertext) => scheme.decrypt(ciphertext, passphrase),
        }
    }
}

/// A key or a certificate, and what belongs to it.
struct Bag {
    item: Item,
    name: Option<Arc<str>>,
    local_key_id: Option<Vec<u8>>,
}

impl Bag {
    /// `None` for what is neither key nor certificate.
    fn read(bag: &AnyRef<'_>) -> Result<Option<Self>, KeyFileError> {
        let parts = inner(bag).ok_or_else(damaged)?;
        let [oid, value, attributes @ ..] = &parts[..] else {
            return Err(damaged());
        };
        let oid = oid.decode_as().map_err(|_| damaged())?;
        let value = value.value();
        let item = match oid {
            KEY_BAG | SHROUDED_KEY_BAG => {
                let key = Zeroizing::new(value.to_vec());
                Item::PrivateKey(LockedKey::new(Lock::Der(key)).in_store())
            }
            CERTIFICATE_BAG => {
                let parts = elements(value).map_err(|_| damaged())?;
                match parts[..] {
                    [kind, certificate] if kind.decode_as() == Ok(X509) => {
                        let certificate = each(certificate.value())
                            .and_then(|certificate| octets(certificate.first()?));
                        Item::Certificate(certificate.ok_or_else(damaged)?.to_vec())
                    }
                    _ => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        let attributes = attributes.first().and_then(|set| each(set.value()));
        let attributes = attributes.unwrap_or_default();
        Ok(Some(Self {
            item,
            name: attribute(&attributes, FRIENDLY_NAME).map(|name| {
                let units = name.chunks_exact(2);
                let units = units.map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
                char::decode_utf16(units)
                    .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect::<String>()
                    .into()
            }),
            local_key_id: attribute(&attributes, LOCAL_KEY_ID).map(<[u8]>::to_vec),
        }))
    }

    const fn is_key(&self) -> bool {
        matches!(self.item, Item::PrivateKey(_))
    }
}

/// The octets of an attribute's first value.
fn attribute<'a>(attributes: &[AnyRef<'a>], wanted: ObjectIdentifier) -> Option<&'a [u8]> {
    attributes.iter().find_map(|attribute| {
        let parts = inner(attribute)?;
        let [oid, values] = parts[..] else {
            return None;
        };
        if oid.decode_as() != Ok(wanted) {
            return None;
        }
        Some(each(values.value())?.first()?.value())
    })
}

fn named(bags: Vec<Bag>) -> Vec<Entry> {
    let mut names = HashMap::new();
    for bag in bags.iter().filter(|bag| !bag.is_key()) {
        if let (Some(id), Some(name)) = (&bag.local_key_id, &bag.name) {
            names.entry(id.clone()).or_insert_with(|| Arc::clone(name));
        }
    }
    let mut keys = 0;
    let entry = |bag: Bag| {
        let mut name = bag.name;
        if matches!(bag.item, Item::PrivateKey(_)) {
            keys += 1;
            let of_certificate = bag.local_key_id.and_then(|id| names.get(&id).cloned());
            name = name
                .or(of_certificate)
                .or_else(|| Some(keys.to_string().into()));
        }
        match name {
            Some(name) => Entry::new(bag.item).with_alias(name),
            None => Entry::new(bag.item),
        }
    };
    bags.into_iter().map(entry).collect()
}

/// What is in a `ContentInfo`, if it is of the wanted kind.
fn content_of<'a>(info: &AnyRef<'a>, wanted: ObjectIdentifier) -> Option<AnyRef<'a>> {
    let parts = inner(info)?;
    let [oid, content] = parts[..] else {
        return None;
    };
    if oid.decode_as() != Ok(wanted) {
        return None;
    }
    each(content.value())?.first().copied()
}

fn octets<'a>(element: &AnyRef<'a>) -> Option<&'a [u8]> {
    (element.tag() == Tag::OctetString).then(|| element.value())
}

/// Checks the store against its `MacData`, which proves the passphrase too.
fn verify(mac: &AnyRef<'_>, content: &[u8], passphrase: &[u8]) -> Result<(), KeyFileError> {
    let parts = inner(mac).ok_or_else(damaged)?;
    let [info, salt, rest @ ..] = &parts[..] else {
        return Err(damaged());
    };
    let info = inner(info).ok_or_else(damaged)?;
    let [hash, expected] = info[..] else {
        return Err(damaged());
    };
    let (hash, _) = algorithm(&hash)?;
    let iterations = rest.first().map_or(Ok(1), number)?;
    let iterations = match i32::try_from(iterations) {
        Ok(0) => return Err(damaged()),
        Ok(iterations @ 1..=MAX_MAC_ITERATIONS) => iterations,
        _ => {
            return Err(too_expensive(&format!(
                "{iterations} iterations for the MAC, where {MAX_MAC_ITERATIONS} is the limit"
            )));
        }
    };
    let passphrase = std::str::from_utf8(passphrase).map_err(|_| {
        KeyFileError::new(
            KeyFileErrorKind::WrongPassphrase,
            "the passphrase is not UTF-8, and PKCS#12 has passphrases of characters alone",
        )
    })?;
    let check = match hash.to_string().as_str() {
        "1.3.14.3.2.26" => is_mac::<Sha1>,
        "2.16.840.1.101.3.4.2.4" => is_mac::<Sha224>,
        "2.16.840.1.101.3.4.2.1" => is_mac::<Sha256>,
        "2.16.840.1.101.3.4.2.2" => is_mac::<Sha384>,
        "2.16.840.1.101.3.4.2.3" => is_mac::<Sha512>,
        "1.2.840.113549.1.5.14" => return Err(unsupported("a PKCS#12 store with PBMAC1")),
        oid => return Err(unsupported(&format!("a PKCS#12 store with a MAC of {oid}"))),
    };
    if check(
        passphrase,
        salt.value(),
        iterations,
        content,
        expected.value(),
    ) {
        Ok(())
    } else {
        Err(wrong_passphrase())
    }
}

fn is_mac<D: Digest + BlockSizeUser + FixedOutputReset>(
    passphrase: &str,
    salt: &[u8],
    iterations: i32,
    content: &[u8],
    expected: &[u8],
) -> bool {
    let len = <D as Digest>::output_size();
    let key = pkcs12_key::<D>(passphrase, salt, Pkcs12KeyType::Mac, iterations, len);
    SimpleHmac::<D>::new_from_slice(&key)
        .ok()
        .is_some_and(|mac| mac.chain_update(content).verify_slice(expected).is_ok())
}

/// Without a passphrase, the empty one was wrong: then one is needed.
fn ask(error: KeyFileError, passphrase: Option<&[u8]>) -> KeyFileError {
    if passphrase.is_some() || error.kind() != KeyFileErrorKind::WrongPassphrase {
        return error;
    }
    KeyFileError::new(
        KeyFileErrorKind::PassphraseNeeded,
        "found an encrypted PKCS#12 store and no passphrase: give the passphrase that it was exported with",
    )
}

fn wrong_passphrase() -> KeyFileError {
    KeyFileError::new(
        KeyFileErrorKind::WrongPassphrase,
        "the passphrase does not open the PKCS#12 store: it is the wrong one, or the file is damaged",
    )
}

fn unsupported(what: &str) -> KeyFileError {
    KeyFileError::unsupported(format!("found {what}, which is not read: {WRITE_PEM}"))
}

fn damaged() -> KeyFileError {
    KeyFileError::malformed("the PKCS#12 store is damaged or cut off; take a fresh copy of it")
}
