//! The signer and the real SDK with a fault proxy between them and a KMS emulator.
//!
//! Ignored by plain `cargo test`: the README tells how to start both. The proxy has one set of rules, so the tests
//! take turns.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::error::Error;
use std::time::{Duration, Instant};

use aws_sdk_kms::Client;
use aws_sdk_kms::types::KeySpec;
use jwt_bearer_signer::{SignError, SignErrorKind, Signer};
use jwt_bearer_signer_aws_kms::{AwsKmsKey, AwsKmsSigner};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, MutexGuard};

use support::{at, emulator, key, variable};

mod support;

static TURN: Mutex<()> = Mutex::const_new(());

/// A signer that speaks to the emulator through the proxy.
struct Proxied {
    signer: AwsKmsSigner,
    _turn: MutexGuard<'static, ()>,
}

impl Proxied {
    async fn new(spec: KeySpec) -> Self {
        let turn = TURN.lock().await;
        control("POST", "rules", &json!([])).await;
        let arn = key(&Client::new(&emulator()), spec).await;
        let config = at(&variable("JWT_BEARER_TEST_KMS_FAULTS"));
        let signer = AwsKmsKey::new(&arn).open_with(&config).await.unwrap();
        Self {
            signer,
            _turn: turn,
        }
    }

    /// Signs while the proxy does this to `Sign`, the first so many times. Gives the outcome and the number of calls.
    async fn under(&self, fault: Value, times: Option<usize>) -> (Result<(), SignError>, u64) {
        let mut rule = json!({ "service": "kms", "operation": "Sign", "times": times });
        for (name, value) in fault.as_object().unwrap() {
            rule[name] = value.clone();
        }
        control("POST", "rules", &json!([rule])).await;
        let before = seen().await;
        let signed = self.signer.sign(b"header.claims").await;
        let calls = seen().await - before;
        control("POST", "rules", &json!([])).await;
        let verified = signed.map(|signature| {
            let octets = signature.as_bytes();
            let key = self.signer.public_key();
            key.verify(self.signer.algorithm(), b"header.claims", octets)
                .unwrap();
        });
        (verified, calls)
    }

    async fn recovers(&self, fault: Value, times: usize) {
        let (signed, calls) = self.under(fault.clone(), Some(times)).await;
        assert!(signed.is_ok(), "{fault}: {signed:?}");
        assert_eq!(calls, 1 + times as u64, "{fault}");
    }

    async fn fails(&self, fault: Value, calls: u64, kind: SignErrorKind, text: &str) {
        let (signed, counted) = self.under(fault.clone(), None).await;
        let error = signed.unwrap_err();
        let source = error.source().unwrap().to_string();
        assert_eq!(error.kind(), kind, "{fault}: {source}");
        assert!(source.contains(text), "`{text}` is not in `{source}`");
        assert_eq!(counted, calls, "{fault}");
        // The proxy is well again, and so is the signer.
        self.signer.sign(b"header.claims").await.unwrap();
    }
}

/// Asks the proxy itself.
async fn control(method: &str, path: &str, body: &Value) -> Value {
    let url = variable("JWT_BEARER_TEST_KMS_FAULTS");
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let body = body.to_string();
    let request = format!(
        "{method} /_microburst/{path} HTTP/1.0\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        reply
    };
    let reply = tokio::time::timeout(Duration::from_secs(30), exchange)
        .await
        .unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{reply}");
    serde_json::from_str(body).unwrap()
}

/// How many calls have come to the proxy.
async fn seen() -> u64 {
    let health = control("GET", "health", &Value::Null).await;
    health["requests_seen"].as_u64().unwrap()
}

fn error(code: &str, status: u16) -> Value {
    json!({ "error": { "code": code, "status": status } })
}

#[tokio::test]
#[ignore = "needs a fault proxy at JWT_BEARER_TEST_KMS_FAULTS before the KMS emulator at JWT_BEARER_TEST_KMS"]
async fn without_a_fault_a_signature_is_one_call() {
    let proxied = Proxied::new(KeySpec::EccNistP256).await;
    proxied.recovers(json!({ "reset": true }), 0).await;
}

