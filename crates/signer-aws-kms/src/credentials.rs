use std::error::Error;

use aws_config::imds::client::error::{ImdsError, TokenError};
use aws_config::meta::ProviderChainError;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::error::{ConnectorError, ErrorMetadata, ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use jwt_bearer_signer::{SignError, SignErrorKind};

use crate::error::{chain, is_clock, is_outage, is_throttling, sources, wrong_clock};

/// Why there are no credentials to call AWS KMS with, and whether there may be some in a moment.
///
/// An instance whose metadata service does not answer is like a machine that is no instance, unless there were
/// credentials before.
pub(crate) fn no_credentials(error: &CredentialsError, were_before: bool) -> SignError {
    let refusal = sources(error).find_map(|one| {
        answer::<AssumeRoleError>(one).or_else(|| answer::<AssumeRoleWithWebIdentityError>(one))
    });
    if let Some(refusal) = refusal
        && let Some(code) = refusal.code()
        && is_clock(code, refusal.message())
    {
        return SignError::new(SignErrorKind::AccessDenied, wrong_clock(code));
    }
    let (kind, text) = match error {
        CredentialsError::CredentialsNotLoaded(_) if were_before && chain_passes(error) => (
            SignErrorKind::Unavailable,
            "the AWS credentials cannot be fetched for now: what gave them out before cannot be reached".into(),
        ),
        CredentialsError::CredentialsNotLoaded(_) => (
            SignErrorKind::AccessDenied,
            "no AWS credentials were found in the environment (AWS_ACCESS_KEY_ID), in the profile of ~/.aws/config \
             and ~/.aws/credentials (AWS_PROFILE), nor by a web identity, container role or instance role: run `aws \
             configure` or `aws sso login`, or set one of these variables"
                .into(),
        ),
        CredentialsError::ProviderTimedOut(_) => (
            SignErrorKind::Timeout,
            "the AWS credentials could not be fetched in time".into(),
        ),
        error if sources(error).any(passes) => (
            SignErrorKind::Unavailable,
            format!(
                "the AWS credentials cannot be fetched for now: {}",
                chain(sources(error))
            ),
        ),
        error => (
            SignErrorKind::AccessDenied,
            format!("the AWS credentials could not be fetched: {}", chain(sources(error))),
        ),
    };
    SignError::new(kind, text)
}

/// What STS said, if this is its refusal.
fn answer<'a, E>(error: &'a (dyn Error + 'static)) -> Option<&'a ErrorMetadata>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    Some(error.downcast_ref::<SdkError<E>>()?.meta())
}

/// Whether what failed was the way to the credentials or who gives them out, and not the asking.
fn passes(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<SdkError<AssumeRoleError>>() {
        return call_passes(error, error.code());
    }
    if let Some(error) = error.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError>>() {
        return call_passes(error, error.code());
    }
    if let Some(error) = error.downcast_ref::<SdkError<CredentialsError>>() {
        return call_passes(error, None);
    }
    if let Some(error) = error.downcast_ref::<SdkError<TokenError>>() {
        return call_passes(error, None);
    }
    if let Some(error) = error.downcast_ref::<ImdsError>() {
        return match error {
            ImdsError::ErrorResponse(refusal) => {
                status_passes(refusal.response().status().as_u16())
            }
            ImdsError::IoError(_) => true,
            _ => false,
        };
    }
    if let Some(error) = error.downcast_ref::<ConnectorError>() {
        return !error.is_user();
    }
    match error.downcast_ref::<CredentialsError>() {
        Some(error) => matches!(error, CredentialsError::ProviderTimedOut(_)),
        None => container_status(&error.to_string()).is_some_and(status_passes),
    }
}

/// Whether one of the places where credentials were looked for did not answer.
fn chain_passes(error: &CredentialsError) -> bool {
    sources(error)
        .filter_map(|one| one.downcast_ref::<ProviderChainError<CredentialsError>>())
        .flat_map(ProviderChainError::attempts)
        .any(|attempt| sources(attempt.error()).any(passes))
}

fn call_passes<E>(error: &SdkError<E>, code: Option<&str>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        SdkError::DispatchFailure(failure) => !failure.is_user(),
        SdkError::ServiceError(refusal) => {
            let known =
                |code| is_throttling(code) || is_outage(code) || code == "IDPCommunicationError";
            status_passes(refusal.raw().status().as_u16()) || code.is_some_and(known)
        }
        _ => false,
    }
}

fn status_passes(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..)
}

/// The status that a container's endpoint for credentials answered with, which the SDK tells in words alone.
fn container_status(text: &str) -> Option<u16> {
    text.strip_prefix("Non-success status from HTTP credential provider: StatusCode(")?
        .strip_suffix(')')?
        .parse()
        .ok()
}
