use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKeyChain};

use crate::form::Form;
use crate::pem;
use crate::recognise::{self, Content};
use crate::{KeyFileError, KeyFileErrorKind, PrivateKey, public_key, read_public_key};

/// As many for the cipher as for the MAC, since whoever guesses takes the cheaper one.
const ITERATIONS: u32 = 600_000;

impl PrivateKey {
    /// The key and its certificate as PKCS#12 ([RFC 7292](https://www.rfc-editor.org/rfc/rfc7292)), under the name
    /// `alias`. Needs the feature `pkcs12`.
    ///
    /// `certificates` is PEM or DER, the key's own first and those that signed it after. Encrypted with PBES2 as
    /// [`to_encrypted_pkcs8_der`](Self::to_encrypted_pkcs8_der) does, and closed with HMAC-SHA256: OpenSSL 1.1, Java 8u301
    /// and whatever is newer read this. Blocks for about a second.
    ///
    /// # Errors
    /// `NotAPublicKey` if there is no certificate, `OtherKey` if the first belongs to another key, `Malformed` if it or
    /// the key is damaged, `Unsupported` for an empty passphrase, or one with characters beyond U+FFFF, which PKCS#12 cannot hold.
    pub fn to_pkcs12(
        &self,
        alias: &str,
        certificates: &[u8],
        passphrase: &str,
    ) -> Result<Vec<u8>, KeyFileError> {
        let is_holdable = |text: &str| text.chars().all(|c| u32::from(c) <= 0xffff);
        if passphrase.is_empty() || !is_holdable(passphrase) || !is_holdable(alias) {
            return Err(KeyFileError::unsupported(
                "the passphrase is empty, or it or the alias has characters that PKCS#12 cannot hold: choose others, \
                 of letters and digits for example",
            ));
        }
        let chain = chain(certificates)?;
        // Not what else is in the file: a public key beside the certificates says nothing of them.
        if public_key::from_der(&chain[0])? != self.public_key()? {
            return Err(KeyFileError::new(
                KeyFileErrorKind::OtherKey,
                "the certificate belongs to another key: take the one that was made for this key",
            ));
        }
        let unwritable = |error: p12_keystore::error::Error| {
            // The errors of this crate name what failed, and quote nothing.
            KeyFileError::new(
                KeyFileErrorKind::Malformed,
                format!("the PKCS#12 store cannot be written: {error}"),
            )
        };
        let chain = chain
            .iter()
            .map(|der| Certificate::from_der(der))
            .collect::<Result<Vec<_>, _>>()
            .map_err(unwritable)?;
        let key = p12_keystore::PrivateKey::from_der(&self.to_pkcs8_der()?).map_err(unwritable)?;
        let mut store = KeyStore::new();
        let chain = PrivateKeyChain::new(alias, key, chain);
        store.add_entry(alias, KeyStoreEntry::PrivateKeyChain(chain));
        store
            .writer(passphrase)
            .encryption_iterations(ITERATIONS)
            .mac_iterations(ITERATIONS)
            .write()
            .map_err(unwritable)
    }
}

/// The certificates in DER, one at least.
fn chain(bytes: &[u8]) -> Result<Vec<Vec<u8>>, KeyFileError> {
    let chain: Vec<_> = match Content::of(bytes) {
        Content::Pem(text) => pem::blocks(&text)?
            .iter()
            .filter(|block| block.form() == Some(Form::Certificate))
            .map(|block| Ok(block.decode()?.to_vec()))
            .collect::<Result<_, KeyFileError>>()?,
        Content::Der(der) if recognise::form_of_der(&der)? == Form::Certificate => {
            vec![der.to_vec()]
        }
        _ => Vec::new(),
    };
    if chain.is_empty() {
        read_public_key(bytes)?;
        return Err(KeyFileError::new(
            KeyFileErrorKind::NotAPublicKey,
            "found a public key, expected an X.509 certificate: PKCS#12 holds a key with its certificate",
        ));
    }
    Ok(chain)
}
