//! Key file to token with the defaults of two libraries: URL KEY CA-FILE. Prints the token.

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, url, key, authority] = &arguments[..] else {
        return Err("expected URL KEY CA-FILE".into());
    };
    let key = EncodingKey::from_rsa_pem(&std::fs::read(key)?)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let claims = json!({
        "iss": "app",
        "sub": "ann",
        "aud": url,
        "jti": now.as_nanos().to_string(),
        "iat": now.as_secs(),
        "exp": now.as_secs() + 45,
    });
    let assertion = encode(&Header::new(Algorithm::RS256), &claims, &key)?;
    let authority = reqwest::Certificate::from_pem(&std::fs::read(authority)?)?;
    let client = reqwest::Client::builder()
        .add_root_certificate(authority)
        .build()?;
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let form = [("grant_type", grant), ("assertion", &assertion)];
    let reply: Value = client.post(url).form(&form).send().await?.json().await?;
    println!(
        "{}",
        reply["access_token"].as_str().ok_or(reply.to_string())?
    );
    Ok(())
}
