use std::path::Path;

use jwt_bearer::keyfile::{KeyFileError, KeyFileErrorKind, PrivateKey};
use jwt_bearer::secrecy::{ExposeSecret, SecretString};
use jwt_bearer::{FileKey, KeyUri};
use zeroize::Zeroizing;

use super::passphrase;
use crate::args::{ConvertArgs, KeyForm};
use crate::error::Failure;
use crate::interaction::{Reference, Secrets, bounded_file, terminal};
use crate::output;
use crate::write::{harmless, note};

/// No file of a key or of certificates is larger: 1 MiB.
pub(super) const MAX_FILE: u64 = 1 << 20;

pub(crate) fn convert(args: &ConvertArgs) -> Result<(), Failure> {
    output::check_new(&args.out)?;
    check(args)?;
    let key = read(args)?;
    let bytes = written(args, &key)?;
    output::private(&args.out, &bytes)?;
    note(&format!(
        "{}: the {} key of {}",
        harmless(&args.out.display().to_string()),
        key.key.kind(),
        harmless(&key.name)
    ));
    if args.to == KeyForm::Pkcs12 {
        note(&format!(
            "A Java keystore (JKS), which Salesforce imports, is made of it with\n  keytool -importkeystore -srckeystore {} -srcstoretype PKCS12 -destkeystore NEW.jks -deststoretype JKS",
            output::shell_word(&args.out)
        ));
    }
    Ok(())
}

/// Flags that do not go together.
fn check(args: &ConvertArgs) -> Result<(), Failure> {
    let is_store = args.to == KeyForm::Pkcs12;
    if is_store && args.certificate.is_none() {
        return Err(Failure::usage(
            "--certificate is missing: PKCS#12 holds a key with its certificate",
        )
        .hint("`jwt-bearer key certificate --key … --subject CN=… --out FILE` makes one"));
    }
    if !is_store && (args.certificate.is_some() || args.alias.is_some()) {
        return Err(Failure::usage(
            "--certificate and --alias are for --to pkcs12 alone",
        ));
    }
    if is_store && args.unencrypted {
        return Err(Failure::usage(
            "--unencrypted is not for --to pkcs12, which is always encrypted",
        ));
    }
    let has_passphrase = args.new_passphrase_env.is_some()
        || args.new_passphrase_file.is_some()
        || args.new_passphrase_fd.is_some();
    if matches!(args.to, KeyForm::Pkcs1 | KeyForm::Sec1 | KeyForm::Jwk) && has_passphrase {
        return Err(Failure::usage(
            "this form cannot be encrypted here; --to pkcs8 and --to pkcs12 can",
        )
        .hint("--unencrypted in place of the passphrase writes it as it is"));
    }
    Ok(())
}

fn read(args: &ConvertArgs) -> Result<FileKey, Failure> {
    let uri: KeyUri = args
        .key
        .parse()
        .map_err(|error| Failure::usage(format!("{error}")))?;
    if !matches!(uri, KeyUri::File { .. } | KeyUri::Env(_)) {
        let text = format!("{uri} never leaves its place, so there is nothing to convert");
        return Err(Failure::usage(text).hint(
            "`jwt-bearer key public` and `jwt-bearer key certificate` work with it where it is",
        ));
    }
    let secrets = Secrets {
        passphrase: args.passphrase.read()?,
        ..Secrets::default()
    };
    Ok(uri.read_private_key(&secrets)?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "`env:` is a key in the environment"
)]
pub(super) fn variable(name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match std::env::var_os(name) {
        Some(value) => Ok(Zeroizing::new(value.into_encoded_bytes())),
        None => Err(Failure::key(format!(
            "the environment variable {name} is not set; export it"
        ))),
    }
}

