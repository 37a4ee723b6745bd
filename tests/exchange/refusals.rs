use jwt_bearer::assertion::{Clock, Header, SystemClock};
use jwt_bearer::exchange::{HttpTransport, Request, Transport};
use jwt_bearer::provider::RequestBuilder;
use jwt_bearer::{
    Algorithm, Client, ExchangeError, ExchangeErrorKind, LocalSigner, Profile, Signer, Subject,
};
use jwt_bearer_sandbox::{Dialect, Running, Sandbox};
use url::form_urlencoded;

use crate::keys::signer;
use crate::server::{CLIENT_ID, bounded, good, key_of, sandbox, start};

/// The refusal that this request gets, as one error after one request.
async fn refusal(server: &Running, request: RequestBuilder, signer: &dyn Signer) -> ExchangeError {
    let request = request.build().unwrap();
    let before = server.requests().len();
    let error = bounded(Client::new().token(&request, signer))
        .await
        .unwrap_err();
    assert_eq!(server.requests().len(), before + 1);
    assert_eq!(error.kind(), ExchangeErrorKind::Server);
    assert!(!error.is_retryable());
    error
}

/// The server's words are in the error, and the profile knows what they mean.
fn assert_refused(error: &ExchangeError, profile: &Profile, text: &str, cause: &str) {
    assert_eq!(error.to_string(), format!("the server refused: {text}"));
    let found = error
        .cause(profile)
        .unwrap_or_else(|| panic!("no cause for {error}"));
    assert!(found.cause.contains(cause), "{}", found.cause);
    let response = error.attempt().unwrap().error_response().unwrap();
    let description = response.description().unwrap();
    assert_eq!(format!("{}: {description}", response.error()), text);
}

async fn box_refuses(
    sandbox: Sandbox,
    change: impl FnOnce(RequestBuilder) -> RequestBuilder,
    signer: LocalSigner,
    text: &str,
    cause: &str,
) {
    let server = start(sandbox).await;
    let request = change(good(Dialect::Box, &server));
    let error = refusal(&server, request, &signer).await;
    assert_refused(&error, &Profile::BOX, text, cause);
}

async fn salesforce_refuses(
    sandbox: Sandbox,
    change: impl FnOnce(RequestBuilder) -> RequestBuilder,
    signer: LocalSigner,
    text: &str,
    cause: &str,
) {
    let server = start(sandbox).await;
    let request = change(good(Dialect::Salesforce, &server));
    let error = refusal(&server, request, &signer).await;
    assert_refused(&error, &Profile::SALESFORCE, text, cause);
}

fn at_box() -> Sandbox {
    sandbox(Dialect::Box)
}

fn at_salesforce() -> Sandbox {
    sandbox(Dialect::Salesforce)
}

fn rsa() -> LocalSigner {
    key_of(Dialect::Box)
}

/// A key that nobody registered.
fn stranger() -> LocalSigner {
    signer("rsa-3072.pem")
        .with_algorithm(Algorithm::Rs256)
        .unwrap()
}

#[tokio::test]
async fn box_refuses_times() {
    box_refuses(
        at_box().skew(600),
        |good| good,
        rsa(),
        "invalid_grant: Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
        "clock is behind",
    )
    .await;
    box_refuses(
        at_box().skew(-600),
        |good| good,
        rsa(),
        "invalid_grant: Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond \
         the issue time.",
        "clock is ahead",
    )
    .await;
}

#[tokio::test]
async fn box_refuses_keys() {
    box_refuses(
        at_box(),
        |good| good,
        stranger(),
        "invalid_grant: Signature verification error. The public key identified by \"kid\" must correspond to the \
         private key used for signing.",
        "not that of the signing key",
    )
    .await;
    box_refuses(
        at_box(),
        |good| good.header(Header::new().key_id("key2")),
        rsa(),
        "invalid_grant: kid invalid, unable to lookup correct key",
        "`kid` is of another app, or missing",
    )
    .await;
}

#[tokio::test]
async fn box_refuses_the_app() {
    box_refuses(
        at_box(),
        |good| good.client_secret("another".into()),
        rsa(),
        "invalid_client: The client credentials are invalid",
        "do not belong together",
    )
    .await;
    box_refuses(
        at_box().unauthorized(),
        |good| good,
        rsa(),
        "unauthorized_client: This app is not authorized by the enterprise admin",
        "an administrator never authorised the app",
    )
    .await;
    box_refuses(
        at_box(),
        |good| good.subject(Subject::User("nobody".into())),
        rsa(),
        "invalid_grant: Please check the 'sub' claim. The 'sub' specified is invalid.",
        "the id is of the other kind",
    )
    .await;
}

#[tokio::test]
async fn salesforce_refuses_times() {
    salesforce_refuses(
        at_salesforce().skew(600),
        |good| good,
        rsa(),
        "invalid_grant: expired authorization code",
        "`exp` is past",
    )
    .await;
    // A clock ahead is no trouble there: `exp` may be as late as it likes.
    let server = start(at_salesforce().skew(-600)).await;
    let request = good(Dialect::Salesforce, &server).build().unwrap();
    bounded(Client::new().token(&request, &rsa()))
        .await
        .unwrap();
}

