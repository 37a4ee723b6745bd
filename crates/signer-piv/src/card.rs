use std::ffi::{CStr, CString};

use jwt_bearer_signer::SignError;
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};

use crate::apdu::Channel;
use crate::caller::{Caller, Stage};
use crate::error::{pcsc_failed, unavailable};
use crate::find;

/// No short reply is longer, in octets.
const MAX_RECEIVED: usize = 258;

/// Connects to tokens. A trait so that tests can script the card behind it.
pub(crate) trait Cards {
    /// Looks for the token anew, and connects to it.
    fn connect(&mut self, serial: u32, caller: Caller<'_>) -> Result<Box<dyn Card>, SignError>;
}

/// A connection to a card, which is ended without a reset when it is dropped.
pub(crate) trait Card {
    /// Begins a transaction: no other program reaches the card until the channel is dropped. Blocks without a limit
    /// while another program has one.
    fn begin(&mut self) -> Result<Box<dyn Channel + '_>, pcsc::Error>;
}

/// The tokens in the readers of this machine.
pub(crate) struct Readers {
    /// Where the token was last, to be looked at first: another program may hold the card in another reader.
    pub(crate) last: String,
}

impl Cards for Readers {
    fn connect(&mut self, serial: u32, caller: Caller<'_>) -> Result<Box<dyn Card>, SignError> {
        let reader = find::one(Some(serial), &self.last, caller)?.reader;
        let failed = |error| pcsc_failed(error, &format!("YubiKey {serial}"));
        let name = CString::new(reader.as_str())
            .map_err(|_| unavailable(format!("the reader `{reader}` has no usable name")))?;
        let context = Context::establish(Scope::User).map_err(failed)?;
        let card = Handle::connect(&context, &name, caller).map_err(failed)?;
        self.last = reader;
        Ok(Box::new(card))
    }
}

pub(crate) struct Handle(Option<pcsc::Card>);

impl Handle {
    /// Blocks without a limit while another program has a transaction.
    pub(crate) fn connect(
        context: &Context,
        reader: &CStr,
        caller: Caller<'_>,
    ) -> Result<Self, pcsc::Error> {
        caller.stage.set(Stage::Waiting);
        let card = context.connect(reader, ShareMode::Shared, Protocols::ANY);
        caller.stage.set(Stage::Working);
        Ok(Self(Some(card?)))
    }
}

impl Card for Handle {
    fn begin(&mut self) -> Result<Box<dyn Channel + '_>, pcsc::Error> {
        let card = self.0.as_mut().ok_or(pcsc::Error::InvalidHandle)?;
        Ok(Box::new(card.transaction()?))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        use pcsc::Error as E;
        let card = self.0.take();
        match card.map(|card| card.disconnect(Disposition::LeaveCard)) {
            // There is no service any more that could reset the card.
            Some(Err((
                card,
                E::NoService | E::ServiceStopped | E::InvalidHandle | E::CommError,
            ))) => {
                drop(card);
            }
            // Dropped by itself, the card would be reset, which every other program would feel.
            Some(Err((card, _))) => std::mem::forget(card),
            Some(Ok(())) | None => {}
        }
    }
}

impl Channel for pcsc::Transaction<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, pcsc::Error> {
        let mut received = [0; MAX_RECEIVED];
        Ok(pcsc::Card::transmit(self, command, &mut received)?.to_vec())
    }
}

#[cfg(test)]
pub(crate) mod scripted;
