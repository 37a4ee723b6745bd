use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use jwt_bearer_signer::{SignError, SignErrorKind};

use crate::algorithm::{corrupt, shown};
use crate::credentials::no_credentials;

/// A call to AWS KMS, as errors tell of it.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    action: &'static str,
    key: &'a str,
    region: &'a str,
    /// The values that the conditions of a policy see.
    conditions: Option<(&'a str, &'a str)>,
}

impl<'a> Call<'a> {
    pub(crate) fn get_public_key(key: &'a str, region: &'a str) -> Self {
        Self {
            action: "kms:GetPublicKey",
            key,
            region,
            conditions: None,
        }
    }

    pub(crate) fn sign(
        key: &'a str,
        region: &'a str,
        signing_algorithm: &'a str,
        message_type: &'a str,
    ) -> Self {
        Self {
            action: "kms:Sign",
            key,
            region,
            conditions: Some((signing_algorithm, message_type)),
        }
    }
}

/// What a failed call means. The SDK's own error goes no further: it holds the request, and with it credentials.
pub(crate) fn failed<E>(call: Call<'_>, error: &SdkError<E>) -> SignError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let Call {
        action,
        key,
        region,
        ..
    } = call;
    if let Some(credentials) = find::<CredentialsError>(error) {
        // The key was opened with some, before anything was signed.
        return no_credentials(credentials, call.conditions.is_some());
    }
    match error {
        SdkError::TimeoutError(_) => timeout(call),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => timeout(call),
        // What the SDK tried again although it knows no better name for it was of the network too.
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.as_other().is_some() => {
            SignError::new(
                SignErrorKind::Unavailable,
                format!(
                    "AWS KMS in {region} cannot be reached for {action} on {key}: {}",
                    cause(error)
                ),
            )
        }
        SdkError::ResponseError(_) => SignError::new(
            SignErrorKind::Unavailable,
            format!(
                "the reply of AWS KMS in {region} to {action} on {key} was cut short: {}",
                cause(error)
            ),
        ),
        SdkError::ServiceError(refusal) => {
            let status = refusal.raw().status();
            match error.code() {
                Some(code) => refused(call, code, error.message()),
                None if status.is_success() => corrupt("it is not the JSON that was expected"),
                None => unexplained(call, status.as_u16()),
            }
        }
        _ => SignError::new(
            SignErrorKind::Other,
            format!("{action} on {key} could not be sent: {}", cause(error)),
        ),
    }
}

/// A refusal by the name that AWS gives it. Not all of them are among those that the SDK knows by type.
fn refused(call: Call<'_>, code: &str, message: Option<&str>) -> SignError {
    use SignErrorKind::{AccessDenied, InvalidKey, KeyNotFound, Other, Unavailable};
    let Call {
        action,
        key,
        region,
        conditions,
    } = call;
    // Some refusals repeat the request, with the session token among its headers.
    let said = message
        .filter(|text| !text.is_empty() && !text.to_lowercase().contains("x-amz-"))
        .map_or(String::new(), |text| format!(" ({})", shown(text)));
    let (kind, text) = match code {
        "AccessDeniedException" | "AccessDenied" => {
            let conditions = conditions.map_or(String::new(), |(algorithm, message_type)| {
                format!(
                    "; a condition there must admit kms:SigningAlgorithm {algorithm} and kms:MessageType {message_type}"
                )
            });
            (
                AccessDenied,
                format!(
                    "AWS denies {action} on {key}{said}: allow kms:GetPublicKey and kms:Sign on this key in the \
                     caller's policy or in the key's policy{conditions}"
                ),
            )
        }
        _ if is_clock(code, message) => (AccessDenied, wrong_clock(code)),
        "ExpiredTokenException" | "ExpiredToken" => (
            AccessDenied,
            "the AWS credentials have expired: sign in again (`aws sso login`), or fetch new ones"
                .into(),
        ),
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => (
            AccessDenied,
            format!(
                "AWS does not know the credentials ({code}): check the access key id, and the session token if there \
                 is one; `aws sts get-caller-identity` tells whether they are good"
            ),
        ),
        "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException" => (
            AccessDenied,
            format!(
                "AWS does not accept how the call was signed ({code}): check the secret access key, and the clock of \
                 this machine"
            ),
        ),
        _ if is_throttling(code) => (
            Unavailable,
            format!(
                "AWS KMS in {region} takes no more calls for now{said}: cache tokens, so that one signature serves \
                 for long, or ask AWS for a higher request quota"
            ),
        ),
        "NotFoundException" | "InvalidArnException" => (
            KeyNotFound,
            format!(
                "AWS KMS knows no {key} in {region}{said}: check the region, the account of the credentials, and that \
                 an alias is written alias/NAME; a key of another account needs its ARN"
            ),
        ),
        "DisabledException" => (
            InvalidKey,
            format!(
                "{key} is disabled: enable it with `aws kms enable-key --region {region} --key-id KEY_ID`"
            ),
        ),
        "KMSInvalidStateException" => (InvalidKey, wrong_state(call, &said)),
        "InvalidKeyUsageException" => (
            InvalidKey,
            format!(
                "{key} is not for this{said}: it must have been made with --key-usage SIGN_VERIFY, and its \
                 key spec must have the algorithm"
            ),
        ),
        "UnsupportedOperationException" => (
            InvalidKey,
            format!(
                "{key} has no public key{said}, so it is a symmetric one: make one with `aws kms create-key \
                 --key-usage SIGN_VERIFY --key-spec RSA_2048`"
            ),
        ),
        _ if is_outage(code) => (
            Unavailable,
            format!(
                "AWS KMS in {region} failed at {action} on {key}: {}{said}",
                shown(code)
            ),
        ),
        _ => (
            Other,
            format!(
                "AWS KMS in {region} refused {action} on {key}: {}{said}",
                shown(code)
            ),
        ),
    };
    SignError::new(kind, text)
}