#[tokio::test]
async fn salesforce_refuses_the_rest() {
    salesforce_refuses(
        at_salesforce(),
        |good| good,
        stranger(),
        "invalid_grant: invalid assertion",
        "the certificate uploaded to the app is not that of the signing key",
    )
    .await;
    salesforce_refuses(
        at_salesforce().unauthorized(),
        |good| good,
        rsa(),
        "invalid_grant: user hasn't approved this consumer",
        "the app may not act for this user yet",
    )
    .await;
    salesforce_refuses(
        at_salesforce(),
        |good| good.subject(Subject::Name("bob@example.com".into())),
        rsa(),
        "invalid_grant: user is invalid",
        "no such username",
    )
    .await;
    salesforce_refuses(
        at_salesforce(),
        |good| good.audience("https://example.com"),
        rsa(),
        "invalid_grant: audience is invalid",
        "`aud` is not the server",
    )
    .await;
    salesforce_refuses(
        at_salesforce().client("another-app", None),
        |good| good,
        rsa(),
        "invalid_client_id: client identifier invalid",
        "the consumer key is wrong",
    )
    .await;
}

#[tokio::test]
async fn generic_refuses() {
    let cases: [(Sandbox, LocalSigner, &str); 5] = [
        (
            sandbox(Dialect::Generic),
            stranger(),
            "invalid_grant: the signature is not that of the registered key: a P-256 key does not sign with RS256",
        ),
        (
            sandbox(Dialect::Generic).client("another-app", None),
            key_of(Dialect::Generic),
            "invalid_grant: the claim 'iss' must be the client id",
        ),
        (
            sandbox(Dialect::Generic).client(CLIENT_ID, Some("wanted")),
            key_of(Dialect::Generic),
            "invalid_client: the client is not authenticated: neither a client_secret nor a client_assertion was sent",
        ),
        (
            sandbox(Dialect::Generic).unauthorized(),
            key_of(Dialect::Generic),
            "unauthorized_client: the client is not authorized yet",
        ),
        (
            sandbox(Dialect::Generic).audience("https://as.example"),
            key_of(Dialect::Generic),
            "invalid_grant: the claim 'aud' must be this server: give exactly https://as.example",
        ),
    ];
    for (sandbox, signer, text) in cases {
        let server = start(sandbox).await;
        let error = refusal(&server, good(Dialect::Generic, &server), &signer).await;
        assert_eq!(error.to_string(), format!("the server refused: {text}"));
    }
}

#[tokio::test]
async fn generic_refuses_times() {
    for (skew, text) in [
        (600, "invalid_grant: the claim 'exp' is not in the future: "),
        (
            -600,
            "invalid_grant: the claims 'iat' and 'nbf' must be integers and not in the future: ",
        ),
    ] {
        let server = start(sandbox(Dialect::Generic).skew(skew)).await;
        let signer = key_of(Dialect::Generic);
        let error = refusal(&server, good(Dialect::Generic, &server), &signer).await;
        let found = error.to_string();
        assert!(
            found.starts_with(&format!("the server refused: {text}")),
            "{found}"
        );
    }
}

/// The same assertion is refused the second time, which is why no assertion is ever sent twice.
#[tokio::test]
async fn an_assertion_counts_once() {
    for (dialect, text) in [
        (
            Dialect::Box,
            "Please check the 'jti' claim. A unique 'jti' value is required.",
        ),
        (
            Dialect::Generic,
            "the claim 'jti' must be there and be new: this one was used before",
        ),
    ] {
        let server = start(sandbox(dialect)).await;
        let request = good(dialect, &server).build().unwrap();
        let assertion = request
            .assertion(&key_of(dialect), SystemClock.now())
            .await
            .unwrap();
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(request.parameters(&assertion))
            .finish();
        let transport = HttpTransport::new();
        let post = || {
            let url = request.token_endpoint().url().clone();
            transport.send(Request::post_form(url, form.as_str().into()))
        };
        assert_eq!(bounded(post()).await.unwrap().status, 200, "{dialect}");
        let second = bounded(post()).await.unwrap();
        assert_eq!(second.status, 400, "{dialect}");
        let refusal = jwt_bearer::provider::ErrorResponse::from_json(&second.body).unwrap();
        assert_eq!(refusal.description(), Some(text));
        if dialect == Dialect::Box {
            let cause = Profile::BOX.cause(&refusal).unwrap();
            assert!(cause.cause.contains("was used before"));
        }
    }
}

/// A signer whose algorithm the provider does not take costs no request.
#[tokio::test]
async fn an_algorithm_that_is_not_taken_is_never_sent() {
    let server = start(at_box()).await;
    let request = good(Dialect::Box, &server).build().unwrap();
    let error = bounded(Client::new().token(&request, &signer("p256.pem")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Sign);
    assert_eq!(error.to_string(), "the assertion could not be made");
    assert!(!error.is_retryable() && error.attempt().is_none());
    let mut chain = Vec::new();
    let mut next = std::error::Error::source(&error);
    while let Some(source) = next {
        chain.push(source.to_string());
        next = source.source();
    }
    assert_eq!(
        chain,
        [
            "the assertion could not be signed",
            "the algorithm cannot be used",
            "the key signs with ES256, where Box takes RS256, RS384, RS512",
        ]
    );
    assert!(server.requests().is_empty());
}
