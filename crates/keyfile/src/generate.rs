use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::rand_core::UnwrapErr;

use crate::{KeyFileError, KeyFileErrorKind, PrivateKey};

impl PrivateKey {
    /// Makes an RSA key of 2048, 3072 or 4096 bits, with random numbers of the system. Needs the feature `generate`.
    ///
    /// Blocks: a tenth of a second for 2048 bits, up to several for 4096.
    ///
    /// # Errors
    /// `Unsupported` for any other size.
    ///
    /// # Panics
    /// If the system gives no random numbers.
    pub fn generate_rsa(bits: usize) -> Result<Self, KeyFileError> {
        if ![2048, 3072, 4096].contains(&bits) {
            let text = format!("asked for an RSA key of {bits} bits, expected 2048, 3072 or 4096");
            return Err(KeyFileError::unsupported(text));
        }
        let failed = |text: String| KeyFileError::new(KeyFileErrorKind::Malformed, text);
        let key = RsaPrivateKey::new(&mut UnwrapErr(getrandom::SysRng), bits)
            .map_err(|error| failed(format!("the RSA key could not be made: {error}")))?;
        let der = key
            .to_pkcs1_der()
            .map_err(|_| failed("the RSA key could not be written".into()))?;
        crate::rsa::read(der.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_key_is_read_back() {
        let key = PrivateKey::generate_rsa(2048).unwrap();
        let pem = key.to_pkcs8_pem();
        let again = PrivateKey::read(pem.as_bytes(), None).unwrap();
        assert_eq!(*again.to_pkcs8_pem(), *pem);
        assert_ne!(
            *PrivateKey::generate_rsa(2048).unwrap().to_pkcs8_pem(),
            *pem
        );
    }

    #[test]
    fn other_sizes_are_refused() {
        for bits in [0, 1024, 2047, 8192] {
            let error = PrivateKey::generate_rsa(bits).unwrap_err();
            assert_eq!(error.kind(), KeyFileErrorKind::Unsupported);
            assert_eq!(
                error.to_string(),
                format!("asked for an RSA key of {bits} bits, expected 2048, 3072 or 4096")
            );
        }
    }
}
