//! The examples of the RFCs, through the public face of the library.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_bearer::assertion::{Assertion, Header};
use jwt_bearer::exchange::{Method, Reply, Request, Transport, TransportError};
use jwt_bearer::keyfile::PrivateKey;
use jwt_bearer::signer::{Algorithm, KeyKind, PublicKey, Signer, VerifyError};
use jwt_bearer::{Client, LocalSigner, Profile, Subject, TokenRequest};
use keys::signer;
use serde_json::json;

#[path = "support/keys.rs"]
mod keys;

/// [RFC 7515 §A.2](https://www.rfc-editor.org/rfc/rfc7515#appendix-A.2).
const RS256: &str = "eyJhbGciOiJSUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5juj\
    Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe\
    7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8\
    np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
/// [RFC 7515 §A.3](https://www.rfc-editor.org/rfc/rfc7515#appendix-A.3).
const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
/// [RFC 8037 §A.4](https://www.rfc-editor.org/rfc/rfc8037#appendix-A.4).
const EDDSA: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
    hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

/// [RFC 7638 §3.1](https://www.rfc-editor.org/rfc/rfc7638#section-3.1).
const MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJEC\
    PebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9\
    c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kE\
    gU8awapJzKnqDKgw";

fn rfc_signer(file: &str) -> LocalSigner {
    let path = format!(
        "{}/../crates/signer-local/testdata/{file}",
        env!("CARGO_MANIFEST_DIR")
    );
    let key = PrivateKey::read(&std::fs::read(path).unwrap(), None).unwrap();
    LocalSigner::new(&key).unwrap()
}

fn octets(base64url: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(base64url).unwrap()
}

/// The signing input and the octets of the signature.
fn split(jws: &str) -> (&str, Vec<u8>) {
    let (signing_input, signature) = jws.rsplit_once('.').unwrap();
    (signing_input, octets(signature))
}

#[tokio::test]
async fn signatures_to_the_byte() {
    for (file, jws) in [("rfc7515-a2.pem", RS256), ("rfc8037-a1.pem", EDDSA)] {
        let (signing_input, expected) = split(jws);
        let signer: Arc<dyn Signer> = Arc::new(rfc_signer(file));
        let signature = signer.sign(signing_input.as_bytes()).await.unwrap();
        assert_eq!(signature.as_bytes(), expected, "{file}");
        let verified = signer.public_key().verify(
            signer.algorithm(),
            signing_input.as_bytes(),
            signature.as_bytes(),
        );
        assert_eq!(verified, Ok(()), "{file}");
    }
}

