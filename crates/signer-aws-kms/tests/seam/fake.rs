use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use serde_json::{Value, json};

pub(crate) const ARN: &str =
    "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// No error and no `Debug` may show one of them.
pub(crate) const SECRETS: [&str; 2] = ["wJalrXUtnFEMIK7MDENG", "IQoJb3JpZ2luX2VjEXAMPLE"];

/// What comes back for a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Reply(u16, String),
    Reset,
    Refused,
    Silence,
}

impl Answer {
    pub(crate) fn ok(value: &Value) -> Self {
        Self::Reply(200, value.to_string())
    }

    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({ "__type": code, "message": message });
        Self::Reply(status, body.to_string())
    }
}

/// A request as AWS KMS would see it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) operation: String,
    pub(crate) uri: String,
    pub(crate) body: Value,
}

type Rule = dyn Fn(&Request, usize) -> Answer + Send + Sync;

/// Stands where the SDK hands its HTTP requests over: `rule` answers the nth request, from 0.
#[derive(Clone)]
pub(crate) struct Fake {
    rule: Arc<Rule>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Fake {
    pub(crate) fn new(rule: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            rule: Arc::new(rule),
            requests: Arc::default(),
        }
    }

    /// An AWS KMS with one key, which answers `Sign` by a rule.
    pub(crate) fn with_key(
        key: Key,
        sign: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::new(move |request, n| match &*request.operation {
            "GetPublicKey" => Answer::ok(&key.public()),
            _ => sign(request, n - 1),
        })
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    pub(crate) fn config(&self) -> SdkConfig {
        configuration()
            .into_builder()
            .http_client(self.http_client())
            .build()
    }
}

/// A program's own configuration, without an HTTP client.
pub(crate) fn configuration() -> SdkConfig {
    let credentials = Credentials::new(
        "AKIAIOSFODNN7EXAMPLE",
        SECRETS[0],
        Some(SECRETS[1].into()),
        None,
        "test",
    );
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let request = Request {
            operation: target.trim_start_matches("TrentService.").into(),
            uri: request.uri().into(),
            body: serde_json::from_slice(request.body().bytes().unwrap()).unwrap(),
        };
        let n = {
            let mut requests = self.requests.lock().unwrap();
            requests.push(request.clone());
            requests.len() - 1
        };
        let failed = |text: &str| HttpConnectorFuture::ready(Err(ConnectorError::io(text.into())));
        match (self.rule)(&request, n) {
            Answer::Reply(status, body) => {
                let response = HttpResponse::new(status.try_into().unwrap(), body.into());
                HttpConnectorFuture::ready(Ok(response))
            }
            Answer::Reset => failed("connection reset by peer"),
            Answer::Refused => failed("tcp connect error: connection refused"),
            Answer::Silence => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fake")
    }
}

/// A key of the fake.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    P256,
    Ed25519,
}

impl Key {
    fn ec() -> p256::ecdsa::SigningKey {
        p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
    }

    fn ed() -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(&[7; 32])
    }

    /// The SPKI in base64.
    pub(crate) fn spki(self) -> String {
        let key = match self {
            Self::P256 => {
                let point = Self::ec().verifying_key().to_sec1_point(false);
                jwt_bearer_signer::PublicKey::from_ec_point(
                    jwt_bearer_signer::KeyKind::P256,
                    point.as_bytes(),
                )
            }
            Self::Ed25519 => {
                jwt_bearer_signer::PublicKey::from_ed25519(Self::ed().verifying_key().as_bytes())
            }
        };
        STANDARD.encode(key.unwrap().as_spki_der())
    }

    /// The reply to `GetPublicKey`.
    pub(crate) fn public(self) -> Value {
        let (spec, algorithms) = match self {
            Self::P256 => ("ECC_NIST_P256", json!(["ECDSA_SHA_256"])),
            Self::Ed25519 => (
                "ECC_NIST_EDWARDS25519",
                json!(["ED25519_PH_SHA_512", "ED25519_SHA_512"]),
            ),
        };
        json!({
            "KeyId": ARN,
            "KeySpec": spec,
            "CustomerMasterKeySpec": spec,
            "KeyUsage": "SIGN_VERIFY",
            "PublicKey": self.spki(),
            "SigningAlgorithms": algorithms,
        })
    }

    /// The reply to `Sign`, as AWS KMS makes it.
    pub(crate) fn sign(self, request: &Request) -> Value {
        let message = STANDARD
            .decode(request.body["Message"].as_str().unwrap())
            .unwrap();
        let signature = match self {
            Self::P256 => {
                let signature: p256::ecdsa::Signature = Self::ec().sign_prehash(&message).unwrap();
                signature.to_der().as_bytes().to_vec()
            }
            Self::Ed25519 => Self::ed().sign(&message).to_bytes().to_vec(),
        };
        json!({
            "KeyId": request.body["KeyId"],
            "Signature": STANDARD.encode(signature),
            "SigningAlgorithm": request.body["SigningAlgorithm"],
        })
    }
}
