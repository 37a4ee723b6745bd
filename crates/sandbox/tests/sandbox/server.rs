use std::error::Error;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jwt_bearer_sandbox::{Dialect, Sandbox, SandboxErrorKind};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::client::{
    CLIENT_ID, Draft, ENTERPRISE, FORM, JWT_BEARER, SECRET, USER, bounded, ec_public, exchange,
    get, now, post, post_text, rsa_public, sandbox, send, start,
};

const CERTIFICATE: &str = include_str!("../data/tls-cert.pem");
const KEY: &str = include_str!("../data/tls-key.pem");

#[tokio::test]
async fn the_resource_tells_the_subject_of_a_valid_token() {
    for (dialect, member, subject, refusal) in [
        (Dialect::Box, "/id", ENTERPRISE, "/error"),
        (
            Dialect::Salesforce,
            "/preferred_username",
            USER,
            "/0/errorCode",
        ),
        (Dialect::Generic, "/sub", USER, "/error"),
    ] {
        let server = start(sandbox(dialect)).await;
        let token = Draft::good(dialect, &server)
            .post(&server)
            .await
            .access_token();
        let bearer = format!("authorization: Bearer {token}\r\n");
        let answer = get(&server, &server.resource(), &bearer).await.whole();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json().pointer(member).unwrap(), subject);

        let challenge = Some("Bearer error=\"invalid_token\"");
        for (headers, expected) in [
            ("authorization: Bearer x\r\n", challenge),
            ("authorization: Basic eDp5\r\n", challenge),
            ("", Some("Bearer")),
        ] {
            let answer = get(&server, &server.resource(), headers).await.whole();
            assert_eq!(
                (answer.status, answer.header("www-authenticate")),
                (401, expected),
                "{headers}"
            );
            assert!(answer.json().pointer(refusal).is_some());
        }

        server.revoke_all_tokens();
        let answer = get(&server, &server.resource(), &bearer).await.whole();
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (401, challenge)
        );
    }
}

#[tokio::test]
async fn tokens_age_by_the_clock_of_the_server() {
    let server = start(sandbox(Dialect::Generic).token_lifetime(Duration::from_secs(1000))).await;
    let answer = Draft::good(Dialect::Generic, &server).post(&server).await;
    assert_eq!(answer.json()["expires_in"], 1000);
    let bearer = format!("authorization: Bearer {}\r\n", answer.access_token());
    for (skew, status) in [(0, 200), (500, 200), (1000, 401), (0, 200)] {
        server.set_skew(skew);
        assert_eq!(
            get(&server, &server.resource(), &bearer).await.status,
            status,
            "{skew}"
        );
    }
}

#[tokio::test]
async fn the_date_and_the_checks_follow_the_skew() {
    let server = start(sandbox(Dialect::Box).skew(-300)).await;
    for skew in [-300_i64, 0, 7200, i64::MIN, i64::MAX] {
        server.set_skew(skew);
        let before = now().saturating_add(skew).clamp(0, 253_370_764_799);
        let answer = Draft::good(Dialect::Box, &server).post(&server).await;
        let after = now().saturating_add(skew).clamp(0, 253_370_764_799);
        let date = httpdate::parse_http_date(answer.header("date").unwrap()).unwrap();
        let date = date
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs() as i64;
        assert!((before..=after).contains(&date), "{skew}: {date}");
        assert_eq!(
            answer
                .headers
                .iter()
                .filter(|(name, _)| name == "date")
                .count(),
            1
        );
        assert_eq!(answer.status, if skew == 0 { 200 } else { 400 }, "{skew}");

        if skew.abs_diff(0) < 10_000 {
            let mut draft = Draft::good(Dialect::Box, &server);
            draft.claims["exp"] = (now() + skew + 45).into();
            draft.post(&server).await.access_token();
        }
    }
}

#[tokio::test]
async fn other_paths_methods_and_sizes() {
    for dialect in Dialect::ALL {
        let server = start(sandbox(dialect)).await;
        let answer = get(&server, &format!("{}/", server.url()), "")
            .await
            .whole();
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains(dialect.name()));
        for url in [server.token_endpoint(), server.resource()] {
            assert!(
                answer
                    .body
                    .contains(url.strip_prefix(server.url()).unwrap())
            );
        }
        assert_eq!(
            answer.body.contains("Revocation: POST /"),
            dialect != Dialect::Generic
        );
        assert_eq!(
            get(&server, &format!("{}/nothing", server.url()), "")
                .await
                .whole()
                .status,
            404
        );

        let answer = get(&server, &server.token_endpoint(), "").await.whole();
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
        let path = server.resource().replace(server.url(), "");
        let answer = send(&server, &post_text(FORM, "a=b", &path)).await.whole();
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET")));

        let at_limit = format!("filler={}", "x".repeat(64 * 1024 - 7));
        assert_eq!(post(&server, FORM, &at_limit).await.whole().status, 400);
        assert_eq!(
            post(&server, FORM, &(at_limit + "x")).await.whole().status,
            413
        );
        assert_eq!(server.requests()[2].body().len(), 64 * 1024);
    }
}

