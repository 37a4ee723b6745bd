use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use der::asn1::{AnyRef, BitStringRef, Null, ObjectIdentifier};
use der::pem::LineEnding;
use der::{Decode, Encode};
use ring::digest::{SHA256, digest};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::signature::two_integers;
use crate::{Algorithm, FormatError, Jwk};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const CURVES: [(KeyKind, ObjectIdentifier, &str, usize); 4] = [
    (
        KeyKind::P256,
        ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
        "P-256",
        32,
    ),
    (
        KeyKind::P384,
        ObjectIdentifier::new_unwrap("1.3.132.0.34"),
        "P-384",
        48,
    ),
    (
        KeyKind::P521,
        ObjectIdentifier::new_unwrap("1.3.132.0.35"),
        "P-521",
        66,
    ),
    (
        KeyKind::Secp256k1,
        ObjectIdentifier::new_unwrap("1.3.132.0.10"),
        "secp256k1",
        32,
    ),
];
/// Kinds of keys that people have and that cannot sign a JWT here.
const OTHERS: [(ObjectIdentifier, &str); 6] = [
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10"),
        "an RSA key restricted to PSS",
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.10040.4.1"),
        "a DSA key",
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.3.1"),
        "a Diffie-Hellman key",
    ),
    (
        ObjectIdentifier::new_unwrap("1.3.101.110"),
        "an X25519 key, which cannot sign",
    ),
    (
        ObjectIdentifier::new_unwrap("1.3.101.111"),
        "an X448 key, which cannot sign",
    ),
    (ObjectIdentifier::new_unwrap("1.3.101.113"), "an Ed448 key"),
];

/// The kind and size of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA with a modulus of so many bits.
    #[non_exhaustive]
    Rsa {
        /// The bits of the modulus.
        bits: usize,
    },
    /// The curve P-256, also called prime256v1 and secp256r1.
    P256,
    /// The curve P-384, also called secp384r1.
    P384,
    /// The curve P-521, also called secp521r1.
    P521,
    /// The curve secp256k1, which is not P-256.
    Secp256k1,
    /// Ed25519.
    Ed25519,
}

impl KeyKind {
    /// The algorithms that a key of this kind can sign with; the first is the one to choose if nobody asks for another.
    #[must_use]
    pub const fn algorithms(self) -> &'static [Algorithm] {
        use Algorithm::{
            EdDsa, Es256, Es256K, Es384, Es512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512,
        };
        match self {
            Self::Rsa { .. } => &[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512],
            Self::P256 => &[Es256],
            Self::P384 => &[Es384],
            Self::P521 => &[Es512],
            Self::Secp256k1 => &[Es256K],
            Self::Ed25519 => &[EdDsa],
        }
    }
}

impl fmt::Display for KeyKind {
    /// Writes `RSA-2048`, `P-256`, `Ed25519` and so on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA-{bits}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            kind => f.write_str(
                CURVES
                    .iter()
                    .find(|curve| curve.0 == *kind)
                    .map_or("", |curve| curve.2),
            ),
        }
    }
}

/// A public key as `SubjectPublicKeyInfo` ([RFC 5280 §4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)), short SPKI.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    kind: KeyKind,
    spki: Box<[u8]>,
    /// How many of the last octets of `spki` are the key itself, without its algorithm.
    key_len: usize,
}

