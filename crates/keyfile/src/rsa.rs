use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use jwt_bearer_signer::{KeyKind, PublicKey};
use pkcs1::RsaPrivateKeyRef;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
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

/// Whether the numbers belong together: signs with them, and ring verifies what it has signed.
pub(crate) fn check(der: &[u8]) -> Result<(), KeyFileError> {
    let pair = RsaKeyPair::from_der(der).map_err(|_| KeyFileError::mismatched())?;
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), b"", &mut signature)
        .map_err(|_| KeyFileError::mismatched())?;
    // ring signs without the private exponent, and does not look at it.
    #[cfg(feature = "generate")]
    <::rsa::RsaPrivateKey as ::rsa::pkcs1::DecodeRsaPrivateKey>::from_pkcs1_der(der)
        .ok()
        .and_then(|key| key.validate().ok())
        .ok_or_else(KeyFileError::mismatched)?;
    Ok(())
}
