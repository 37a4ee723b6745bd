use std::fmt;
use std::sync::Arc;

use jwt_bearer_signer::{SignError, SignErrorKind};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::Slot;
use crate::error::denied;

/// Whose PIN is asked for, so that a prompt can say it.
#[derive(Clone, Debug)]
pub struct PinRequest {
    pub(crate) serial: u32,
    pub(crate) slot: Slot,
    pub(crate) tries_left: Option<u8>,
}

impl PinRequest {
    /// The serial number of the token.
    #[must_use]
    pub const fn serial(&self) -> u32 {
        self.serial
    }

    /// The slot that is to sign. The PIN is that of the whole token.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        self.slot
    }

    /// How many wrong PINs block the token; `None` if it does not say, since another program has given the PIN.
    #[must_use]
    pub const fn tries_left(&self) -> Option<u8> {
        self.tries_left
    }
}

type Ask = dyn Fn(PinRequest) -> Result<SecretString, SignError> + Send + Sync;

/// Where the PIN comes from.
#[derive(Clone)]
pub(crate) enum PinSource {
    None,
    Given(Arc<SecretString>),
    Asked(Arc<Ask>),
}

impl PinSource {
    /// Refuses a PIN that is known already and can be none.
    pub(crate) fn check(&self) -> Result<(), SignError> {
        match self {
            Self::Given(pin) => Pin::new(pin).map(drop),
            _ => Ok(()),
        }
    }

    /// Asks for the PIN. Blocks as long as the person takes.
    pub(crate) fn ask(&self, request: PinRequest) -> Result<Pin, SignError> {
        match self {
            Self::None => Err(SignError::new(
                SignErrorKind::InteractionRequired,
                format!(
                    "the key in slot {} of YubiKey {} is used with the PIN, and none was given",
                    request.slot, request.serial
                ),
            )),
            Self::Given(pin) => Pin::new(pin),
            Self::Asked(ask) => Pin::new(&ask(request)?),
        }
    }
}

impl fmt::Debug for PinSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Given(_) => "Given",
            Self::Asked(_) => "Asked",
        })
    }
}

/// A PIN as the card takes it: eight octets, filled up with FF. They stay where they are when it is moved, and are wiped
/// there.
#[derive(PartialEq, Eq)]
pub(crate) struct Pin(Box<Zeroizing<[u8; 8]>>);

impl Pin {
    pub(crate) fn new(pin: &SecretString) -> Result<Self, SignError> {
        let pin = pin.expose_secret();
        let octets = pin.as_bytes();
        if octets.is_empty() {
            return Err(denied(
                "the PIN is empty, and was not sent; give the PIN of the token",
            ));
        }
        if pin.trim() != pin || pin.contains(char::is_control) {
            return Err(denied(
                "the PIN begins or ends with a blank, or has a line end or another control character in it, and was \
                 not sent; give the PIN alone",
            ));
        }
        if octets.len() < 6 {
            return Err(denied(
                "the PIN has fewer than 6 octets, which no PIV token takes, and was not sent",
            ));
        }
        let mut padded = Box::new(Zeroizing::new([0xff; 8]));
        padded
            .get_mut(..octets.len())
            .ok_or_else(|| {
                denied("the PIN has more than 8 octets, which no PIV token takes, and was not sent")
            })?
            .copy_from_slice(octets);
        Ok(Self(padded))
    }

    pub(crate) fn padded(&self) -> &[u8; 8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn pins_are_filled_up() {
        let pin = |text: &str| Pin::new(&text.into()).map(|pin| *pin.padded());
        assert_eq!(pin("123456").unwrap(), *b"123456\xff\xff");
        assert_eq!(pin("12345678").unwrap(), *b"12345678");
        assert_eq!(pin("pin 1ö").unwrap(), *b"pin 1\xc3\xb6\xff");
        for (text, expected) in [
            ("", "is empty"),
            ("12345", "fewer than 6 octets"),
            ("123456789", "more than 8 octets"),
            ("123456\n", "a line end"),
            ("123456\r\n", "a line end"),
            (" 123456", "with a blank"),
            ("123456 ", "with a blank"),
            ("123\u{7}456", "control character"),
            ("      ", "with a blank"),
        ] {
            let error = pin(text).unwrap_err();
            assert_eq!(error.kind(), SignErrorKind::AccessDenied);
            let source = error.source().unwrap().to_string();
            assert!(source.contains(expected), "{source}");
            assert!(source.contains("was not sent"), "{source}");
        }
    }

    #[test]
    fn debug_shows_no_pin() {
        let given = PinSource::Given(Arc::new("135790".into()));
        assert_eq!(format!("{given:?}"), "Given");
    }
}