#[tokio::test]
async fn parameters_in_the_query_are_no_parameters() {
    let server = start(sandbox(Dialect::Salesforce)).await;
    let draft = Draft::good(Dialect::Salesforce, &server);
    let path = format!("/services/oauth2/token?{}", draft.body());
    let answer = send(&server, &post_text(FORM, "", &path)).await.whole();
    assert_eq!(answer.json()["error"], "unsupported_grant_type");
    let debug = format!("{:?}", server.requests()[0]);
    assert!(!debug.contains(&draft.assertion()), "{debug}");
}

#[tokio::test]
async fn one_connection_serves_many_requests_and_chunks() {
    let server = start(sandbox(Dialect::Salesforce)).await;
    let body = Draft::good(Dialect::Salesforce, &server).body();
    let head = "POST /services/oauth2/token HTTP/1.1\r\nhost: x\r\n";
    let first = format!(
        "{head}content-type: {FORM}; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let answer = send(
        &server,
        &(first + &post_text(FORM, &body, "/services/oauth2/token")),
    )
    .await
    .whole();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.matches("HTTP/1.1 200 OK").count(), 1);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].header("Transfer-Encoding"), Some("chunked"));
    assert_eq!(requests[1].header("transfer-encoding"), None);
}

#[tokio::test]
async fn requests_are_recorded_and_masked() {
    let server = start(sandbox(Dialect::Box)).await;
    let draft = Draft::good(Dialect::Box, &server);
    let (body, assertion) = (draft.body(), draft.assertion());
    let answer = post(&server, FORM, &body).await.whole();
    let token = answer.access_token();
    post(
        &server,
        "application/json",
        &format!("{{\"assertion\":\"{assertion}\",\"client_secret\":\"{SECRET}\"}}"),
    )
    .await;
    let signature = assertion.rsplit_once('.').unwrap().1;
    send(&server, &format!("GET /oauth2/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-secret: {SECRET}\r\n\r\n"))
        .await;

    let requests = server.requests();
    let [first, second, third] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!(
        (first.method(), first.path(), first.status()),
        ("POST", "/oauth2/token", Some(200))
    );
    assert_eq!(first.body(), body);
    assert_eq!(first.header("Content-Type"), Some(FORM));
    assert_eq!(first.parameter("grant_type").as_deref(), Some(JWT_BEARER));
    assert_eq!(first.parameter("assertion"), Some(assertion.clone()));
    assert_eq!(first.refusal(), None);
    assert_eq!(second.status(), Some(400));
    assert_eq!(
        second.refusal(),
        Some("invalid_request: Invalid grant_type parameter or parameter missing")
    );
    assert_eq!((third.method(), third.status()), ("GET", Some(405)));
    assert_eq!(third.headers()[2], ("x-secret".into(), SECRET.into()));

    let sandbox = sandbox(Dialect::Box).tls(CERTIFICATE, KEY);
    for debug in [
        format!("{requests:?}"),
        format!("{server:?}"),
        format!("{sandbox:?}"),
    ] {
        for secret in [
            SECRET,
            &assertion,
            signature,
            &token,
            "PRIVATE KEY",
            &format!("{:?}", KEY.as_bytes()),
        ] {
            assert!(!debug.contains(secret), "{secret} in {debug}");
        }
    }
    let debug = format!("{requests:?}");
    assert!(
        debug.contains(CLIENT_ID) && debug.contains(JWT_BEARER),
        "{debug}"
    );
    assert!(
        debug.contains("(\"client_secret\", \"<11 characters>\")"),
        "{debug}"
    );
}

#[tokio::test]
async fn a_request_can_be_waited_for() {
    let server = Arc::new(start(sandbox(Dialect::Salesforce)).await);
    let draft = Draft::good(Dialect::Salesforce, &server);
    let (recorded, answer) = tokio::join!(bounded(server.request(0)), draft.post(&server));
    assert_eq!(recorded.status(), Some(answer.status));
}

