use std::path::Path;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use jwt_bearer::keyfile::read_public_key;
use jwt_bearer::secrecy::ExposeSecret;
use jwt_bearer::signer::PublicKey;
use jwt_bearer_sandbox::{Condition, Dialect, Sandbox, SandboxErrorKind, Wording};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::args::{Provider, RequestArgs, SandboxArgs};
use crate::error::{Failure, chain};
use crate::interaction::{Reference, bounded_file};
use crate::settings::Settings;
use crate::write::{self, harmless, note};

const MAX_PEM: u64 = 1 << 20;

pub(crate) async fn sandbox(args: &SandboxArgs) -> Result<(), Failure> {
    let mut sandbox = match &args.box_config {
        Some(path) => configured(args, path).await?,
        None => named(args)?,
    };
    sandbox = sandbox.skew(args.skew);
    for registration in &args.register {
        let bytes = bounded_file("public key to register", &registration.path, MAX_PEM)?;
        let key = read_public_key(&bytes)
            .map_err(|error| Failure::usage(format!("{}: {error}", registration.path.display())))?;
        sandbox = registered(sandbox, registration.key_id.as_deref(), key);
    }
    sandbox = args.enterprise.iter().fold(sandbox, Sandbox::enterprise);
    sandbox = args.user.iter().fold(sandbox, Sandbox::user);
    sandbox = args.login.iter().fold(sandbox, |sandbox, user| {
        sandbox.login(&user.name, &user.value)
    });
    sandbox = args.audience.iter().fold(sandbox, Sandbox::audience);
    let conditions = args.condition.iter().copied();
    sandbox = conditions.fold(sandbox, Sandbox::condition);
    let algorithms = args.algorithm.iter().copied();
    sandbox = algorithms.fold(sandbox, Sandbox::algorithm);
    if let Some(limit) = args.login_limit {
        sandbox = sandbox.login_limit(limit);
    }
    if let Some(wording) = args.wording {
        sandbox = sandbox.wording(wording);
    }
    if let (Some(certificate), Some(key)) = (&args.tls_certificate, &args.tls_key) {
        sandbox = sandbox.tls(
            bounded_file("certificate", certificate, MAX_PEM)?.to_vec(),
            bounded_file("private key", key, MAX_PEM)?.to_vec(),
        );
    }
    let running = sandbox.start(args.listen).await.map_err(|error| {
        let failure = Failure::usage(chain(&error));
        match error.kind() {
            SandboxErrorKind::Bind => failure.hint("--listen 127.0.0.1:0 takes any free port"),
            _ => failure,
        }
    })?;
    for fault in &args.fault {
        running.inject(fault.clone());
    }
    note(&format!("protected resource: {}", running.resource()));
    note("token endpoint, until interrupted:");
    write::result(&format!("{}\n", running.token_endpoint()))?;

    let log = async {
        loop {
            running.request(0).await;
            for request in running.take_requests() {
                let status = request
                    .status()
                    .map_or_else(|| "no reply".into(), |status| status.to_string());
                let refusal = request
                    .refusal()
                    .map_or_else(String::new, |text| format!(" {text}"));
                // A client that mistakes the query for the form puts its secrets there.
                let path = request.path().split('?').next().unwrap_or_default();
                note(&harmless(&format!(
                    "{} {path} {status}{refusal}",
                    request.method()
                )));
            }
        }
    };
    tokio::select! {
        () = log => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    running.shutdown().await;
    Ok(())
}

/// The app that the flags tell.
fn named(args: &SandboxArgs) -> Result<Sandbox, Failure> {
    let secret = Reference::client_secret(
        args.client_secret_env.as_ref(),
        args.client_secret_file.as_deref(),
    );
    let secret = secret.read()?;
    let secret = secret.as_ref().map(ExposeSecret::expose_secret);
    let client_id = args.client_id.as_deref().unwrap_or_default();
    let provider = args.provider.unwrap_or(Provider::Generic);
    Ok(Sandbox::new(dialect(provider)).client(client_id, secret))
}

/// The app of Box's configuration file.
async fn configured(args: &SandboxArgs, path: &Path) -> Result<Sandbox, Failure> {
    let settings = Settings::resolved(RequestArgs {
        provider: args.provider,
        box_config: Some(path.into()),
        ..RequestArgs::default()
    })?;
    let json = settings.box_config_text()?.unwrap_or_default();
    let config: Value = serde_json::from_str(&json).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let app = &config["boxAppSettings"];
    let secret = Zeroizing::new(text(&app["clientSecret"]));
    let mut sandbox = Sandbox::new(Dialect::Box).client(text(&app["clientID"]), Some(&secret));
    if !settings.box_has_key() && args.register.is_empty() {
        let text =
            "Box's configuration file has no private key in it, so that the app's key is not known";
        return Err(Failure::usage(text).hint("--register KID=FILE names its public key"));
    }
    if settings.box_has_key() {
        let key = settings.signer().await?;
        sandbox = registered(sandbox, settings.box_key_id(), key.public_key().clone());
    }
    // A free account has the enterprise 0, which is none.
    let enterprise = Some(text(&config["enterpriseID"])).filter(|id| !id.is_empty() && id != "0");
    let user = Some(text(&config["userID"])).filter(|id| !id.is_empty());
    sandbox = enterprise.into_iter().fold(sandbox, Sandbox::enterprise);
    Ok(user.into_iter().fold(sandbox, Sandbox::user))
}

/// With one more key, which is told.
fn registered(sandbox: Sandbox, key_id: Option<&str>, key: PublicKey) -> Sandbox {
    note(&format!(
        "registered: {} key, {}, thumbprint {}",
        key.kind(),
        match key_id {
            Some(id) => harmless(&format!("key id {id}")),
            None => "without a key id".into(),
        },
        key.thumbprint()
    ));
    sandbox.register(key_id, key)
}

/// The values of `--condition`.
pub(crate) fn conditions() -> impl TypedValueParser<Value = Condition> {
    let values = Condition::ALL
        .map(|condition| PossibleValue::new(condition.name()).help(condition.summary()));
    PossibleValuesParser::new(values).try_map(|name| name.parse())
}

/// The values of `--wording`.
pub(crate) fn wordings() -> impl TypedValueParser<Value = Wording> {
    PossibleValuesParser::new(Wording::ALL.map(Wording::name)).try_map(|name| name.parse())
}

const fn dialect(provider: Provider) -> Dialect {
    match provider {
        Provider::Box => Dialect::Box,
        Provider::Salesforce => Dialect::Salesforce,
        Provider::Generic => Dialect::Generic,
    }
}
