//! Signers that are slow or fail, and futures that reach back into the source when they are dropped.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use async_trait::async_trait;
use jwt_bearer::exchange::{Reply, Request, Retry, Token, TokenSource};
use jwt_bearer::exchange::{Transport, TransportError};
use jwt_bearer::signer::{PublicKey, SignError, SignErrorKind, Signature};
use jwt_bearer::{Algorithm, Client, ExchangeErrorKind, LocalSigner, Profile, Signer, Subject};
use tokio::time::{Instant, advance, sleep, timeout};

use crate::keys::signer;
use crate::repair::Ticking;
use crate::scripted::{Counting, ENDPOINT, Endpoint, reply, request};
use crate::{ask, seconds, source};

/// Signs after such a time, or fails; the last one counts for all that follow.
#[derive(Debug)]
struct Signing {
    signer: LocalSigner,
    script: Mutex<VecDeque<Result<Duration, SignErrorKind>>>,
    count: Mutex<usize>,
}

impl Signing {
    fn new(script: impl IntoIterator<Item = Result<Duration, SignErrorKind>>) -> Arc<Self> {
        Arc::new(Self {
            signer: signer("p256.pem"),
            script: Mutex::new(script.into_iter().collect()),
            count: Mutex::new(0),
        })
    }

    fn count(&self) -> usize {
        *self.count.lock().unwrap()
    }

    fn next(&self) -> Result<Duration, SignErrorKind> {
        *self.count.lock().unwrap() += 1;
        let mut script = self.script.lock().unwrap();
        let next = script[0];
        if script.len() > 1 {
            script.pop_front();
        }
        next
    }
}

#[async_trait]
impl Signer for Signing {
    fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    fn key_id(&self) -> Option<&str> {
        None
    }

    fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    async fn sign(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
        match self.next() {
            Ok(time) => sleep(time).await,
            Err(kind) => return Err(SignError::new(kind, "by the script")),
        }
        self.signer.sign(signing_input).await
    }
}

/// Assertions that live for 60 seconds, and time enough for all tries.
fn slow(endpoint: &Endpoint, signer: &Arc<Signing>) -> TokenSource {
    let request = Profile::GENERIC
        .request("client-7f3a")
        .subject(Subject::Name("ann".into()))
        .token_endpoint(ENDPOINT)
        .lifetime(seconds(60))
        .build()
        .unwrap();
    let client = endpoint.client().clock(Ticking(Instant::now()));
    TokenSource::new(client, request, Arc::<Signing>::clone(signer))
        .retry(Retry::new().budget(seconds(1000)))
}

#[tokio::test(start_paused = true)]
async fn an_assertion_that_lost_half_of_its_life_is_not_posted() {
    let endpoint = Endpoint::first([]);
    let signer = Signing::new([Ok(seconds(31))]);
    let error = slow(&endpoint, &signer).token().await.unwrap_err();
    assert_eq!(endpoint.posts(), 0);
    assert_eq!(signer.count(), 2);
    assert_eq!(error.kind(), ExchangeErrorKind::Sign);
    assert!(error.is_retryable());
    assert!(error.attempt().is_none());
    let source = error.source().unwrap();
    assert_eq!(source.to_string(), "the signature took too long");
    assert_eq!(
        source.source().unwrap().to_string(),
        "signing took 31 s of the assertion's 60 s; it was not sent"
    );
}

#[tokio::test(start_paused = true)]
async fn it_is_signed_anew_once() {
    for (first, signatures) in [(29, 1), (31, 2), (600, 2)] {
        let endpoint = Endpoint::first([]);
        let signer = Signing::new([Ok(seconds(first)), Ok(seconds(29))]);
        assert_eq!(ask(&slow(&endpoint, &signer)).await, "T0", "{first}");
        assert_eq!(signer.count(), signatures);
        assert_eq!(endpoint.posts(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_signer_that_fails_is_asked_once_more() {
    for (kind, signatures) in [
        (SignErrorKind::Unavailable, 2),
        (SignErrorKind::Timeout, 2),
        (SignErrorKind::AccessDenied, 1),
    ] {
        let endpoint = Endpoint::first([]);
        let signer = Signing::new([Err(kind)]);
        let error = slow(&endpoint, &signer).token().await.unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::Sign);
        assert_eq!(signer.count(), signatures, "{kind:?}");
        assert_eq!(endpoint.posts(), 0);
    }
}

/// The one further try of the signer is apart from those of the server.
#[tokio::test(start_paused = true)]
async fn a_signer_that_failed_once_leaves_the_other_tries() {
    let endpoint = Endpoint::first([reply(503, ""), reply(503, "")]);
    let signer = Signing::new([Err(SignErrorKind::Unavailable), Ok(Duration::ZERO)]);
    assert_eq!(ask(&slow(&endpoint, &signer)).await, "T2");
    assert_eq!(signer.count(), 4);
}

/// Never answers; when it is given up, it uses the source.
#[derive(Clone, Debug)]
struct Reaching {
    source: Arc<Mutex<Option<TokenSource>>>,
    token: Arc<Token>,
    dropped: mpsc::Sender<()>,
}

impl Drop for Reaching {
    fn drop(&mut self) {
        // Taken first: the source may hold the transport.
        let source = self.source.lock().unwrap().take();
        if let Some(source) = source {
            source.invalidate(&self.token);
            self.dropped.send(()).unwrap();
        }
    }
}

#[derive(Debug)]
struct Silent(Reaching);

#[async_trait]
impl Transport for Silent {
    async fn send(&self, _: Request) -> Result<Reply, TransportError> {
        let _reaching = self.0.clone();
        std::future::pending().await
    }
}

/// An exchange that was given up is dropped outside the lock. A thread of its own, since a failure would hang.
#[test]
fn what_is_given_up_may_use_the_source() {
    let (dropped, is_dropped) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async move {
            let token = source(&Endpoint::first([])).token().await.unwrap();
            let slot = Arc::default();
            let reaching = Reaching {
                source: Arc::clone(&slot),
                token,
                dropped,
            };
            let client = Client::new().transport(Silent(reaching));
            let source = TokenSource::new(client, request("ann"), Arc::new(Counting::new()));
            timeout(seconds(1), source.token()).await.unwrap_err();
            *slot.lock().unwrap() = Some(source.clone());
            advance(seconds(11)).await;
            timeout(seconds(1), source.token()).await.unwrap_err();
        });
    });
    is_dropped
        .recv_timeout(seconds(20))
        .expect("it was dropped, and not under the lock");
}
