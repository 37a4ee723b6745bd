use std::fmt;
use std::time::SystemTime;

use der::asn1::{Any, BitString, SetOfVec};
use der::pem::LineEnding;
use der::{Decode, Encode};
use jwt_bearer_signer::{Algorithm, PublicKey, Signature, Signer, VerifyError};
use ring::digest::{SHA256, digest};
use sha1::{Digest, Sha1};
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::request::{CertReqInfo, Version};

use crate::x509::{Key, Profile, serial_number, spki, unencodable, validity};
use crate::{Subject, X509Error, X509ErrorKind};

/// A certificate or a certificate request before its signature: the first of two phases, so that any key can sign it,
/// wherever it lives.
///
/// ```
/// # use jwt_bearer_keyfile::PrivateKey;
/// use std::time::{Duration, UNIX_EPOCH};
/// use jwt_bearer_keyfile::Draft;
/// use jwt_bearer_signer::{Algorithm, Signature};
///
/// # let key = PrivateKey::read(include_bytes!("../testdata/p256.pem"), None)?;
/// # let public_key = key.public_key()?;
/// let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
/// let draft = Draft::certificate(&"CN=box".parse()?, &public_key, Algorithm::Es256, now, 365)?;
/// let octets = sign_somewhere(draft.to_be_signed());
/// let error = draft.attach(&Signature::from_jose(Algorithm::Es256, &octets)?).unwrap_err();
/// // This signature was made up.
/// assert_eq!(error.to_string(), "the signature is not this key's over this certificate");
/// # fn sign_somewhere(_: &[u8]) -> [u8; 64] { [1; 64] }
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Draft {
    what: What,
    key: Key,
    to_be_signed: Vec<u8>,
}

impl Draft {
    /// A self-signed X.509 certificate, version 3 ([RFC 5280 §4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)).
    ///
    /// Valid from five minutes before `now` until so many days after it. It has a random serial number, and says that
    /// it is no authority and that its key makes digital signatures. In PEM it is under 4 KB, Salesforce's limit, for
    /// every key of up to 4096 bits.
    ///
    /// # Errors
    /// `Validity` for no days, more than 36,500 days, or a time outside the years 1970 to 9999; `Algorithm` if the key does
    /// not sign with `algorithm`, or X.509 not with that; `Random` if the system gives no random numbers.
    pub fn certificate(
        subject: &Subject,
        public_key: &PublicKey,
        algorithm: Algorithm,
        now: SystemTime,
        days: u32,
    ) -> Result<Self, X509Error> {
        let key = Key::new(public_key, algorithm)?;
        let mut builder = CertificateBuilder::new(
            Profile(subject.name().clone()),
            serial_number()?,
            validity(now, days)?,
            spki(public_key)?,
        )
        .map_err(unencodable)?;
        let to_be_signed = builder.finalize(&key).map_err(unencodable)?;
        Ok(Self {
            what: What::Certificate,
            key,
            to_be_signed,
        })
    }

    /// A certificate request, also called CSR ([RFC 2986 §4](https://www.rfc-editor.org/rfc/rfc2986#section-4)), for an
    /// authority that signs the certificate. It asks for no extensions.
    ///
    /// # Errors
    /// `Algorithm` if the key does not sign with `algorithm`, or X.509 not with that.
    pub fn request(
        subject: &Subject,
        public_key: &PublicKey,
        algorithm: Algorithm,
    ) -> Result<Self, X509Error> {
        let key = Key::new(public_key, algorithm)?;
        let info = CertReqInfo {
            version: Version::V1,
            subject: subject.name().clone(),
            public_key: spki(public_key)?,
            attributes: SetOfVec::new(),
        };
        Ok(Self {
            what: What::Request,
            key,
            to_be_signed: info.to_der().map_err(unencodable)?,
        })
    }

    /// What is to be signed: the DER of `TBSCertificate` or of `CertificationRequestInfo`, the message and not its digest.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// Joins the signature to it: the second phase.
    ///
    /// The signature is verified with the public key before, but for ES512 and ES256K, which cannot be verified here.
    ///
    /// # Errors
    /// `Signature` if it was made with another algorithm, or is not this key's over this text.
    pub fn attach(self, signature: &Signature) -> Result<Signed, X509Error> {
        let Key {
            public_key,
            algorithm,
            identifier,
        } = self.key;
        let wrong = |text| Err(X509Error::new(X509ErrorKind::Signature, text));
        if signature.algorithm() != algorithm {
            let made = signature.algorithm();
            return wrong(format!(
                "a signature with {made} for a {} with {algorithm}",
                self.what
            ));
        }
        match public_key.verify(algorithm, &self.to_be_signed, signature.as_bytes()) {
            Ok(()) | Err(VerifyError::Unsupported { .. }) => {}
            Err(_) => {
                return wrong(format!(
                    "the signature is not this key's over this {}",
                    self.what
                ));
            }
        }
        // X.509 wants ECDSA signatures in DER, and all others as JOSE has them.
        let ecdsa = signature.to_ecdsa_der();
        let octets = ecdsa.as_deref().unwrap_or(signature.as_bytes());
        let assemble = || {
            vec![
                Any::from_der(&self.to_be_signed)?,
                Any::encode_from(&identifier)?,
                Any::encode_from(&BitString::from_bytes(octets)?)?,
            ]
            .to_der()
        };
        Ok(Signed {
            what: self.what,
            der: assemble().map_err(unencodable)?,
        })
    }

    /// Signs it and joins the signature: both phases in one. Does whatever I/O the signer does.
    ///
    /// # Errors
    /// `Sign` if the signer fails, with its error as the source; `Signature` if it has another algorithm or another key.
    pub async fn sign(self, signer: &dyn Signer) -> Result<Signed, X509Error> {
        let signature = signer
            .sign(&self.to_be_signed)
            .await
            .map_err(X509Error::sign)?;
        self.attach(&signature)
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, algorithm) = (self.what, self.key.algorithm);
        write!(
            f,
            "Draft({what}, {algorithm}, {} octets)",
            self.to_be_signed.len()
        )
    }
}

/// A certificate or a certificate request, signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    what: What,
    der: Vec<u8>,
}

impl Signed {
    /// It in DER.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// It in PEM: label `CERTIFICATE` or `CERTIFICATE REQUEST`, lines of 64, LF at the end of each.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let label = match self.what {
            What::Certificate => "CERTIFICATE",
            What::Request => "CERTIFICATE REQUEST",
        };
        // Fails only for labels and sizes that cannot be here.
        der::pem::encode_string(label, LineEnding::LF, &self.der).unwrap_or_default()
    }

    /// The SHA-256 digest of the DER, 32 octets: of a certificate the JOSE header member `x5t#S256`
    /// ([RFC 7515 §4.1.8](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.8)), by which Entra ID knows it in a JWT
    /// with PS256.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest(&SHA256, &self.der).as_ref());
        fingerprint
    }

    /// The SHA-1 digest of the DER, 20 octets: of a certificate the JOSE header member `x5t`
    /// ([RFC 7515 §4.1.7](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.7)), by which Entra ID knows it in a JWT with
    /// RS256.
    #[must_use]
    pub fn fingerprint_sha1(&self) -> [u8; 20] {
        Sha1::digest(&self.der).into()
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed({}, {} octets)", self.what, self.der.len())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Certificate,
    Request,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::Request => "certificate request",
        })
    }
}
