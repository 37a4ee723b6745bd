//! The library against the sandbox: tokens, refusals, faults, and what must not be seen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod faults;
#[path = "../support/keys.rs"]
mod keys;
mod redaction;
mod refusals;
mod seams;
mod server;
mod tls;
mod tokens;
