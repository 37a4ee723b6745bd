//! Requests with a token: `call`, and the layer for `tower`.

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::{Request, Response};
use jwt_bearer::ExchangeError;
use jwt_bearer::exchange::Answer;
use jwt_bearer::exchange::tower::BearerLayer;
use tower_layer::Layer;
use tower_service::Service;

use crate::scripted::{Endpoint, refusal};
use crate::{ask, source, text};

#[tokio::test(start_paused = true)]
async fn a_call_is_made_once_more_after_a_401() {
    for (refused, expected) in [
        (vec![], vec!["T0"]),
        (vec!["T0"], vec!["T0", "T1"]),
        (vec!["T0", "T1"], vec!["T0", "T1"]),
    ] {
        let endpoint = Endpoint::first([]);
        let seen = Mutex::new(Vec::new());
        let last = source(&endpoint)
            .call(|token| {
                let token = text(&token);
                seen.lock().unwrap().push(token.clone());
                let is_refused = refused.contains(&&*token);
                async move { Ok::<_, ExchangeError>(Answer::new(token, is_refused)) }
            })
            .await
            .unwrap();
        let seen = seen.into_inner().unwrap();
        assert_eq!(seen, expected);
        assert_eq!(&last, seen.last().unwrap());
    }
}

/// A token that was refused twice is not handed to the next caller.
#[tokio::test(start_paused = true)]
async fn the_second_token_that_is_refused_is_thrown_away_too() {
    let endpoint = Endpoint::first([]);
    let source = source(&endpoint);
    source
        .call(|_| ready(Ok::<_, ExchangeError>(Answer::new((), true))))
        .await
        .unwrap();
    assert!(source.current().is_none());
    assert_eq!(ask(&source).await, "T2");
}

#[tokio::test(start_paused = true)]
async fn the_layer_throws_the_second_token_away_too() {
    let source = source(&Endpoint::first([]));
    let resource = Resource {
        refused: &["T0", "T1"],
        seen: Arc::default(),
    };
    let mut service = BearerLayer::new(source.clone()).layer(resource);
    let request = Request::put("https://api.example/")
        .header("x-own", "1")
        .body(String::new())
        .unwrap();
    assert_eq!(service.call(request).await.unwrap().status(), 401);
    assert!(source.current().is_none());
    assert_eq!(ask(&source).await, "T2");
}

/// A body need be neither `Clone` nor `Debug` for the service to be.
#[test]
fn the_service_asks_nothing_of_the_body() {
    struct Body;
    let source = source(&Endpoint::first([]));
    let service = BearerLayer::<Body>::with(source, |_| None).layer("inner");
    let text = format!("{:?}", service.clone());
    assert!(
        text.starts_with(r#"BearerService { inner: "inner""#),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn errors_of_a_call_pass_through() {
    #[derive(Debug)]
    enum Failure {
        Token,
        Own,
    }
    impl From<ExchangeError> for Failure {
        fn from(_: ExchangeError) -> Self {
            Self::Token
        }
    }
    let endpoint = Endpoint::first([]);
    let result: Result<(), _> = source(&endpoint).call(|_| ready(Err(Failure::Own))).await;
    assert!(matches!(result, Err(Failure::Own)));
    assert_eq!(endpoint.posts(), 1);

    let endpoint = Endpoint::first([refusal("no")]);
    let result = source(&endpoint)
        .call(|_| ready(Ok(Answer::new((), false))))
        .await;
    assert!(matches!(result, Err(Failure::Token)));
}

/// Answers 401 to these tokens, and keeps what came.
#[derive(Clone)]
struct Resource {
    refused: &'static [&'static str],
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Service<Request<String>> for Resource {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        let header = &request.headers()["authorization"];
        assert!(header.is_sensitive());
        assert_eq!(request.headers()["x-own"], "1");
        assert_eq!(request.uri(), "https://api.example/");
        assert_eq!(request.method(), "PUT");
        let token = header.to_str().unwrap().strip_prefix("Bearer ").unwrap();
        let is_refused = self.refused.contains(&token);
        let seen = (token.to_owned(), request.body().clone());
        self.seen.lock().unwrap().push(seen);
        let status = if is_refused { 401 } else { 200 };
        let mut response = Response::new(());
        *response.status_mut() = status.try_into().unwrap();
        ready(Ok(response))
    }
}

async fn through(
    layer: impl FnOnce(jwt_bearer::exchange::TokenSource) -> BearerLayer<String>,
    refused: &'static [&'static str],
) -> (u16, Vec<(String, String)>) {
    let endpoint = Endpoint::first([]);
    let seen = Arc::default();
    let resource = Resource {
        refused,
        seen: Arc::clone(&seen),
    };
    let mut service = layer(source(&endpoint)).layer(resource);
    poll_fn(|context| service.poll_ready(context))
        .await
        .unwrap();
    let request = Request::put("https://api.example/")
        .header("x-own", "1")
        .body("the body".into())
        .unwrap();
    let response = service.call(request).await.unwrap();
    let seen = seen.lock().unwrap().clone();
    (response.status().as_u16(), seen)
}

fn sent(tokens: &[&str]) -> Vec<(String, String)> {
    let one = |token: &&str| ((*token).into(), "the body".into());
    tokens.iter().map(one).collect()
}

#[tokio::test(start_paused = true)]
async fn the_layer_puts_the_token_on_and_sends_again_after_a_401() {
    let cases: [(&'static [&'static str], u16, &[&str]); 3] = [
        (&[], 200, &["T0"]),
        (&["T0"], 200, &["T0", "T1"]),
        (&["T0", "T1"], 401, &["T0", "T1"]),
    ];
    for (refused, status, tokens) in cases {
        assert_eq!(
            through(BearerLayer::new, refused).await,
            (status, sent(tokens))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_cannot_be_sent_again_is_sent_once() {
    assert_eq!(
        through(|source| BearerLayer::with(source, |_| None), &["T0"]).await,
        (401, sent(&["T0"]))
    );
}
