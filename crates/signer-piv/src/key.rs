use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jwt_bearer_signer::{Algorithm, SignError};
use secrecy::SecretString;

use crate::pin::PinSource;
use crate::thread::{DEFAULT_TIMEOUT, apart};
use crate::{PinRequest, PivSigner, Slot};

/// Which key of which token to sign with, and how. Ends with [`open`](Self::open).
#[derive(Clone)]
#[must_use]
pub struct PivKey {
    pub(crate) slot: Slot,
    pub(crate) serial: Option<u32>,
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) key_id: Option<String>,
    pub(crate) pin: PinSource,
    pub(crate) on_touch: Option<Arc<dyn Fn() + Send + Sync>>,
    pub(crate) spend_last_try: bool,
    pub(crate) timeout: Duration,
}

impl PivKey {
    /// The key in this slot of the one token that is plugged in.
    pub fn new(slot: Slot) -> Self {
        Self {
            slot,
            serial: None,
            algorithm: None,
            key_id: None,
            pin: PinSource::None,
            on_touch: None,
            spend_last_try: false,
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// The serial number of the token, as it is printed on it. Needed if there are several.
    pub fn serial(mut self, serial: u32) -> Self {
        self.serial = Some(serial);
        self
    }

    /// The algorithm, where the key can do more than one: RSA keys sign with RS256 unless another is set.
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// The key id for the JOSE header, by which the server knows the key.
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// The PIN, in 6 to 8 octets. Sent to the token at the first signature that needs it, and kept in memory that is
    /// wiped.
    pub fn pin(mut self, pin: SecretString) -> Self {
        self.pin = PinSource::Given(Arc::new(pin));
        self
    }

    /// Asks for the PIN at the first signature that needs it, and again after it was refused.
    ///
    /// Called on the thread of the card, where it may block, for example at a prompt; other signatures with the same
    /// token wait meanwhile, and [`timeout`](Self::timeout) counts. The PIN that the token accepted is kept, in memory
    /// that is wiped, until the last signer of this token is gone: it serves all of them.
    pub fn pin_from(
        mut self,
        ask: impl Fn(PinRequest) -> Result<SecretString, SignError> + Send + Sync + 'static,
    ) -> Self {
        self.pin = PinSource::Asked(Arc::new(ask));
        self
    }

    /// Called when the token is about to wait for a touch, which it does for some 15 seconds. Must not block.
    pub fn on_touch(mut self, tell: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_touch = Some(Arc::new(tell));
        self
    }

    /// Whether the last try before the PIN is blocked may be spent. Not unless this is set to true.
    ///
    /// Tries are counted before a PIN is sent, but not before one that the token has accepted on the same connection:
    /// with the PIN policy always, it is sent at every signature. Where another program changes the PIN meanwhile and
    /// leaves one try, that one is spent.
    pub fn spend_last_try(mut self, spend: bool) -> Self {
        self.spend_last_try = spend;
        self
    }

    /// How long opening may take, and each signature: waiting for its turn, for other programs, for the PIN and the
    /// touch included. 60 seconds unless another limit is set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Finds the token and reads the public key. Asks for no PIN.
    ///
    /// Talks to the token on a thread of its own, and selects its PIV application, as every PIV program does: another
    /// program may have to give its PIN again. Needs a tokio runtime with time.
    ///
    /// # Errors
    /// - `KeyNotFound`: the slot is empty, or several tokens are plugged in and no serial number was set.
    /// - `InvalidKey`: the key is X25519 or RSA with 1,024 bits, which sign no JWT.
    /// - `UnsupportedAlgorithm`: the algorithm does not fit the key.
    /// - `AccessDenied`: the PIN that was set can be none, or this user may not use the PC/SC service.
    /// - `Unavailable`: the token is not plugged in, another program has it for itself, or the PC/SC service does not
    ///   run.
    /// - `Timeout`: another program holds a token, or another opening of this process has not come to its end.
    pub async fn open(self) -> Result<PivSigner, SignError> {
        self.pin.check()?;
        apart(self.timeout, move |caller| PivSigner::open(self, caller)).await
    }
}

impl fmt::Debug for PivKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PivKey")
            .field("slot", &self.slot)
            .field("serial", &self.serial)
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .field("pin", &self.pin)
            .field("spend_last_try", &self.spend_last_try)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
