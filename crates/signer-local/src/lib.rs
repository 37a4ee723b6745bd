#![doc = include_str!("../README.md")]

mod signer;
mod threads;

pub use signer::LocalSigner;
pub use threads::ThreadedSigner;
