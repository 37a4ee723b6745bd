#![doc = include_str!("../README.md")]

mod signer;

pub use signer::LocalSigner;
