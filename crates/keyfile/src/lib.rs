#![doc = include_str!("../README.md")]

mod cipher;
#[cfg(feature = "certificate")]
mod draft;
mod ec;
mod ed25519;
mod encrypted;
mod encryption;
mod error;
mod form;
#[cfg(feature = "generate")]
mod generate;
#[cfg(feature = "certificate")]
mod inspect;
#[cfg(feature = "certificate")]
mod inspect_jwk;
#[cfg(feature = "certificate")]
mod inspect_x509;
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
#[cfg(feature = "certificate")]
mod subject;
mod traditional;
mod write;
mod write_jwk;
#[cfg(feature = "pkcs12")]
mod write_pkcs12;
#[cfg(feature = "certificate")]
mod x509;
#[cfg(feature = "certificate")]
mod x509_error;

#[cfg(feature = "certificate")]
pub use draft::{Draft, Signed};
pub use encryption::Encryption;
pub use error::{KeyFileError, KeyFileErrorKind};
#[cfg(feature = "certificate")]
pub use inspect::{Inspection, Part, Thing};
#[cfg(feature = "certificate")]
pub use inspect_x509::CertificateFacts;
pub use key_file::{Entry, Item, KeyFile, LockedKey};
pub use private_key::PrivateKey;
pub use public_key::read_public_key;
#[cfg(feature = "certificate")]
pub use subject::Subject;
#[cfg(feature = "certificate")]
pub use x509_error::{X509Error, X509ErrorKind};
