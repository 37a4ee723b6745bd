#![doc = include_str!("../README.md")]

mod algorithm;
mod apdu;
mod caller;
mod card;
mod certificate;
mod describe;
mod error;
mod find;
mod key;
mod padding;
mod pin;
mod protocol;
mod session;
mod signer;
mod slot;
mod thread;
mod token;

pub use key::PivKey;
pub use pin::PinRequest;
pub use signer::PivSigner;
pub use slot::{Slot, UnknownSlot};
pub use token::{PinPolicy, PublicKeySource, SlotKey, Token, TouchPolicy, tokens};
