//! Private keys as JSON Web Keys ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)).

use der::Encode;
use der::asn1::UintRef;
use jwt_bearer_signer::{Algorithm, KeyKind};
use pkcs1::RsaPrivateKeyRef;
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::key_file::{Entry, Item, Lock, LockedKey};
use crate::{KeyFileError, PrivateKey, ec, pem, rsa};

/// The numbers are borrowed from the file, so that no copy is made; base64url needs no escapes.
#[derive(Deserialize)]
struct Jwk<'a> {
    kty: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<&'a str>,
    e: Option<&'a str>,
    d: Option<&'a str>,
    p: Option<&'a str>,
    q: Option<&'a str>,
    dp: Option<&'a str>,
    dq: Option<&'a str>,
    qi: Option<&'a str>,
    oth: Option<&'a RawValue>,
    x: Option<&'a str>,
    y: Option<&'a str>,
}

/// The private key in a JWK; `None` if it is a public key, or none that is asymmetric.
pub(crate) fn entry(json: &RawValue) -> Option<Entry> {
    let jwk: Jwk<'_> = match serde_json::from_str(json.get()) {
        Ok(jwk) => jwk,
        Err(_) => return Some(Entry::new(private_key(Err(damaged())))),
    };
    if jwk.d.is_none() || jwk.kty.as_deref() == Some("oct") {
        return None;
    }
    let key = match jwk.kty.as_deref() {
        Some("RSA") => jwk.rsa(),
        Some("EC") => jwk.ec(),
        Some("OKP") => jwk.okp(),
        _ => Err(KeyFileError::unsupported(
            "found a JSON Web Key of an unknown kind, expected `kty` to be RSA, EC or OKP: make a new key",
        )),
    };
    let algorithm = jwk.alg.and_then(|alg| alg.parse::<Algorithm>().ok());
    let entry = Entry::new(private_key(key)).with_algorithm(algorithm);
    Some(match jwk.kid {
        Some(kid) => entry.named(Some(&kid), None).with_alias(kid),
        None => entry,
    })
}

fn private_key(key: Result<PrivateKey, KeyFileError>) -> Item {
    Item::PrivateKey(LockedKey::new(Lock::Read(key)))
}

impl Jwk<'_> {
    /// [RFC 7518 §6.3](https://www.rfc-editor.org/rfc/rfc7518#section-6.3).
    fn rsa(&self) -> Result<PrivateKey, KeyFileError> {
        if self.oth.is_some() {
            return Err(KeyFileError::unsupported_key(
                "an RSA key with more than two primes",
            ));
        }
        let members = [
            ("n", self.n),
            ("e", self.e),
            ("d", self.d),
            ("p", self.p),
            ("q", self.q),
            ("dp", self.dp),
            ("dq", self.dq),
            ("qi", self.qi),
        ];
        let missing: Vec<_> = members
            .iter()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        if !missing.is_empty() {
            return Err(KeyFileError::unsupported(format!(
                "found an RSA key as JSON Web Key without {}, expected all of `n`, `e`, `d`, `p`, `q`, `dp`, `dq` and \
                 `qi`: export it anew with all of them, or as PEM",
                missing.join(", ")
            )));
        }
        let numbers: Vec<_> = members
            .iter()
            .map(|(_, value)| octets(*value))
            .collect::<Result<_, _>>()?;
        let number = |i: usize| UintRef::new(&numbers[i]).map_err(|_| damaged());
        let key = RsaPrivateKeyRef {
            modulus: number(0)?,
            public_exponent: number(1)?,
            private_exponent: number(2)?,
            prime1: number(3)?,
            prime2: number(4)?,
            exponent1: number(5)?,
            exponent2: number(6)?,
            coefficient: number(7)?,
            other_prime_infos: None,
        };
        let der = Zeroizing::new(key.to_der().map_err(|_| damaged())?);
        rsa::read(&der)
    }

    /// [RFC 7518 §6.2](https://www.rfc-editor.org/rfc/rfc7518#section-6.2).
    fn ec(&self) -> Result<PrivateKey, KeyFileError> {
        let (kind, len) = match self.crv.as_deref() {
            Some("P-256") => (KeyKind::P256, 32),
            Some("P-384") => (KeyKind::P384, 48),
            Some("P-521") => {
                return Err(KeyFileError::unsupported_key(
                    "an EC key on the curve P-521",
                ));
            }
            Some("secp256k1") => {
                return Err(KeyFileError::unsupported_key(
                    "an EC key on the curve secp256k1 (not P-256)",
                ));
            }
            _ => {
                return Err(KeyFileError::unsupported_key(
                    "an EC key on an unknown curve",
                ));
            }
        };
        let number = octets(self.d)?;
        let (Some(_), Some(_)) = (self.x, self.y) else {
            return ec::assemble(kind, len, &number, None);
        };
        let mut point = vec![4];
        for coordinate in [octets(self.x)?, octets(self.y)?] {
            let padding = len.checked_sub(coordinate.len()).ok_or_else(damaged)?;
            point.extend(std::iter::repeat_n(0, padding));
            point.extend_from_slice(&coordinate);
        }
        ec::assemble(kind, len, &number, Some(&point))
    }

    /// [RFC 8037 §2](https://www.rfc-editor.org/rfc/rfc8037#section-2).
    fn okp(&self) -> Result<PrivateKey, KeyFileError> {
        match self.crv.as_deref() {
            Some("Ed25519") => {}
            Some("Ed448") => return Err(KeyFileError::unsupported_key("an Ed448 key")),
            Some("X25519" | "X448") => {
                return Err(KeyFileError::unsupported_key(
                    "a key that cannot sign (X25519 or X448)",
                ));
            }
            _ => return Err(KeyFileError::unsupported_key("a key on an unknown curve")),
        }
        let mut seed = Zeroizing::new([0; 32]);
        let number = octets(self.d)?;
        if number.len() != seed.len() {
            return Err(damaged());
        }
        seed.copy_from_slice(&number);
        let public = self.x.map(|x| octets(Some(x))).transpose()?;
        let public = public.map(|public| <[u8; 32]>::try_from(&public[..]));
        let public = public.transpose().map_err(|_| damaged())?;
        Ok(PrivateKey::Ed25519 { seed, public })
    }
}

fn octets(member: Option<&str>) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    pem::base64(member.unwrap_or_default().as_bytes()).ok_or_else(damaged)
}

fn damaged() -> KeyFileError {
    KeyFileError::malformed("the JSON Web Key is damaged; take a fresh copy of the file")
}