/// Whether AWS says that the time of the call is not that of its own clock.
pub(crate) fn is_clock(code: &str, message: Option<&str>) -> bool {
    let message = message.unwrap_or_default();
    match code {
        "RequestExpired" | "RequestTimeTooSkewed" | "RequestInTheFuture" => true,
        "InvalidSignatureException" | "SignatureDoesNotMatch" => {
            message.starts_with("Signature expired")
                || message.starts_with("Signature not yet current")
        }
        _ => false,
    }
}

pub(crate) fn wrong_clock(code: &str) -> String {
    format!(
        "AWS finds the call too old or too new ({code}): set the clock of this machine, and keep it right by NTP \
         (`timedatectl set-ntp true`)"
    )
}

pub(crate) fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "ThrottlingException"
            | "Throttling"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "LimitExceededException"
    )
}

pub(crate) fn is_outage(code: &str) -> bool {
    matches!(
        code,
        "KMSInternalException"
            | "KeyUnavailableException"
            | "DependencyTimeoutException"
            | "InternalFailure"
            | "InternalServerError"
            | "ServiceUnavailable"
            | "ServiceUnavailableException"
            | "RequestTimeout"
            | "RequestTimeoutException"
    )
}

fn wrong_state(call: Call<'_>, said: &str) -> String {
    let Call { key, region, .. } = call;
    let lower = said.to_lowercase();
    let (state, remedy) = if lower.contains("deletion") {
        (
            "is to be deleted",
            format!(
                "keep it with `aws kms cancel-key-deletion --region {region} --key-id KEY_ID`, and then `aws kms \
                 enable-key` likewise"
            ),
        )
    } else if lower.contains("import") {
        (
            "waits for its key material",
            "import it with `aws kms import-key-material`".into(),
        )
    } else {
        (
            "is in a state in which it does not sign",
            format!("`aws kms describe-key --region {region} --key-id KEY_ID` tells which"),
        )
    };
    format!("{key} {state}{said}: {remedy}")
}

/// A status without the name of an error: of a proxy or a load balancer, not of AWS KMS.
fn unexplained(call: Call<'_>, status: u16) -> SignError {
    let kind = match status {
        408 | 429 | 500.. => SignErrorKind::Unavailable,
        401 | 403 | 407 => SignErrorKind::AccessDenied,
        _ => SignErrorKind::Other,
    };
    let text = format!(
        "HTTP status {status} without a reason came back for {} on {} in {}: see whether the endpoint is AWS KMS, and \
         whether a proxy stands between",
        call.action, call.key, call.region
    );
    SignError::new(kind, text)
}

fn timeout(call: Call<'_>) -> SignError {
    let text = format!(
        "AWS KMS in {} did not answer {} on {} in time",
        call.region, call.action, call.key
    );
    SignError::new(SignErrorKind::Timeout, text)
}

/// The first error of this type among the error and its sources.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    sources(error).find_map(<dyn Error>::downcast_ref)
}

/// What happened below the SDK's own names for it.
fn cause<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let layers = match error {
        SdkError::DispatchFailure(_) => 2,
        _ => 1,
    };
    chain(sources(error).skip(layers))
}

/// What the errors say, each once, without those that repeat a request and its session token.
pub(crate) fn chain<'a>(errors: impl Iterator<Item = &'a (dyn Error + 'static)>) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in errors.map(ToString::to_string) {
        let repeats_request = text.to_lowercase().contains("x-amz-");
        if !repeats_request && !texts.iter().any(|one| one.contains(&text)) {
            texts.push(text);
        }
    }
    shown(&texts.join(": "))
}

pub(crate) fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}
