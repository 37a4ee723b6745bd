use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jwt_bearer_signer::{Algorithm, KeyKind, PublicKey, SignError, Signature, Signer};

use crate::algorithm::{choose, payload, reference};
use crate::caller::Caller;
use crate::error::{invalid_key, not_found, other};
use crate::session::Request;
use crate::thread::CardThread;
use crate::{PinPolicy, PivKey, PublicKeySource, Slot, TouchPolicy, describe, find};

/// Signs with a private key that never leaves its token. Made by [`PivKey`].
///
/// All signers of a process with the same token share one thread, on which their calls stand in a queue. Every
/// signature is verified with the public key before it is given out. Needs a tokio runtime with time.
///
/// A token that was pulled out, reset by another program, or lost with the PC/SC service is looked for at the next
/// call; while it is away, calls fail with `Unavailable`. Another token is never used in its place.
///
/// Dropping the future of a signature gives it up: it is not made, and costs no PIN try, if its turn has not come.
///
/// Dropping the last signer of a token takes the PIN back, and waits for that, for up to 0.3 seconds.
pub struct PivSigner {
    card: Arc<CardThread>,
    serial: u32,
    request: Arc<Request>,
    key_id: Option<String>,
    public_key: PublicKey,
    source: PublicKeySource,
    timeout: Duration,
}

impl PivSigner {
    pub(crate) fn open(options: PivKey, caller: Caller<'_>) -> Result<Self, SignError> {
        let slot = options.slot;
        let token = find::one(options.serial, "", caller)?;
        let serial = token.serial;
        let key = token.read(|yubikey| describe::key(yubikey, slot))?;
        let key = key.ok_or_else(|| {
            not_found(format!(
                "slot {slot} of YubiKey {serial} holds no key that can be used; make one with `ykman --device {serial} \
                 piv keys generate {slot} public.pem`"
            ))
        })?;
        let unfit = |what: &str| {
            invalid_key(format!(
                "slot {slot} of YubiKey {serial} holds {what}; use an RSA-2048 to RSA-4096, P-256, P-384 or Ed25519 key"
            ))
        };
        let public_key = key.public_key.clone().ok_or_else(|| unfit(&key.kind))?;
        let kind = public_key.kind();
        let reference = reference(kind).ok_or_else(|| {
            unfit(&format!(
                "a key of the kind {kind}, which signs no JWT (RFC 7518 §3.3)"
            ))
        })?;
        let algorithm = choose(options.algorithm, kind)?;
        Ok(Self {
            card: CardThread::of(serial, token.reader)?,
            serial,
            request: Arc::new(Request {
                slot,
                algorithm,
                reference,
                pin_policy: key.pin_policy,
                touch_policy: key.touch_policy,
                pin: options.pin,
                spend_last_try: options.spend_last_try,
                on_touch: options.on_touch,
            }),
            key_id: options.key_id,
            public_key,
            source: key.source,
            timeout: options.timeout,
        })
    }

    /// The serial number of the token.
    #[must_use]
    pub const fn serial(&self) -> u32 {
        self.serial
    }

    /// The slot of the key.
    #[must_use]
    pub fn slot(&self) -> Slot {
        self.request.slot
    }

    /// What the public key was read from.
    #[must_use]
    pub const fn public_key_source(&self) -> PublicKeySource {
        self.source
    }

    /// When the PIN is needed; `None` if the token does not tell.
    #[must_use]
    pub fn pin_policy(&self) -> Option<PinPolicy> {
        self.request.pin_policy
    }

    /// When a touch is needed; `None` if the token does not tell.
    #[must_use]
    pub fn touch_policy(&self) -> Option<TouchPolicy> {
        self.request.touch_policy
    }
}

#[async_trait]
impl Signer for PivSigner {
    fn algorithm(&self) -> Algorithm {
        self.request.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Waits for its turn, for other programs that hold the token, and for a PIN and a touch where the key has such a
    /// policy.
    ///
    /// # Errors
    /// - `AccessDenied`: the PIN is wrong, was refused before, or is blocked, or one try is left and may not be spent.
    /// - `InteractionRequired`: a PIN is needed and none was given, or the token was not touched.
    /// - `Unavailable`: the token is away, or was lost again during the call.
    /// - `Timeout`: the limit is over; the text says what was waited for. Waiting for the PIN, it is
    ///   `InteractionRequired`.
    /// - `InputLength`: more octets than the token takes with EdDSA.
    /// - `KeyNotFound`, `InvalidKey`: the slot was emptied, or has another key by now; open it again.
    /// - `Other`: the signature does not verify, the token does not keep to its protocol, or it was lost while the PIN
    ///   was on its way, which may have cost a try.
    async fn sign(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
        let algorithm = self.request.algorithm;
        let kind = self.public_key.kind();
        let payload = payload(algorithm, kind, signing_input)?;
        let request = Arc::clone(&self.request);
        let octets = self.card.sign(request, payload, self.timeout).await?;
        let signature = match kind {
            KeyKind::P256 | KeyKind::P384 => Signature::from_ecdsa_der(algorithm, &octets),
            _ => Signature::from_jose(algorithm, &octets),
        };
        let (slot, serial) = (self.slot(), self.serial);
        signature
            .ok()
            .filter(|signature| {
                self.public_key
                    .verify(algorithm, signing_input, signature.as_bytes())
                    .is_ok()
            })
            .ok_or_else(|| {
                other(format!(
                    "the signature is not by the public key of slot {slot} of YubiKey {serial}: the {} was of another \
                     key, the key was replaced since, or the token is faulty; open the key again",
                    self.source
                ))
            })
    }
}

impl fmt::Debug for PivSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PivSigner")
            .field("serial", &self.serial)
            .field("request", &self.request)
            .field("key_id", &self.key_id)
            .field("public_key", &self.public_key)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
