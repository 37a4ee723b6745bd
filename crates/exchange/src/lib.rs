#![doc = include_str!("../README.md")]

mod box_user;
mod client;
mod clock_offset;
mod error;
mod fetcher;
mod flight;
mod http_transport;
mod later;
mod random;
mod retry;
mod revocation;
mod source;
mod sources;
mod token;
mod token_exchange;
mod token_response;
#[cfg(feature = "tower")]
pub mod tower;
mod transport;

pub use box_user::BoxUser;
pub use client::Client;
pub use error::{Attempt, ExchangeError, ExchangeErrorKind};
pub use http_transport::HttpTransport;
pub use retry::Retry;
pub use revocation::Revocation;
pub use source::{Answer, TokenSource};
pub use sources::TokenSources;
pub use token::{Current, Token};
pub use token_exchange::TokenExchange;
pub use token_response::{AccessToken, TokenResponse};
pub use transport::{Method, Reply, Request, Transport, TransportError, TransportErrorKind};
