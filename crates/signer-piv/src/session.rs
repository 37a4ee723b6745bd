use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jwt_bearer_signer::{Algorithm, SignError, SignErrorKind};

use crate::algorithm::too_long;
use crate::apdu::{Broken, Channel};
use crate::caller::{Caller, Stage};
use crate::card::{Card, Cards};
use crate::error::{denied, invalid_key, not_found, other, pcsc_failed, unavailable};
use crate::pin::{Pin, PinRequest, PinSource};
use crate::protocol::{self, NOT_SATISFIED, PinState, SUCCESS, is_unselected};
use crate::{PinPolicy, Slot, TouchPolicy};

use pins::{Pins, tries_left, unexpected};

mod pins;

/// A token remembers a touch for 15 seconds; one less, since it was touched before it answered.
const TOUCH_LASTS: Duration = Duration::from_secs(14);

/// How a signer signs: the same for all its signatures.
pub(crate) struct Request {
    pub(crate) slot: Slot,
    pub(crate) algorithm: Algorithm,
    pub(crate) reference: u8,
    pub(crate) pin_policy: Option<PinPolicy>,
    pub(crate) touch_policy: Option<TouchPolicy>,
    pub(crate) pin: PinSource,
    pub(crate) spend_last_try: bool,
    pub(crate) on_touch: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// One signature to be made.
pub(crate) struct Job<'a> {
    pub(crate) request: &'a Request,
    pub(crate) payload: &'a [u8],
    pub(crate) caller: Caller<'a>,
}

/// A card in use: its connection, and what is known of its PIN. Lives on the card's thread.
pub(crate) struct Session<C> {
    serial: u32,
    cards: C,
    card: Option<Box<dyn Card>>,
    pins: Pins,
    /// The slot that was touched for last, and when.
    touched: Option<(Slot, Instant)>,
}

/// Why there is no signature.
enum Trouble {
    /// The connection is of no use any more.
    Lost(pcsc::Error),
    /// Another program has selected another application of the token, by this status word.
    Unselected(u16),
    /// Nothing mends it within this call.
    Final(SignError),
}

impl From<SignError> for Trouble {
    fn from(error: SignError) -> Self {
        Self::Final(error)
    }
}

impl From<Broken> for Trouble {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Pcsc(error) => Self::Lost(error),
            Broken::Reply => Self::Final(other("the token's reply is not in the form of PIV")),
        }
    }
}

impl<C: Cards> Session<C> {
    /// A session with this token, which has refused these PINs before.
    pub(crate) fn new(serial: u32, cards: C, refused: Vec<Pin>) -> Self {
        Self {
            serial,
            cards,
            card: None,
            pins: Pins {
                refused,
                ..Pins::default()
            },
            touched: None,
        }
    }

    /// Signs. Connects if it is not connected, and once more if the connection is found to be lost.
    pub(crate) fn sign(&mut self, job: &Job<'_>) -> Result<Vec<u8>, SignError> {
        let mut may_reconnect = true;
        // The caller's alone until the card has accepted it.
        let mut fresh = None;
        loop {
            match self.attempt(job, &mut fresh) {
                Ok(signature) => return Ok(signature),
                Err(Trouble::Final(error)) => return Err(error),
                Err(_) if may_reconnect => {
                    may_reconnect = false;
                    self.disconnect();
                }
                Err(Trouble::Lost(error)) => {
                    self.disconnect();
                    return Err(pcsc_failed(error, &self.name()));
                }
                Err(Trouble::Unselected(status)) => return Err(unexpected(self.serial, status)),
            }
        }
    }

    /// Forgets the connection, without a reset of the card.
    fn disconnect(&mut self) {
        self.card = None;
        self.touched = None;
        self.pins.is_proven = false;
        self.pins.is_verified = false;
    }

