use der::asn1::{AnyRef, Null, ObjectIdentifier, OctetStringRef};
use der::pem::LineEnding;
use der::{Decode, Encode};
use jwt_bearer_signer::{KeyKind, PublicKey};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::spki::AlgorithmIdentifierRef;
use ring::signature::{Ed25519KeyPair, KeyPair};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use crate::{KeyFileError, PrivateKey, ec, ed25519, rsa};

impl PrivateKey {
    /// The public key that belongs to it.
    ///
    /// # Errors
    /// `Malformed` if the two halves of an Ed25519 key do not belong together.
    pub fn public_key(&self) -> Result<PublicKey, KeyFileError> {
        let damaged = KeyFileError::mismatched;
        let public_key = match self {
            Self::Rsa { pkcs1, .. } => {
                let key = RsaPrivateKeyRef::from_der(pkcs1).map_err(|_| damaged())?;
                PublicKey::from_rsa_der(&key.public_key().to_der().map_err(|_| damaged())?)
            }
            Self::Ec { kind, point, .. } => PublicKey::from_ec_point(*kind, point),
            Self::Ed25519 { seed, public } => {
                let pair = match public {
                    Some(public) => Ed25519KeyPair::from_seed_and_public_key(&seed[..], public),
                    None => Ed25519KeyPair::from_seed_unchecked(&seed[..]),
                };
                let pair = pair.map_err(|_| damaged())?;
                PublicKey::from_ed25519(pair.public_key().as_ref())
            }
        };
        public_key.map_err(|_| damaged())
    }

    /// The key as PKCS#8 in DER, not encrypted ([RFC 5958 §2](https://www.rfc-editor.org/rfc/rfc5958#section-2)).
    ///
    /// Ed25519 comes as version 1, which OpenSSL 3.0 and Python read too.
    ///
    /// # Errors
    /// `Malformed` if the numbers of the key do not belong together.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        self.check()?;
        pkcs8(self).map_err(|_| unwritable())
    }

    /// The same in PEM: label `PRIVATE KEY`, lines of 64, LF at the end of each.
    ///
    /// # Errors
    /// As [`to_pkcs8_der`](Self::to_pkcs8_der).
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyFileError> {
        pem("PRIVATE KEY", &self.to_pkcs8_der()?)
    }

    /// The key as PKCS#8 in DER, encrypted with PBES2
    /// ([RFC 8018 §6.2](https://www.rfc-editor.org/rfc/rfc8018#section-6.2)): PBKDF2 with HMAC-SHA256 and 600,000
    /// iterations, AES-256-CBC. OpenSSL, Java and Python read this; Java 17 does not read scrypt.
    ///
    /// Blocks for about a tenth of a second.
    ///
    /// # Errors
    /// `Unsupported` for an empty passphrase, `Random` if the system gives no random numbers, `Malformed` if the numbers
    /// of the key do not belong together.
    pub fn to_encrypted_pkcs8_der(&self, passphrase: &[u8]) -> Result<Vec<u8>, KeyFileError> {
        if passphrase.is_empty() {
            return Err(KeyFileError::unsupported(
                "found an empty passphrase, expected one to encrypt the key with",
            ));
        }
        let pkcs8 = self.to_pkcs8_der()?;
        let parameters = Parameters::generate_pbkdf2(&mut getrandom::SysRng)
            .map_err(|_| KeyFileError::no_random_numbers())?;
        PrivateKeyInfoRef::from_der(&pkcs8)
            .map_err(|_| unwritable())?
            .encrypt_with_params(parameters, passphrase)
            .map(|document| document.as_bytes().to_vec())
            .map_err(|_| unwritable())
    }

    /// The same in PEM, label `ENCRYPTED PRIVATE KEY`.
    ///
    /// # Errors
    /// As [`to_encrypted_pkcs8_der`](Self::to_encrypted_pkcs8_der).
    pub fn to_encrypted_pkcs8_pem(&self, passphrase: &[u8]) -> Result<String, KeyFileError> {
        let der = self.to_encrypted_pkcs8_der(passphrase)?;
        Ok(pem("ENCRYPTED PRIVATE KEY", &der)?.to_string())
    }

    /// The key in OpenSSL's older PEM, not encrypted: label `RSA PRIVATE KEY`
    /// ([RFC 8017 §A.1.2](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2), PKCS#1) or `EC PRIVATE KEY`
    /// ([RFC 5915 §3](https://www.rfc-editor.org/rfc/rfc5915#section-3), SEC1). `None` for Ed25519, which has none.
    ///
    /// # Errors
    /// `Malformed` if the numbers of the key do not belong together.
    pub fn to_traditional_pem(&self) -> Result<Option<Zeroizing<String>>, KeyFileError> {
        self.check()?;
        match self {
            Self::Rsa { pkcs1, .. } => pem("RSA PRIVATE KEY", pkcs1).map(Some),
            Self::Ec {
                kind,
                scalar,
                point,
            } => {
                let sec1 = EcPrivateKey {
                    private_key: scalar,
                    parameters: Some(curve(*kind).into()),
                    public_key: Some(point),
                };
                let der = Zeroizing::new(sec1.to_der().map_err(|_| unwritable())?);
                pem("EC PRIVATE KEY", &der).map(Some)
            }
            Self::Ed25519 { .. } => Ok(None),
        }
    }

    /// What reading leaves out, since it takes arithmetic, and what a signer checks too. A wrong key that was written
    /// anew would pass for a good one.
    pub(crate) fn check(&self) -> Result<(), KeyFileError> {
        match self {
            Self::Rsa { pkcs1, .. } => rsa::check(pkcs1),
            // Its point was compared when it was read.
            Self::Ec { .. } => Ok(()),
            Self::Ed25519 { .. } => self.public_key().map(drop),
        }
    }
}

fn pem(label: &'static str, der: &[u8]) -> Result<Zeroizing<String>, KeyFileError> {
    der::pem::encode_string(label, LineEnding::LF, der)
        .map(Zeroizing::new)
        .map_err(|_| unwritable())
}

/// Of sizes and labels that no key here has.
fn unwritable() -> KeyFileError {
    KeyFileError::malformed("the key cannot be written")
}

fn pkcs8(key: &PrivateKey) -> der::Result<Zeroizing<Vec<u8>>> {
    match key {
        PrivateKey::Rsa { pkcs1, .. } => wrap(rsa::OID, Some(Null.into()), pkcs1),
        PrivateKey::Ec {
            kind,
            scalar,
            point,
        } => {
            let curve = curve(*kind);
            let sec1 = EcPrivateKey {
                private_key: scalar,
                parameters: None,
                public_key: Some(point),
            };
            wrap(
                ec::OID,
                Some(AnyRef::from(&curve)),
                &Zeroizing::new(sec1.to_der()?),
            )
        }
        PrivateKey::Ed25519 { seed, .. } => {
            let octets = Zeroizing::new(OctetStringRef::new(&seed[..])?.to_der()?);
            wrap(ed25519::OID, None, &octets)
        }
    }
}

fn curve(kind: KeyKind) -> ObjectIdentifier {
    match kind {
        KeyKind::P384 => ec::P384,
        _ => ec::P256,
    }
}

fn wrap(
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'_>>,
    key: &[u8],
) -> der::Result<Zeroizing<Vec<u8>>> {
    let algorithm = AlgorithmIdentifierRef { oid, parameters };
    PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(key)?)
        .to_der()
        .map(Zeroizing::new)
}
