use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use der::Decode;
use jwt_bearer_signer::Algorithm;
use pkcs1::RsaPrivateKeyRef;
use zeroize::Zeroizing;

use crate::{KeyFileError, PrivateKey};

/// Room for RSA-4096, so that the text never grows and leaves no copy behind.
const ROOM: usize = 8192;

impl PrivateKey {
    /// The key as a private JSON Web Key, with the public members and those that sign
    /// ([RFC 7518 §6](https://www.rfc-editor.org/rfc/rfc7518#section-6),
    /// [RFC 8037 §2](https://www.rfc-editor.org/rfc/rfc8037#section-2)): one line of JSON. `kid` is the key id, or
    /// without one the thumbprint of RFC 7638, as in the public JWK; `alg` is the algorithm, if there is one.
    ///
    /// # Errors
    /// `Malformed` if the numbers of the key do not belong together.
    pub fn to_jwk(
        &self,
        key_id: Option<&str>,
        algorithm: Option<Algorithm>,
    ) -> Result<Zeroizing<String>, KeyFileError> {
        self.check()?;
        let public_key = self.public_key()?;
        let jwk = public_key.to_jwk();
        let key_id = key_id.map_or_else(|| public_key.thumbprint(), Into::into);
        let key_id = serde_json::Value::from(key_id).to_string();
        let mut json = Json(Zeroizing::new(String::with_capacity(ROOM + key_id.len())));
        json.text("kty", jwk.kty);
        json.begin("kid");
        json.0.push_str(&key_id);
        for (name, value) in [
            ("alg", algorithm.map(Algorithm::name)),
            ("crv", jwk.crv),
            ("n", jwk.n.as_deref()),
            ("e", jwk.e.as_deref()),
            ("x", jwk.x.as_deref()),
            ("y", jwk.y.as_deref()),
        ] {
            if let Some(value) = value {
                json.text(name, value);
            }
        }
        match self {
            Self::Rsa { pkcs1, .. } => {
                let key = RsaPrivateKeyRef::from_der(pkcs1)
                    .map_err(|_| KeyFileError::malformed("the RSA key is damaged"))?;
                for (name, number) in [
                    ("d", key.private_exponent),
                    ("p", key.prime1),
                    ("q", key.prime2),
                    ("dp", key.exponent1),
                    ("dq", key.exponent2),
                    ("qi", key.coefficient),
                ] {
                    json.octets(name, number.as_bytes());
                }
            }
            Self::Ec { scalar, .. } => json.octets("d", scalar),
            Self::Ed25519 { seed, .. } => json.octets("d", &seed[..]),
        }
        json.0.push_str("}\n");
        Ok(json.0)
    }
}

/// An object of texts.
struct Json(Zeroizing<String>);

impl Json {
    /// A text that needs no escape: base64url, or a name that JOSE gives.
    fn text(&mut self, name: &str, value: &str) {
        self.begin(name);
        self.0.push('"');
        self.0.push_str(value);
        self.0.push('"');
    }

    fn octets(&mut self, name: &str, octets: &[u8]) {
        self.begin(name);
        self.0.push('"');
        URL_SAFE_NO_PAD.encode_string(octets, &mut self.0);
        self.0.push('"');
    }

    fn begin(&mut self, name: &str) {
        let before = if self.0.is_empty() { "{" } else { "," };
        self.0.push_str(before);
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_enough() {
        for name in ["rsa-4096.pem", "p384.pem", "ed25519.pem"] {
            let path = format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"));
            let key = PrivateKey::read(&std::fs::read(path).unwrap(), None).unwrap();
            let jwk = key.to_jwk(None, Some(Algorithm::Ps256)).unwrap();
            assert!(jwk.len() <= ROOM && jwk.capacity() < 2 * ROOM);
            let name = "\u{1}\"".repeat(9000);
            let jwk = key.to_jwk(Some(&name), None).unwrap();
            assert!(jwk.capacity() < 2 * ROOM + 8 * name.len());
            assert!(jwk.contains(&format!("\"kid\":\"{}\"", "\\u0001\\\"".repeat(9000))));
        }
    }
}
