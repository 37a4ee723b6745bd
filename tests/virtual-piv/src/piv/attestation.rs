//! Certificates by which a token says that it made a key itself.

use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private, Public};
use openssl::rand::rand_bytes;
use openssl::x509::extension::BasicConstraints;
use openssl::x509::{X509, X509Builder, X509Extension, X509Name, X509NameRef};

use crate::card::{self, Identity};
use crate::piv::key::Key;
use crate::tlv;

const DAYS: u32 = 3650;
const VERSION: &str = "1.3.6.1.4.1.41482.3.3";
const SERIAL: &str = "1.3.6.1.4.1.41482.3.7";
const POLICIES: &str = "1.3.6.1.4.1.41482.3.8";
const FORM_FACTOR: &str = "1.3.6.1.4.1.41482.3.9";

/// The certificate of the attestation key itself, signed by itself.
pub(crate) fn root(key: &Key) -> Result<Vec<u8>, ErrorStack> {
    let name = name("Virtual PIV Attestation")?;
    let mut builder = builder(&name, &name, &key.public()?)?;
    builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    finish(builder, key.private())
}

/// The certificate for the key in a slot, signed by the attestation key.
pub(crate) fn attest(
    identity: Identity,
    slot: u8,
    key: &Key,
    root: &X509,
    attestation: &Key,
) -> Result<Vec<u8>, ErrorStack> {
    let name = name(&format!("YubiKey PIV Attestation {slot:x}"))?;
    let mut builder = builder(&name, root.subject_name(), &key.public()?)?;
    let version = identity.version;
    let serial = identity.serial.to_be_bytes();
    let policies = [key.policies.pin as u8, key.policies.touch as u8];
    builder.append_extension(extension(VERSION, &[version.0, version.1, version.2])?)?;
    builder.append_extension(extension(SERIAL, &integer(&serial))?)?;
    builder.append_extension(extension(POLICIES, &policies)?)?;
    builder.append_extension(extension(FORM_FACTOR, &[card::FORM_FACTOR])?)?;
    finish(builder, attestation.private())
}

fn builder(
    subject: &X509NameRef,
    issuer: &X509NameRef,
    key: &PKey<Public>,
) -> Result<X509Builder, ErrorStack> {
    let mut serial = [0; 16];
    rand_bytes(&mut serial)?;
    serial[0] &= 0x7f;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&*BigNum::from_slice(&serial)?)?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    builder.set_not_after(&*Asn1Time::days_from_now(DAYS)?)?;
    builder.set_pubkey(key)?;
    Ok(builder)
}

fn finish(mut builder: X509Builder, key: &PKey<Private>) -> Result<Vec<u8>, ErrorStack> {
    builder.sign(key, MessageDigest::sha256())?;
    builder.build().to_der()
}

fn name(common_name: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_text("CN", common_name)?;
    Ok(name.build())
}

fn extension(id: &str, value: &[u8]) -> Result<X509Extension, ErrorStack> {
    X509Extension::new_from_der(
        &*Asn1Object::from_str(id)?,
        false,
        &*Asn1OctetString::new_from_bytes(value)?,
    )
}

/// A DER integer.
fn integer(number: &[u8; 4]) -> Vec<u8> {
    let start = number
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(number.len() - 1);
    let mut value = number[start..].to_vec();
    if value[0] & 0x80 != 0 {
        value.insert(0, 0);
    }
    tlv::element(0x02, &value)
}
