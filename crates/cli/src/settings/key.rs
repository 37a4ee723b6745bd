use std::sync::Arc;

use jwt_bearer::secrecy::ExposeSecret;
use jwt_bearer::{Algorithm, KeyUri, Signer, read_key};

use super::Settings;
use crate::args::KeyArgs;
use crate::error::Failure;
use crate::interaction::{Reference, Secrets};

impl Settings {
    /// Opens the key.
    pub(crate) async fn signer(&self) -> Result<Arc<dyn Signer>, Failure> {
        let args = &self.args;
        let reference = Reference::passphrase(
            args.passphrase_env.as_ref(),
            args.passphrase_file.as_deref(),
            args.passphrase_fd,
        );
        let pin = Reference::pin(args.pin_env.as_ref(), args.pin_file.as_deref());
        let mut secrets = Secrets {
            passphrase: reference.read()?,
            pin: pin.read()?,
            spend_last_try: args.spend_last_try,
        };
        if let Some(key) = &args.key {
            return open(key, args.algorithm.as_deref(), secrets).await;
        }
        let Some(config) = &self.box_config else {
            return Err(Failure::usage(
                "no key is set: use --key FILE, or --key env:NAME for a variable with PEM in it",
            ));
        };
        let Some(pem) = config.private_key() else {
            return Err(Failure::usage(
                "Box's configuration file has no private key in it; name the key with --key",
            ));
        };
        let configured = || Some(config.passphrase()?.expose_secret().into());
        secrets.passphrase = secrets.passphrase.or_else(configured);
        let algorithm = args
            .algorithm
            .as_deref()
            .map(algorithm)
            .transpose()
            .map_err(Failure::usage)?;
        let name = "the private key in Box's configuration file";
        Ok(Arc::new(read_key(
            name,
            pem.expose_secret().as_bytes(),
            algorithm,
            &secrets,
        )?))
    }
}

/// Opens the key that the flags name.
pub(crate) async fn named_key(args: &KeyArgs) -> Result<Arc<dyn Signer>, Failure> {
    let secrets = Secrets {
        passphrase: args.passphrase.read()?,
        pin: args.pin.read()?,
        spend_last_try: args.pin.spend_last_try,
    };
    open(&args.key, args.algorithm.as_deref(), secrets).await
}

async fn open(key: &str, name: Option<&str>, secrets: Secrets) -> Result<Arc<dyn Signer>, Failure> {
    let algorithm = name.map(algorithm).transpose().map_err(Failure::usage)?;
    let uri: KeyUri = key
        .parse()
        .map_err(|error| Failure::usage(format!("{error}")))?;
    Ok(uri.open(algorithm, Arc::new(secrets)).await?)
}

/// The algorithm of this name, in upper or lower case.
fn algorithm(name: &str) -> Result<Algorithm, String> {
    let mut all = Algorithm::ALL.iter().copied();
    let found = all.find(|algorithm| algorithm.name().eq_ignore_ascii_case(name));
    found.map_or_else(
        || {
            name.parse()
                .map_err(|error| format!("the algorithm {error}"))
        },
        Ok,
    )
}