    /// Takes the PIN back, so that the next program has to give it too.
    pub(crate) fn log_out(&mut self) {
        if self.pins.is_verified
            && let Some(card) = &mut self.card
            && let Ok(mut channel) = card.begin()
        {
            // The card may be gone; then it has forgotten the PIN anyway.
            let _ = protocol::log_out(&mut *channel);
        }
        self.disconnect();
    }

    /// The PINs that the card has refused, for the next session with it.
    pub(crate) fn into_refused(self) -> Vec<Pin> {
        self.pins.refused
    }

    fn attempt(&mut self, job: &Job<'_>, fresh: &mut Option<Pin>) -> Result<Vec<u8>, Trouble> {
        let request = job.request;
        self.connect(job.caller)?;
        let verifies = match request.pin_policy.unwrap_or(PinPolicy::of(request.slot)) {
            PinPolicy::Never => false,
            PinPolicy::Once => !self.pins.is_verified,
            PinPolicy::Always => true,
        };
        if verifies {
            self.ask(job, fresh)?;
        }
        if let Some(signature) = self.transact(job, verifies, fresh)? {
            return Ok(signature);
        }
        // Asked for outside of the transaction, which would keep every other program waiting for the person.
        self.ask(job, fresh)?;
        let signature = self.transact(job, true, fresh)?;
        signature.ok_or_else(|| refused(job, &self.name(), NOT_SATISFIED).into())
    }

    fn connect(&mut self, caller: Caller<'_>) -> Result<(), Trouble> {
        if self.card.is_some() {
            return Ok(());
        }
        let mut card = self.cards.connect(self.serial, caller)?;
        {
            let mut channel = caller.begin(&mut *card).map_err(Trouble::Lost)?;
            let status = protocol::select(&mut *channel)?;
            if status != SUCCESS {
                return Err(unavailable(format!(
                    "{} does not open its PIV application (status {status:04x}); enable it with `ykman config usb \
                     --enable PIV`",
                    self.name()
                ))
                .into());
            }
            let serial = protocol::serial(&mut *channel)?;
            if serial != Some(self.serial) {
                let other =
                    serial.map_or("another card".into(), |serial| format!("YubiKey {serial}"));
                return Err(unavailable(format!(
                    "{other} is plugged in where {} was; plug that one in again",
                    self.name()
                ))
                .into());
            }
        }
        self.card = Some(card);
        Ok(())
    }

    /// Asks for the PIN, unless it is known. The card is not held meanwhile.
    fn ask(&mut self, job: &Job<'_>, fresh: &mut Option<Pin>) -> Result<(), Trouble> {
        let request = job.request;
        if self.pins.known.is_some() || fresh.is_some() {
            return Ok(());
        }
        let tries_left = {
            let mut channel = begin(&mut self.card, job.caller)?;
            job.caller.still_waits()?;
            let state = protocol::verify(&mut *channel, None)?;
            tries_left(state, request.spend_last_try, self.serial)?
        };
        job.caller.stage.set(Stage::Pin);
        let pin = request.pin.ask(PinRequest {
            serial: self.serial,
            slot: request.slot,
            tries_left,
        })?;
        if self.pins.refused.contains(&pin) {
            return Err(denied(format!(
                "{} has refused this PIN before, and it was not sent again; give another one, or start this program \
                 anew if it is the right one by now",
                self.name()
            ))
            .into());
        }
        *fresh = Some(pin);
        Ok(())
    }

    /// Verifies if it must, and signs, with nobody between; `None` if the card wants a PIN and none is known.
    fn transact(
        &mut self,
        job: &Job<'_>,
        verifies: bool,
        fresh: &mut Option<Pin>,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        let request = job.request;
        let name = self.name();
        let mut channel = begin(&mut self.card, job.caller)?;
        let channel = &mut *channel;
        job.caller.still_waits()?;
        if verifies {
            self.pins
                .verify(channel, request, self.serial, fresh, None)?;
        }
        let mut signed = touch_and_sign(channel, job, &mut self.touched)?;
        // Another program may have taken the PIN back, or the policy is another than was thought.
        if signed == Err(NOT_SATISFIED) && !verifies && request.pin_policy != Some(PinPolicy::Never)
        {
            let state = protocol::verify(channel, None)?;
            if state != PinState::Verified {
                self.pins.is_verified = false;
                if self.pins.known.is_none() && fresh.is_none() {
                    return Ok(None);
                }
                self.pins
                    .verify(channel, request, self.serial, fresh, Some(state))?;
                signed = touch_and_sign(channel, job, &mut self.touched)?;
            }
        }
        match signed {
            Ok(signature) => Ok(Some(signature)),
            Err(status) if is_unselected(status) => Err(Trouble::Unselected(status)),
            Err(status) => Err(refused(job, &name, status).into()),
        }
    }

