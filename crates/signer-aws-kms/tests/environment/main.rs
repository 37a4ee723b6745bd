//! The usual AWS configuration, as environment variables and files give it, and the HTTP client that goes with it.
//!
//! A process cannot change its environment while other threads read it, so each test runs itself again as a process
//! with an environment of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod sources;

use std::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::Client;
use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};
use jwt_bearer_signer::{SignError, SignErrorKind};
use jwt_bearer_signer_aws_kms::{AwsKmsKey, AwsKmsSigner, http_client};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const CREDENTIALS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMIK7MDENG"),
];
const INSIDE: &str = "JWT_BEARER_TEST_INSIDE";

#[expect(clippy::disallowed_methods, reason = "tells a test from its process")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn inside() -> bool {
    variable(INSIDE).is_some()
}

/// Runs this test again with only these variables, and fails if it fails there.
fn again(test: &str, variables: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env_clear()
        .env(INSIDE, "1")
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    assert!(text.contains("test result: ok. 1 passed"), "{text}{errors}");
}

/// A server that answers one request with a refusal, and the head of the request that it got.
async fn server() -> (String, impl Future<Output = String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let request = async move { answer(listener.accept().await.unwrap().0).await };
    (address, request)
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0);
    }
    let body = r#"{"__type":"NotFoundException","message":"from the server"}"#;
    let reply = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(reply.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    String::from_utf8_lossy(&head).to_lowercase()
}

/// The certificate of a CA of this name in PEM, and a TLS configuration with a certificate of it for 127.0.0.1.
fn tls(name: &str) -> (String, TlsAcceptor) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, name);
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let chain = vec![leaf.signed_by(&key, &issuer).unwrap().der().clone()];
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    (pem, TlsAcceptor::from(Arc::new(config)))
}

/// What comes of two futures that need each other.
async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let both = async { tokio::join!(a, b) };
    tokio::time::timeout(Duration::from_secs(30), both)
        .await
        .unwrap()
}

/// Opens the key, which must end in the refusal of the server, and gives the head of the request.
async fn reaches(
    opening: impl Future<Output = Result<AwsKmsSigner, SignError>>,
    request: impl Future<Output = String>,
) -> String {
    let (opened, head) = both(opening, request).await;
    let error = opened.unwrap_err();
    assert_eq!(error.kind(), SignErrorKind::KeyNotFound);
    assert!(source(&error).contains("from the server"));
    head
}

fn source(error: &SignError) -> String {
    error.source().unwrap().to_string()
}

#[tokio::test]
async fn region_and_endpoint_that_are_set_go_before_the_environment() {
    if !inside() {
        let other = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ];
        let test = "region_and_endpoint_that_are_set_go_before_the_environment";
        return again(test, &[CREDENTIALS, other].concat());
    }
    let (address, request) = server().await;
    let key = AwsKmsKey::new("alias/box")
        .region("eu-central-1")
        .endpoint(format!("http://{address}"));
    let head = reaches(key.open(), request).await;
    assert!(head.contains("trentservice.getpublickey"), "{head}");
    assert!(head.contains("/eu-central-1/kms/aws4_request"), "{head}");
    assert!(head.contains(&format!("host: {address}")), "{head}");
}

#[tokio::test]
async fn the_region_of_an_arn_goes_before_the_environment() {
    if !inside() {
        let test = "the_region_of_an_arn_goes_before_the_environment";
        return again(
            test,
            &[CREDENTIALS, [("AWS_REGION", "us-east-1"); 2]].concat(),
        );
    }
    let (address, request) = server().await;
    let key = AwsKmsKey::new("arn:aws:kms:eu-west-3:111122223333:alias/box")
        .endpoint(format!("http://{address}"));
    let head = reaches(key.open(), request).await;
    assert!(head.contains("/eu-west-3/kms/aws4_request"), "{head}");
}

/// The port is not known before the process runs, so the files that name the endpoint are written by it.
#[tokio::test]
async fn a_profile_gives_region_endpoint_and_credentials() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let [config, credentials] = ["config", "credentials"].map(|name| directory.join(name));
    if !inside() {
        let test = "a_profile_gives_region_endpoint_and_credentials";
        let variables = [
            ("AWS_PROFILE", "box"),
            ("AWS_CONFIG_FILE", config.to_str().unwrap()),
            ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
        ];
        return again(test, &variables);
    }
    let (address, request) = server().await;
    let text = format!(
        "[profile box]\nregion = sa-east-1\nservices = local\n[services local]\nkms =\n  endpoint_url = http://{address}\n"
    );
    std::fs::write(config, text).unwrap();
    let text = "[box]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n";
    std::fs::write(credentials, text).unwrap();
    let head = reaches(AwsKmsKey::new("alias/box").open(), request).await;
    assert!(head.contains("credential=akidprofile/"), "{head}");
    assert!(head.contains("/sa-east-1/kms/aws4_request"), "{head}");
}

