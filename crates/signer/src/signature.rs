use std::fmt;
use std::ops::RangeInclusive;

use der::asn1::UintRef;
use der::{Decode, Encode};

use crate::{Algorithm, FormatError};

/// RSA-4096 makes the longest signature.
const MAX_LEN: usize = 512;

/// A signature in the octets that a JWS carries
/// ([RFC 7518 §3.3 to §3.5](https://www.rfc-editor.org/rfc/rfc7518#section-3.3),
/// [RFC 8037 §3.1](https://www.rfc-editor.org/rfc/rfc8037#section-3.1)).
///
/// For ECDSA these are the two numbers r and s, each of the curve's length, never the DER structure that
/// X.509, AWS KMS and smart cards use; [`from_ecdsa_der`](Self::from_ecdsa_der) and
/// [`to_ecdsa_der`](Self::to_ecdsa_der) lead from one to the other. Kept inline, without an allocation.
#[derive(Clone, Copy)]
pub struct Signature {
    algorithm: Algorithm,
    len: u16,
    octets: [u8; MAX_LEN],
}

impl Signature {
    /// A signature from JOSE octets.
    ///
    /// # Errors
    /// `Malformed` if the length is not one that `algorithm` makes: 64, 96 or 132 octets for ECDSA, 64 for EdDSA,
    /// 256 to 512 for RSA.
    #[inline]
    pub fn from_jose(algorithm: Algorithm, octets: &[u8]) -> Result<Self, FormatError> {
        if !lengths(algorithm).contains(&octets.len()) {
            return Err(wrong_length(algorithm, octets));
        }
        let mut signature = Self {
            algorithm,
            len: 0,
            octets: [0; MAX_LEN],
        };
        signature.extend(octets);
        Ok(signature)
    }

    /// A signature from the DER of `ECDSA-Sig-Value` ([RFC 3279 §2.2.3](https://www.rfc-editor.org/rfc/rfc3279#section-2.2.3)),
    /// as AWS KMS, PIV tokens and OpenSSL answer it.
    ///
    /// # Errors
    /// `Malformed` if `algorithm` is not ECDSA, if the bytes are not this structure, or if a number is too large for
    /// the curve.
    pub fn from_ecdsa_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, FormatError> {
        let len = algorithm.ecdsa_scalar_len().ok_or_else(|| {
            FormatError::malformed(format!(
                "an ECDSA signature, where {algorithm} was expected"
            ))
        })?;
        let numbers = two_integers(der).ok_or_else(|| {
            FormatError::malformed(format!(
                "{} bytes that are not the DER of an ECDSA signature",
                der.len()
            ))
        })?;
        let mut signature = Self {
            algorithm,
            len: 0,
            octets: [0; MAX_LEN],
        };
        for number in numbers {
            let padding = len.checked_sub(number.len()).ok_or_else(|| {
                FormatError::malformed(format!(
                    "an ECDSA signature with a number of {} octets, where {algorithm} has {len}",
                    number.len()
                ))
            })?;
            signature.extend(&[0; MAX_LEN][..padding]);
            signature.extend(number);
        }
        Ok(signature)
    }

    /// The algorithm that made it.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The JOSE octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }

    /// The same signature as DER of `ECDSA-Sig-Value`, for X.509; `None` if it is not ECDSA.
    #[must_use]
    pub fn to_ecdsa_der(&self) -> Option<Vec<u8>> {
        let (r, s) = self.as_bytes().split_at(self.algorithm.ecdsa_scalar_len()?);
        vec![UintRef::new(r).ok()?, UintRef::new(s).ok()?]
            .to_der()
            .ok()
    }

    fn extend(&mut self, bytes: &[u8]) {
        let start = usize::from(self.len);
        self.octets[start..start + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len() as u16;
    }
}

impl fmt::Debug for Signature {
    /// Tells the algorithm and the length: a whole signature turns a logged signing input into a credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({}, {} octets)", self.algorithm, self.len)
    }
}

fn lengths(algorithm: Algorithm) -> RangeInclusive<usize> {
    match algorithm {
        Algorithm::EdDsa => 64..=64,
        _ => match algorithm.ecdsa_scalar_len() {
            Some(len) => 2 * len..=2 * len,
            None => 256..=MAX_LEN,
        },
    }
}