#[tokio::test]
#[ignore = "needs a fault proxy at JWT_BEARER_TEST_KMS_FAULTS before the KMS emulator at JWT_BEARER_TEST_KMS"]
async fn faults_that_pass_are_outlasted() {
    let proxied = Proxied::new(KeySpec::EccNistP256).await;
    for times in [1, 2] {
        let faults = [
            error("ThrottlingException", 400),
            error("KMSInternalException", 500),
            error("KeyUnavailableException", 500),
            error("DependencyTimeoutException", 503),
            json!({ "reset": true }),
        ];
        for fault in faults {
            proxied.recovers(fault, times).await;
        }
    }
}

#[tokio::test]
#[ignore = "needs a fault proxy at JWT_BEARER_TEST_KMS_FAULTS before the KMS emulator at JWT_BEARER_TEST_KMS"]
async fn faults_that_stay_end_after_three_calls() {
    let proxied = Proxied::new(KeySpec::EccNistP256).await;
    let cases = [
        (
            error("ThrottlingException", 400),
            "takes no more calls for now",
        ),
        (error("KMSInternalException", 500), "KMSInternalException"),
        (json!({ "reset": true }), "cannot be reached for kms:Sign"),
    ];
    for (fault, text) in cases {
        proxied
            .fails(fault, 3, SignErrorKind::Unavailable, text)
            .await;
    }
}

#[tokio::test]
#[ignore = "needs a fault proxy at JWT_BEARER_TEST_KMS_FAULTS before the KMS emulator at JWT_BEARER_TEST_KMS"]
async fn refusals_are_not_repeated() {
    let proxied = Proxied::new(KeySpec::EccNistP256).await;
    let cases = [
        (
            "AccessDeniedException",
            SignErrorKind::AccessDenied,
            "AWS denies kms:Sign on arn:aws:kms:",
        ),
        (
            "ExpiredTokenException",
            SignErrorKind::AccessDenied,
            "the AWS credentials have expired",
        ),
        (
            "KMSInvalidStateException",
            SignErrorKind::InvalidKey,
            "is in a state in which it does not sign",
        ),
    ];
    for (code, kind, text) in cases {
        proxied.fails(error(code, 400), 1, kind, text).await;
    }
}

#[tokio::test]
#[ignore = "needs a fault proxy at JWT_BEARER_TEST_KMS_FAULTS before the KMS emulator at JWT_BEARER_TEST_KMS"]
async fn replies_cut_short_are_refused() {
    let proxied = Proxied::new(KeySpec::EccNistP256).await;
    // Whole to HTTP, half of the JSON.
    proxied
        .fails(
            json!({ "response": { "truncate_bytes": 60 } }),
            1,
            SignErrorKind::Other,
            "AWS KMS gave a corrupt reply: it is not the JSON that was expected",
        )
        .await;
    // Cut off in the middle, with the connection.
    let (signed, calls) = proxied
        .under(json!({ "response": { "abort_bytes": 60 } }), None)
        .await;
    assert_eq!(calls, 3);
    let error = signed.unwrap_err();
    assert_eq!(error.kind(), SignErrorKind::Unavailable, "{error:?}");
}

#[tokio::test]
#[ignore = "needs a fault proxy at JWT_BEARER_TEST_KMS_FAULTS before the KMS emulator at JWT_BEARER_TEST_KMS"]
async fn corrupt_replies_are_never_a_signature() {
    let proxied = Proxied::new(KeySpec::Rsa2048).await;
    for _ in 0..20 {
        let fault = json!({ "response": { "corrupt_bytes": 3 } });
        let (signed, calls) = proxied.under(fault, None).await;
        let error = signed.unwrap_err();
        let text = error.source().unwrap().to_string();
        assert_eq!(error.kind(), SignErrorKind::Other, "{text}");
        assert!(text.contains("corrupt reply"), "{text}");
        assert_eq!(calls, 1);
    }
}

#[tokio::test]
#[ignore = "needs a fault proxy at JWT_BEARER_TEST_KMS_FAULTS before the KMS emulator at JWT_BEARER_TEST_KMS"]
async fn seven_seconds_of_silence_are_outlasted_once_and_end_in_time() {
    let proxied = Proxied::new(KeySpec::EccNistP256).await;
    let silence = json!({ "latency": 7000 });
    proxied.recovers(silence.clone(), 1).await;
    let start = Instant::now();
    let text = "did not answer kms:Sign on arn:aws:kms:";
    proxied
        .fails(silence, 3, SignErrorKind::Timeout, text)
        .await;
    let life = Duration::from_secs(45);
    assert!(start.elapsed() < life, "an assertion would have expired");
}
