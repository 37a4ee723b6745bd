use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jwt_bearer_sandbox::{Dialect, Running, Sandbox};
use jwt_bearer_signer::{KeyKind, PublicKey};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const CLIENT_ID: &str = "client-7f3a";
pub(crate) const SECRET: &str = "secret-91c2";
pub(crate) const USER: &str = "user@example.com";
pub(crate) const ENTERPRISE: &str = "12345";
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
pub(crate) const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
pub(crate) const BOX_AUDIENCE: &str = "https://api.box.com/oauth2/token";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Whatever takes this long hangs.
pub(crate) async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future)
        .await
        .expect("hangs")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server under test has the real time"
)]
pub(crate) fn now() -> i64 {
    let time = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    time.as_secs() as i64
}

pub(crate) fn rsa() -> &'static RsaKeyPair {
    static KEY: OnceLock<RsaKeyPair> = OnceLock::new();
    KEY.get_or_init(|| {
        let pem = include_str!("../data/rsa.pem");
        let base64: String = pem
            .lines()
            .skip(2)
            .take_while(|line| !line.starts_with('-'))
            .collect();
        RsaKeyPair::from_pkcs8(&STANDARD.decode(base64).unwrap()).unwrap()
    })
}

pub(crate) fn rsa_public() -> PublicKey {
    PublicKey::from_rsa_der(rsa().public().as_ref()).unwrap()
}

fn ec() -> &'static EcdsaKeyPair {
    static KEY: OnceLock<EcdsaKeyPair> = OnceLock::new();
    KEY.get_or_init(|| {
        let random = SystemRandom::new();
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap()
    })
}

pub(crate) fn ec_public() -> PublicKey {
    PublicKey::from_ec_point(KeyKind::P256, ec().public_key().as_ref()).unwrap()
}

/// A server of this dialect with the app, the key and the subjects that [`Draft::good`] has.
pub(crate) fn sandbox(dialect: Dialect) -> Sandbox {
    let sandbox = Sandbox::new(dialect);
    match dialect {
        Dialect::Box => sandbox
            .client(CLIENT_ID, Some(SECRET))
            .register(Some("key1"), rsa_public())
            .enterprise(ENTERPRISE)
            .user(USER),
        Dialect::Salesforce => sandbox
            .client(CLIENT_ID, None)
            .register(None, rsa_public())
            .user(USER),
        _ => sandbox
            .client(CLIENT_ID, None)
            .register(Some("key1"), ec_public())
            .user(USER),
    }
}

pub(crate) async fn start(sandbox: Sandbox) -> Running {
    sandbox.start(([127, 0, 0, 1], 0).into()).await.unwrap()
}

/// A token request before it is put together.
pub(crate) struct Draft {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) content_type: &'static str,
    /// What happens to the assertion after it was signed.
    pub(crate) spoil: fn(String) -> String,
}

impl Draft {
    /// One that the server takes.
    pub(crate) fn good(dialect: Dialect, server: &Running) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let jti = format!("jti-{:016}", COUNT.fetch_add(1, Ordering::Relaxed));
        let (header, claims) = match dialect {
            Dialect::Box => (
                json!({ "alg": "RS256", "typ": "JWT", "kid": "key1" }),
                json!({
                    "iss": CLIENT_ID, "sub": ENTERPRISE, "box_sub_type": "enterprise",
                    "aud": BOX_AUDIENCE, "jti": jti, "exp": now() + 45,
                }),
            ),
            Dialect::Salesforce => (
                json!({ "alg": "RS256" }),
                json!({ "iss": CLIENT_ID, "sub": USER, "aud": "https://login.salesforce.com", "exp": now() + 180 }),
            ),
            _ => (
                json!({ "alg": "ES256", "kid": "key1" }),
                json!({
                    "iss": CLIENT_ID, "sub": USER, "aud": server.token_endpoint(), "jti": jti,
                    "iat": now(), "exp": now() + 300,
                }),
            ),
        };
        let mut draft = Self {
            header,
            claims,
            form: Vec::new(),
            content_type: FORM,
            spoil: |assertion| assertion,
        };
        draft.set("grant_type", JWT_BEARER);
        if dialect == Dialect::Box {
            draft.set("client_id", CLIENT_ID);
            draft.set("client_secret", SECRET);
        }
        draft
    }

    /// RFC 7523 §2.2, for Generic.
    pub(crate) fn client_authentication(server: &Running) -> Self {
        let mut draft = Self::good(Dialect::Generic, server);
        draft.claims["sub"] = CLIENT_ID.into();
        draft.set("grant_type", "client_credentials");
        draft.set("client_assertion_type", CLIENT_ASSERTION);
        draft
    }

    /// Sets a parameter of the form; an empty value takes it out.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.form.retain(|(other, _)| other != name);
        if !value.is_empty() {
            self.form.push((name.into(), value.into()));
        }
    }

    pub(crate) fn assertion(&self) -> String {
        (self.spoil)(sign(&self.header, &self.claims))
    }

    /// The body of the form, with the assertion unless one is set.
    pub(crate) fn body(&self) -> String {
        let mut form = self.form.clone();
        let is_client = form.iter().any(|(name, _)| name == "client_assertion_type");
        let name = if is_client {
            "client_assertion"
        } else {
            "assertion"
        };
        if !form.iter().any(|(other, _)| other == name) {
            form.push((name.into(), self.assertion()));
        }
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish()
    }

    pub(crate) async fn post(&self, server: &Running) -> Answer {
        post(server, self.content_type, &self.body()).await.whole()
    }
}

/// Signs with the EC key for ES256, with the RSA key for everything else, whatever `alg` claims.
fn sign(header: &Value, claims: &Value) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let input = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let random = SystemRandom::new();
    let signature = if header["alg"] == "ES256" {
        ec().sign(&random, input.as_bytes())
            .unwrap()
            .as_ref()
            .to_vec()
    } else {
        let mut signature = vec![0; rsa().public().modulus_len()];
        rsa()
            .sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature)
            .unwrap();
        signature
    };
    format!("{input}.{}", encode(&signature))
}

/// What came back on a connection until its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) end: Result<(), io::ErrorKind>,
}

impl Answer {
    /// This answer, which must have come to a good end.
    #[track_caller]
    pub(crate) fn whole(self) -> Self {
        assert_eq!(self.end, Ok(()));
        assert_ne!(self.status, 0, "nothing came");
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    #[track_caller]
    pub(crate) fn access_token(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()["access_token"].as_str().unwrap().into()
    }
}

pub(crate) fn post_text(content_type: &str, body: &str, path: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {content_type}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) async fn post(server: &Running, content_type: &str, body: &str) -> Answer {
    let endpoint = server.token_endpoint();
    let path = endpoint.strip_prefix(server.url()).unwrap();
    send(server, &post_text(content_type, body, path)).await
}

pub(crate) async fn get(server: &Running, url: &str, headers: &str) -> Answer {
    let path = url.strip_prefix(server.url()).unwrap();
    send(
        server,
        &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n"),
    )
    .await
}

pub(crate) async fn send(server: &Running, request: &str) -> Answer {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    exchange(stream, request).await
}

/// Sends bytes and reads what comes until the end of the connection.
pub(crate) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
) -> Answer {
    bounded(async {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let end = stream
            .read_to_end(&mut bytes)
            .await
            .map(drop)
            .map_err(|error| error.kind());
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().map_or(0, |line| line[9..12].parse().unwrap());
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        Answer {
            status,
            headers: headers
                .map(|(name, value)| (name.to_lowercase(), value.into()))
                .collect(),
            body: body.into(),
            end,
        }
    })
    .await
}
