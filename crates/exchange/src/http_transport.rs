use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{fmt, io};

use async_trait::async_trait;
use jwt_bearer_provider::may_carry_secrets;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, InvalidMessage, RootCertStore};

use crate::later::EVER;
use crate::{Method, Reply, Request, Transport, TransportError, TransportErrorKind};

/// More than any token reply: 1 MiB.
const MAX_BODY: usize = 1 << 20;

/// The default transport: `reqwest` over `rustls` with `ring`.
///
/// Redirects are not followed, nothing is sent twice, replies end at 1 MiB. The trust roots are the system's, read at
/// the first `https` request (from `SSL_CERT_FILE` if it is set), or those handed over. `HTTPS_PROXY` and `NO_PROXY` are obeyed; `http`, which is for this
/// machine alone, goes through no proxy.
pub struct HttpTransport {
    timeout: Duration,
    /// How long the server may be silent.
    silence: Duration,
    roots: Option<RootCertStore>,
    /// The clients for `http` and for `https`, each made when it is first needed.
    clients: [OnceLock<reqwest::Client>; 2],
}

impl HttpTransport {
    /// A transport with the system's trust roots and a time limit of 30 seconds for the whole request, 10 seconds for
    /// the connection and 20 seconds of silence.
    #[must_use]
    pub fn new() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            silence: Duration::from_secs(20),
            roots: None,
            clients: [const { OnceLock::new() }; 2],
        }
    }

    /// Sets the time limit for the whole request, silence included; for the connection it is 10 seconds at the most.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(EVER);
        self.silence = self.timeout;
        self.clients = Default::default();
        self
    }

    /// Trusts these certificates, in PEM, in place of the system's.
    ///
    /// # Errors
    /// `Configuration` if there is no certificate in `pem` or one is damaged.
    pub fn trust(mut self, pem: &[u8]) -> Result<Self, TransportError> {
        let invalid = |why: &str| TransportError::new(TransportErrorKind::Configuration, why);
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            // The parser's own error may repeat the file.
            let certificate = certificate
                .map_err(|_| invalid("the PEM of the trusted certificates is damaged"))?;
            roots
                .add(certificate)
                .map_err(|_| invalid("a trusted certificate is not X.509"))?;
        }
        if roots.is_empty() {
            return Err(invalid(
                "no `BEGIN CERTIFICATE` among the trusted certificates",
            ));
        }
        self.roots = Some(roots);
        self.clients = Default::default();
        Ok(self)
    }

    fn client(&self, secure: bool) -> Result<&reqwest::Client, TransportError> {
        let cell = &self.clients[usize::from(secure)];
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let roots = match &self.roots {
            _ if !secure => RootCertStore::empty(),
            Some(roots) => roots.clone(),
            None => system_roots()?,
        };
        let invalid = |source: Box<dyn Error + Send + Sync>| {
            TransportError::new(TransportErrorKind::Configuration, source)
        };
        let tls =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(|error| invalid(error.into()))?
                .with_root_certificates(roots)
                .with_no_client_auth();
        let builder = reqwest::Client::builder();
        // A proxy would get the assertion in the clear.
        let builder = if secure { builder } else { builder.no_proxy() };
        let client = builder
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(concat!("jwt-bearer/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.timeout.min(Duration::from_secs(10)))
            .read_timeout(self.silence)
            .timeout(self.timeout)
            .build()
            .map_err(|error| invalid(innermost(&error).into()))?;
        Ok(cell.get_or_init(|| client))
    }
}

impl Default for HttpTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        self.client(request.url.scheme() == "https")?
            .send(request)
            .await
    }
}

/// A client of the program's own. It must not follow redirects nor send twice, and its time limits are its own.
#[async_trait]
impl Transport for reqwest::Client {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        if !may_carry_secrets(&request.url) {
            let text = "http is for this machine alone; use https";
            return Err(TransportError::new(TransportErrorKind::Configuration, text));
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let body = request.body().to_owned();
        let mut builder = self.request(method, request.url);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let mut response = builder.body(body).send().await.map_err(transport_error)?;
        let status = response.status();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.as_str().into(), value.into_owned())
            })
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
            if body.len() + chunk.len() > MAX_BODY {
                if !status.is_success() {
                    // Of a refusal the beginning says enough.
                    break;
                }
                let text = format!("more than {} MiB", MAX_BODY >> 20);
                return Err(TransportError::new(TransportErrorKind::TooLarge, text));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply::new(status.as_u16(), headers, body))
    }
}

fn transport_error(error: reqwest::Error) -> TransportError {
    if let Some(tls) = tls_error(&error) {
        if let rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) = tls {
            let text = "no TLS; for the sandbox, or another server on this machine, write http://";
            return TransportError::new(TransportErrorKind::Protocol, text);
        }
        return TransportError::new(TransportErrorKind::Tls, tls_text(tls));
    }
    let kind = if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_builder() {
        TransportErrorKind::Configuration
    } else {
        TransportErrorKind::Interrupted
    };
    let text = innermost(&error);
    // A server with TLS answers plain text with an alert, which begins as no reply of HTTP does.
    if text == "invalid HTTP version parsed" {
        let text = "no HTTP; if it speaks TLS, write https://";
        return TransportError::new(TransportErrorKind::Protocol, text);
    }
    TransportError::new(kind, text)
}

/// The error of `rustls`. It stands within I/O errors, one in the other, and not behind them.
fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref() {
            return Some(tls);
        }
        let within = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match within {
            Some(within) => Some(within),
            None => error.source(),
        };
    }
    None
}

/// The errors that people meet, in words; the others as `rustls` has them.
fn tls_text(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(why) = error else {
        return error.to_string();
    };
    match why {
        CertificateError::UnknownIssuer => {
            "the server's certificate is signed by nobody who is trusted here; trust the certificates of your network, \
             or look whether another server answers"
                .into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another name".into()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired, or this machine's clock is ahead".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet, or this machine's clock is behind".into()
        }
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "the server's certificate signs itself; a server's certificate is signed by an authority".into()
        }
        _ => error.to_string(),
    }
}

/// The text of the last source: "connection refused" and not three layers of software around it.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn system_roots() -> Result<RootCertStore, TransportError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found
            .errors
            .first()
            .map_or_else(String::new, |error| format!(" ({error})"));
        return Err(TransportError::new(
            TransportErrorKind::Configuration,
            format!(
                "the system has no trust roots{why}; install `ca-certificates`, or hand over a file of them"
            ),
        ));
    }
    Ok(roots)
}
