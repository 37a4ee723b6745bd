use std::time::Duration;

use jwt_bearer_signer::{Algorithm, SignErrorKind, Signer};
use jwt_bearer_signer_aws_kms::AwsKmsKey;
use serde_json::json;
use tokio::time::Instant;

use crate::fake::{ARN, Answer, Fake, Key};
use crate::{is, open};

fn signing(key: Key) -> Fake {
    Fake::with_key(key, move |request, _| Answer::ok(&key.sign(request)))
}

#[tokio::test]
async fn a_signature_is_one_call_with_the_digest_and_the_arn() {
    let fake = signing(Key::P256);
    let signer = open(&fake).await;
    let signature = signer.sign(b"header.claims").await.unwrap();
    signer
        .public_key()
        .verify(Algorithm::Es256, b"header.claims", signature.as_bytes())
        .unwrap();
    let requests = fake.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].operation, "Sign");
    // SHA-256 of `header.claims`, as openssl makes it.
    let digest = "gbIjcFQEao/64eph2wtdlTfCMdKa7HrSFDbEJCcuHEY=";
    let expected = json!({
        "KeyId": ARN,
        "Message": digest,
        "MessageType": "DIGEST",
        "SigningAlgorithm": "ECDSA_SHA_256",
    });
    assert_eq!(requests[1].body, expected);
}

#[tokio::test]
async fn ed25519_gets_the_message_of_up_to_4096_octets() {
    let fake = signing(Key::Ed25519);
    let signer = open(&fake).await;
    for length in [0, 4096] {
        let message = vec![b'x'; length];
        let signature = signer.sign(&message).await.unwrap();
        signer
            .public_key()
            .verify(Algorithm::EdDsa, &message, signature.as_bytes())
            .unwrap();
    }
    let error = signer.sign(&[b'x'; 4097]).await.unwrap_err();
    is(
        &error,
        SignErrorKind::InputLength,
        "4097 octets to be signed with EdDSA, for which AWS KMS takes up to 4096",
    );
    let requests = fake.requests();
    assert_eq!(requests.len(), 3, "the refused one was not sent");
    assert_eq!(requests[1].body["MessageType"], "RAW");
    assert_eq!(requests[1].body["SigningAlgorithm"], "ED25519_SHA_512");
}

#[tokio::test]
async fn replies_for_something_else_are_refused() {
    let other = ARN.replace("1234abcd", "00000000");
    let named = format!("{ARN} was asked to sign, and {other} did");
    let cases = [
        (json!({ "KeyId": other }), &*named),
        (json!({ "KeyId": null }), "and an unnamed key did"),
        (
            json!({ "SigningAlgorithm": "ECDSA_SHA_384" }),
            "ECDSA_SHA_256 was asked for, and the signature is by ECDSA_SHA_384",
        ),
        (
            json!({ "SigningAlgorithm": "ROT13" }),
            "the signature is by ROT13",
        ),
        (json!({ "Signature": null }), "it has no signature"),
        (
            json!({ "Signature": "AAAA" }),
            "3 bytes that are not the DER of an ECDSA signature",
        ),
        // The DER of an ECDSA signature whose numbers are both 1.
        (
            json!({ "Signature": "MAYCAQECAQE=" }),
            "the signature is not this key's over this message",
        ),
    ];
    for (changes, text) in cases {
        let fake = Fake::with_key(Key::P256, move |request, _| {
            let mut reply = Key::P256.sign(request);
            for (name, value) in changes.as_object().unwrap() {
                reply[name] = value.clone();
            }
            Answer::ok(&reply)
        });
        let error = open(&fake).await.sign(b"header.claims").await.unwrap_err();
        is(&error, SignErrorKind::Other, text);
        assert!(!error.is_retryable());
        assert_eq!(fake.requests().len(), 2, "{text}");
    }
}

#[tokio::test]
async fn verification_can_be_switched_off() {
    let fake = Fake::with_key(Key::P256, |request, _| {
        let mut reply = Key::P256.sign(request);
        reply["Signature"] = json!("MAYCAQECAQE=");
        Answer::ok(&reply)
    });
    let signer = AwsKmsKey::new("alias/box")
        .verify(false)
        .open_with(&fake.config())
        .await
        .unwrap();
    let signature = signer.sign(b"header.claims").await.unwrap();
    assert_eq!(signature.as_bytes().len(), 64);
}

/// Answers the first `n` signatures like this, and signs from then on.
fn failing(n: usize, answer: Answer) -> Fake {
    Fake::with_key(Key::P256, move |request, i| {
        if i < n {
            answer.clone()
        } else {
            Answer::ok(&Key::P256.sign(request))
        }
    })
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again() {
    let answers = [
        Answer::error(400, "ThrottlingException", "Rate exceeded"),
        Answer::error(500, "KMSInternalException", "Try again"),
        Answer::error(500, "KeyUnavailableException", "Try again"),
        Answer::error(503, "DependencyTimeoutException", "Try again"),
        Answer::Reply(503, String::new()),
        Answer::Reset,
        Answer::Silence,
    ];
    for answer in answers {
        for failures in [1, 2] {
            let fake = failing(failures, answer.clone());
            let signer = open(&fake).await;
            signer.sign(b"header.claims").await.unwrap();
            assert_eq!(fake.requests().len(), 2 + failures, "{answer:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_in_time() {
    let cases = [
        (
            Answer::error(400, "ThrottlingException", "Rate exceeded"),
            SignErrorKind::Unavailable,
            3,
        ),
        (Answer::Reset, SignErrorKind::Unavailable, 3),
        (Answer::Silence, SignErrorKind::Timeout, 3),
    ];
    for (answer, kind, calls) in cases {
        let fake = failing(usize::MAX, answer.clone());
        let signer = open(&fake).await;
        let start = Instant::now();
        let error = signer.sign(b"header.claims").await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.is_retryable());
        assert_eq!(fake.requests().len(), 1 + calls, "{answer:?}");
        assert!(start.elapsed() <= Duration::from_secs(20), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn time_limits_and_attempts_can_be_set() {
    let fake = failing(usize::MAX, Answer::Silence);
    let key = AwsKmsKey::new("alias/box");
    let cases = [
        (key.clone().max_attempts(1), 5, 1),
        (key.clone().max_attempts(0), 5, 1),
        (
            key.clone()
                .max_attempts(1)
                .attempt_timeout(Duration::from_secs(60)),
            20,
            1,
        ),
        (key.operation_timeout(Duration::from_secs(3)), 3, 1),
    ];
    for (key, seconds, calls) in cases {
        let signer = key.open_with(&fake.config()).await.unwrap();
        let before = fake.requests().len();
        let start = Instant::now();
        let error = signer.sign(b"header.claims").await.unwrap_err();
        is(
            &error,
            SignErrorKind::Timeout,
            &format!("AWS KMS in eu-central-1 did not answer kms:Sign on {ARN} in time"),
        );
        assert_eq!(start.elapsed().as_secs(), seconds);
        assert_eq!(fake.requests().len() - before, calls);
    }
}
