#![doc = include_str!("../README.md")]

mod algorithm;
mod client;
mod credentials;
mod error;
mod key;
mod signer;

pub use aws_config::SdkConfig;
pub use aws_sdk_kms::Client;
pub use client::http_client;
pub use key::AwsKmsKey;
pub use signer::AwsKmsSigner;
