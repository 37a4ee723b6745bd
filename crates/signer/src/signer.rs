use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{Algorithm, PublicKey, SignError, Signature};

/// A private key that signs, wherever it lives.
///
/// Held as `Arc<dyn Signer>`. To add a place where keys live, implement these four methods.
#[async_trait]
pub trait Signer: Debug + Send + Sync {
    /// The one algorithm that this signer signs with, fixed when it is made.
    fn algorithm(&self) -> Algorithm;

    /// The key id for the JOSE header member `kid`, if one was given when the signer was made.
    ///
    /// Never the key's name in its own world (an ARN, a slot, a serial number) by default: servers do not know that.
    fn key_id(&self) -> Option<&str>;

    /// The public key, fetched when the signer was made. No I/O.
    fn public_key(&self) -> &PublicKey;

    /// Signs the message itself, not a digest of it.
    ///
    /// May do I/O, wait for a device or for a person. Dropping the future gives the signature up.
    ///
    /// # Errors
    /// Any [`SignErrorKind`](crate::SignErrorKind).
    async fn sign(&self, signing_input: &[u8]) -> Result<Signature, SignError>;
}

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        #[async_trait]
        impl<T: Signer + ?Sized> Signer for $pointer {
            fn algorithm(&self) -> Algorithm {
                (**self).algorithm()
            }

            fn key_id(&self) -> Option<&str> {
                (**self).key_id()
            }

            fn public_key(&self) -> &PublicKey {
                (**self).public_key()
            }

            async fn sign(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
                (**self).sign(signing_input).await
            }
        }
    )+};
}

forward!(&T, Arc<T>, Box<T>);

/// Compiles only while the trait can be held as an object and shared between threads.
const _: fn(Arc<dyn Signer>, &dyn Signer) = |owned, borrowed| {
    fn takes(_: &(impl Signer + 'static + ?Sized)) {}
    takes(&owned);
    let _: &dyn Signer = &borrowed;
};