#[tokio::test]
async fn tls_is_by_ring_and_trusts_the_systems_authorities_alone() {
    let authorities = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("authorities.pem");
    if !inside() {
        let test = "tls_is_by_ring_and_trusts_the_systems_authorities_alone";
        let file = [("SSL_CERT_FILE", authorities.to_str().unwrap())];
        return again(test, &[&CREDENTIALS[..], &file].concat());
    }
    let (trusted, acceptor) = tls("known");
    std::fs::write(authorities, trusted).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let key = AwsKmsKey::new("alias/box")
        .region("eu-central-1")
        .endpoint(format!("https://{}", listener.local_addr().unwrap()))
        .max_attempts(1);
    let request = async {
        let (stream, _) = listener.accept().await.unwrap();
        answer(acceptor.accept(stream).await.unwrap()).await
    };
    let head = reaches(key.clone().open(), request).await;
    assert!(head.contains("trentservice.getpublickey"), "{head}");
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());

    let (_, unknown) = tls("unknown");
    let handshake = async {
        let (stream, _) = listener.accept().await.unwrap();
        unknown.accept(stream).await.map(drop).unwrap_err()
    };
    let (opened, _) = both(key.open(), handshake).await;
    let error = opened.unwrap_err();
    assert_eq!(error.kind(), SignErrorKind::Unavailable);
    assert!(source(&error).contains("UnknownIssuer"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_hangs_up_is_unavailable() {
    if !inside() {
        return again("a_server_that_hangs_up_is_unavailable", &CREDENTIALS);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let key = AwsKmsKey::new("alias/box")
        .region("eu-central-1")
        .endpoint(format!("http://{}", listener.local_addr().unwrap()))
        .max_attempts(1);
    let hang_up = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        // What is left unread would make it a reset.
        while !request.ends_with(b"}") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
        }
    };
    let (opened, ()) = both(key.open(), hang_up).await;
    let error = opened.unwrap_err();
    assert_eq!(error.kind(), SignErrorKind::Unavailable, "{error:?}");
    assert!(source(&error).contains("cannot be reached"), "{error:?}");
}

/// Without the HTTP client handed over, the SDK as it is built here sends nothing at all.
#[tokio::test]
async fn a_programs_own_configuration_without_an_http_client_reaches_the_server() {
    if !inside() {
        let test = "a_programs_own_configuration_without_an_http_client_reaches_the_server";
        return again(test, &CREDENTIALS);
    }
    let (address, request) = server().await;
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let key = AwsKmsKey::new("alias/box").endpoint(format!("http://{address}"));
    reaches(key.clone().open_with(&config), request).await;

    let (address, request) = server().await;
    let key = key.endpoint(format!("http://{address}"));
    let client = Client::new(&config);
    assert!(
        client.config().http_client().is_none(),
        "the SDK brings a client of its own: this test shows nothing"
    );
    reaches(key.open_with_client(&client), request).await;
}

/// Loading a configuration makes clients for credentials, which without an HTTP client would panic.
#[tokio::test]
async fn a_program_loads_its_own_configuration_with_our_http_client() {
    if !inside() {
        let test = "a_program_loads_its_own_configuration_with_our_http_client";
        return again(test, &CREDENTIALS);
    }
    let (address, request) = server().await;
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .region("eu-central-1")
        .endpoint_url(format!("http://{address}"))
        .load()
        .await;
    reaches(AwsKmsKey::new("alias/box").open_with(&config), request).await;
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_used() {
    if !inside() {
        let test = "the_proxy_of_the_environment_is_used";
        return again(test, &CREDENTIALS);
    }
    // The server is the proxy, and is asked for a port where nobody listens. As its address is not known before, the
    // process starts itself a third time.
    let (address, request) = server().await;
    let proxy = format!("http://{address}");
    let third = tokio::task::spawn_blocking(move || {
        let variables = [
            CREDENTIALS,
            [("HTTP_PROXY", &*proxy), ("http_proxy", &*proxy)],
        ]
        .concat();
        again("proxied", &variables);
    });
    let head = tokio::select! {
        head = request => head,
        ended = third => panic!("the proxy was not asked: {ended:?}"),
    };
    assert!(head.starts_with("post http://127.0.0.1:1/"), "{head}");
}

#[tokio::test]
async fn proxied() {
    if !inside() {
        // Without a proxy nobody listens there.
        return again("proxied", &CREDENTIALS);
    }
    let key = AwsKmsKey::new("alias/box")
        .region("eu-central-1")
        .endpoint("http://127.0.0.1:1")
        .max_attempts(1);
    let expected = match variable("HTTP_PROXY") {
        Some(_) => SignErrorKind::KeyNotFound,
        None => SignErrorKind::Unavailable,
    };
    assert_eq!(key.open().await.unwrap_err().kind(), expected);
}

#[tokio::test]
async fn without_credentials_the_error_tells_where_they_were_looked_for() {
    if !inside() {
        let test = "without_credentials_the_error_tells_where_they_were_looked_for";
        return again(test, &[("AWS_REGION", "eu-central-1")]);
    }
    let key = AwsKmsKey::new("alias/box").endpoint("http://127.0.0.1:1");
    let error = key.open().await.unwrap_err();
    assert_eq!(error.kind(), SignErrorKind::AccessDenied);
    let text = source(&error);
    assert!(
        text.starts_with("no AWS credentials were found in the environment"),
        "{text}"
    );
}

#[tokio::test]
async fn without_a_region_the_error_tells_how_to_give_one() {
    if !inside() {
        let test = "without_a_region_the_error_tells_how_to_give_one";
        return again(test, &CREDENTIALS);
    }
    let error = AwsKmsKey::new("alias/box").open().await.unwrap_err();
    assert_eq!(error.kind(), SignErrorKind::KeyNotFound);
    let text = source(&error);
    assert!(text.contains("or set AWS_REGION"), "{text}");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unavailable() {
    if !inside() {
        let test = "a_port_where_nobody_listens_is_unavailable";
        return again(test, &CREDENTIALS);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let key = AwsKmsKey::new("alias/box")
        .region("eu-central-1")
        .endpoint(format!("http://{address}"))
        .max_attempts(1);
    let error = key.open().await.unwrap_err();
    assert_eq!(error.kind(), SignErrorKind::Unavailable);
    assert!(error.is_retryable());
    let text = source(&error);
    assert!(text.contains("cannot be reached"), "{text}");
}
