use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderValue, LOCATION, RETRY_AFTER,
};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use crate::delivery::{End, Outgoing};
use crate::fault::{self, Fault, Kind};
use crate::record::Recorded;
use crate::reply::Reply;
use crate::state::State;
use crate::texts::oauth_error;
use crate::{Dialect, SandboxError, SandboxErrorKind, metadata, resource, revoke, token};

/// Where Box lists users.
const USERS_PATH: &str = "/2.0/users";
const BODY_LIMIT: usize = 64 * 1024;
/// What is read and thrown away beyond the limit, so that the client has sent everything when the refusal comes.
const DRAIN_LIMIT: usize = 1024 * 1024;
const OVERSIZE: usize = 2 * 1024 * 1024;

pub(crate) fn tls_acceptor(chain: &[u8], key: &[u8]) -> Result<TlsAcceptor, SandboxError> {
    fn error(source: impl std::error::Error + Send + Sync + 'static) -> SandboxError {
        SandboxError::new(SandboxErrorKind::Tls, source)
    }

    let chain = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(error)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(error)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(error)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(error)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

pub(crate) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), SandboxError> {
    let error = |source: io::Error| {
        let source = io::Error::new(source.kind(), format!("{address}: {source}"));
        SandboxError::new(SandboxErrorKind::Bind, source)
    };
    let listener = TcpListener::bind(address).await.map_err(error)?;
    let address = listener.local_addr().map_err(error)?;
    Ok((listener, address))
}

/// Accepts connections until `stop` is dropped; then ends them all.
pub(crate) async fn serve(
    state: Arc<State>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    mut stop: oneshot::Receiver<Infallible>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // A reply in two segments would wait for the client's delayed acknowledgement.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection(Arc::clone(&state), stream, tls.clone()));
                }
                // Out of file descriptors: closing connections give some back.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(state: Arc<State>, stream: TcpStream, tls: Option<TlsAcceptor>) {
    match tls {
        None => requests(state, stream).await,
        Some(tls) => {
            // Who does not like the certificate has gone already.
            if let Ok(stream) = tls.accept(stream).await {
                requests(state, stream).await;
            }
        }
    }
}

/// Serves the requests of one connection until the client leaves or a fault ends it.
async fn requests<S: Socket>(state: Arc<State>, stream: S) {
    let (ends, mut ended) = mpsc::unbounded_channel();
    let service = service_fn(|request| respond(Arc::clone(&state), ends.clone(), request));
    let mut connection = http1::Builder::new()
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let end = tokio::select! {
        biased;
        // An error here is the client's: it left, or sent what is no HTTP.
        _ = &mut connection => return,
        Some(end) = ended.recv() => end,
    };
    let mut stream = connection.into_parts().io.into_inner();
    match end {
        End::Close => {
            let _ = stream.shutdown().await;
        }
        End::Reset | End::ResetLate => {
            if end == End::ResetLate {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let _ = stream.tcp().set_zero_linger();
        }
    }
}

/// A stream that knows the TCP connection below it.
trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

async fn respond(
    state: Arc<State>,
    ends: UnboundedSender<End>,
    request: Request<Incoming>,
) -> Result<Response<Outgoing>, Infallible> {
    let (parts, body) = request.into_parts();
    let dialect = state.sandbox.dialect;
    let path = parts.uri.path();
    if path == dialect.token_path() {
        return Ok(token_request(&state, ends, &parts, body).await);
    }
    let reply = if Some(path) == dialect.revocation_path() {
        let (body, complete) = read(body).await;
        revoke::answer(&state, &parts, complete.then_some(&body))
    } else if dialect == Dialect::Box && path == USERS_PATH {
        resource::users(&state, &parts)
    } else if path == dialect.resource_path() {
        resource::answer(&state, &parts)
    } else if let Some(reply) = metadata::answer(&state, &parts) {
        reply
    } else if path == "/" {
        Reply::text(200, overview(dialect))
    } else {
        Reply::text(404, "there is nothing here; GET / tells what there is\n")
    };
    Ok(send(&state, reply, Outgoing::whole))
}

/// What there is to ask for.
fn overview(dialect: Dialect) -> String {
    let (token, resource) = (dialect.token_path(), dialect.resource_path());
    let mut text = format!(
        "A sandbox that speaks {dialect}, for tests.\nToken endpoint: POST {token}\nResource: GET {resource}\n\
         Metadata: GET {}\n",
        metadata::PATH
    );
    if let Some(path) = dialect.revocation_path() {
        text.push_str(&format!("Revocation: POST {path}\n"));
    }
    text
}

async fn token_request(
    state: &State,
    ends: UnboundedSender<End>,
    parts: &Parts,
    body: Incoming,
) -> Response<Outgoing> {
    let (body, complete) = read(body).await;
    let fault = state.next_fault();
    let reply = match fault.as_ref().and_then(instead) {
        Some(reply) => reply,
        None => token::answer(state, parts, complete.then_some(&body)),
    };
    let silent = matches!(
        fault,
        Some(Fault {
            kind: Kind::Hang | Kind::Reset,
            ..
        })
    );
    state.record(Recorded {
        status: (!silent).then(|| reply.status.as_u16()),
        refusal: reply.refusal.clone(),
        ..Recorded::new(parts, &body)
    });
    match fault {
        None => send(state, reply, Outgoing::whole),
        Some(fault) => deliver(state, reply, fault, ends).await,
    }
}

/// The body up to the limit, and whether that is all of it.
async fn read(body: Incoming) -> (Vec<u8>, bool) {
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    let mut len = 0;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(data) = frame.data_ref() else {
            continue;
        };
        len += data.len();
        let room = BODY_LIMIT - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if len > DRAIN_LIMIT {
            break;
        }
    }
    let complete = len == bytes.len();
    (bytes, complete)
}

