use std::fmt::Debug;

use jwt_bearer_signer::{SignError, SignErrorKind};
use secrecy::SecretString;

/// How a key asks for what it needs: at a terminal, from a file, from the program's own vault.
pub trait Interaction: Debug + Send + Sync {
    /// Gives a secret. Asked only when it is needed; may block, for example at a prompt.
    ///
    /// A passphrase is asked for while the key is opened. The PIN of a token is asked for at the first signature that
    /// needs it, on a thread of the token's own, and again after it was refused; a signature waits for it for up to 60
    /// seconds.
    ///
    /// # Errors
    /// `InteractionRequired` if there is nobody to ask, and whatever else went wrong.
    fn secret(&self, kind: SecretKind<'_>) -> Result<SecretString, SignError>;

    /// Tells that the token of this key waits for a touch, for some 15 seconds. Must not block. Tells nobody unless it
    /// is written.
    fn touch(&self, _key: &str) {}

    /// Whether the last try before a PIN is blocked may be spent. Not unless it is written.
    fn spend_last_try(&self) -> bool {
        false
    }
}

/// What secret is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretKind<'a> {
    /// The passphrase of an encrypted private key.
    #[non_exhaustive]
    Passphrase {
        /// The key's name for people, such as its path.
        key: &'a str,
    },
    /// The PIN of a token.
    #[non_exhaustive]
    Pin {
        /// The token and the slot, for people.
        key: &'a str,
        /// How many wrong PINs block the token; `None` if it does not say.
        tries_left: Option<u8>,
    },
}

/// Gives nothing: for programs whose keys need nothing.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a unit struct that is written as a value"
)]
pub struct NoInteraction;

impl Interaction for NoInteraction {
    fn secret(&self, kind: SecretKind<'_>) -> Result<SecretString, SignError> {
        let text = match kind {
            SecretKind::Passphrase { key } => {
                format!("{key} is encrypted, and no passphrase was given")
            }
            SecretKind::Pin { key, .. } => format!("{key} wants the PIN, and none was given"),
        };
        Err(SignError::new(SignErrorKind::InteractionRequired, text))
    }
}
