use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jwt_bearer_signer::Algorithm;
use serde_json::{Map, Value};

use crate::json::Json;
use crate::{AssertionError, AssertionErrorKind};

/// The JOSE header of an assertion ([RFC 7515 §4](https://www.rfc-editor.org/rfc/rfc7515#section-4)).
///
/// `alg` is always the signer's, and is not set here.
#[derive(Clone, Debug)]
pub struct Header {
    typ: Option<String>,
    key_id: Option<String>,
    x5t: Option<String>,
    x5t_s256: Option<String>,
    x5c: Vec<String>,
    extra: Map<String, Value>,
}

impl Header {
    /// A header with the type `JWT` and nothing else.
    #[must_use]
    pub fn new() -> Self {
        Self {
            typ: Some("JWT".into()),
            key_id: None,
            x5t: None,
            x5t_s256: None,
            x5c: Vec::new(),
            extra: Map::new(),
        }
    }

    /// Sets the type, `typ`; `None` leaves it out.
    #[must_use]
    pub fn typ(mut self, typ: Option<impl Into<String>>) -> Self {
        self.typ = typ.map(Into::into);
        self
    }

    /// Sets the key id, `kid`; it beats the signer's own.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Sets the certificate's SHA-1 thumbprint, `x5t`: the 20 octets of the digest, not their hex.
    #[must_use]
    pub fn x5t(mut self, sha1: &[u8; 20]) -> Self {
        self.x5t = Some(URL_SAFE_NO_PAD.encode(sha1));
        self
    }

    /// Sets the certificate's SHA-256 thumbprint, `x5t#S256`: the 32 octets of the digest, not their hex.
    #[must_use]
    pub fn x5t_s256(mut self, sha256: &[u8; 32]) -> Self {
        self.x5t_s256 = Some(URL_SAFE_NO_PAD.encode(sha256));
        self
    }

    /// Sets the certificate chain, `x5c`: each in DER, the signing key's own first.
    #[must_use]
    pub fn x5c<T: AsRef<[u8]>>(mut self, chain: impl IntoIterator<Item = T>) -> Self {
        self.x5c = chain
            .into_iter()
            .map(|certificate| STANDARD.encode(certificate))
            .collect();
        self
    }

    /// Sets any other member. A name that has a setter of its own, `alg`, `b64` and `crit` are refused when an assertion is
    /// made.
    #[must_use]
    pub fn member(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    /// Writes this header for a signer with this algorithm and, unless one is set here, this key id.
    pub(crate) fn write(
        &self,
        json: &mut Json,
        algorithm: Algorithm,
        key_id: Option<&str>,
    ) -> Result<(), AssertionError> {
        json.text("alg", algorithm.name())?;
        let texts = [
            ("typ", self.typ.as_deref()),
            ("kid", self.key_id.as_deref().or(key_id)),
            ("x5t", self.x5t.as_deref()),
            ("x5t#S256", self.x5t_s256.as_deref()),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                json.text(name, text)?;
            }
        }
        if !self.x5c.is_empty() {
            json.any("x5c", &self.x5c)?;
        }
        for (name, value) in &self.extra {
            let why = match name.as_str() {
                "alg" => "is the signer's algorithm, and cannot be set",
                "b64" | "crit" => "would change what the JWT means, and cannot be set",
                "typ" | "kid" | "x5t" | "x5t#S256" | "x5c" => {
                    "has a setting of its own, and cannot be set as an extra one"
                }
                _ => {
                    json.value(name, value)?;
                    continue;
                }
            };
            let text = format!("the header member `{name}` {why}");
            return Err(AssertionError::new(AssertionErrorKind::Header, text));
        }
        Ok(())
    }
}

impl Default for Header {
    fn default() -> Self {
        Self::new()
    }
}
