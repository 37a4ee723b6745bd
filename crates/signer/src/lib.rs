#![doc = include_str!("../README.md")]

mod algorithm;
mod error;
mod jwk;
mod public_key;
mod signature;
mod signer;

pub use algorithm::{Algorithm, Digest, UnknownAlgorithm};
pub use error::{FormatError, FormatErrorKind, SignError, SignErrorKind};
pub use jwk::{Jwk, JwkSet};
pub use public_key::{KeyKind, PublicKey, VerifyError};
pub use signature::Signature;
pub use signer::Signer;
