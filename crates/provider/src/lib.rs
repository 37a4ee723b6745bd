#![doc = include_str!("../README.md")]

mod box_config;
mod catalogue;
mod cause;
mod endpoint;
mod error_response;
mod normal;
mod profile;
mod profiles;
mod rejection;
mod request;
mod request_error;
mod token_request;

pub use box_config::{BoxConfig, BoxConfigError};
pub use catalogue::{Check, Class, Entry, Unseen};
pub use cause::Cause;
pub use endpoint::{TokenEndpoint, may_carry_secrets};
pub use error_response::ErrorResponse;
pub use normal::normal;
pub use profile::{AudienceRule, EndpointRule, Profile, SecretRule, SubjectRule};
pub use rejection::Rejection;
pub use request::{Grant, RequestBuilder, Subject};
pub use request_error::{RequestError, RequestErrorKind};
pub use token_request::{AssertionRequest, TokenRequest};
