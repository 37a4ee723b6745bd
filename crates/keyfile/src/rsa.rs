use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use jwt_bearer_signer::{KeyKind, PublicKey};
use pkcs1::RsaPrivateKeyRef;
use zeroize::Zeroizing;

use crate::{KeyFileError, PrivateKey};

/// `rsaEncryption`.
pub(crate) const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Reads the DER of `RSAPrivateKey` and refuses what ring does not sign with, since ring cannot say why.
pub(crate) fn read(der: &[u8]) -> Result<PrivateKey, KeyFileError> {
    let damaged = || {
        KeyFileError::malformed(
            "the PKCS#1 of the RSA key is damaged; take a fresh copy of the file",
        )
    };
    let key = RsaPrivateKeyRef::from_der(der).map_err(|_| damaged())?;
    let public = key.public_key().to_der().map_err(|_| damaged())?;
    let kind = PublicKey::from_rsa_der(&public)
        .map_err(|_| damaged())?
        .kind();

    if key.other_prime_infos.is_some() {
        return Err(KeyFileError::unsupported_key(
            "an RSA key with more than two primes",
        ));
    }
    let KeyKind::Rsa { bits, .. } = kind else {
        return Err(damaged());
    };
    if ![2048, 3072, 4096].contains(&bits) {
        return Err(KeyFileError::unsupported_key(&format!(
            "an RSA key of {bits} bits"
        )));
    }
    let exponent = key.public_exponent.as_bytes();
    match exponent {
        [.., last] if last % 2 == 0 => return Err(damaged()),
        // ring takes 65537 and above, up to 33 bits.
        [_, _, _] | [_, _, _, _] | [1, _, _, _, _] => {}
        [3] => {
            return Err(KeyFileError::unsupported_key(
                "an RSA key with the public exponent 3",
            ));
        }
        _ => {
            return Err(KeyFileError::unsupported_key(
                "an RSA key with a public exponent below 65537 or above 33 bits",
            ));
        }
    }
    Ok(PrivateKey::Rsa {
        kind,
        pkcs1: Zeroizing::new(der.to_vec()),
    })
}
