//! JSON Web Keys that are public, or of which the public members alone can be read.

use der::Encode;
use der::asn1::UintRef;
use jwt_bearer_signer::{FormatErrorKind, KeyKind, PublicKey};
use pkcs1::RsaPublicKeyRef;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{KeyFileError, pem};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    keys: Option<Vec<&'a RawValue>>,
}

/// The keys of a set, or the one key that the text is; and whether it is a set.
pub(crate) fn keys(text: &[u8]) -> (bool, Vec<&RawValue>) {
    match serde_json::from_slice(text) {
        Ok(File { keys: Some(keys) }) => (true, keys),
        _ => (false, serde_json::from_slice(text).into_iter().collect()),
    }
}

/// What names a key and what is public of it.
#[derive(Deserialize)]
pub(crate) struct PublicJwk {
    pub(crate) kid: Option<String>,
    pub(crate) alg: Option<String>,
    kty: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl PublicJwk {
    pub(crate) fn read(json: &RawValue) -> Result<Self, KeyFileError> {
        serde_json::from_str(json.get()).map_err(|_| damaged())
    }

    pub(crate) fn is_symmetric(&self) -> bool {
        self.kty.as_deref() == Some("oct")
    }

    pub(crate) fn public_key(&self) -> Result<PublicKey, KeyFileError> {
        let kind = match self.crv.as_deref() {
            Some("P-256") => Some((KeyKind::P256, 32)),
            Some("P-384") => Some((KeyKind::P384, 48)),
            Some("P-521") => Some((KeyKind::P521, 66)),
            Some("secp256k1") => Some((KeyKind::Secp256k1, 32)),
            _ => None,
        };
        let key = match (self.kty.as_deref(), kind, self.crv.as_deref()) {
            (Some("RSA"), ..) => {
                let (modulus, public_exponent) = (octets(&self.n)?, octets(&self.e)?);
                let number = |octets| UintRef::new(octets).map_err(|_| damaged());
                let key = RsaPublicKeyRef {
                    modulus: number(&modulus)?,
                    public_exponent: number(&public_exponent)?,
                };
                PublicKey::from_rsa_der(&key.to_der().map_err(|_| damaged())?)
            }
            (Some("EC"), Some((kind, len)), _) => {
                let mut point = vec![4];
                for coordinate in [octets(&self.x)?, octets(&self.y)?] {
                    let padding = len - coordinate.len().min(len);
                    point.extend(std::iter::repeat_n(0, padding));
                    point.extend_from_slice(&coordinate);
                }
                PublicKey::from_ec_point(kind, &point)
            }
            (Some("OKP"), _, Some("Ed25519")) => PublicKey::from_ed25519(&octets(&self.x)?),
            _ => {
                return Err(KeyFileError::unsupported(
                    "found a JSON Web Key of a kind that signs nothing here, expected RSA, EC or Ed25519: make a new \
                     key",
                ));
            }
        };
        key.map_err(|error| match error.kind() {
            FormatErrorKind::Unsupported => {
                KeyFileError::unsupported(format!("the JSON Web Key cannot be read: {error}"))
            }
            _ => damaged(),
        })
    }
}

fn octets(member: &Option<String>) -> Result<Vec<u8>, KeyFileError> {
    let text = member.as_deref().unwrap_or_default();
    pem::base64(text.as_bytes())
        .filter(|octets| !octets.is_empty())
        .map(|octets| octets.to_vec())
        .ok_or_else(damaged)
}

fn damaged() -> KeyFileError {
    KeyFileError::malformed("the JSON Web Key is damaged; take a fresh copy of the file")
}
