//! What the builder of `x509-cert` wants to know of a certificate and of the key that signs it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use der::asn1::{AnyRef, Null, ObjectIdentifier};
use der::{DateTime, Decode, Document};
use jwt_bearer_signer::{Algorithm, PublicKey};
use signature::Keypair;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{
    self, AlgorithmIdentifierOwned, DynSignatureAlgorithmIdentifier, EncodePublicKey,
    SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef,
};
use x509_cert::time::{Time, Validity};

use crate::{X509Error, X509ErrorKind};

/// A certificate is valid a little before it was made, for the server whose clock is behind.
const BACKDATED: Duration = Duration::from_secs(300);
const DAY: Duration = Duration::from_secs(86_400);
/// Nobody means more than a century.
const MAX_DAYS: u32 = 36_500;

/// The key that a certificate is about and that signs it, as far as it is here.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) public_key: PublicKey,
    pub(crate) algorithm: Algorithm,
    pub(crate) identifier: AlgorithmIdentifierOwned,
}

impl Key {
    pub(crate) fn new(public_key: &PublicKey, algorithm: Algorithm) -> Result<Self, X509Error> {
        let kind = public_key.kind();
        if !kind.algorithms().contains(&algorithm) {
            return Err(X509Error::new(
                X509ErrorKind::Algorithm,
                format!("{algorithm} does not fit the key, which is {kind}"),
            ));
        }
        Ok(Self {
            public_key: public_key.clone(),
            algorithm,
            identifier: identifier(algorithm)?,
        })
    }
}

impl Keypair for Key {
    type VerifyingKey = Self;

    fn verifying_key(&self) -> Self {
        self.clone()
    }
}

impl EncodePublicKey for Key {
    fn to_public_key_der(&self) -> spki::Result<Document> {
        Ok(Document::try_from(self.public_key.as_spki_der())?)
    }
}

impl DynSignatureAlgorithmIdentifier for Key {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        Ok(self.identifier.clone())
    }
}

/// RSA has NULL as parameters ([RFC 4055 §5](https://www.rfc-editor.org/rfc/rfc4055#section-5)), all others have none.
fn identifier(algorithm: Algorithm) -> Result<AlgorithmIdentifierOwned, X509Error> {
    let (oid, is_rsa) = match algorithm {
        Algorithm::Rs256 => ("1.2.840.113549.1.1.11", true),
        Algorithm::Rs384 => ("1.2.840.113549.1.1.12", true),
        Algorithm::Rs512 => ("1.2.840.113549.1.1.13", true),
        Algorithm::Es256 | Algorithm::Es256K => ("1.2.840.10045.4.3.2", false),
        Algorithm::Es384 => ("1.2.840.10045.4.3.3", false),
        Algorithm::Es512 => ("1.2.840.10045.4.3.4", false),
        Algorithm::EdDsa => ("1.3.101.112", false),
        _ => {
            return Err(X509Error::new(
                X509ErrorKind::Algorithm,
                format!(
                    "{algorithm} was asked for, where certificates are signed with RS256, RS384 or RS512, since many \
                     servers read no others; sign it with RS256, and assertions with {algorithm} all the same"
                ),
            ));
        }
    };
    Ok(AlgorithmIdentifierOwned {
        oid: ObjectIdentifier::new(oid).map_err(unencodable)?,
        parameters: is_rsa.then(|| AnyRef::from(Null).into()),
    })
}

pub(crate) fn spki(public_key: &PublicKey) -> Result<SubjectPublicKeyInfoOwned, X509Error> {
    SubjectPublicKeyInfoOwned::from_der(public_key.as_spki_der()).map_err(unencodable)
}

/// 16 random octets, positive and never shorter in DER.
pub(crate) fn serial_number() -> Result<SerialNumber, X509Error> {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets).map_err(|_| {
        X509Error::new(
            X509ErrorKind::Random,
            "the system gives no random numbers".into(),
        )
    })?;
    octets[0] = octets[0] & 0x7f | 0x40;
    SerialNumber::new(&octets).map_err(unencodable)
}

pub(crate) fn validity(now: SystemTime, days: u32) -> Result<Validity, X509Error> {
    let wrong = |text: String| X509Error::new(X509ErrorKind::Validity, text);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(wrong(format!(
            "a certificate for {days} days was asked for, expected 1 to {MAX_DAYS}"
        )));
    }
    let outside = || {
        wrong("the certificate would be valid outside the years 1970 to 9999; set the clock".into())
    };
    let now = now.duration_since(UNIX_EPOCH).map_err(|_| outside())?;
    let time = |since_1970: Duration| {
        let time = DateTime::from_unix_duration(since_1970).map_err(|_| outside())?;
        Ok(Time::from(time))
    };
    Ok(Validity::new(
        time(now.checked_sub(BACKDATED).ok_or_else(outside)?)?,
        time(now.saturating_add(DAY * days))?,
    ))
}

/// A certificate that its subject signs, good for signatures and no authority.
pub(crate) struct Profile(pub(crate) Name);

impl BuilderProfile for Profile {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.0.clone()
    }

    fn build_extensions(
        &self,
        spk: SubjectPublicKeyInfoRef<'_>,
        _issuer_spk: SubjectPublicKeyInfoRef<'_>,
        _tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let no_authority = BasicConstraints {
            ca: false,
            path_len_constraint: None,
        };
        Ok(vec![
            SubjectKeyIdentifier::try_from(spk)?.to_extension(&self.0, &[])?,
            no_authority.to_extension(&self.0, &[])?,
            KeyUsage(KeyUsages::DigitalSignature.into()).to_extension(&self.0, &[])?,
        ])
    }
}

/// Fails only for sizes that nothing here has.
pub(crate) fn unencodable(error: impl std::fmt::Display) -> X509Error {
    X509Error::new(
        X509ErrorKind::Encoding,
        format!("this cannot be written as DER: {error}"),
    )
}