impl PublicKey {
    /// Reads the DER of an SPKI.
    ///
    /// # Errors
    /// `Malformed` if it is none, `Unsupported` if the key is of another kind than [`KeyKind`] lists, or an EC key
    /// with explicit parameters or a compressed point.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, FormatError> {
        let spki = SubjectPublicKeyInfoRef::from_der(der)
            .map_err(|_| FormatError::malformed("not the DER of a SubjectPublicKeyInfo"))?;
        let key = spki
            .subject_public_key
            .as_bytes()
            .ok_or_else(|| FormatError::malformed("a public key whose bits do not fill octets"))?;
        let kind = match spki.algorithm.oid {
            RSA_ENCRYPTION => rsa_kind(key)?,
            EC_PUBLIC_KEY => {
                let curve = spki.algorithm.parameters_oid().map_err(|_| {
                    FormatError::unsupported(
                        "an EC key with explicit curve parameters; `openssl ec -param_enc named_curve` names the curve",
                    )
                })?;
                let (kind, ..) = CURVES
                    .into_iter()
                    .find(|(_, oid, ..)| *oid == curve)
                    .ok_or_else(|| {
                        FormatError::unsupported(format!("an EC key on the curve {curve}"))
                    })?;
                check_point(kind, key)?;
                kind
            }
            ED25519 if key.len() == 32 => KeyKind::Ed25519,
            ED25519 => {
                return Err(FormatError::malformed(format!(
                    "an Ed25519 key of {} octets",
                    key.len()
                )));
            }
            oid => {
                let name = OTHERS.into_iter().find(|(other, _)| *other == oid);
                let name = name.map_or_else(
                    || format!("a key of the algorithm {oid}"),
                    |(_, name)| name.into(),
                );
                return Err(FormatError::unsupported(name));
            }
        };
        Ok(Self {
            kind,
            key_len: key.len(),
            spki: der.into(),
        })
    }

    /// Reads an SPKI in PEM, label `PUBLIC KEY`, in the strict form of
    /// [RFC 7468 §13](https://www.rfc-editor.org/rfc/rfc7468#section-13).
    ///
    /// # Errors
    /// `Malformed` if it is not PEM or has another label, then as [`from_spki_der`](Self::from_spki_der).
    pub fn from_spki_pem(pem: &str) -> Result<Self, FormatError> {
        let (label, der) = der::pem::decode_vec(pem.as_bytes())
            .map_err(|_| FormatError::malformed("not PEM as RFC 7468 defines it"))?;
        if label != "PUBLIC KEY" {
            return Err(FormatError::malformed(format!(
                "PEM with the label `{label}`, where `PUBLIC KEY` was expected"
            )));
        }
        Self::from_spki_der(&der)
    }

    /// An RSA key from the DER of `RSAPublicKey` ([RFC 8017 §A.1.1](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1)).
    ///
    /// # Errors
    /// `Malformed` if it is not this structure.
    pub fn from_rsa_der(der: &[u8]) -> Result<Self, FormatError> {
        Self::new(
            rsa_kind(der)?,
            RSA_ENCRYPTION,
            Some(AnyRef::from(Null)),
            der,
        )
    }

    /// An EC key from its uncompressed point: 04, then x and y in the curve's length.
    ///
    /// # Errors
    /// `Malformed` if `kind` is no curve or the point has another form; whether it lies on the curve is not checked.
    pub fn from_ec_point(kind: KeyKind, point: &[u8]) -> Result<Self, FormatError> {
        let curve = check_point(kind, point)?;
        Self::new(kind, EC_PUBLIC_KEY, Some(AnyRef::from(&curve)), point)
    }

    /// An Ed25519 key from its 32 octets.
    ///
    /// # Errors
    /// `Malformed` for any other length.
    pub fn from_ed25519(key: &[u8]) -> Result<Self, FormatError> {
        if key.len() != 32 {
            return Err(FormatError::malformed(format!(
                "an Ed25519 key of {} octets",
                key.len()
            )));
        }
        Self::new(KeyKind::Ed25519, ED25519, None, key)
    }

    fn new(
        kind: KeyKind,
        oid: ObjectIdentifier,
        parameters: Option<AnyRef<'_>>,
        key: &[u8],
    ) -> Result<Self, FormatError> {
        let too_long = |_| FormatError::malformed("a public key too long for DER");
        let algorithm = AlgorithmIdentifierRef { oid, parameters };
        let subject_public_key = BitStringRef::from_bytes(key).map_err(too_long)?;
        let spki = SubjectPublicKeyInfoRef {
            algorithm,
            subject_public_key,
        }
        .to_der()
        .map_err(too_long)?;
        Ok(Self {
            kind,
            spki: spki.into(),
            key_len: key.len(),
        })
    }

    /// The kind and size.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The SPKI in DER.
    #[must_use]
    pub fn as_spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The SPKI in PEM: label `PUBLIC KEY`, lines of 64, LF at the end of each.
    #[must_use]
    pub fn to_spki_pem(&self) -> String {
        // Fails only for labels and sizes that cannot be here.
        der::pem::encode_string("PUBLIC KEY", LineEnding::LF, &self.spki).unwrap_or_default()
    }

    /// The SPKI's DER as base64 in one line, with padding: PEM without its BEGIN and END, as Snowflake's `ALTER USER` wants it.
    #[must_use]
    pub fn to_spki_base64(&self) -> String {
        STANDARD.encode(&self.spki)
    }

    /// The key as a JWK with its required members only.
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        let encode = |bytes| Some(URL_SAFE_NO_PAD.encode(bytes));
        let key = self.key();
        match self.kind {
            KeyKind::Rsa { .. } => {
                let [n, e] = two_integers(key).unwrap_or_default();
                Jwk {
                    kty: "RSA",
                    n: encode(n),
                    e: encode(e),
                    ..Jwk::default()
                }
            }
            KeyKind::Ed25519 => Jwk {
                kty: "OKP",
                crv: Some("Ed25519"),
                x: encode(key),
                ..Jwk::default()
            },
            kind => {
                let (_, _, crv, len) = CURVES
                    .into_iter()
                    .find(|curve| curve.0 == kind)
                    .unwrap_or(CURVES[0]);
                let (x, y) = key[1..].split_at(len);
                Jwk {
                    kty: "EC",
                    crv: Some(crv),
                    x: encode(x),
                    y: encode(y),
                    ..Jwk::default()
                }
            }
        }
    }

    /// The JWK thumbprint with SHA-256, base64url without padding
    /// ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638#section-3)).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.to_jwk().thumbprint_input().as_bytes()))
    }

    /// The SHA-256 digest of the SPKI's DER: 32 octets.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest(&SHA256, &self.spki).as_ref());
        fingerprint
    }

    /// The [`fingerprint`](Self::fingerprint) as Snowflake shows it and wants it in `iss`: `SHA256:` and base64 with padding.
    #[must_use]
    pub fn fingerprint_text(&self) -> String {
        format!("SHA256:{}", STANDARD.encode(self.fingerprint()))
    }

    /// Verifies a signature in JOSE octets over `message`.
    ///
    /// # Errors
    /// `WrongAlgorithm` if the key is not one for `algorithm`, `Unsupported` for ES512, ES256K, and RSA keys outside
    /// 2048 to 8192 bits or with an exponent outside 3 to 33 bits, which `ring` cannot verify, and `Mismatch` for everything else that is not a valid signature.
    pub fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        if !self.kind.algorithms().contains(&algorithm) {
            return Err(VerifyError::WrongAlgorithm {
                algorithm,
                kind: self.kind,
            });
        }
        let unsupported = VerifyError::Unsupported {
            algorithm,
            kind: self.kind,
        };
        if let KeyKind::Rsa { bits } = self.kind {
            let [_, exponent] = two_integers(self.key()).unwrap_or_default();
            let small = matches!(
                exponent,
                [3..=255] | [_, _] | [_, _, _] | [_, _, _, _] | [1, _, _, _, _]
            );
            if !(2048..=8192).contains(&bits) || !small {
                return Err(unsupported);
            }
        }
        let verification: &dyn VerificationAlgorithm = match algorithm {
            Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
            Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
            Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
            Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
            Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
            Algorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
            Algorithm::EdDsa => &signature::ED25519,
            Algorithm::Es512 | Algorithm::Es256K => return Err(unsupported),
        };
        UnparsedPublicKey::new(verification, self.key())
            .verify(message, signature)
            .map_err(|_| VerifyError::Mismatch)
    }

    /// The key itself: PKCS#1 DER, an EC point, or 32 octets.
    fn key(&self) -> &[u8] {
        &self.spki[self.spki.len() - self.key_len..]
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PublicKey({}, thumbprint {})",
            self.kind,
            self.thumbprint()
        )
    }
}

