//! A key in a virtual token, by the exchange of the two APDUs alone, and by the trait.

use std::error::Error;
use std::ffi::CString;
use std::process::Command;

use jwt_bearer::Algorithm;
use jwt_bearer::piv::{PivKey, PivSigner, Slot};
use pcsc::{Card, Context, Protocols, Scope, ShareMode};

/// The first of the virtual tokens.
const READER: &str = "Yubico YubiKey CCID 00 00";
const SERIAL: u32 = 12_345_678;

/// SELECT, with the identifier of PIV.
const SELECT: [u8; 10] = [0x00, 0xa4, 0x04, 0x00, 5, 0xa0, 0x00, 0x00, 0x03, 0x08];

/// One key on P-256, twice.
pub(crate) struct PivSlot {
    pub(crate) signer: PivSigner,
    card: Card,
}

impl PivSlot {
    /// Makes a key in slot 9e; `None` without `JWT_BEARER_TEST_PIV`, which tells that the virtual tokens are there.
    pub(crate) async fn make() -> Result<Option<Self>, Box<dyn Error>> {
        if std::env::var_os("JWT_BEARER_TEST_PIV").is_none() {
            return Ok(None);
        }
        let tokens = jwt_bearer::piv::tokens().await?;
        if !tokens
            .iter()
            .any(|token| token.serial() == SERIAL && token.reader() == READER)
        {
            return Err(format!("in the reader {READER} is not the virtual token {SERIAL}").into());
        }
        let making = "-a generate -s 9e -A ECCP256 --pin-policy=never --touch-policy=never";
        let made = Command::new("yubico-piv-tool")
            .args(["-r", READER])
            .args(making.split(' '))
            .output()?;
        if !made.status.success() {
            let told = String::from_utf8_lossy(&made.stderr);
            return Err(format!("no key was made: {told}").into());
        }
        let key = PivKey::new(Slot::CARD_AUTHENTICATION).serial(SERIAL);
        let signer = key.open().await?;
        let context = Context::establish(Scope::User)?;
        let card = context.connect(&CString::new(READER)?, ShareMode::Shared, Protocols::ANY)?;
        is_success(card.transmit(&SELECT, &mut [0; 300])?)?;
        Ok(Some(Self { signer, card }))
    }

    /// The one exchange that a signature takes: GENERAL AUTHENTICATE with the digest under the tag 81, and an empty 82
    /// for the reply.
    pub(crate) fn exchange(&self, message: &[u8]) -> Result<(), Box<dyn Error>> {
        let digest = Algorithm::Es256.digest(message).ok_or("it has a digest")?;
        let mut command = vec![0x00, 0x87, 0x11, 0x9e, 38, 0x7c, 36, 0x82, 0, 0x81, 32];
        command.extend_from_slice(digest.as_ref());
        is_success(self.card.transmit(&command, &mut [0; 300])?)
    }
}

fn is_success(reply: &[u8]) -> Result<(), Box<dyn Error>> {
    match reply {
        [.., 0x90, 0x00] => Ok(()),
        _ => Err(format!("the token answered {reply:02x?}").into()),
    }
}