#[cold]
fn wrong_length(algorithm: Algorithm, octets: &[u8]) -> FormatError {
    let (low, high) = lengths(algorithm).into_inner();
    let wanted = if low == high {
        low.to_string()
    } else {
        format!("{low} to {high}")
    };
    let hint = if two_integers(octets).is_some() {
        "; these are ECDSA DER"
    } else {
        ""
    };
    FormatError::malformed(format!(
        "a signature of {} octets, where {algorithm} has {wanted}{hint}",
        octets.len()
    ))
}

/// The two numbers of a DER sequence, big-endian without leading zeros: an ECDSA signature or an RSA public key.
pub(crate) fn two_integers(der: &[u8]) -> Option<[&[u8]; 2]> {
    match Vec::<UintRef<'_>>::from_der(der).ok()?[..] {
        [a, b] => Some([a.as_bytes(), b.as_bytes()]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// r with a leading zero octet in JOSE, s with its top bit set, so that DER shortens one and lengthens the other.
    fn jose() -> [u8; 64] {
        let mut octets = [0x11; 64];
        octets[0] = 0;
        octets[32] = 0xff;
        octets
    }

    #[test]
    fn ecdsa_der_goes_both_ways() {
        let signature = Signature::from_jose(Algorithm::Es256, &jose()).unwrap();
        let der = signature.to_ecdsa_der().unwrap();
        assert_eq!(der[..4], [0x30, 31 + 33 + 4, 0x02, 31]);
        let back = Signature::from_ecdsa_der(Algorithm::Es256, &der).unwrap();
        assert_eq!(back.as_bytes(), jose());
    }

    #[test]
    fn lengths_are_checked() {
        let cases = [
            (
                Algorithm::Es256,
                70,
                "a signature of 70 octets, where ES256 has 64",
            ),
            (
                Algorithm::Es384,
                64,
                "a signature of 64 octets, where ES384 has 96",
            ),
            (
                Algorithm::Es512,
                131,
                "a signature of 131 octets, where ES512 has 132",
            ),
            (
                Algorithm::EdDsa,
                0,
                "a signature of 0 octets, where EdDSA has 64",
            ),
            (
                Algorithm::Rs256,
                128,
                "a signature of 128 octets, where RS256 has 256 to 512",
            ),
            (
                Algorithm::Ps512,
                513,
                "a signature of 513 octets, where PS512 has 256 to 512",
            ),
        ];
        for (algorithm, len, text) in cases {
            assert_eq!(
                Signature::from_jose(algorithm, &vec![0; len])
                    .unwrap_err()
                    .to_string(),
                text
            );
        }
        for len in [256, 384, 512] {
            assert_eq!(
                Signature::from_jose(Algorithm::Rs256, &vec![7; len])
                    .unwrap()
                    .as_bytes(),
                vec![7; len]
            );
        }
    }

    #[test]
    fn der_where_jose_belongs_is_named() {
        let der = Signature::from_jose(Algorithm::Es256, &jose())
            .unwrap()
            .to_ecdsa_der()
            .unwrap();
        let error = Signature::from_jose(Algorithm::Es256, &der).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a signature of 70 octets, where ES256 has 64; these are ECDSA DER"
        );
    }

    #[test]
    fn wrong_der_is_refused() {
        let p384 = Signature::from_jose(Algorithm::Es384, &[0x7f; 96])
            .unwrap()
            .to_ecdsa_der()
            .unwrap();
        let cases: [(Algorithm, &[u8], &str); 5] = [
            (
                Algorithm::Rs256,
                &[],
                "an ECDSA signature, where RS256 was expected",
            ),
            (
                Algorithm::Es256,
                &[],
                "0 bytes that are not the DER of an ECDSA signature",
            ),
            (
                Algorithm::Es256,
                &[0x30, 3, 2, 1, 1],
                "5 bytes that are not the DER of an ECDSA signature",
            ),
            (
                Algorithm::Es256,
                &[0x30, 6, 2, 1, 0x81, 2, 1, 1],
                "8 bytes that are not the DER of an ECDSA signature",
            ),
            (
                Algorithm::Es256,
                &p384,
                "an ECDSA signature with a number of 48 octets, where ES256 has 32",
            ),
        ];
        for (algorithm, der, text) in cases {
            assert_eq!(
                Signature::from_ecdsa_der(algorithm, der)
                    .unwrap_err()
                    .to_string(),
                text
            );
        }
    }

    #[test]
    fn debug_does_not_show_the_octets() {
        let signature = Signature::from_jose(Algorithm::Es256, &[0x11; 64]).unwrap();
        assert_eq!(format!("{signature:?}"), "Signature(ES256, 64 octets)");
    }
}