/// The reply of a fault that answers instead of the server.
fn instead(fault: &Fault) -> Option<Reply> {
    let reply = match &fault.kind {
        Kind::Status(code) => Reply::text(*code, format!("status {code}, by an injected fault\n")),
        Kind::Error {
            status,
            error,
            description,
        } => Reply::json(*status, &oauth_error(error, description, false))
            .refusing(error, description),
        Kind::Html => Reply::new(
            200,
            "text/html;charset=UTF-8",
            "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Welcome</h1></body></html>\n",
        ),
        Kind::Empty => Reply::empty(200, ""),
        Kind::Oversize => {
            let start = r#"{"token_type":"bearer","expires_in":3600,"access_token":""#;
            let filler = "A".repeat(OVERSIZE - start.len() - 2);
            Reply::new(200, "application/json", format!("{start}{filler}\"}}"))
        }
        Kind::Redirect(url) => Reply::empty(307, "").header(LOCATION, url),
        Kind::NoToken => Reply::new(
            200,
            "application/json",
            r#"{"token_type":"bearer","expires_in":3600}"#,
        ),
        Kind::Delay(_)
        | Kind::Hang
        | Kind::Reset
        | Kind::ResetMid
        | Kind::Truncate
        | Kind::Drip(_)
        | Kind::ContentType(_) => return None,
    };
    Some(reply)
}

/// Sends a reply in the way of the fault.
async fn deliver(
    state: &State,
    mut reply: Reply,
    fault: Fault,
    ends: UnboundedSender<End>,
) -> Response<Outgoing> {
    if let Some(value) = &fault.retry_after {
        reply = reply.header(RETRY_AFTER, value);
    }
    match fault.kind {
        Kind::Hang => std::future::pending().await,
        Kind::Reset => {
            let _ = ends.send(End::Reset);
            std::future::pending().await
        }
        Kind::ResetMid => {
            let promised = reply.body.len().to_string();
            reply.body.truncate(reply.body.len() / 2);
            let reply = reply.header(CONTENT_LENGTH, &promised);
            send(state, reply, |body| {
                Outgoing::cut(body, End::ResetLate, ends)
            })
        }
        Kind::Truncate => {
            let promised = (reply.body.len() + 100).to_string();
            let reply = reply.header(CONTENT_LENGTH, &promised);
            send(state, reply, |body| Outgoing::cut(body, End::Close, ends))
        }
        Kind::Delay(time) => {
            tokio::time::sleep(time).await;
            send(state, reply, Outgoing::whole)
        }
        Kind::Drip(time) => send(state, reply, |body| Outgoing::drip(body, time)),
        Kind::ContentType(text) => send(state, reply.header(CONTENT_TYPE, &text), Outgoing::whole),
        Kind::Status(_)
        | Kind::Error { .. }
        | Kind::Html
        | Kind::Empty
        | Kind::Oversize
        | Kind::Redirect(_)
        | Kind::NoToken => send(state, reply, Outgoing::whole),
    }
}

/// Adds what every reply has: the date by the server's own clock, and that nobody may keep it.
fn send(state: &State, reply: Reply, body: impl FnOnce(Bytes) -> Outgoing) -> Response<Outgoing> {
    let reply = reply.header(DATE, &fault::http_date(state.now()));
    let mut response = Response::new(body(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
