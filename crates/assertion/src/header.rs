use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jwt_bearer_signer::Algorithm;
use serde::ser::{Serialize, SerializeMap, Serializer};
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

    /// This header for a signer with this algorithm and, unless one is set here, this key id.
    pub(crate) fn with<'a>(
        &'a self,
        algorithm: Algorithm,
        key_id: Option<&'a str>,
    ) -> Result<HeaderWith<'a>, AssertionError> {
        match REGISTERED.into_iter().find(|name| self.extra.contains_key(*name)) {
            Some("alg") => Err("the header member `alg` is the signer's algorithm, and cannot be set".into()),
            Some(name @ ("b64" | "crit")) => {
                Err(format!("the header member `{name}` would change what the JWT means, and cannot be set"))
            }
            Some(name) => {
                Err(format!("the header member `{name}` has a setting of its own, and cannot be set as an extra one"))
            }
            None => Ok(HeaderWith { header: self, algorithm, key_id: self.key_id.as_deref().or(key_id) }),
        }
        .map_err(|text: String| AssertionError::new(AssertionErrorKind::Header, text))
    }
}

impl Default for Header {
    fn default() -> Self {
        Self::new()
    }
}

/// A header with what the signer adds.
pub(crate) struct HeaderWith<'a> {
    header: &'a Header,
    algorithm: Algorithm,
    key_id: Option<&'a str>,
}

impl Serialize for HeaderWith<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let header = self.header;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("alg", self.algorithm.name())?;
        let texts = [
            ("typ", header.typ.as_deref()),
            ("kid", self.key_id),
            ("x5t", header.x5t.as_deref()),
            ("x5t#S256", header.x5t_s256.as_deref()),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        if !header.x5c.is_empty() {
            map.serialize_entry("x5c", &header.x5c)?;
        }
        for (name, value) in &header.extra {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
