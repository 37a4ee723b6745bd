#![doc = include_str!("../README.md")]

mod client;
mod error;
mod http_transport;
mod token_response;
mod transport;

pub use client::Client;
pub use error::{Attempt, ExchangeError, ExchangeErrorKind};
pub use http_transport::HttpTransport;
pub use token_response::{AccessToken, TokenResponse};
pub use transport::{Method, Reply, Request, Transport, TransportError, TransportErrorKind};
