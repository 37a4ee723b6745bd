//! Sandboxes in the process of the tests.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;

use jwt_bearer::keyfile::read_public_key;
use jwt_bearer_sandbox::{Dialect, Running, Sandbox};
use tokio::runtime::Runtime;

/// Occurs in no text of the command, so that a test can look for it.
pub(crate) const SECRET: &str = "7f3aQ-box-secret";
/// The flags that belong to [`boxed`], but for the subject.
pub(crate) const BOX: &str = "token --provider box --issuer app --key rsa.pem --key-id key-1 \
     --client-secret-file secret.txt";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

pub(crate) fn start(sandbox: Sandbox) -> Running {
    RUNTIME
        .block_on(sandbox.start("127.0.0.1:0".parse().unwrap()))
        .unwrap()
}

/// Knows `app` with `rsa.pem` as `key-1`, the enterprise 1234567 and the user 7654321.
pub(crate) fn boxed() -> Sandbox {
    Sandbox::new(Dialect::Box)
        .client("app", Some(SECRET))
        .register(Some("key-1"), public_key())
        .enterprise("1234567")
        .user("7654321")
}

/// Knows `consumer` with `rsa.pem`, and the user ann@example.com.
pub(crate) fn salesforce() -> Sandbox {
    Sandbox::new(Dialect::Salesforce)
        .client("consumer", None)
        .register(None, public_key())
        .user("ann@example.com")
}

/// Knows `app` with `rsa.pem` as `key-1`, and the user ann.
pub(crate) fn generic() -> Sandbox {
    Sandbox::new(Dialect::Generic)
        .client("app", None)
        .register(Some("key-1"), public_key())
        .user("ann")
}

pub(crate) fn public_key() -> jwt_bearer::signer::PublicKey {
    let pem = include_bytes!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../keyfile/testdata/rsa-public.pem"
    ));
    read_public_key(pem).unwrap()
}

/// Asks a sandbox's protected resource, by hand, and gives the whole reply.
pub(crate) fn call(server: &Running, token: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream
        .set_read_timeout(Some(crate::support::BOUND))
        .unwrap();
    let path = server.resource();
    let path = path.strip_prefix(server.url()).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: sandbox\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}