    fn name(&self) -> String {
        format!("YubiKey {}", self.serial)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("slot", &self.slot)
            .field("algorithm", &self.algorithm)
            .field("pin_policy", &self.pin_policy)
            .field("touch_policy", &self.touch_policy)
            .field("pin", &self.pin)
            .field("spend_last_try", &self.spend_last_try)
            .finish_non_exhaustive()
    }
}

fn begin<'a>(
    card: &'a mut Option<Box<dyn Card>>,
    caller: Caller<'_>,
) -> Result<Box<dyn Channel + 'a>, Trouble> {
    let card = card
        .as_mut()
        .ok_or(Trouble::Lost(pcsc::Error::InvalidHandle))?;
    caller.begin(&mut **card).map_err(Trouble::Lost)
}

fn touch_and_sign(
    channel: &mut dyn Channel,
    job: &Job<'_>,
    touched: &mut Option<(Slot, Instant)>,
) -> Result<Result<Vec<u8>, u16>, Trouble> {
    let request = job.request;
    let needs_touch = match request.touch_policy {
        Some(TouchPolicy::Always) => true,
        Some(TouchPolicy::Cached) => touched
            .is_none_or(|(slot, touch)| slot != request.slot || touch.elapsed() > TOUCH_LASTS),
        Some(TouchPolicy::Never) | None => false,
    };
    if needs_touch {
        job.caller.stage.set(Stage::Touch);
        if let Some(on_touch) = &request.on_touch {
            on_touch();
        }
    }
    job.caller.still_waits()?;
    let slot = request.slot.number();
    let signed = protocol::sign(channel, request.reference, slot, job.payload)?;
    if needs_touch && signed.is_ok() {
        *touched = Some((request.slot, Instant::now()));
    }
    Ok(signed)
}

/// What it means that the token refuses to sign.
fn refused(
    Job {
        request, payload, ..
    }: &Job<'_>,
    name: &str,
    status: u16,
) -> SignError {
    let slot = request.slot;
    match (status, request.touch_policy) {
        (NOT_SATISFIED, Some(TouchPolicy::Never)) => denied(format!(
            "{name} refuses to sign with the key in slot {slot}, although it has the PIN if one is needed"
        )),
        (NOT_SATISFIED, None) => SignError::new(
            SignErrorKind::InteractionRequired,
            format!(
                "{name} refuses to sign with the key in slot {slot}; if the key asks for a touch, touch the token when \
                 it blinks"
            ),
        ),
        (NOT_SATISFIED, _) => SignError::new(
            SignErrorKind::InteractionRequired,
            format!(
                "{name} was not touched in time for the key in slot {slot}; touch it when it blinks"
            ),
        ),
        (0x6700 | 0x6a80 | 0x6a84, _) if request.algorithm == Algorithm::EdDsa => {
            too_long(payload.len(), Some(status))
        }
        (0x6a80, _) => invalid_key(format!(
            "slot {slot} of {name} holds a key of another kind than when it was opened; open it again"
        )),
        (0x6a82 | 0x6a88, _) => not_found(format!("slot {slot} of {name} holds no key any more")),
        _ => other(format!(
            "{name} refuses to sign with the key in slot {slot}, with status {status:04x}"
        )),
    }
}

#[cfg(test)]
mod tests;
