use jwt_bearer_signer::SignError;

use super::{Request, Trouble};
use crate::apdu::{Broken, Channel};
use crate::error::{denied, other};
use crate::pin::Pin;
use crate::protocol::{self, PinState, is_unselected};

/// What is known of the card's PIN.
#[derive(Default)]
pub(super) struct Pins {
    /// The PIN that the card has accepted, on this connection or an earlier one.
    pub(super) known: Option<Pin>,
    /// The PINs that the card refused, never to be sent again.
    pub(super) refused: Vec<Pin>,
    /// The card has accepted the known PIN on this connection.
    pub(super) is_proven: bool,
    /// The card was given the PIN on this connection, and should know it still.
    pub(super) is_verified: bool,
}

impl Pins {
    /// Gives the fresh PIN, or else the known one, once. Before one that is not proven, the tries are counted, unless
    /// the card has told its `state` already.
    pub(super) fn verify(
        &mut self,
        channel: &mut dyn Channel,
        request: &Request,
        serial: u32,
        fresh: &mut Option<Pin>,
        mut state: Option<PinState>,
    ) -> Result<(), Trouble> {
        if state.is_none() && !self.is_proven {
            state = Some(protocol::verify(channel, None)?);
        }
        if let Some(state) = state {
            self.is_proven = false;
            tries_left(state, request.spend_last_try, serial)?;
        }
        let sent = protocol::verify(channel, fresh.as_ref().or(self.known.as_ref()));
        self.is_verified = sent == Ok(PinState::Verified);
        self.is_proven = self.is_verified;
        let state = match sent {
            Ok(PinState::Verified) => {
                if fresh.is_some() {
                    self.known = fresh.take();
                }
                return Ok(());
            }
            // It is kept, since no try was spent.
            Ok(PinState::Unknown(status)) if is_unselected(status) => {
                return Err(Trouble::Unselected(status));
            }
            Ok(state) => state,
            Err(broken) => {
                *fresh = None;
                return Err(match broken {
                    Broken::Pcsc(error) => lost(serial, error).into(),
                    Broken::Reply => Trouble::from(broken),
                });
            }
        };
        let pin = fresh.take().or_else(|| self.known.take());
        Err(match state {
            PinState::TriesLeft(left) => {
                self.refused.extend(pin);
                wrong(serial, Some(left))
            }
            PinState::Unknown(0x6300..=0x63ff) => {
                self.refused.extend(pin);
                wrong(serial, None)
            }
            PinState::Unknown(status) => unexpected(serial, status),
            // Blocked: it may have been the right one.
            _ => blocked(serial),
        }
        .into())
    }
}

/// How many tries are left, if one may be made; `None` if the card does not tell, since it was given the PIN already.
pub(super) fn tries_left(
    state: PinState,
    spend_last_try: bool,
    serial: u32,
) -> Result<Option<u8>, Trouble> {
    match state {
        PinState::Verified => Ok(None),
        PinState::TriesLeft(1) if !spend_last_try => Err(denied(format!(
            "YubiKey {serial} takes one more try before its PIN is blocked, and it was not spent; give the right PIN \
             with `ykman --device {serial} piv access change-pin`, or allow the last try (`--spend-last-try` of the \
             command, `spend_last_try` of the library)"
        ))
        .into()),
        PinState::TriesLeft(0) | PinState::Blocked => Err(blocked(serial).into()),
        PinState::TriesLeft(left) => Ok(Some(left)),
        PinState::Unknown(status) if is_unselected(status) => Err(Trouble::Unselected(status)),
        PinState::Unknown(status) => Err(unexpected(serial, status).into()),
    }
}

/// Whether it has cost a try is unknown, so nobody may try again by himself.
fn lost(serial: u32, error: pcsc::Error) -> SignError {
    other(format!(
        "the connection to YubiKey {serial} broke while the PIN was on its way, which may have cost a try ({error}); \
         call again to send it again"
    ))
}

fn wrong(serial: u32, left: Option<u8>) -> SignError {
    denied(match left {
        Some(0) => format!("the PIN was wrong for the last time: {}", way_out(serial)),
        Some(1) => format!(
            "the PIN is wrong for YubiKey {serial}, which takes 1 more try before it blocks"
        ),
        Some(left) => format!(
            "the PIN is wrong for YubiKey {serial}, which takes {left} more tries before it blocks"
        ),
        None => format!("the PIN is wrong for YubiKey {serial}"),
    })
}

fn blocked(serial: u32) -> SignError {
    denied(way_out(serial))
}

fn way_out(serial: u32) -> String {
    format!(
        "the PIN of YubiKey {serial} is blocked after too many wrong ones; set a new one with the PUK: `ykman \
         --device {serial} piv access unblock-pin`"
    )
}

pub(super) fn unexpected(serial: u32, status: u16) -> SignError {
    if is_unselected(status) {
        return other(format!(
            "YubiKey {serial} answers with status {status:04x}, as if its PIV application were not selected"
        ));
    }
    other(format!(
        "YubiKey {serial} answers with status {status:04x} where it was asked about its PIN"
    ))
}