/// The key in its new form. Asks for what is not named.
fn written(args: &ConvertArgs, from: &FileKey) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let key = &from.key;
    let failed = |error: KeyFileError| Failure::key(format!("{}: {error}", from.name));
    let text = |text: Zeroizing<String>| Zeroizing::new(text.as_bytes().to_vec());
    let traditional = |wanted: bool, other: &str| {
        let pem = key.to_traditional_pem().map_err(failed)?;
        pem.filter(|_| wanted).map(text).ok_or_else(|| {
            Failure::usage(format!(
                "this key is {}, which that form cannot hold; use {other}",
                key.kind()
            ))
        })
    };
    // What cannot be is told before anybody is asked.
    let is_rsa = matches!(key, PrivateKey::Rsa { .. });
    let plain = match args.to {
        KeyForm::Pkcs8 => Some(text(key.to_pkcs8_pem().map_err(failed)?)),
        KeyForm::Pkcs8Der => Some(key.to_pkcs8_der().map_err(failed)?),
        KeyForm::Pkcs1 => Some(traditional(is_rsa, "--to sec1 for EC, or --to pkcs8")?),
        KeyForm::Sec1 => Some(traditional(!is_rsa, "--to pkcs1 for RSA, or --to pkcs8")?),
        KeyForm::Jwk => {
            let jwk = key.to_jwk(from.key_id.as_deref(), from.algorithm);
            Some(text(jwk.map_err(failed)?))
        }
        KeyForm::Pkcs12 => None,
    };
    let certificate = match &args.certificate {
        Some(path) => bounded_file("certificate", path, MAX_FILE)?,
        None => Zeroizing::default(),
    };
    let passphrase = new_passphrase(args)?;
    let secret = passphrase.as_ref().map(SecretString::expose_secret);
    let encrypted = match (args.to, secret, plain) {
        (KeyForm::Pkcs12, Some(secret), _) => {
            let alias = args.alias.as_deref().unwrap_or("key");
            let store = key.to_pkcs12(alias, &certificate, secret);
            return store
                .map(Zeroizing::new)
                .map_err(|error| unstored(args, &error));
        }
        (KeyForm::Pkcs8Der, Some(secret), _) => key.to_encrypted_pkcs8_der(secret.as_bytes()),
        (_, Some(secret), _) => {
            let pem = key.to_encrypted_pkcs8_pem(secret.as_bytes());
            pem.map(String::into_bytes)
        }
        (_, None, Some(plain)) => return Ok(plain),
        (_, None, None) => {
            return Err(Failure::usage(
                "the passphrase is empty, and PKCS#12 needs one; nothing was written",
            ));
        }
    };
    encrypted.map(Zeroizing::new).map_err(failed)
}

/// Why there is no store: mostly because of the certificate.
fn unstored(args: &ConvertArgs, error: &KeyFileError) -> Failure {
    let certificate = args.certificate.as_deref().unwrap_or(Path::new(""));
    let failure = Failure::usage(format!("{}: {error}", certificate.display()));
    match error.kind() {
        KeyFileErrorKind::OtherKey => failure.hint(
            "`jwt-bearer key certificate --key … --subject CN=… --out FILE` makes one for this key",
        ),
        KeyFileErrorKind::NotAPublicKey => failure,
        _ => Failure::key(error.to_string()),
    }
}

/// The passphrase to encrypt the new file with; `None` if it is to be left unencrypted.
fn new_passphrase(args: &ConvertArgs) -> Result<Option<SecretString>, Failure> {
    let named = Reference {
        flag: "new-passphrase",
        ..Reference::passphrase(
            args.new_passphrase_env.as_ref(),
            args.new_passphrase_file.as_deref(),
            args.new_passphrase_fd,
        )
    };
    let named = named.read()?;
    if named.is_some() || args.unencrypted {
        return Ok(named);
    }
    let can_be_encrypted = matches!(
        args.to,
        KeyForm::Pkcs8 | KeyForm::Pkcs8Der | KeyForm::Pkcs12
    );
    if terminal().is_none() {
        let hint = match args.to {
            KeyForm::Pkcs12 => {
                "name a passphrase with --new-passphrase-env NAME, --new-passphrase-file FILE or --new-passphrase-fd N"
            }
            _ if can_be_encrypted => {
                "name a passphrase with --new-passphrase-env NAME, --new-passphrase-file FILE or --new-passphrase-fd N, or use --unencrypted"
            }
            _ => "--unencrypted says that you mean it",
        };
        return Err(Failure::usage(match can_be_encrypted {
            true => "no passphrase is named for the new file, and there is no terminal to ask at",
            false => {
                "the private key would be written unencrypted, and there is no terminal to ask at"
            }
        })
        .hint(hint));
    }
    if can_be_encrypted {
        let passphrase = passphrase::ask_twice(&args.out.display().to_string())?;
        if passphrase.is_some() || args.to == KeyForm::Pkcs12 {
            return Ok(passphrase);
        }
    }
    match passphrase::confirm("Write the private key unencrypted?")? {
        true => Ok(None),
        false => Err(Failure::usage(
            "the key was not to be unencrypted; nothing was written",
        )),
    }
}
