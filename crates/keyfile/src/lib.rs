#![doc = include_str!("../README.md")]

mod ec;
mod ed25519;
mod encrypted;
mod error;
mod form;
#[cfg(feature = "generate")]
mod generate;
mod names;
mod pem;
mod private_key;
mod public_key;
mod recognise;
mod rsa;
mod write;

pub use error::{KeyFileError, KeyFileErrorKind};
pub use private_key::PrivateKey;
pub use public_key::read_public_key;
