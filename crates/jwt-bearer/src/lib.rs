#![doc = include_str!("../README.md")]

mod interaction;
mod key_uri;
mod open;

pub use interaction::{Interaction, NoInteraction, SecretKind};
pub use jwt_bearer_exchange::{
    Client, ExchangeError, ExchangeErrorKind, TokenResponse, TokenSource, TokenSources,
};
pub use jwt_bearer_provider::{BoxConfig, Grant, Profile, Subject, TokenRequest};
pub use jwt_bearer_signer::{Algorithm, Signer};
pub use jwt_bearer_signer_local::{LocalSigner, ThreadedSigner};
pub use key_uri::{KeyUri, KeyUriError};
pub use open::{FileKey, read_key};

/// Keys in AWS KMS.
#[cfg(feature = "aws-kms")]
pub mod aws_kms {
    pub use jwt_bearer_signer_aws_kms::*;
}

/// Keys in PIV tokens such as YubiKeys.
#[cfg(feature = "piv")]
pub mod piv {
    pub use jwt_bearer_signer_piv::*;
}

/// Claims and header to a signed JWT, and any JWT taken apart.
pub mod assertion {
    pub use jwt_bearer_assertion::*;
}

/// The token endpoint: requests, replies, errors.
pub mod exchange {
    pub use jwt_bearer_exchange::*;
}

/// Files about keys.
pub mod keyfile {
    pub use jwt_bearer_keyfile::*;
}

/// What providers demand.
pub mod provider {
    pub use jwt_bearer_provider::*;
}

/// The trait for keys, and what it speaks in.
pub mod signer {
    pub use jwt_bearer_signer::*;
}

/// The secret string type of this crate's functions.
pub mod secrecy {
    pub use secrecy::{ExposeSecret, SecretString};
}
