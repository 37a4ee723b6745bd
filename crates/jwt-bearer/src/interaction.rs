use std::fmt::Debug;

use jwt_bearer_signer::{SignError, SignErrorKind};
use secrecy::SecretString;

/// How a key asks for what it needs to be opened: at a terminal, from a file, from the program's own vault.
pub trait Interaction: Debug + Send + Sync {
    /// Gives a secret. Asked only when it is needed; may block, for example at a prompt.
    ///
    /// # Errors
    /// `InteractionRequired` if there is nobody to ask, and whatever else went wrong.
    fn secret(&self, kind: SecretKind<'_>) -> Result<SecretString, SignError>;
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
}

/// Gives nothing: for programs whose keys need nothing.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a unit struct that is written as a value"
)]
pub struct NoInteraction;

impl Interaction for NoInteraction {
    fn secret(
        &self,
        SecretKind::Passphrase { key }: SecretKind<'_>,
    ) -> Result<SecretString, SignError> {
        let text = format!("{key} is encrypted, and no passphrase was given");
        Err(SignError::new(SignErrorKind::InteractionRequired, text))
    }
}
