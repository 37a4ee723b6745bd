use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::AccessToken;

/// What carries requests: one method, so that a program can bring its own HTTP client, and a test none.
///
/// An implementation follows no redirect, sends each request once, and sets limits to the time and to the size of the
/// reply.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends a request and waits for the whole reply, whatever its status.
    ///
    /// # Errors
    /// Any [`TransportErrorKind`].
    async fn send(&self, request: Request) -> Result<Reply, TransportError>;
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        (**self).send(request).await
    }
}

/// An HTTP request. `Debug` shows neither the body nor the values of headers.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// Where it goes.
    pub url: Url,
    /// The headers, with names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body; sent with `Content-Length`.
    body: SecretString,
}

impl Request {
    /// A POST of this form, already encoded as `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn post_form(url: Url, form: SecretString) -> Self {
        let headers = vec![
            ("accept", "application/json".into()),
            ("content-type", "application/x-www-form-urlencoded".into()),
        ];
        Self {
            method: Method::Post,
            url,
            headers,
            body: form,
        }
    }

    /// A GET with this token ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
    #[must_use]
    pub fn get(url: Url, token: &AccessToken) -> Self {
        let headers = vec![
            ("accept", "application/json".into()),
            ("authorization", format!("Bearer {}", token.expose())),
        ];
        Self {
            method: Method::Get,
            url,
            headers,
            body: SecretString::default(),
        }
    }

    /// A GET that carries nothing, for what is public, such as metadata.
    #[must_use]
    pub fn get_public(url: Url) -> Self {
        Self {
            method: Method::Get,
            url,
            headers: vec![("accept", "application/json".into())],
            body: SecretString::default(),
        }
    }

    /// The body, which may hold secrets.
    #[must_use]
    pub fn body(&self) -> &str {
        self.body.expose_secret()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({:?} {})", self.method, self.url)
    }
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
}

/// An HTTP reply. `Debug` shows neither the body nor the values of headers.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The status, such as 200.
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A reply from its parts; names of headers in lower case.
    #[must_use]
    pub const fn new(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self {
            status,
            headers,
            body,
        }
    }

    /// The first header of this name, given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} octets)", self.status, self.body.len())
    }
}

/// Why there is no reply.
#[derive(Clone, Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Arc<dyn Error + Send + Sync>,
}

impl TransportError {
    /// An error of this kind; `source` is a text or another error, and must hold no secret.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: Arc::from(source.into()),
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether a new request may succeed with nothing changed.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        !matches!(
            self.kind,
            TransportErrorKind::Configuration
                | TransportErrorKind::Tls
                | TransportErrorKind::Protocol
                | TransportErrorKind::TooLarge
        )
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::Configuration => "the connection could not be prepared",
            TransportErrorKind::Connect => "no connection",
            TransportErrorKind::Tls => "no secure connection",
            TransportErrorKind::Protocol => "the server speaks another protocol on this port",
            TransportErrorKind::Interrupted => {
                "the connection broke before the whole reply was there"
            }
            TransportErrorKind::Timeout => "no reply in time",
            TransportErrorKind::TooLarge => "the reply is too large",
        })
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// The kinds of [`TransportError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The client could not be set up: a bad certificate file, no trust roots. Not worth a retry.
    Configuration,
    /// No connection: name, route, refusal, TLS. The request was not sent.
    Connect,
    /// TLS failed: above all a certificate that is not trusted, or for another name. The request was not sent. Not
    /// worth a retry.
    Tls,
    /// No TLS where the URL says `https`, or no HTTP where it says `http`. Not worth a retry.
    Protocol,
    /// The connection broke. The server may have processed the request.
    Interrupted,
    /// The time ran out. The server may have processed the request.
    Timeout,
    /// The reply is larger than a token reply can be. Not worth a retry.
    TooLarge,
}
