//! Key file to token over plain http, with one socket and no library for HTTP: HOST:PORT PATH KEY. Prints the token.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, host, path, key] = &arguments[..] else {
        return Err("expected HOST:PORT PATH KEY".into());
    };
    let assertion = assertion(key, &format!("http://{host}{path}"))?;
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    let body = format!("grant_type={grant}&assertion={assertion}");
    let mut stream = TcpStream::connect(host)?;
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    let (_, rest) = reply
        .split_once(r#""access_token":""#)
        .ok_or(reply.clone())?;
    println!("{}", rest.split('"').next().unwrap_or_default());
    Ok(())
}

fn assertion(key: &str, audience: &str) -> Result<String, Box<dyn Error>> {
    let key = pem::parse(std::fs::read(key)?)?;
    let key = KeyPair::from_pkcs8(key.contents()).map_err(|error| error.to_string())?;
    let random = SystemRandom::new();
    let mut jti = [0; 16];
    random.fill(&mut jti).map_err(|_| "no random numbers")?;
    let jti = URL_SAFE_NO_PAD.encode(jti);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let claims = format!(
        r#"{{"iss":"app","sub":"ann","aud":"{audience}","jti":"{jti}","iat":{now},"exp":{}}}"#,
        now + 45
    );
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature)
        .map_err(|_| "no signature")?;
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
