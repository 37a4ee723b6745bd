use std::error::Error;
use std::time::Duration;

use jwt_bearer::exchange::{HttpTransport, TransportError, TransportErrorKind};
use jwt_bearer::{Client, ExchangeError, ExchangeErrorKind, Profile};
use jwt_bearer_sandbox::{Dialect, Fault};
use tokio::net::TcpSocket;

use crate::server::{bounded, good, impatient, key_of, sandbox, start};

const AT: &str = "ENDPOINT";

/// What becomes of one request under this fault; the server must have seen exactly this one.
async fn under(fault: Fault, client: Client) -> (Option<ExchangeError>, String) {
    let server = start(sandbox(Dialect::Generic)).await;
    server.inject(fault.forever());
    let request = good(Dialect::Generic, &server).build().unwrap();
    let result = bounded(client.token(&request, &key_of(Dialect::Generic))).await;
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    (result.err(), server.token_endpoint())
}

/// The fault leads to this error and to no second request.
async fn fails(fault: Fault, kind: ExchangeErrorKind, is_retryable: bool, text: &str) {
    let name = fault.to_string();
    let client = match kind {
        ExchangeErrorKind::Timeout => impatient(),
        _ => Client::new(),
    };
    let (error, endpoint) = under(fault, client).await;
    let error = error.unwrap_or_else(|| panic!("{name}: a token"));
    assert_eq!(error.to_string(), text.replace(AT, &endpoint), "{name}");
    assert_eq!(error.kind(), kind, "{name}");
    assert_eq!(error.is_retryable(), is_retryable, "{name}");
    let attempt = error.attempt().unwrap();
    assert_eq!(attempt.token_endpoint(), endpoint);
    assert!(attempt.received_at() >= attempt.sent_at());
    assert_eq!(attempt.assertion().unwrap().key_id(), Some("key1"));
}

/// The kind of the transport's error below this one, if it is that.
fn transport_kind(error: &ExchangeError) -> Option<TransportErrorKind> {
    let source: &TransportError = error.source()?.downcast_ref()?;
    Some(source.kind())
}

#[tokio::test]
async fn statuses() {
    let cases = [
        (400, false),
        (401, false),
        (404, false),
        (408, true),
        (429, true),
        (500, true),
        (502, true),
        (503, true),
        (504, true),
        (599, true),
    ];
    for (status, is_retryable) in cases {
        let text = format!("the server refused: status {status}");
        fails(
            Fault::status(status),
            ExchangeErrorKind::Server,
            is_retryable,
            &text,
        )
        .await;
    }
}

#[tokio::test]
async fn a_status_comes_with_what_the_reply_said() {
    let fault = Fault::status(503).retry_after(Duration::from_secs(7));
    let (error, _) = under(fault, Client::new()).await;
    let error = error.unwrap();
    let attempt = error.attempt().unwrap();
    assert_eq!(attempt.status(), Some(503));
    assert_eq!(attempt.header("retry-after"), Some("7"));
    assert!(attempt.header("date").is_some());
    assert_eq!(attempt.body(), "status 503, by an injected fault\n");
    assert_eq!(attempt.error_response(), None);
    assert!(error.source().is_none());
}

#[tokio::test]
async fn success_without_a_token() {
    let kind = ExchangeErrorKind::InvalidResponse;
    for (fault, text) in [
        (
            Fault::html(),
            "the server answered an HTML or XML page; another service answered, or a proxy",
        ),
        (Fault::empty(), "the server answered an empty reply"),
        (
            Fault::no_token(),
            "the server answered JSON without `access_token`; it has expires_in, token_type",
        ),
        (
            Fault::status(200),
            "the server answered 33 octets that are not JSON",
        ),
        (Fault::status(204), "the server answered an empty reply"),
        (
            Fault::oversize(),
            "ENDPOINT answered something that is no token",
        ),
    ] {
        fails(fault, kind, false, text).await;
    }
}

