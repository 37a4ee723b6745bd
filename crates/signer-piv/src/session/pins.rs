use jwt_bearer_signer::SignError;

use super::{Request, Trouble};
use crate::apdu::{Broken, Channel};
use crate::error::{denied, other, pcsc_failed};
use crate::pin::Pin;
use crate::protocol::{self, PinState};

/// What is known of the card's PIN.
#[derive(Default)]
pub(super) struct Pins {
    /// The PIN to give; the card has not refused it so far.
    pub(super) current: Option<Pin>,
    /// The PINs that the card refused, never to be sent again.
    pub(super) refused: Vec<Pin>,
    /// The card has accepted the current PIN on this connection.
    pub(super) is_proven: bool,
    /// The card was given the PIN on this connection, and should know it still.
    pub(super) is_verified: bool,
}

impl Pins {
    /// Gives the current PIN, once. Before an unproven one, the tries are counted.
    pub(super) fn verify(
        &mut self,
        channel: &mut dyn Channel,
        request: &Request,
        serial: u32,
    ) -> Result<(), Trouble> {
        if !self.is_proven {
            let state = protocol::verify(channel, None)?;
            tries_left(state, request.spend_last_try, serial)?;
        }
        // Whether a PIN that got lost on the way has cost a try is unknown, so it is not sent again in this call.
        let state =
            protocol::verify(channel, self.current.as_ref()).map_err(|broken| match broken {
                Broken::Pcsc(error) => pcsc_failed(error, &format!("YubiKey {serial}")).into(),
                Broken::Reply => Trouble::from(broken),
            })?;
        self.is_verified = state == PinState::Verified;
        self.is_proven = self.is_verified;
        let current = self.current.take();
        Err(match state {
            PinState::Verified => {
                self.current = current;
                return Ok(());
            }
            PinState::Unknown(status) => {
                self.current = current;
                return Err(Trouble::Unselected(status));
            }
            // It may have been the right one.
            PinState::Blocked => blocked(serial),
            PinState::TriesLeft(left) => {
                self.refused.extend(current);
                wrong(serial, left)
            }
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
             with `ykman --device {serial} piv access change-pin`, or allow the last try"
        ))
        .into()),
        PinState::TriesLeft(0) | PinState::Blocked => Err(blocked(serial).into()),
        PinState::TriesLeft(left) => Ok(Some(left)),
        PinState::Unknown(status) => Err(Trouble::Unselected(status)),
    }
}

fn wrong(serial: u32, left: u8) -> SignError {
    denied(match left {
        0 => format!("the PIN was wrong for the last time: {}", way_out(serial)),
        1 => format!(
            "the PIN is wrong for YubiKey {serial}, which takes 1 more try before it blocks"
        ),
        _ => format!(
            "the PIN is wrong for YubiKey {serial}, which takes {left} more tries before it blocks"
        ),
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
    other(format!(
        "YubiKey {serial} answers with status {status:04x}, as if its PIV application were not selected"
    ))
}
