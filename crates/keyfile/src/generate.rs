use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use jwt_bearer_signer::KeyKind;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use zeroize::Zeroizing;

use crate::{KeyFileError, PrivateKey};

/// Needs the feature `generate`.
impl PrivateKey {
    /// Makes an RSA key of 2048, 3072 or 4096 bits, with random numbers of the system.
    ///
    /// Blocks: a tenth of a second for 2048 bits, up to several for 4096.
    ///
    /// # Errors
    /// `Unsupported` for any other size, `Random` if the system gives no random numbers.
    pub fn generate_rsa(bits: usize) -> Result<Self, KeyFileError> {
        if ![2048, 3072, 4096].contains(&bits) {
            let text = format!("asked for an RSA key of {bits} bits, expected 2048, 3072 or 4096");
            return Err(KeyFileError::unsupported(text));
        }
        // The numbers are drawn from one seed, since their source may not fail on the way.
        let mut random = ChaCha20Rng::from_seed(*seed()?);
        let failed = || KeyFileError::malformed("the RSA key could not be made");
        let key = RsaPrivateKey::new(&mut random, bits).map_err(|_| failed())?;
        let der = key.to_pkcs1_der().map_err(|_| failed())?;
        crate::rsa::read(der.as_bytes())
    }

    /// Makes an EC key on [`KeyKind::P256`] or [`KeyKind::P384`], with random numbers of the system.
    ///
    /// # Errors
    /// `Unsupported` for any other kind, `Random` if the system gives no random numbers.
    pub fn generate_ec(curve: KeyKind) -> Result<Self, KeyFileError> {
        let algorithm = match curve {
            KeyKind::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            KeyKind::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            other => {
                let text = format!("asked for a {other} key, expected P-256 or P-384");
                return Err(KeyFileError::unsupported(text));
            }
        };
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())
            .map_err(|_| KeyFileError::no_random_numbers())?;
        Self::read(pkcs8.as_ref(), None)
    }

    /// Makes an Ed25519 key, with random numbers of the system.
    ///
    /// # Errors
    /// `Random` if the system gives no random numbers.
    pub fn generate_ed25519() -> Result<Self, KeyFileError> {
        let seed = seed()?;
        Ok(Self::Ed25519 { seed, public: None })
    }
}

fn seed() -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut seed[..]).map_err(|_| KeyFileError::no_random_numbers())?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeyFileErrorKind;

    #[test]
    fn fresh_keys_are_read_back_and_differ() {
        let makers: [fn() -> Result<PrivateKey, KeyFileError>; 4] = [
            || PrivateKey::generate_rsa(2048),
            || PrivateKey::generate_ec(KeyKind::P256),
            || PrivateKey::generate_ec(KeyKind::P384),
            PrivateKey::generate_ed25519,
        ];
        for make in makers {
            let key = make().unwrap();
            let pem = key.to_pkcs8_pem().unwrap();
            let again = PrivateKey::read(pem.as_bytes(), None).unwrap();
            assert_eq!(*again.to_pkcs8_pem().unwrap(), *pem);
            assert_eq!(again.public_key().unwrap(), key.public_key().unwrap());
            assert_eq!(again.kind(), key.kind());
            assert_ne!(*make().unwrap().to_pkcs8_pem().unwrap(), *pem);
        }
    }

    #[test]
    fn other_sizes_and_curves_are_refused() {
        for bits in [0, 1024, 2047, 8192] {
            let error = PrivateKey::generate_rsa(bits).unwrap_err();
            assert_eq!(error.kind(), KeyFileErrorKind::Unsupported);
            assert_eq!(
                error.to_string(),
                format!("asked for an RSA key of {bits} bits, expected 2048, 3072 or 4096")
            );
        }
        for kind in [KeyKind::P521, KeyKind::Secp256k1, KeyKind::Ed25519] {
            let error = PrivateKey::generate_ec(kind).unwrap_err();
            assert_eq!(error.kind(), KeyFileErrorKind::Unsupported);
            assert_eq!(
                error.to_string(),
                format!("asked for a {kind} key, expected P-256 or P-384")
            );
        }
    }
}