#[tokio::test]
async fn a_reply_that_is_too_large_is_left_alone() {
    let (error, _) = under(Fault::oversize(), Client::new()).await;
    let error = error.unwrap();
    assert_eq!(transport_kind(&error), Some(TransportErrorKind::TooLarge));
    let source = error.source().unwrap();
    assert_eq!(source.to_string(), "the reply is too large");
    assert_eq!(source.source().unwrap().to_string(), "more than 1 MiB");
}

#[tokio::test]
async fn silence_and_slowness() {
    for fault in [
        Fault::hang(),
        Fault::drip(Duration::from_millis(300)),
        Fault::delay(Duration::from_secs(60)),
    ] {
        let text = "ENDPOINT did not answer in time";
        fails(fault, ExchangeErrorKind::Timeout, true, text).await;
    }
}

#[tokio::test]
async fn broken_connections() {
    for fault in [Fault::reset(), Fault::reset_mid(), Fault::truncate()] {
        let name = fault.to_string();
        let (error, endpoint) = under(fault, Client::new()).await;
        let error = error.unwrap();
        assert_eq!(
            error.to_string(),
            format!("{endpoint} could not be reached"),
            "{name}"
        );
        assert_eq!(error.kind(), ExchangeErrorKind::Transport, "{name}");
        assert!(error.is_retryable(), "{name}");
        assert_eq!(
            transport_kind(&error),
            Some(TransportErrorKind::Interrupted),
            "{name}"
        );
        assert_eq!(
            error.source().unwrap().to_string(),
            "the connection broke before the whole reply was there"
        );
        assert_eq!(error.attempt().unwrap().status(), None);
    }
}

#[tokio::test]
async fn what_is_unusual_and_harmless() {
    for fault in [
        Fault::delay(Duration::from_millis(200)),
        Fault::drip(Duration::from_millis(1)),
        Fault::content_type("text/html"),
    ] {
        let name = fault.to_string();
        let (error, _) = under(fault, Client::new()).await;
        assert!(error.is_none(), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = start(sandbox(Dialect::Generic)).await;
    let to = elsewhere.token_endpoint();
    let text = format!(
        "the server refused: status 307, a redirect to {to}, which is not followed: an assertion goes to the \
         configured URL alone"
    );
    fails(
        Fault::redirect(&to),
        ExchangeErrorKind::Server,
        false,
        &text,
    )
    .await;
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn nobody_listens() {
    // Bound without listening, so that nobody else gets the port.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let endpoint = format!("http://{}/token", socket.local_addr().unwrap());
    let request = Profile::GENERIC
        .request("client-id")
        .token_endpoint(&endpoint)
        .build()
        .unwrap();
    let error = bounded(Client::new().token(&request, &key_of(Dialect::Generic)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Transport);
    assert_eq!(
        error.to_string(),
        format!("{endpoint} could not be reached")
    );
    assert_eq!(transport_kind(&error), Some(TransportErrorKind::Connect));
    assert_eq!(error.source().unwrap().to_string(), "no connection");
    assert!(error.is_retryable());
}

/// After each fault the same client gets a token.
#[tokio::test]
async fn a_fault_leaves_the_client_usable() {
    let server = start(sandbox(Dialect::Generic)).await;
    let request = good(Dialect::Generic, &server).build().unwrap();
    let transport = HttpTransport::new().timeout(Duration::from_secs(5));
    let client = Client::new().transport(transport);
    let signer = key_of(Dialect::Generic);
    let faults = [
        "reset",
        "reset-mid",
        "truncate",
        "hang",
        "html",
        "oversize",
        "status=503",
    ];
    for fault in faults {
        server.inject(fault.parse().unwrap());
        bounded(client.token(&request, &signer)).await.unwrap_err();
        bounded(client.token(&request, &signer))
            .await
            .unwrap_or_else(|error| panic!("after {fault}: {error:?}"));
    }
    assert_eq!(server.requests().len(), 2 * faults.len());
}