#[tokio::test]
async fn other_machines_stay_outside() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let error = sandbox(Dialect::Box)
            .start(address.parse().unwrap())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), SandboxErrorKind::Address);
        assert!(!error.is_retryable());
        let source = error.source().unwrap().to_string();
        assert_eq!(
            source,
            format!("{address} can be reached by others; give 127.0.0.1 or [::1]")
        );
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_worth_a_retry() {
    let server = start(sandbox(Dialect::Box)).await;
    let error = sandbox(Dialect::Box)
        .start(server.address())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), SandboxErrorKind::Bind);
    assert!(error.is_retryable());
    let address = server.address();
    server.shutdown().await;
    assert_eq!(
        TcpStream::connect(address).await.unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
}

#[tokio::test]
async fn what_no_server_of_the_dialect_would_have_does_not_start() {
    let with_one = |dialect| {
        Sandbox::new(dialect)
            .client("a", Some("b"))
            .register(None, rsa_public())
    };
    let es512 = {
        let point: Vec<u8> = [4].into_iter().chain([1; 132]).collect();
        jwt_bearer_signer::PublicKey::from_ec_point(jwt_bearer_signer::KeyKind::P521, &point)
            .unwrap()
    };
    let cases = [
        (
            Sandbox::new(Dialect::Box),
            "no app is registered; give its client id",
        ),
        (
            Sandbox::new(Dialect::Box).client("a", None),
            "an app at Box has a client secret; give one",
        ),
        (
            sandbox(Dialect::Salesforce).enterprise("1"),
            "salesforce knows no enterprises as subjects; give a user",
        ),
        (
            Sandbox::new(Dialect::Salesforce)
                .client("a", None)
                .register(Some("k"), rsa_public()),
            "salesforce knows no `kid`; register the key without",
        ),
        (
            with_one(Dialect::Salesforce).register(Some("k"), ec_public()),
            "salesforce takes one certificate, and 2 keys are registered",
        ),
        (
            with_one(Dialect::Box).register(None, ec_public()),
            "two keys have no kid; give each its own, so that an assertion can name it",
        ),
        (
            sandbox(Dialect::Generic).register(Some("key1"), rsa_public()),
            "two keys have the kid `key1`; give each its own, so that an assertion can name it",
        ),
        (
            Sandbox::new(Dialect::Generic)
                .client("a", None)
                .register(None, es512),
            "signatures of a P-521 key cannot be verified here",
        ),
    ];
    for (sandbox, text) in cases {
        let error = sandbox.start(([127, 0, 0, 1], 0).into()).await.unwrap_err();
        assert_eq!(error.kind(), SandboxErrorKind::Config);
        assert_eq!(error.source().unwrap().to_string(), text);
    }
}

#[tokio::test]
async fn tls_serves_with_the_certificate_given() {
    let server = start(sandbox(Dialect::Generic).tls(CERTIFICATE, KEY)).await;
    assert!(server.url().starts_with("https://127.0.0.1:"));
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connect = async || {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        connector.connect(name.clone(), stream).await.unwrap()
    };

    let body = Draft::good(Dialect::Generic, &server).body();
    let request = post_text(FORM, &body, "/token");
    exchange(connect().await, &request)
        .await
        .whole()
        .access_token();
    // Faults reach the TCP connection below.
    server.inject("reset".parse().unwrap());
    assert_eq!(
        exchange(connect().await, &request).await.end,
        Err(ErrorKind::ConnectionReset)
    );
}

#[tokio::test]
async fn tls_wants_a_certificate_and_its_key() {
    let other = include_str!("../data/rsa.pem");
    for (chain, key) in [
        ("", KEY),
        (CERTIFICATE, ""),
        (CERTIFICATE, CERTIFICATE),
        (CERTIFICATE, other),
    ] {
        let start = sandbox(Dialect::Generic)
            .tls(chain, key)
            .start(([127, 0, 0, 1], 0).into());
        let error = start.await.unwrap_err();
        assert_eq!(error.kind(), SandboxErrorKind::Tls);
        let text = format!("{error:?} {error} {}", error.source().unwrap());
        assert!(
            !text.contains("MIG") && !text.contains("PRIVATE KEY-"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn dropping_it_stops_everything() {
    let server = start(sandbox(Dialect::Box)).await;
    let address = server.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    drop(server);
    bounded(async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        // Either the server closed it or never took it; it must not stay.
        assert!(matches!(idle.read(&mut [0]).await, Ok(0) | Err(_)));
    })
    .await;
}

#[tokio::test]
async fn a_shutdown_ends_requests_that_hang() {
    let server = start(sandbox(Dialect::Salesforce)).await;
    server.inject("hang".parse().unwrap());
    let body = Draft::good(Dialect::Salesforce, &server).body();
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let request = post_text(FORM, &body, "/services/oauth2/token");
    let (answer, ()) = tokio::join!(exchange(stream, &request), async {
        bounded(server.request(0)).await;
        bounded(server.shutdown()).await;
    });
    assert_eq!(answer.status, 0);
}
