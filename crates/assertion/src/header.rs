use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jwt_bearer_signer::Algorithm;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{AssertionError, AssertionErrorKind};

/// The members that have setters of their own, or that would change what is signed.
const REGISTERED: [&str; 8] = ["alg", "typ", "kid", "x5t", "x5t#S256", "x5c", "b64", "crit"];

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
    written: OnceLock<Written>,
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
            written: OnceLock::new(),
        }
    }

    /// Sets the type, `typ`; `None` leaves it out.
    #[must_use]
    pub fn typ(mut self, typ: Option<impl Into<String>>) -> Self {
        self.typ = typ.map(Into::into);
        self.written = OnceLock::new();
        self
    }

    /// Sets the key id, `kid`; it beats the signer's own.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self.written = OnceLock::new();
        self
    }

    /// Sets the certificate's SHA-1 thumbprint, `x5t`: the 20 octets of the digest, not their hex.
    #[must_use]
    pub fn x5t(mut self, sha1: &[u8; 20]) -> Self {
        self.x5t = Some(URL_SAFE_NO_PAD.encode(sha1));
        self.written = OnceLock::new();
        self
    }

    /// Sets the certificate's SHA-256 thumbprint, `x5t#S256`: the 32 octets of the digest, not their hex.
    #[must_use]
    pub fn x5t_s256(mut self, sha256: &[u8; 32]) -> Self {
        self.x5t_s256 = Some(URL_SAFE_NO_PAD.encode(sha256));
        self.written = OnceLock::new();
        self
    }

    /// Sets the certificate chain, `x5c`: each in DER, the signing key's own first.
    #[must_use]
    pub fn x5c<T: AsRef<[u8]>>(mut self, chain: impl IntoIterator<Item = T>) -> Self {
        self.x5c = chain
            .into_iter()
            .map(|certificate| STANDARD.encode(certificate))
            .collect();
        self.written = OnceLock::new();
        self
    }

    /// Sets any other member. A name that has a setter of its own, `alg`, `b64` and `crit` are refused when an assertion is
    /// made.
    #[must_use]
    pub fn member(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self.written = OnceLock::new();
        self
    }

    /// Writes this header for a signer with this algorithm and, unless one is set here, this key id, to the end of
    /// `text` in base64url.
    pub(crate) fn write(
        &self,
        text: &mut String,
        algorithm: Algorithm,
        key_id: Option<&str>,
    ) -> Result<(), AssertionError> {
        let key_id = self.key_id.as_deref().or(key_id);
        let known = self.written.get().filter(|written| {
            written.algorithm == algorithm && written.key_id.as_deref() == key_id
        });
        if let Some(known) = known {
            text.push_str(&known.base64);
            return Ok(());
        }
        let json = serde_json::to_vec(&self.members(algorithm, key_id)?)
            .map_err(|error| AssertionError::new(AssertionErrorKind::Header, error))?;
        let base64 = URL_SAFE_NO_PAD.encode(json);
        text.push_str(&base64);
        // For the first signer, which is the only one most often.
        let _ = self.written.set(Written {
            algorithm,
            key_id: key_id.map(Into::into),
            base64,
        });
        Ok(())
    }

    fn members<'a>(
        &'a self,
        algorithm: Algorithm,
        key_id: Option<&'a str>,
    ) -> Result<Members<'a>, AssertionError> {
        if let Some(name) = REGISTERED
            .into_iter()
            .find(|name| self.extra.contains_key(*name))
        {
            let why = match name {
                "alg" => "is the signer's algorithm, and cannot be set",
                "b64" | "crit" => "would change what the JWT means, and cannot be set",
                _ => "has a setting of its own, and cannot be set as an extra one",
            };
            let text = format!("the header member `{name}` {why}");
            return Err(AssertionError::new(AssertionErrorKind::Header, text));
        }
        Ok(Members {
            alg: algorithm.name(),
            typ: self.typ.as_deref(),
            kid: key_id,
            x5t: self.x5t.as_deref(),
            x5t_s256: self.x5t_s256.as_deref(),
            x5c: &self.x5c,
            extra: &self.extra,
        })
    }
}

#[derive(Serialize)]
struct Members<'a> {
    alg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x5t: Option<&'a str>,
    #[serde(rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    x5t_s256: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    x5c: &'a [String],
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

/// A header as it stands in an assertion.
#[derive(Clone, Debug)]
struct Written {
    algorithm: Algorithm,
    key_id: Option<String>,
    base64: String,
}

impl Default for Header {
    fn default() -> Self {
        Self::new()
    }
}