#[test]
fn the_es256_example_verifies() {
    let mut point = vec![4];
    point.extend(octets("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"));
    point.extend(octets("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
    let key = PublicKey::from_ec_point(KeyKind::P256, &point).unwrap();
    let (signing_input, mut signature) = split(ES256);
    let verify =
        |signature: &[u8]| key.verify(Algorithm::Es256, signing_input.as_bytes(), signature);
    assert_eq!(verify(&signature), Ok(()));
    signature[63] ^= 1;
    assert_eq!(verify(&signature), Err(VerifyError::Mismatch));
}

#[test]
fn the_examples_are_taken_apart() {
    for (jws, algorithm) in [(RS256, Algorithm::Rs256), (ES256, Algorithm::Es256)] {
        let decoded = Assertion::decode(jws).unwrap();
        assert_eq!(decoded.algorithm(), Some(algorithm));
        assert_eq!(decoded.claims()["iss"], "joe");
        assert_eq!(decoded.claims()["exp"], 1_300_819_380);
        assert_eq!(decoded.signature(), split(jws).1);
    }
}

#[test]
fn thumbprints() {
    // SEQUENCE { INTEGER n, INTEGER e }, with a zero before the modulus, whose top bit is set.
    let mut der = vec![0x30, 0x82, 1, 10, 2, 0x82, 1, 1, 0];
    der.extend(octets(MODULUS));
    der.extend([2, 3, 1, 0, 1]);
    let key = PublicKey::from_rsa_der(&der).unwrap();
    assert_eq!(
        key.thumbprint(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
    assert_eq!(
        serde_json::to_value(key.to_jwk()).unwrap(),
        json!({ "kty": "RSA", "n": MODULUS, "e": "AQAB" })
    );

    // RFC 8037 §A.3.
    let key = PublicKey::from_ed25519(&octets("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
    assert_eq!(
        key.unwrap().thumbprint(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

/// A transport that answers with a token, and keeps the requests.
#[derive(Clone, Debug, Default)]
struct Recorder(Arc<Mutex<Vec<Request>>>);

#[async_trait::async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        self.0.lock().unwrap().push(request);
        let body = br#"{"access_token":"T","token_type":"Bearer"}"#;
        Ok(Reply::new(200, Vec::new(), body.to_vec()))
    }
}

/// The one request that this token request makes.
async fn sent(request: &TokenRequest, signer: &LocalSigner) -> Request {
    let recorder = Recorder::default();
    let client = Client::new().transport(recorder.clone());
    client.token(request, signer).await.unwrap();
    let requests = recorder.0.lock().unwrap();
    assert_eq!(requests.len(), 1);
    requests[0].clone()
}

/// [RFC 7523 §2.1](https://www.rfc-editor.org/rfc/rfc7523#section-2.1).
#[tokio::test]
async fn the_authorization_grant_request() {
    let request = Profile::GENERIC
        .request("client-id")
        .subject(Subject::Name("ann".into()))
        .token_endpoint("https://as.example.com/token.oauth2")
        .header(Header::new().typ(None::<String>).key_id("16"))
        .build()
        .unwrap();
    let sent = sent(&request, &signer("p256.pem")).await;
    assert_eq!(sent.method, Method::Post);
    assert_eq!(sent.url.as_str(), "https://as.example.com/token.oauth2");
    let assertion = sent
        .body()
        .strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=")
        .unwrap_or_else(|| panic!("{}", sent.body()));
    assert_one_jwt(assertion, "eyJhbGciOiJFUzI1NiIsImtpZCI6IjE2In0.");
    assert_headers(&sent);
}

/// [RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2), with the grant of RFC 6749 §4.4.
#[tokio::test]
async fn the_client_authentication_request() {
    let request = Profile::GENERIC
        .client_authentication("client-id")
        .token_endpoint("https://as.example.com/token.oauth2")
        .header(Header::new().typ(None::<String>).key_id("22"))
        .build()
        .unwrap();
    let sent = sent(&request, &signer("rsa.pem")).await;
    let assertion = sent
        .body()
        .strip_prefix(
            "grant_type=client_credentials&\
             client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&\
             client_assertion=",
        )
        .unwrap_or_else(|| panic!("{}", sent.body()));
    assert_one_jwt(assertion, "eyJhbGciOiJSUzI1NiIsImtpZCI6IjIyIn0.");
    assert_headers(&sent);
}

/// What is not safe in a form is percent-encoded, and comes back as it was.
#[tokio::test]
async fn parameters_are_percent_encoded() {
    let scope = "api & web+ä=1%";
    let request = Profile::GENERIC
        .request("client-id")
        .token_endpoint("https://as.example.com/token")
        .client_id("a:b/c")
        .client_secret("s&e=c+r %t".into())
        .scope(scope)
        .build()
        .unwrap();
    let sent = sent(&request, &signer("p256.pem")).await;
    let (_, rest) = sent.body().split_once("&client_id=").unwrap();
    assert_eq!(
        rest,
        "a%3Ab%2Fc&client_secret=s%26e%3Dc%2Br+%25t&scope=api+%26+web%2B%C3%A4%3D1%25"
    );
    let pairs: Vec<_> = url::form_urlencoded::parse(sent.body().as_bytes()).collect();
    let names: Vec<_> = pairs.iter().map(|(name, _)| &**name).collect();
    assert_eq!(
        names,
        [
            "grant_type",
            "assertion",
            "client_id",
            "client_secret",
            "scope"
        ]
    );
    assert_eq!(pairs[4].1, scope);
}

/// What stands there is a compact JWT with this header and nothing behind it.
fn assert_one_jwt(text: &str, header: &str) {
    assert!(text.starts_with(header), "{text}");
    assert_eq!(text.split('.').count(), 3, "{text}");
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    assert!(text.chars().all(safe), "{text}");
    let decoded = Assertion::decode(text).unwrap();
    assert_eq!(decoded.defects(), []);
    assert!(decoded.time("exp").unwrap() > SystemTime::UNIX_EPOCH);
}

fn assert_headers(request: &Request) {
    assert_eq!(
        request.headers,
        [
            ("accept", "application/json".into()),
            ("content-type", "application/x-www-form-urlencoded".into()),
        ]
    );
}
