use std::fmt;
use std::str::FromStr;

use ring::digest;

/// A JWS algorithm, by its name in the JOSE header member `alg`
/// ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1),
/// [RFC 8037 §3.1](https://www.rfc-editor.org/rfc/rfc8037#section-3.1),
/// [RFC 8812 §3.2](https://www.rfc-editor.org/rfc/rfc8812#section-3.2)).
///
/// Only algorithms with a private and a public key are here: RFC 7523 with a shared secret needs no signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, the one that every provider takes.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 octets.
    Ps256,
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48 octets.
    Ps384,
    /// RSASSA-PSS with SHA-512, MGF1 with SHA-512 and a salt of 64 octets.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// ECDSA on secp256k1 with SHA-256.
    Es256K,
    /// Ed25519, which takes the message itself and no digest.
    EdDsa,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: &'static [Self] = &[
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Es256K,
        Self::EdDsa,
    ];

    /// The name as it stands in `alg`, for example `RS256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Es256K => "ES256K",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The digest of `input` that the signature is made over; `None` for EdDSA, which signs the message.
    #[must_use]
    pub fn digest(self, input: &[u8]) -> Option<Digest> {
        let hash = match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 | Self::Es256K => &digest::SHA256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => &digest::SHA384,
            Self::Rs512 | Self::Ps512 | Self::Es512 => &digest::SHA512,
            Self::EdDsa => return None,
        };
        Some(Digest(digest::digest(hash, input)))
    }

    /// The length in octets of each of the two numbers in an ECDSA signature; `None` for the others.
    pub(crate) const fn ecdsa_scalar_len(self) -> Option<usize> {
        match self {
            Self::Es256 | Self::Es256K => Some(32),
            Self::Es384 => Some(48),
            Self::Es512 => Some(66),
            _ => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    /// Reads the exact name; `alg` is case-sensitive ([RFC 7515 §4.1.1](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.1)).
    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL
            .iter()
            .copied()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| UnknownAlgorithm(name.into()))
    }
}

/// A SHA-2 digest: 32, 48 or 64 octets by [`AsRef`].
#[derive(Clone, Copy, Debug)]
pub struct Digest(digest::Digest);

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref()
    }
}

/// A text that names no algorithm known here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, ES256K, EdDSA"
)]
pub struct UnknownAlgorithm(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for algorithm in Algorithm::ALL.iter().copied() {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
            assert_eq!(format!("{algorithm:>7}").trim_start(), algorithm.name());
        }
    }

    #[test]
    fn names_are_exact() {
        for name in ["rs256", "RS256 ", "HS256", "none", ""] {
            let error = name.parse::<Algorithm>().unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("`{name}` is not one of RS256"))
            );
        }
    }

    #[test]
    fn digests_have_the_length_of_the_hash() {
        let lengths: Vec<_> = Algorithm::ALL
            .iter()
            .map(|algorithm| Some(algorithm.digest(b"abc")?.as_ref().len()))
            .collect();
        let expected = [32, 48, 64, 32, 48, 64, 32, 48, 64, 32].map(Some);
        assert_eq!(lengths[..10], expected);
        assert_eq!(lengths[10], None);
    }
}
