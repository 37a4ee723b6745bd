//! The signer against AWS itself, with the usual AWS configuration. The README tells how to run it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use jwt_bearer_signer::Signer;
use jwt_bearer_signer_aws_kms::AwsKmsKey;

use conformance::{Place, conforms};
use support::variable;

#[path = "../../../tests/support/conformance.rs"]
mod conformance;
#[path = "../../../tests/support/hidden.rs"]
mod hidden;
#[allow(dead_code, reason = "the rest is for the emulator")]
mod support;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs real AWS and a key named by JWT_BEARER_TEST_AWS_KEY"]
async fn a_key_in_aws_conforms() {
    let key = variable("JWT_BEARER_TEST_AWS_KEY");
    let signer = AwsKmsKey::new(&key).open().await.unwrap();
    let kind = signer.public_key().kind();
    for algorithm in kind.algorithms() {
        let key = AwsKmsKey::new(signer.key_arn()).algorithm(*algorithm);
        let signer = key.open().await.unwrap();
        conforms(Arc::new(signer), Place::Device, &[]).await;
    }
}
