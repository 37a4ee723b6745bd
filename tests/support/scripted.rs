//! A token endpoint that answers by a script, without a socket, and a signer that counts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jwt_bearer::exchange::{Reply, Request, Transport, TransportError, TransportErrorKind};
use jwt_bearer::secrecy::SecretString;
use jwt_bearer::signer::{PublicKey, SignError, Signature};
use jwt_bearer::{Algorithm, Client, LocalSigner, Profile, Signer, Subject, TokenRequest};
use url::form_urlencoded;

use crate::keys::signer;

pub(crate) const ENDPOINT: &str = "https://as.example/token";

/// What one request is answered with.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) after: Duration,
    pub(crate) result: Result<Reply, TransportErrorKind>,
}

impl Script {
    pub(crate) fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        if let Ok(reply) = &mut self.result {
            reply.headers.push((name.into(), value.into()));
        }
        self
    }
}

pub(crate) fn reply(status: u16, body: impl Into<Vec<u8>>) -> Script {
    Script {
        after: Duration::from_millis(20),
        result: Ok(Reply::new(status, Vec::new(), body.into())),
    }
}

pub(crate) fn broken(kind: TransportErrorKind) -> Script {
    Script {
        after: Duration::from_millis(20),
        result: Err(kind),
    }
}

pub(crate) fn refusal(description: &str) -> Script {
    let body = serde_json::json!({ "error": "invalid_grant", "error_description": description });
    reply(400, body.to_string())
}

/// A token whose text tells which request it came with, counted from 0.
pub(crate) fn token(number: usize, expires_in: impl Into<Option<u64>>) -> Script {
    let mut body =
        serde_json::json!({ "access_token": format!("T{number}"), "token_type": "Bearer" });
    if let Some(seconds) = expires_in.into() {
        body["expires_in"] = seconds.into();
    }
    reply(200, body.to_string())
}

type Answer = dyn Fn(usize) -> Script + Send + Sync;

/// The endpoint; its clones are one.
#[derive(Clone)]
pub(crate) struct Endpoint(Arc<Inner>);

struct Inner {
    answer: Box<Answer>,
    forms: Mutex<Vec<Vec<(String, String)>>>,
    times: Mutex<Vec<tokio::time::Instant>>,
}

impl Endpoint {
    /// Answers each request, counted from 0, by the function.
    pub(crate) fn new(answer: impl Fn(usize) -> Script + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            answer: Box::new(answer),
            forms: Mutex::default(),
            times: Mutex::default(),
        }))
    }

    /// Answers the first requests by these, and the others with tokens of an hour.
    pub(crate) fn first(scripts: impl IntoIterator<Item = Script>) -> Self {
        let scripts: Vec<_> = scripts.into_iter().collect();
        Self::new(move |number| {
            scripts
                .get(number)
                .cloned()
                .unwrap_or_else(|| token(number, 3600))
        })
    }

    pub(crate) fn posts(&self) -> usize {
        self.0.forms.lock().unwrap().len()
    }

    pub(crate) fn forms(&self) -> Vec<Vec<(String, String)>> {
        self.0.forms.lock().unwrap().clone()
    }

    /// When the requests came.
    pub(crate) fn times(&self) -> Vec<tokio::time::Instant> {
        self.0.times.lock().unwrap().clone()
    }

    /// The assertions, in order.
    pub(crate) fn assertions(&self) -> Vec<String> {
        let forms = self.forms();
        let of = |form: &Vec<(String, String)>| {
            let assertion = form.iter().find(|(name, _)| name == "assertion");
            assertion.unwrap().1.clone()
        };
        forms.iter().map(of).collect()
    }

    /// A claim of each assertion.
    pub(crate) fn claims(&self, name: &str) -> Vec<serde_json::Value> {
        let read = |text: String| {
            let decoded = jwt_bearer::assertion::Assertion::decode(&text).unwrap();
            decoded.claims()[name].clone()
        };
        self.assertions().into_iter().map(read).collect()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new().transport(self.clone())
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Endpoint({} posts)", self.posts())
    }
}

#[async_trait]
impl Transport for Endpoint {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        assert_eq!(request.url.as_str(), ENDPOINT);
        let form = form_urlencoded::parse(request.body().as_bytes());
        let form = form.into_owned().collect();
        let number = {
            let mut forms = self.0.forms.lock().unwrap();
            forms.push(form);
            forms.len() - 1
        };
        self.0
            .times
            .lock()
            .unwrap()
            .push(tokio::time::Instant::now());
        let script = (self.0.answer)(number);
        tokio::time::sleep(script.after).await;
        script
            .result
            .map_err(|kind| TransportError::new(kind, "by the script"))
    }
}

/// A signer that counts its signatures.
#[derive(Clone, Debug)]
pub(crate) struct Counting {
    signer: Arc<LocalSigner>,
    count: Arc<AtomicUsize>,
}

impl Counting {
    pub(crate) fn new() -> Self {
        Self {
            signer: Arc::new(signer("p256.pem")),
            count: Arc::default(),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Signer for Counting {
    fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    fn key_id(&self) -> Option<&str> {
        Some("key1")
    }

    fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    async fn sign(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.signer.sign(signing_input).await
    }
}

/// A request for this subject.
pub(crate) fn request(subject: &str) -> TokenRequest {
    Profile::GENERIC
        .request("client-7f3a")
        .subject(Subject::Name(subject.into()))
        .client_id("client-7f3a")
        .client_secret(SecretString::from("SECRET-91c2"))
        .token_endpoint(ENDPOINT)
        .build()
        .unwrap()
}
