use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::meta::credentials::CredentialsProviderChain;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_sdk_kms::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_kms::error::{ConnectorError, ErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use jwt_bearer_signer::{SignErrorKind, Signer};
use jwt_bearer_signer_aws_kms::AwsKmsKey;

use crate::fake::{Answer, Fake, Key, SECRETS, configuration};
use crate::is;

/// Credentials that fail in one of the ways that the SDK knows.
#[derive(Debug)]
struct Failing(fn() -> CredentialsError);

impl ProvideCredentials for Failing {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::ready(Err((self.0)()))
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_cannot_be_had_are_explained() {
    let cases: [(fn() -> CredentialsError, _, _); 4] = [
        (
            || CredentialsError::not_loaded("no providers in chain provided credentials"),
            SignErrorKind::AccessDenied,
            "no AWS credentials were found in the environment (AWS_ACCESS_KEY_ID), in the profile",
        ),
        (
            || CredentialsError::provider_timed_out(Duration::from_secs(5)),
            SignErrorKind::Timeout,
            "the AWS credentials could not be fetched in time",
        ),
        (
            || CredentialsError::invalid_configuration("profile `box` was not defined"),
            SignErrorKind::AccessDenied,
            "could not be fetched: the credentials provider was not properly configured: profile `box` was not defined",
        ),
        (
            || CredentialsError::provider_error("the SSO session has expired"),
            SignErrorKind::AccessDenied,
            "an error occurred while loading credentials: the SSO session has expired",
        ),
    ];
    for (error, kind, text) in cases {
        fails(error, kind, text).await;
    }
}

async fn fails(error: fn() -> CredentialsError, kind: SignErrorKind, text: &str) {
    let fake = Fake::new(|_, _| panic!("nothing may be sent"));
    let provider = SharedCredentialsProvider::new(Failing(error));
    let config = configuration()
        .into_builder()
        .credentials_provider(provider)
        .http_client(fake.http_client())
        .build();
    let error = AwsKmsKey::new("alias/box")
        .open_with(&config)
        .await
        .unwrap_err();
    is(&error, kind, text);
    assert!(fake.requests().is_empty());
}

/// What STS answers, as the SDK hands it on: through a profile, it is the cause of another error.
fn sts(status: u16, code: &str, message: &str) -> CredentialsError {
    let said = ErrorMetadata::builder().code(code).message(message).build();
    let response = HttpResponse::new(status.try_into().unwrap(), "".into());
    let error = SdkError::service_error(AssumeRoleError::generic(said), response);
    CredentialsError::provider_error(CredentialsError::provider_error(error))
}

fn web_identity(error: SdkError<AssumeRoleWithWebIdentityError, HttpResponse>) -> CredentialsError {
    CredentialsError::provider_error(error)
}

#[tokio::test(start_paused = true)]
async fn credentials_that_cannot_be_had_for_now_are_unavailable() {
    let cases: [fn() -> CredentialsError; 9] = [
        || sts(503, "ServiceUnavailable", "later"),
        || sts(500, "", ""),
        || sts(400, "Throttling", "Rate exceeded"),
        || {
            sts(
                400,
                "IDPCommunicationError",
                "the identity provider is away",
            )
        },
        || web_identity(SdkError::timeout_error("too late")),
        || {
            web_identity(SdkError::dispatch_failure(ConnectorError::io(
                "reset".into(),
            )))
        },
        || {
            let error = ConnectorError::timeout("connect timed out".into());
            let error: SdkError<CredentialsError, HttpResponse> = SdkError::dispatch_failure(error);
            CredentialsError::unhandled(error)
        },
        || {
            let error = CredentialsError::provider_timed_out(Duration::from_secs(5));
            CredentialsError::provider_error(error)
        },
        || {
            let text = "Non-success status from HTTP credential provider: StatusCode(502)";
            CredentialsError::provider_error(text)
        },
    ];
    for error in cases {
        let text = "the AWS credentials cannot be fetched for now: an error occurred while loading credentials";
        let text = match error() {
            CredentialsError::Unhandled(_) => "cannot be fetched for now: ",
            _ => text,
        };
        fails(error, SignErrorKind::Unavailable, text).await;
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_refused_are_no_outage() {
    let cases: [(fn() -> CredentialsError, _); 5] = [
        (
            || sts(403, "AccessDenied", "box may not sts:AssumeRole"),
            "could not be fetched: an error occurred while loading credentials",
        ),
        (
            || {
                CredentialsError::provider_error(
                    "Non-success status from HTTP credential provider: StatusCode(403)",
                )
            },
            "could not be fetched: ",
        ),
        (
            || sts(400, "RequestExpired", "Request has expired"),
            "too old or too new (RequestExpired): set the clock of this machine",
        ),
        (
            || {
                sts(
                    403,
                    "SignatureDoesNotMatch",
                    "Signature expired: 20260101T000000Z is now earlier",
                )
            },
            "too old or too new (SignatureDoesNotMatch): set the clock",
        ),
        (
            || {
                let message = format!("should have been 'x-amz-security-token:{}'", SECRETS[1]);
                sts(403, "SignatureDoesNotMatch", &message)
            },
            "could not be fetched: ",
        ),
    ];
    for (error, text) in cases {
        fails(error, SignErrorKind::AccessDenied, text).await;
    }
}

/// An instance role that is there once: it expires at once, and then nobody answers.
#[derive(Debug, Default)]
struct Once(AtomicBool);

impl ProvideCredentials for Once {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        if self.0.swap(true, Ordering::SeqCst) {
            let error = ConnectorError::timeout("connect timed out".into());
            return Provided::ready(Err(CredentialsError::not_loaded(error)));
        }
        let now = Some(std::time::SystemTime::UNIX_EPOCH);
        Provided::ready(Ok(Credentials::new(
            "ASIAONCE", "secret", None, now, "test",
        )))
    }
}

#[tokio::test]
async fn a_metadata_service_that_answered_before_is_away_for_now() {
    let fake = Fake::with_key(Key::P256, |request, _| Answer::ok(&Key::P256.sign(request)));
    let chain = CredentialsProviderChain::first_try("instance", Once::default());
    let config = fake
        .config()
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(chain))
        .build();
    let key = AwsKmsKey::new("alias/box");
    let signer = key.open_with(&config).await.unwrap();
    is(
        &signer.sign(b"header.claims").await.unwrap_err(),
        SignErrorKind::Unavailable,
        "cannot be fetched for now: what gave them out before cannot be reached",
    );
    is(
        &AwsKmsKey::new("alias/box")
            .open_with(&config)
            .await
            .unwrap_err(),
        SignErrorKind::AccessDenied,
        "no AWS credentials were found in the environment",
    );
    assert_eq!(fake.requests().len(), 1);
}
