//! A token source under paused time: one exchange, refreshes, failures, retries, repairs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test fails by panicking, spawns callers, and prints what it measured"
)]

mod calls;
mod downscope;
mod extremes;
mod failures;
#[path = "../support/keys.rs"]
mod keys;
mod one;
mod refresh;
mod repair;
mod retries;
#[path = "../support/scripted.rs"]
mod scripted;
mod set;
mod signing;

use std::sync::Arc;
use std::time::Duration;

use jwt_bearer::exchange::{Token, TokenSource};

use scripted::{Counting, Endpoint, request};

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn source(endpoint: &Endpoint) -> TokenSource {
    TokenSource::new(
        endpoint.client(),
        request("ann@example.com"),
        Arc::new(Counting::new()),
    )
}

pub(crate) fn text(token: &Token) -> String {
    token.access_token().expose().into()
}

/// Fetches a token and gives its text.
pub(crate) async fn ask(source: &TokenSource) -> String {
    text(&source.token().await.unwrap())
}
