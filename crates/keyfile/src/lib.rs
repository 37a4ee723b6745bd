#![doc = include_str!("../README.md")]

mod cipher;
mod ec;
mod ed25519;
mod encrypted;
mod encryption;
mod error;
mod form;
#[cfg(feature = "generate")]
mod generate;
mod jks;
mod json;
mod jwk;
mod key_file;
mod names;
mod pbes1;
mod pem;
mod pkcs12;
mod private_key;
mod public_key;
mod recognise;
mod rsa;
mod traditional;
mod write;

pub use encryption::Encryption;
pub use error::{KeyFileError, KeyFileErrorKind};
pub use key_file::{Entry, Item, KeyFile, LockedKey};
pub use private_key::PrivateKey;
pub use public_key::read_public_key;
