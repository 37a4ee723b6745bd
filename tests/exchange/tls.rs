use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jwt_bearer::exchange::{HttpTransport, TransportError, TransportErrorKind};
use jwt_bearer::{Client, ExchangeError, ExchangeErrorKind, TokenResponse};
use jwt_bearer_sandbox::{Dialect, Running};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::server::{bounded, good, key_of, sandbox, start};

/// A CA's certificate, and a chain and key that it gave to a server of this name, all in PEM.
struct Certificates {
    ca: String,
    chain: String,
    key: String,
}

fn certificates(name: &str) -> Certificates {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    ca.distinguished_name
        .push(DnType::CommonName, format!("CA {number}"));
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new([name.to_owned()]).unwrap();
    let chain = leaf.signed_by(&key, &issuer).unwrap().pem();
    Certificates {
        ca: ca_pem,
        chain,
        key: key.serialize_pem(),
    }
}

async fn server(certificates: &Certificates) -> Running {
    let (chain, key) = (certificates.chain.clone(), certificates.key.clone());
    start(sandbox(Dialect::Generic).tls(chain, key)).await
}

/// One exchange with a client that trusts this CA alone.
async fn exchange(server: &Running, ca: &str) -> Result<TokenResponse, ExchangeError> {
    let transport = HttpTransport::new().trust(ca.as_bytes()).unwrap();
    let request = good(Dialect::Generic, server).build().unwrap();
    let client = Client::new().transport(transport);
    bounded(client.token(&request, &key_of(Dialect::Generic))).await
}

fn assert_no_connection(error: &ExchangeError, endpoint: &str, why: &str) {
    assert_eq!(error.kind(), ExchangeErrorKind::Transport);
    assert_eq!(
        error.to_string(),
        format!("{endpoint} could not be reached")
    );
    let source: &TransportError = error.source().unwrap().downcast_ref().unwrap();
    assert_eq!(source.kind(), TransportErrorKind::Tls);
    assert!(!error.is_retryable());
    let mut chain = String::new();
    let mut next = source.source();
    while let Some(source) = next {
        chain.push_str(&format!("{source}; "));
        next = source.source();
    }
    assert!(chain.contains(why), "{chain}");
}

#[tokio::test]
async fn a_trusted_server_is_asked_and_nothing_process_wide_is_set() {
    let certificates = certificates("127.0.0.1");
    let server = server(&certificates).await;
    assert!(server.token_endpoint().starts_with("https://127.0.0.1:"));
    let token = exchange(&server, &certificates.ca).await.unwrap();
    assert!(!token.access_token().expose().is_empty());
    assert_eq!(server.requests().len(), 1);
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[tokio::test]
async fn a_server_that_is_not_trusted_learns_nothing() {
    let server = server(&certificates("127.0.0.1")).await;
    let another = certificates("127.0.0.1");
    let error = exchange(&server, &another.ca).await.unwrap_err();
    assert_no_connection(
        &error,
        &server.token_endpoint(),
        "signed by nobody who is trusted here",
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_server_of_another_name_learns_nothing() {
    let certificates = certificates("as.example");
    let server = server(&certificates).await;
    let error = exchange(&server, &certificates.ca).await.unwrap_err();
    assert_no_connection(
        &error,
        &server.token_endpoint(),
        "the server's certificate is for another name",
    );
    assert!(server.requests().is_empty());
}

/// `https` to a port that speaks plain HTTP, and the other way round.
#[tokio::test]
async fn tls_on_one_side_only() {
    let certificates = certificates("127.0.0.1");
    let plain = start(sandbox(Dialect::Generic)).await;
    let secure = server(&certificates).await;
    for (from, to, server) in [
        ("http://", "https://", &plain),
        ("https://", "http://", &secure),
    ] {
        let endpoint = server.token_endpoint().replace(from, to);
        let request = good(Dialect::Generic, server)
            .token_endpoint(&endpoint)
            .build()
            .unwrap();
        let transport = HttpTransport::new()
            .trust(certificates.ca.as_bytes())
            .unwrap();
        let client = Client::new().transport(transport);
        let error = bounded(client.token(&request, &key_of(Dialect::Generic)))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::Transport, "{endpoint}");
        assert!(server.requests().is_empty());
    }
}

#[test]
fn what_is_no_certificate_is_not_trusted() {
    let key = certificates("127.0.0.1").key;
    let damaged = "-----BEGIN CERTIFICATE-----\nSECRET!\n-----END CERTIFICATE-----\n";
    let no_x509 = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (pem, text) in [
        ("", "no `BEGIN CERTIFICATE` among the trusted certificates"),
        (
            &key,
            "no `BEGIN CERTIFICATE` among the trusted certificates",
        ),
        (damaged, "the PEM of the trusted certificates is damaged"),
        (no_x509, "a trusted certificate is not X.509"),
    ] {
        let error = HttpTransport::new().trust(pem.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Configuration);
        assert_eq!(error.to_string(), "the connection could not be prepared");
        assert_eq!(error.source().unwrap().to_string(), text);
        assert!(!error.is_retryable());
        assert!(!format!("{error:?}").contains("SECRET"));
    }
}

/// The CA's certificates that came first count as well as the last.
#[tokio::test]
async fn several_certificates_are_trusted() {
    let (one, two) = (certificates("127.0.0.1"), certificates("127.0.0.1"));
    let both = format!("{}{}", one.ca, two.ca);
    for certificates in [&one, &two] {
        let server = server(certificates).await;
        exchange(&server, &both).await.unwrap();
    }
    let shared = Arc::new(HttpTransport::new().trust(both.as_bytes()).unwrap());
    assert!(!format!("{shared:?}").contains("BEGIN"));
}
