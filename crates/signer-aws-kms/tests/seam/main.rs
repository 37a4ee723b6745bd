//! What no emulator does, by a fake at the place where the SDK hands its HTTP requests over.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod calls;
mod credentials;
mod errors;
mod fake;
mod opening;

use std::error::Error;

use jwt_bearer_signer::{SignError, SignErrorKind};
use jwt_bearer_signer_aws_kms::{AwsKmsKey, AwsKmsSigner};

use fake::{Fake, SECRETS};

async fn open(fake: &Fake) -> AwsKmsSigner {
    AwsKmsKey::new("alias/box")
        .open_with(&fake.config())
        .await
        .unwrap()
}

async fn refused(fake: &Fake, key: AwsKmsKey) -> SignError {
    key.open_with(&fake.config()).await.unwrap_err()
}

/// The error has this kind, its source says this, and it shows no secret.
fn is(error: &SignError, kind: SignErrorKind, text: &str) {
    let source = error.source().unwrap().to_string();
    assert_eq!(error.kind(), kind, "{source}");
    assert!(source.contains(text), "`{text}` is not in `{source}`");
    for shown in [format!("{error:?}"), format!("{error}"), source] {
        for secret in SECRETS {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
