//! The signer against two virtual YubiKeys behind a real pcscd, with keys made by `ykman`.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod finding;
mod keys;
mod load;
mod pin;
mod recovery;
mod secrets;
mod stand;
mod touch;
