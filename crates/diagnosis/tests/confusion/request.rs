//! A request that the sandbox takes, to be spoilt; sent for real; and the evidence that somebody has of it.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use jwt_bearer_assertion::{Assertion, Clock, SystemClock};
use jwt_bearer_diagnosis::{Evidence, Paste, Probe, Reply, Report, Request, diagnose};
use jwt_bearer_provider::Profile;
use jwt_bearer_sandbox::{Dialect, Fault, Sandbox};
use jwt_bearer_signer::PublicKey;
use ring::rand::SystemRandom;
use ring::signature::{self as sig, EcdsaKeyPair, RsaKeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const ISSUER: &str = "client-0123456789abcdef";
pub(crate) const SECRET: &str = "kept-secret-0123456789";
/// The id of an enterprise, long enough for a `jti`.
pub(crate) const LONG_ID: &str = "1234567890123456";
pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The server that the sandbox stands for.
pub(crate) const ORIGIN: &str = "https://acme.my.salesforce.com";
pub(crate) const ENDPOINT: &str = "https://as.example/token";
const RSA: &[u8] = include_bytes!("../../../keyfile/testdata/rsa.pem");
const OTHER_RSA: &[u8] = include_bytes!("../../../keyfile/testdata/rsa-3072.pem");
const EC: &[u8] = include_bytes!("../../../keyfile/testdata/p256.pem");
const RSA_PUBLIC: &[u8] = include_bytes!("../../../keyfile/testdata/rsa-public.pem");
const RSA_CERTIFICATE: &[u8] = include_bytes!("../../../keyfile/testdata/rsa-certificate.pem");
const EC_CERTIFICATE: &[u8] = include_bytes!("../../../keyfile/testdata/p256-certificate.pem");
const EC_PUBLIC: &[u8] = include_bytes!("../../../keyfile/testdata/p256-public.pem");

pub(crate) fn now() -> i64 {
    let now = SystemClock.now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

fn pkcs8(pem: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(pem).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Rsa,
    OtherRsa,
    Ec,
}

impl Key {
    pub(crate) fn public(self) -> PublicKey {
        let pem = match self {
            Self::Rsa => RSA_PUBLIC,
            Self::Ec => EC_PUBLIC,
            Self::OtherRsa => {
                let pair = RsaKeyPair::from_pkcs8(&pkcs8(OTHER_RSA)).unwrap();
                return PublicKey::from_rsa_der(pair.public().as_ref()).unwrap();
            }
        };
        PublicKey::from_spki_pem(std::str::from_utf8(pem).unwrap()).unwrap()
    }

    fn sign(self, alg: &str, der: bool, input: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        if self == Self::Ec {
            let form = if der {
                &sig::ECDSA_P256_SHA256_ASN1_SIGNING
            } else {
                &sig::ECDSA_P256_SHA256_FIXED_SIGNING
            };
            let pair = EcdsaKeyPair::from_pkcs8(form, &pkcs8(EC), &random);
            // Without its public key, which this file leaves out, ring does not read it.
            let pair = pair.unwrap_or_else(|_| {
                let fresh = EcdsaKeyPair::generate_pkcs8(form, &random).unwrap();
                EcdsaKeyPair::from_pkcs8(form, fresh.as_ref(), &random).unwrap()
            });
            return pair.sign(&random, input).unwrap().as_ref().to_vec();
        }
        let pem = if self == Self::Rsa { RSA } else { OTHER_RSA };
        let pair = RsaKeyPair::from_pkcs8(&pkcs8(pem)).unwrap();
        let padding: &dyn sig::RsaEncoding = match alg {
            "RS384" => &sig::RSA_PKCS1_SHA384,
            "RS512" => &sig::RSA_PKCS1_SHA512,
            "PS256" => &sig::RSA_PSS_SHA256,
            _ => &sig::RSA_PKCS1_SHA256,
        };
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(padding, &random, input, &mut signature).unwrap();
        signature
    }
}

/// How the parts are encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Url,
    Padded,
    Standard,
}

/// A request, valid until somebody spoils it.
#[derive(Clone)]
pub(crate) struct Try {
    pub(crate) dialect: Dialect,
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) key: Key,
    /// The key that the server has.
    pub(crate) registered: Key,
    pub(crate) der: bool,
    pub(crate) encoding: Encoding,
    /// Changes the finished assertion.
    pub(crate) finish: fn(String) -> String,
    pub(crate) form: Vec<(&'static str, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) method: &'static str,
    pub(crate) in_query: bool,
    /// Seconds by which the server is ahead.
    pub(crate) skew: i64,
    pub(crate) authorized: bool,
    pub(crate) two_keys: bool,
    /// Whether the same claims were sent before.
    pub(crate) again: bool,
    pub(crate) fault: Option<&'static str>,
}

impl Try {
    pub(crate) fn new(dialect: Dialect) -> Self {
        let now = now();
        let (header, claims) = match dialect {
            Dialect::Box => (
                json!({"alg": "RS256", "kid": "key0001x", "typ": "JWT"}),
                json!({"iss": ISSUER, "sub": "12345678", "box_sub_type": "enterprise",
                    "aud": "https://api.box.com/oauth2/token", "jti": "n0tUsedBefore-0123456789", "exp": now + 40}),
            ),
            Dialect::Salesforce => (
                json!({"alg": "RS256"}),
                json!({"iss": ISSUER, "sub": "ann@example.com", "aud": ORIGIN, "exp": now + 170}),
            ),
            _ => (
                json!({"alg": "RS256", "kid": "key0001x"}),
                json!({"iss": ISSUER, "sub": "ann", "aud": ENDPOINT, "jti": "n0tUsedBefore-0123456789",
                    "iat": now, "exp": now + 60}),
            ),
        };
        let mut form = vec![
            ("grant_type", GRANT.to_owned()),
            ("assertion", String::new()),
        ];
        if dialect == Dialect::Box {
            form.push(("client_id", ISSUER.to_owned()));
            form.push(("client_secret", SECRET.to_owned()));
        }
        Self {
            dialect,
            header,
            claims,
            key: Key::Rsa,
            registered: Key::Rsa,
            der: false,
            encoding: Encoding::Url,
            finish: |text| text,
            form,
            content_type: "application/x-www-form-urlencoded",
            method: "POST",
            in_query: false,
            skew: 0,
            authorized: true,
            two_keys: false,
            again: false,
            fault: None,
        }
    }

    pub(crate) fn set(&mut self, claim: &str, value: impl Into<Value>) {
        self.claims[claim] = value.into();
    }

    pub(crate) fn unset(&mut self, claim: &str) {
        self.claims.as_object_mut().unwrap().remove(claim);
    }

    pub(crate) fn parameter(&mut self, name: &str) -> &mut String {
        let found = self.form.iter_mut().find(|(other, _)| *other == name);
        &mut found.unwrap().1
    }

    pub(crate) fn without(&mut self, name: &str) {
        self.form.retain(|(other, _)| *other != name);
    }

    fn assertion(&self) -> String {
        let part = |octets: &[u8]| match self.encoding {
            Encoding::Url => URL_SAFE_NO_PAD.encode(octets),
            Encoding::Padded => URL_SAFE.encode(octets),
            Encoding::Standard => STANDARD_NO_PAD.encode(octets),
        };
        let input = format!(
            "{}.{}",
            part(self.header.to_string().as_bytes()),
            part(self.claims.to_string().as_bytes())
        );
        let alg = self.header["alg"].as_str().unwrap_or("RS256");
        let signature = self.key.sign(alg, self.der, input.as_bytes());
        (self.finish)(format!("{input}.{}", part(&signature)))
    }

    /// Sends it for real, and gives everything that there is to know.
    pub(crate) async fn send(&self) -> Sent {
        let mut sandbox = Sandbox::new(self.dialect)
            .client(ISSUER, (self.dialect == Dialect::Box).then_some(SECRET))
            .skew(self.skew);
        let kid = (self.dialect != Dialect::Salesforce).then_some("key0001x");
        sandbox = sandbox.register(kid, self.registered.public());
        if self.two_keys {
            let other = if self.registered == Key::Rsa {
                Key::OtherRsa
            } else {
                Key::Rsa
            };
            sandbox = sandbox.register(Some("key0002x"), other.public());
        }
        sandbox = match self.dialect {
            Dialect::Box => sandbox
                .enterprise("12345678")
                .enterprise(LONG_ID)
                .user("98765432"),
            Dialect::Salesforce => sandbox
                .user("ann@example.com")
                .audience("https://login.salesforce.com")
                .audience(ORIGIN),
            _ => sandbox.user("ann").audience(ENDPOINT),
        };
        if !self.authorized {
            sandbox = sandbox.unauthorized();
        }
        let server = sandbox.start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let spoilt = self.clone();
        let assertion = spoilt.assertion();
        let mut form = self.form.clone();
        for (name, value) in &mut form {
            if matches!(*name, "assertion" | "client_assertion") && value.is_empty() {
                *value = assertion.clone();
            }
        }
        let mut body = encoded(&form);
        let mut target = match self.dialect {
            Dialect::Box => "/oauth2/token",
            Dialect::Salesforce => "/services/oauth2/token",
            _ => "/token",
        }
        .to_owned();
        if self.in_query {
            target = format!("{target}?{body}");
            body.clear();
        } else if self.content_type == "application/json" {
            let json: serde_json::Map<_, _> = form
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
                .collect();
            body = Value::from(json).to_string();
        }
        let host = match self.dialect {
            Dialect::Box => "api.box.com",
            Dialect::Salesforce => "acme.my.salesforce.com",
            _ => "as.example",
        };
        let message = format!(
            "{} {target} HTTP/1.1\r\nhost: {}\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.method,
            host,
            self.content_type,
            body.len()
        );
        if self.again {
            exchange(&server.address().to_string(), &message).await;
        }
        if let Some(fault) = self.fault {
            server.inject(fault.parse::<Fault>().unwrap());
        }
        let sent_at = SystemClock.now();
        let reply = exchange(&server.address().to_string(), &message).await;
        Sent {
            spoilt,
            assertion,
            form,
            url: format!("https://{host}{target}"),
            message,
            reply,
            sent_at,
            received_at: SystemClock.now(),
        }
    }
}

fn encoded(form: &[(&str, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

async fn exchange(address: &str, message: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(message.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    String::from_utf8_lossy(&reply).into_owned()
}

/// What was sent, and what came.
pub(crate) struct Sent {
    spoilt: Try,
    assertion: String,
    form: Vec<(&'static str, String)>,
    url: String,
    message: String,
    reply: String,
    sent_at: SystemTime,
    received_at: SystemTime,
}

impl Sent {
    pub(crate) fn status(&self) -> u16 {
        self.reply.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// What `jwt-bearer doctor` has: the fields that it sets, and no others. What is registered it knows only if its
    /// flag `--certificate` names that.
    pub(crate) fn as_doctor(&self, has_certificate: bool) -> Report {
        let spoilt = &self.spoilt;
        let (head, body) = self.reply.split_once("\r\n\r\n").unwrap();
        let mut reply = Reply::new().status(self.status()).body(body);
        for line in head.lines().skip(1) {
            let (name, value) = line.split_once(": ").unwrap();
            reply = reply.header(name, value);
        }
        let mut request = Request::new()
            .url(&self.url)
            .method(spoilt.method)
            .content_type(spoilt.content_type);
        if !spoilt.in_query && spoilt.content_type != "application/json" {
            request = request.parameters(self.form.iter().map(|(name, value)| (*name, value)));
        }
        let host = String::from("as.example");
        let mut evidence = Evidence::new()
            .profile(Profile::named(spoilt.dialect.name()).unwrap())
            .request(request)
            .signing_key(spoilt.key.public())
            .sent_at(self.sent_at)
            .received_at(self.received_at)
            .probe(Probe::Dns {
                host: host.clone(),
                error: None,
            })
            .probe(Probe::Connection {
                host: host.clone(),
                error: None,
            })
            .probe(Probe::Tls { host, error: None })
            .probe(Probe::Clock {
                ahead: -spoilt.skew,
                uncertainty: 1,
            })
            .reply(reply);
        if has_certificate {
            evidence = match (spoilt.dialect, spoilt.registered) {
                (Dialect::Salesforce, Key::Rsa) => evidence.registered(RSA_CERTIFICATE),
                (Dialect::Salesforce, _) => evidence.registered(EC_CERTIFICATE),
                (_, registered) => {
                    evidence.registered(registered.public().to_spki_pem().as_bytes())
                }
            };
        }
        // The command makes its assertions itself, so that it has none that cannot be read.
        if let Ok(decoded) = Assertion::decode(&self.assertion) {
            evidence = evidence.assertion(decoded.without_signature());
        }
        diagnose(&evidence)
    }

    /// What somebody has who saw no more than the error.
    pub(crate) fn as_seen(&self) -> Report {
        let (_, body) = self.reply.split_once("\r\n\r\n").unwrap();
        let name = self.spoilt.dialect.name();
        let evidence = Evidence::new()
            .profile(Profile::named(name).unwrap())
            .reply(Reply::new().status(self.status()).body(body));
        diagnose(&evidence)
    }

    /// What somebody has who uses another program: a log like that of `curl -v`, and no word of the key.
    pub(crate) fn as_pasted(&self) -> Report {
        let mut text = String::from("* Connected to server\n");
        let (head, body) = self.message.split_once("\r\n\r\n").unwrap();
        for line in head.lines() {
            text.push_str(&format!("> {line}\n"));
        }
        text.push_str(&format!(">\n{body}\n"));
        let (head, body) = self.reply.split_once("\r\n\r\n").unwrap();
        for line in head.lines() {
            text.push_str(&format!("< {line}\n"));
        }
        text.push_str(&format!("<\n{body}\n* Closing connection\n"));
        let paste = Paste::read(&text);
        let report = paste.diagnose();
        let page = format!("{report}");
        let json = serde_json::to_string(&report).unwrap();
        let signature = self.assertion.rsplit('.').next().unwrap();
        for secret in [SECRET, ISSUER, signature] {
            if secret.len() > 12 {
                assert!(!page.contains(secret) && !json.contains(secret), "{page}");
                assert!(!format!("{paste:?}").contains(SECRET));
            }
        }
        report
    }
}
