//! What a certificate and a certificate request say, whoever made them.

use std::time::{SystemTime, UNIX_EPOCH};

use der::{Decode, Encode};
use jwt_bearer_signer::{Algorithm, PublicKey, Signature, VerifyError};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::request::CertReq;
use x509_cert::time::Time;

use crate::{KeyFileError, recognise};

/// What an X.509 certificate says of itself. Nothing of it is verified, but [`is_self_signed`](Self::is_self_signed).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// Whom it is for, as [RFC 4514](https://www.rfc-editor.org/rfc/rfc4514) writes it. Whoever made the certificate chose
    /// the text: escape it before a terminal shows it.
    pub subject: String,
    /// Who signed it, likewise.
    pub issuer: String,
    /// The serial number, big-endian, as the certificate has it.
    pub serial_number: Vec<u8>,
    /// When it begins to be valid.
    pub not_before: SystemTime,
    /// When it ends to be valid.
    pub not_after: SystemTime,
    /// Whether its own key signed it; `None` if it says so, and the signature is of a kind that cannot be verified here.
    pub is_self_signed: Option<bool>,
    /// The SHA-1 digest of the DER: `x5t` in a JOSE header.
    pub sha1: [u8; 20],
    /// The SHA-256 digest of the DER: `x5t#S256` in a JOSE header.
    pub sha256: [u8; 32],
    /// The octets of the DER.
    pub der_len: usize,
    /// The octets of the PEM, in lines of 64 with LF at the end of each: what limits on uploads count.
    pub pem_len: usize,
}

impl CertificateFacts {
    pub(crate) fn read(der: &[u8]) -> Result<Self, KeyFileError> {
        let damaged = |_| {
            KeyFileError::malformed(
                "the X.509 certificate is damaged; take a fresh copy of the file",
            )
        };
        let certificate = CertificateInner::<Raw>::from_der(der).map_err(damaged)?;
        let tbs = certificate.tbs_certificate();
        Ok(Self {
            subject: tbs.subject().to_string(),
            issuer: tbs.issuer().to_string(),
            serial_number: tbs.serial_number().as_bytes().to_vec(),
            not_before: time(tbs.validity().not_before),
            not_after: time(tbs.validity().not_after),
            is_self_signed: is_self_signed(&certificate, der),
            sha1: Sha1::digest(der).into(),
            sha256: Sha256::digest(der).into(),
            der_len: der.len(),
            pem_len: pem_len(der.len()),
        })
    }
}

/// The subject of a certificate request, and the key that it is about.
pub(crate) fn read_request(
    der: &[u8],
) -> Result<(String, Result<PublicKey, KeyFileError>), KeyFileError> {
    let damaged = || {
        KeyFileError::malformed("the certificate request is damaged; take a fresh copy of the file")
    };
    let request = CertReq::from_der(der).map_err(|_| damaged())?;
    let spki = request.info.public_key.to_der().map_err(|_| damaged())?;
    Ok((
        request.info.subject.to_string(),
        crate::read_public_key(&spki),
    ))
}

fn time(time: Time) -> SystemTime {
    UNIX_EPOCH
        .checked_add(time.to_unix_duration())
        .unwrap_or(UNIX_EPOCH)
}

fn is_self_signed(certificate: &CertificateInner<Raw>, der: &[u8]) -> Option<bool> {
    let tbs = certificate.tbs_certificate();
    if tbs.subject() != tbs.issuer() {
        return Some(false);
    }
    let key = crate::read_public_key(der).ok()?;
    let algorithm = algorithm(&certificate.signature_algorithm().oid.to_string())?;
    // As it stands in the file: what is written anew can differ.
    let signed = recognise::elements(der).ok()?.first()?.to_der().ok()?;
    let octets = certificate.signature().raw_bytes();
    let verified = match Signature::from_ecdsa_der(algorithm, octets) {
        Ok(signature) => key.verify(algorithm, &signed, signature.as_bytes()),
        Err(_) => key.verify(algorithm, &signed, octets),
    };
    match verified {
        Ok(()) => Some(true),
        Err(VerifyError::Unsupported { .. }) => None,
        Err(_) => Some(false),
    }
}

/// The one that certificates are signed with, by its object identifier. It says nothing of the curve, and SHA-1 is none
/// of JOSE's.
fn algorithm(oid: &str) -> Option<Algorithm> {
    Some(match oid {
        "1.2.840.113549.1.1.11" => Algorithm::Rs256,
        "1.2.840.113549.1.1.12" => Algorithm::Rs384,
        "1.2.840.113549.1.1.13" => Algorithm::Rs512,
        "1.2.840.10045.4.3.2" => Algorithm::Es256,
        "1.2.840.10045.4.3.3" => Algorithm::Es384,
        "1.3.101.112" => Algorithm::EdDsa,
        _ => return None,
    })
}

/// Base64 in lines of 64, between two lines of 28 and 26 octets.
const fn pem_len(der_len: usize) -> usize {
    let base64 = der_len.div_ceil(3) * 4;
    28 + base64 + base64.div_ceil(64) + 26
}
