use serde::Serialize;

/// A public key as JSON Web Key ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)), ready for `serde_json`.
///
/// The values of the key itself are base64url without padding
/// ([RFC 7518 §6](https://www.rfc-editor.org/rfc/rfc7518#section-6), [RFC 8037 §2](https://www.rfc-editor.org/rfc/rfc8037#section-2)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Jwk {
    /// The key type: `RSA`, `EC` or `OKP`.
    pub kty: &'static str,
    /// The curve, for `EC` and `OKP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<&'static str>,
    /// The x coordinate (`EC`) or the public key (`OKP`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The y coordinate, for `EC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus, for `RSA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The public exponent, for `RSA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// The key id, which an assertion's header names as `kid`. Not set by [`PublicKey::to_jwk`](crate::PublicKey::to_jwk).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The algorithm that the key is meant for. Not set by [`PublicKey::to_jwk`](crate::PublicKey::to_jwk).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<&'static str>,
    /// What the key is for: `sig`. Not set by [`PublicKey::to_jwk`](crate::PublicKey::to_jwk).
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub key_use: Option<&'static str>,
}

impl Jwk {
    /// The required members in lexicographic order without white space: what a thumbprint is made over
    /// ([RFC 7638 §3.2](https://www.rfc-editor.org/rfc/rfc7638#section-3.2)). No value needs escaping.
    pub(crate) fn thumbprint_input(&self) -> String {
        let members = [
            ("crv", self.crv),
            ("e", self.e.as_deref()),
            ("kty", Some(self.kty)),
            ("n", self.n.as_deref()),
            ("x", self.x.as_deref()),
            ("y", self.y.as_deref()),
        ];
        let members: Vec<_> = members
            .into_iter()
            .filter_map(|(name, value)| Some(format!("\"{name}\":\"{}\"", value?)))
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

/// A JWK Set ([RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5)), ready for `serde_json`: what is
/// published at a `jwks_uri`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JwkSet {
    /// The keys, each with a `kid` of its own.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// The set of these keys.
    #[must_use]
    pub const fn new(keys: Vec<Jwk>) -> Self {
        Self { keys }
    }
}
