use std::fs;
use std::path::Path;

use jwt_bearer::keyfile::read_public_key;
use jwt_bearer::secrecy::ExposeSecret;
use jwt_bearer_sandbox::{Dialect, Sandbox};

use crate::args::{Provider, SandboxArgs};
use crate::error::{Failure, chain};
use crate::interaction::{Reference, text_file};
use crate::write;

const MAX_PEM: u64 = 1 << 20;

pub(crate) async fn sandbox(args: &SandboxArgs) -> Result<(), Failure> {
    let secret = Reference {
        what: "client secret",
        flag: "client-secret",
        env: args.client_secret_env.as_deref(),
        file: args.client_secret_file.as_deref(),
    }
    .read()?;
    let secret = secret.as_ref().map(ExposeSecret::expose_secret);
    let mut sandbox = Sandbox::new(dialect(args.provider))
        .client(&args.client_id, secret)
        .skew(args.skew);
    for registration in &args.register {
        let path = registration.path.display();
        let bytes = fs::read(&registration.path).map_err(|error| {
            Failure::usage(format!("{path}, to be registered, cannot be read: {error}"))
        })?;
        let key =
            read_public_key(&bytes).map_err(|error| Failure::usage(format!("{path}: {error}")))?;
        eprintln!(
            "registered: {} key, thumbprint {}",
            key.kind(),
            key.thumbprint()
        );
        sandbox = sandbox.register(registration.key_id.as_deref(), key);
    }
    sandbox = args.enterprise.iter().fold(sandbox, Sandbox::enterprise);
    sandbox = args.user.iter().fold(sandbox, Sandbox::user);
    sandbox = args.audience.iter().fold(sandbox, Sandbox::audience);
    if args.unauthorized {
        sandbox = sandbox.unauthorized();
    }
    if let (Some(certificate), Some(key)) = (&args.tls_certificate, &args.tls_key) {
        sandbox = sandbox.tls(pem("certificate", certificate)?, pem("private key", key)?);
    }
    let running = sandbox
        .start(args.listen)
        .await
        .map_err(|error| Failure::usage(chain(&error)))?;
    for fault in &args.fault {
        running.inject(fault.clone());
    }
    eprintln!("protected resource: {}", running.resource());
    eprintln!("token endpoint, until interrupted:");
    write::result(&format!("{}\n", running.token_endpoint()))?;

    let log = async {
        for number in 0.. {
            let request = running.request(number).await;
            let status = request
                .status()
                .map_or_else(|| "no reply".into(), |status| status.to_string());
            let refusal = request.refusal().unwrap_or_default();
            eprintln!("{} {} {status} {refusal}", request.method(), request.path());
        }
    };
    tokio::select! {
        () = log => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    running.shutdown().await;
    Ok(())
}

const fn dialect(provider: Provider) -> Dialect {
    match provider {
        Provider::Box => Dialect::Box,
        Provider::Salesforce => Dialect::Salesforce,
        Provider::Generic => Dialect::Generic,
    }
}

fn pem(what: &str, path: &Path) -> Result<String, Failure> {
    text_file(what, path, MAX_PEM)
}