fn rsa_kind(der: &[u8]) -> Result<KeyKind, FormatError> {
    let [modulus, _] = two_integers(der)
        .ok_or_else(|| FormatError::malformed("not the DER of an RSAPublicKey"))?;
    let bits = modulus.first().map_or(0, |first| {
        modulus.len() * 8 - first.leading_zeros() as usize
    });
    Ok(KeyKind::Rsa { bits })
}

/// The curve's identifier if the point has the curve's length and is not compressed.
fn check_point(kind: KeyKind, point: &[u8]) -> Result<ObjectIdentifier, FormatError> {
    let (_, oid, name, len) = CURVES
        .into_iter()
        .find(|curve| curve.0 == kind)
        .ok_or_else(|| {
            FormatError::malformed(format!("a curve point for {kind}, which has none"))
        })?;
    match point {
        [4, rest @ ..] if rest.len() == 2 * len => Ok(oid),
        [2 | 3, ..] => Err(FormatError::unsupported(format!(
            "a {name} key with a compressed point; `openssl ec -conv_form uncompressed` writes it whole"
        ))),
        _ => Err(FormatError::malformed(format!(
            "a {name} point of {} octets",
            point.len()
        ))),
    }
}

/// Why a signature was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Not this key's signature over this message.
    #[error("the signature is not this key's over this message")]
    Mismatch,
    /// No key of this kind signs with this algorithm.
    #[error("a {kind} key does not sign with {algorithm}")]
    #[non_exhaustive]
    WrongAlgorithm {
        /// The algorithm asked for.
        algorithm: Algorithm,
        /// The kind of the key.
        kind: KeyKind,
    },
    /// The signature may be good or bad: it cannot be verified here.
    #[error("{algorithm} with a {kind} key cannot be verified here")]
    #[non_exhaustive]
    Unsupported {
        /// The algorithm asked for.
        algorithm: Algorithm,
        /// The kind of the key.
        kind: KeyKind,
    },
}
