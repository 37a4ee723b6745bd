use std::net::{Ipv4Addr, SocketAddr};

use anstyle::{AnsiColor, Style};
use jwt_bearer::assertion::{Assertion, Clock, Header, SystemClock};
use jwt_bearer::exchange::{HttpTransport, Request, Transport};
use jwt_bearer::keyfile::PrivateKey;
use jwt_bearer::provider::RequestBuilder;
use jwt_bearer::{Client, LocalSigner, Profile, Signer, Subject};
use jwt_bearer_sandbox::{Dialect, Running, Sandbox};
use serde_json::Value;

use crate::error::{Failure, chain};
use crate::write;

const STEP: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Yellow.on_default().bold();
const SECRET: &str = "demo-secret";
/// Any free port of this machine.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The main job, against a sandbox in this process.
pub(crate) async fn demo() -> Result<(), Failure> {
    say(
        "This shows the whole job on this machine alone: no account is needed, nothing leaves it, nothing is kept.\n",
    )?;

    step("A private key, which only signs")?;
    let key = PrivateKey::generate_rsa(2048).map_err(unexpected)?;
    let signer = LocalSigner::new(&key)?.with_key_id("key-1");
    let public_key = signer.public_key();
    say(&format!(
        "a fresh {} key, made in memory\n",
        public_key.kind()
    ))?;
    say(&format!(
        "its thumbprint (RFC 7638): {}\n",
        public_key.thumbprint()
    ))?;

    step("A Box app that knows the public key")?;
    let server = Sandbox::new(Dialect::Box)
        .client("demo-app", Some(SECRET))
        .register(Some("key-1"), public_key.clone())
        .enterprise("1234567")
        .user("7654321");
    let server = server.start(LISTEN).await.map_err(unexpected)?;
    say(&format!(
        "a sandbox as strict as Box listens on {}\n",
        server.url()
    ))?;

    let boxed = |subject| {
        Profile::BOX
            .request("demo-app")
            .client_secret(SECRET.into())
            .token_endpoint(server.token_endpoint())
            .subject(subject)
    };
    step("A token for the enterprise: the app's service account")?;
    token(
        boxed(Subject::Enterprise("1234567".into())),
        &signer,
        &server,
    )
    .await?;
    step("A token for one user")?;
    token(boxed(Subject::User("7654321".into())), &signer, &server).await?;

    step("A Salesforce app, which knows the key by its certificate")?;
    let salesforce = Sandbox::new(Dialect::Salesforce)
        .client("demo-consumer-key", None)
        .register(None, public_key.clone())
        .user("ann@example.com");
    let salesforce = salesforce.start(LISTEN).await.map_err(unexpected)?;
    say(&format!(
        "a sandbox as strict as Salesforce listens on {}\n",
        salesforce.url()
    ))?;
    let request = Profile::SALESFORCE
        .request("demo-consumer-key")
        .token_endpoint(salesforce.token_endpoint())
        .subject(Subject::Name("ann@example.com".into()));
    token(request, &signer, &salesforce).await?;
    salesforce.shutdown().await;

    step("A refusal: Box's clock goes ten minutes ahead of ours")?;
    server.set_skew(600);
    let request = boxed(Subject::Enterprise("1234567".into())).build()?;
    match Client::new().token(&request, &signer).await {
        Ok(_) => {
            return Err(Failure::other(
                "the sandbox gave a token where it should have refused; please report this",
            ));
        }
        Err(error) => {
            say(&format!("{BAD}{}{BAD:#}\n", chain(&error)))?;
            for (label, text) in Failure::exchange(&error, request.profile()).hints() {
                say(&format!("{label}: {text}\n"))?;
            }
        }
    }
    server.shutdown().await;

    write::result(&format!(
        "\n{GOOD}That is all.{GOOD:#} With your own app it is one command: see `jwt-bearer token --help`.\n"
    ))
}

/// Gets a token, step by step, and calls the protected resource with it.
async fn token(
    request: RequestBuilder,
    signer: &LocalSigner,
    server: &Running,
) -> Result<(), Failure> {
    let request = request.header(Header::new()).build()?;
    let assertion = request
        .assertion(signer, SystemClock.now())
        .await
        .map_err(unexpected)?;
    let decoded = Assertion::decode(assertion.as_str()).map_err(unexpected)?;
    say(&format!(
        "header  {}\n",
        Value::from(decoded.header().clone())
    ))?;
    say(&format!(
        "claims  {}\n",
        Value::from(decoded.claims().clone())
    ))?;
    say(
        "Signed by the key, the two are an assertion. One like it, never the same twice, goes to\n",
    )?;
    say(&format!("POST {}\n", request.token_endpoint()))?;

    let token = Client::new()
        .token(&request, signer)
        .await
        .map_err(|error| Failure::exchange(&error, request.profile()))?;
    let mut shown = token.to_json();
    let start: String = token.access_token().expose().chars().take(8).collect();
    shown["access_token"] = format!("{start}…").into();
    say(&format!("{GOOD}200{GOOD:#}  {shown}\n"))?;

    let resource = server.resource();
    let url = resource.parse().map_err(unexpected)?;
    let reply = HttpTransport::new()
        .send(Request::get(url, token.access_token()))
        .await
        .map_err(unexpected)?;
    say(&format!("GET {resource} with the token\n"))?;
    say(&format!(
        "{GOOD}{}{GOOD:#}  {}\n",
        reply.status,
        String::from_utf8_lossy(&reply.body).trim()
    ))
}

fn step(title: &str) -> Result<(), Failure> {
    write::result(&format!("\n{STEP}{title}{STEP:#}\n"))
}

fn say(text: &str) -> Result<(), Failure> {
    write::result(&format!("  {text}"))
}

fn unexpected(error: impl std::error::Error + 'static) -> Failure {
    Failure::other(chain(&error))
}
