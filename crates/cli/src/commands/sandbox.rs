use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use jwt_bearer::keyfile::read_public_key;
use jwt_bearer::secrecy::ExposeSecret;
use jwt_bearer_sandbox::{Condition, Dialect, Sandbox, SandboxErrorKind, Wording};

use crate::args::{Provider, SandboxArgs};
use crate::error::{Failure, chain};
use crate::interaction::{Reference, bounded_file};
use crate::write::{self, harmless, note};

const MAX_PEM: u64 = 1 << 20;

pub(crate) async fn sandbox(args: &SandboxArgs) -> Result<(), Failure> {
    let secret = Reference::client_secret(
        args.client_secret_env.as_ref(),
        args.client_secret_file.as_deref(),
    );
    let secret = secret.read()?;
    let secret = secret.as_ref().map(ExposeSecret::expose_secret);
    let mut sandbox = Sandbox::new(dialect(args.provider))
        .client(&args.client_id, secret)
        .skew(args.skew);
    for registration in &args.register {
        let bytes = bounded_file("public key to register", &registration.path, MAX_PEM)?;
        let key = read_public_key(&bytes)
            .map_err(|error| Failure::usage(format!("{}: {error}", registration.path.display())))?;
        note(&format!(
            "registered: {} key, {}, thumbprint {}",
            key.kind(),
            match &registration.key_id {
                Some(id) => harmless(&format!("key id {id}")),
                None => "without a key id".into(),
            },
            key.thumbprint()
        ));
        sandbox = sandbox.register(registration.key_id.as_deref(), key);
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
