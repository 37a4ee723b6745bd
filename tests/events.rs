//! What is told by `tracing`: enough, and no secret. Alone in its process, since `tracing` remembers by process which
//! events somebody listens to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/keys.rs"]
mod keys;
#[path = "support/scripted.rs"]
#[allow(dead_code, reason = "shared with other tests, which use more of it")]
mod scripted;

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use jwt_bearer::assertion::{Clock, SystemClock};
use jwt_bearer::exchange::TokenSource;

use crate::scripted::{Counting, Endpoint, refusal, reply, request};

/// Writes every event and span down, with all their fields.
#[derive(Clone, Default)]
struct Capture(Arc<Mutex<String>>);

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("jwt_bearer")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut text = self.0.lock().unwrap();
        write!(text, "span {}", attributes.metadata().name()).unwrap();
        attributes.record(&mut Fields(&mut text));
        text.push('\n');
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = self.0.lock().unwrap();
        write!(text, "{}", event.metadata().level()).unwrap();
        event.record(&mut Fields(&mut text));
        text.push('\n');
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn events_tell_what_happened_and_no_secret() {
    let capture = Capture::default();
    let guard = tracing::subscriber::set_default(capture.clone());
    let date = SystemClock.now() + Duration::from_secs(3600);
    let endpoint = Endpoint::first([
        // A server that repeats secrets in its errors.
        reply(503, "SECRET-91c2"),
        refusal("'exp' claim, sent with SECRET-91c2").header("date", httpdate::fmt_http_date(date)),
        refusal("the 'jti' was used before"),
        reply(
            200,
            r#"{"access_token":"T-SECRET","expires_in":3600,"refresh_token":"R-SECRET"}"#,
        ),
        reply(
            400,
            r#"{"error":"invalid_client","error_description":"SECRET-91c2 is wrong"}"#,
        ),
    ]);
    let signer = Arc::new(Counting::new());
    let source = TokenSource::new(endpoint.client(), request("ann"), signer);
    let token = source.token().await.unwrap();
    source.invalidate(&token);
    source.token().await.unwrap_err();
    drop(guard);

    let text = capture.0.lock().unwrap().clone();
    for expected in [
        "span token endpoint=https://as.example/token",
        "DEBUG message=asking for a token",
        "DEBUG message=trying again",
        "WARN message=the clocks of this machine and of the token endpoint disagree",
        "the `jti` was used before",
        "DEBUG message=there is a token expires_in=Some(3600s)",
        "DEBUG message=the token is thrown away",
        "WARN message=no new token error=the server refused: invalid_client",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    let assertions = endpoint.assertions();
    assert_eq!(assertions.len(), 5);
    let secrets = assertions
        .iter()
        .map(|assertion| assertion.rsplit('.').next().unwrap());
    for secret in secrets.chain(["SECRET", "eyJ"]) {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
    // The same for `Debug` of what a program may log itself.
    let debug = format!("{source:?} {:?} {token:?}", source.current());
    assert!(!debug.contains("SECRET"), "{debug}");
}
