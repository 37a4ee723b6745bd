use std::error::Error;

use jwt_bearer_signer::{SignErrorKind, Signer};
use jwt_bearer_signer_aws_kms::AwsKmsKey;

use crate::fake::{ARN, Answer, Fake, Key, SECRETS};
use crate::{is, refused};

/// The error's name, its HTTP status, what AWS says with it, the kind, and a part of our text.
type Case = (&'static str, u16, &'static str, SignErrorKind, &'static str);

const CASES: [Case; 31] = {
    use SignErrorKind::{AccessDenied, InvalidKey, KeyNotFound, Other, Unavailable};
    [
        (
            "AccessDeniedException",
            400,
            "User: box is not authorized",
            AccessDenied,
            "(User: box is not authorized): allow kms:GetPublicKey and kms:Sign on this key in the caller's policy",
        ),
        (
            "ExpiredTokenException",
            400,
            "The security token included in the request is expired",
            AccessDenied,
            "the AWS credentials have expired: sign in again (`aws sso login`)",
        ),
        ("ExpiredToken", 403, "", AccessDenied, "have expired"),
        (
            "RequestExpired",
            400,
            "",
            AccessDenied,
            "too old or too new (RequestExpired): set the clock of this machine",
        ),
        (
            "InvalidSignatureException",
            400,
            "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z",
            AccessDenied,
            "too old or too new (InvalidSignatureException): set the clock",
        ),
        (
            "UnrecognizedClientException",
            400,
            "The security token included in the request is invalid.",
            AccessDenied,
            "AWS does not know the credentials (UnrecognizedClientException)",
        ),
        (
            "InvalidClientTokenId",
            403,
            "",
            AccessDenied,
            "does not know the credentials",
        ),
        (
            "MissingAuthenticationTokenException",
            400,
            "",
            AccessDenied,
            "does not know the credentials",
        ),
        (
            "InvalidSignatureException",
            400,
            "The Canonical String should have been 'x-amz-security-token:IQoJb3JpZ2luX2VjEXAMPLE'",
            AccessDenied,
            "how the call was signed (InvalidSignatureException): check the secret access key, and the clock",
        ),
        (
            "SignatureDoesNotMatch",
            403,
            "",
            AccessDenied,
            "how the call was signed",
        ),
        (
            "IncompleteSignature",
            400,
            "",
            AccessDenied,
            "how the call was signed",
        ),
        (
            "RequestTimeTooSkewed",
            400,
            "",
            AccessDenied,
            "the clock of this machine",
        ),
        (
            "ThrottlingException",
            400,
            "You have exceeded the rate at which you may call KMS.",
            Unavailable,
            "takes no more calls for now (You have exceeded the rate at which you may call KMS.): cache tokens",
        ),
        ("Throttling", 400, "", Unavailable, "cache tokens"),
        (
            "TooManyRequestsException",
            429,
            "",
            Unavailable,
            "cache tokens",
        ),
        (
            "LimitExceededException",
            400,
            "",
            Unavailable,
            "higher request quota",
        ),
        (
            "NotFoundException",
            400,
            "Alias arn:aws:kms:eu-central-1:1:alias/box is not found.",
            KeyNotFound,
            "in eu-central-1 (Alias arn:aws:kms:eu-central-1:1:alias/box is not found.): check the region, the account",
        ),
        (
            "InvalidArnException",
            400,
            "",
            KeyNotFound,
            "an alias is written alias/NAME",
        ),
        (
            "DisabledException",
            400,
            "",
            InvalidKey,
            "is disabled: enable it with `aws kms enable-key --region eu-central-1",
        ),
        (
            "KMSInvalidStateException",
            400,
            "arn is pending deletion.",
            InvalidKey,
            "is to be deleted (arn is pending deletion.): keep it with `aws kms cancel-key-deletion",
        ),
        (
            "KMSInvalidStateException",
            400,
            "arn is pending import.",
            InvalidKey,
            "waits for its key material (arn is pending import.): import it with `aws kms import-key-material`",
        ),
        (
            "KMSInvalidStateException",
            400,
            "arn is being created.",
            InvalidKey,
            "does not sign (arn is being created.): `aws kms describe-key --region eu-central-1",
        ),
        (
            "InvalidKeyUsageException",
            400,
            "",
            InvalidKey,
            "must have been made with --key-usage SIGN_VERIFY",
        ),
        (
            "UnsupportedOperationException",
            400,
            "",
            InvalidKey,
            "has no public key, so it is a symmetric one",
        ),
        (
            "KMSInternalException",
            500,
            "",
            Unavailable,
            "KMSInternalException",
        ),
        (
            "KeyUnavailableException",
            500,
            "",
            Unavailable,
            "KeyUnavailableException",
        ),
        (
            "DependencyTimeoutException",
            503,
            "",
            Unavailable,
            "DependencyTimeoutException",
        ),
        (
            "ServiceUnavailableException",
            503,
            "",
            Unavailable,
            "ServiceUnavailableException",
        ),
        (
            "ValidationException",
            400,
            "Digest is invalid length",
            Other,
            "ValidationException (Digest is invalid length)",
        ),
        (
            "DryRunOperationException",
            400,
            "",
            Other,
            "DryRunOperationException",
        ),
        (
            "BrandNewException",
            400,
            "X-Amz-Security-Token: IQoJb3JpZ2luX2VjEXAMPLE",
            Other,
            "BrandNewException",
        ),
    ]
};

#[tokio::test]
async fn every_refusal_of_a_signature_has_a_kind_and_a_remedy() {
    for (code, status, message, kind, text) in CASES {
        let fake = Fake::with_key(Key::P256, move |_, _| Answer::error(status, code, message));
        let signer = AwsKmsKey::new("alias/box")
            .max_attempts(1)
            .open_with(&fake.config())
            .await
            .unwrap();
        let error = signer.sign(b"header.claims").await.unwrap_err();
        is(&error, kind, text);
        let retryable = kind == SignErrorKind::Unavailable;
        assert_eq!(error.is_retryable(), retryable, "{code}");
        assert_eq!(fake.requests().len(), 2, "{code}");
    }
}

#[tokio::test]
async fn every_refusal_of_the_public_key_has_a_kind_and_a_remedy() {
    for (code, status, message, kind, text) in CASES {
        let fake = Fake::new(move |_, _| Answer::error(status, code, message));
        let error = refused(&fake, AwsKmsKey::new("alias/box").max_attempts(1)).await;
        is(&error, kind, text);
        assert_eq!(fake.requests().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn what_repeats_helps_nothing_is_called_once() {
    for (code, status, message, kind, text) in CASES {
        if kind == SignErrorKind::Unavailable || code == "RequestTimeTooSkewed" {
            continue;
        }
        let fake = Fake::new(move |_, _| Answer::error(status, code, message));
        let error = refused(&fake, AwsKmsKey::new("alias/box")).await;
        is(&error, kind, text);
        assert_eq!(fake.requests().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_denial_names_action_key_and_conditions() {
    let fake = Fake::with_key(Key::P256, |_, _| {
        Answer::error(400, "AccessDeniedException", "no")
    });
    let error = crate::open(&fake)
        .await
        .sign(b"header.claims")
        .await
        .unwrap_err();
    is(
        &error,
        SignErrorKind::AccessDenied,
        &format!("AWS denies kms:Sign on {ARN} (no): allow"),
    );
    is(
        &error,
        SignErrorKind::AccessDenied,
        "must admit kms:SigningAlgorithm ECDSA_SHA_256 and kms:MessageType DIGEST",
    );
    let fake = Fake::new(|_, _| Answer::error(400, "AccessDeniedException", "no"));
    is(
        &refused(&fake, AwsKmsKey::new("alias/box")).await,
        SignErrorKind::AccessDenied,
        "AWS denies kms:GetPublicKey on alias/box (no): allow",
    );
}

#[tokio::test]
async fn answers_that_are_not_of_aws_kms_are_told_by_their_status() {
    let cases = [
        (503, SignErrorKind::Unavailable),
        (429, SignErrorKind::Unavailable),
        (403, SignErrorKind::AccessDenied),
        (407, SignErrorKind::AccessDenied),
        (404, SignErrorKind::Other),
        (301, SignErrorKind::Other),
    ];
    for (status, kind) in cases {
        for body in ["", "<html>", "{}"] {
            let fake = Fake::new(move |_, _| Answer::Reply(status, body.into()));
            let error = refused(&fake, AwsKmsKey::new("alias/box").max_attempts(1)).await;
            is(
                &error,
                kind,
                &format!("HTTP status {status} without a reason"),
            );
        }
    }
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    let fake = Fake::new(|_, _| Answer::Refused);
    let error = refused(&fake, AwsKmsKey::new("alias/box").max_attempts(1)).await;
    is(
        &error,
        SignErrorKind::Unavailable,
        "AWS KMS in eu-central-1 cannot be reached for kms:GetPublicKey on alias/box",
    );
    is(
        &error,
        SignErrorKind::Unavailable,
        "tcp connect error: connection refused",
    );
}

#[tokio::test]
async fn texts_of_the_service_stay_on_one_line_and_short() {
    let message = format!("a\nb\u{1b}[31m{}", "é".repeat(3000));
    let fake = Fake::new(move |_, _| Answer::error(400, "ValidationException", &message));
    let error = refused(&fake, AwsKmsKey::new("alias/box")).await;
    let text = error.source().unwrap().to_string();
    assert!(
        text.contains("(a b [31mé") && text.ends_with("é…)"),
        "{text}"
    );
    assert!(text.chars().count() < 600 && !text.contains(char::is_control));
}

#[test]
fn the_secrets_that_are_looked_for_are_in_the_cases() {
    assert!(CASES.iter().any(|case| case.2.contains(SECRETS[1])));
}
