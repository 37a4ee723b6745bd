use jwt_bearer::KeyUri;
use jwt_bearer::keyfile::{KeyFile, KeyFileError, KeyFileErrorKind, PrivateKey, read_public_key};
use jwt_bearer::secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::passphrase;
use crate::args::{ConvertArgs, KeyForm};
use crate::error::Failure;
use crate::interaction::{Reference, Secrets, bounded_file};
use crate::output;
use crate::write::note;

/// No file of a key or of certificates is larger: 1 MiB.
pub(super) const MAX_FILE: u64 = 1 << 20;

pub(crate) fn convert(args: &ConvertArgs) -> Result<(), Failure> {
    output::check_new(&args.out)?;
    check(args)?;
    let (name, key) = read(args)?;
    let bytes = written(args, &key)?;
    output::private(&args.out, &bytes)?;
    note(&format!(
        "{}: the {} key of {name}",
        args.out.display(),
        key.kind()
    ));
    if args.to == KeyForm::Pkcs12 {
        note(&format!(
            "A Java keystore (JKS), which Salesforce imports, is made of it with\n  keytool -importkeystore -srckeystore {} -srcstoretype PKCS12 -destkeystore NEW.jks -deststoretype JKS",
            args.out.display()
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
    let has_passphrase = args.new_passphrase_env.is_some() || args.new_passphrase_file.is_some();
    if matches!(args.to, KeyForm::Pkcs1 | KeyForm::Sec1 | KeyForm::Jwk) && has_passphrase {
        return Err(Failure::usage(
            "this form cannot be encrypted here; --to pkcs8 and --to pkcs12 can",
        )
        .hint("--unencrypted in place of the passphrase writes it as it is"));
    }
    Ok(())
}

/// The key, and its name for people.
fn read(args: &ConvertArgs) -> Result<(String, PrivateKey), Failure> {
    let uri: KeyUri = args
        .key
        .parse()
        .map_err(|error| Failure::usage(format!("{error}")))?;
    let (name, bytes, alias) = match uri {
        KeyUri::File { path, alias, .. } => (
            path.display().to_string(),
            bounded_file("private key", &path, MAX_FILE)
                .map_err(|failure| Failure::key(failure.text()))?,
            alias,
        ),
        KeyUri::Env(name) => (format!("the variable {name}"), variable(&name)?, None),
        _ => {
            return Err(Failure::usage(format!(
                "{uri} never leaves its place, so there is nothing to convert"
            ))
            .hint(
                "`jwt-bearer key public` and `jwt-bearer key certificate` work with it where it is",
            ));
        }
    };
    let failed = |error: KeyFileError| Failure::key(format!("{name}: {error}"));
    let open = |passphrase: Option<&[u8]>| {
        let file = KeyFile::read(&bytes, passphrase)?;
        let (_, key) = file.private_key(alias.as_deref())?;
        key.open(passphrase)
    };
    let key = match open(None) {
        Err(error) if error.kind() == KeyFileErrorKind::PassphraseNeeded => {
            let secrets = Secrets {
                passphrase: args.passphrase.read()?,
                ..Secrets::default()
            };
            let passphrase = secrets.passphrase_of(&name)?;
            open(Some(passphrase.expose_secret().as_bytes()))
        }
        key => key,
    };
    let key = key.map_err(failed)?;
    Ok((name, key))
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
fn written(args: &ConvertArgs, key: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error: KeyFileError| Failure::key(error.to_string());
    let text = |text: Zeroizing<String>| Zeroizing::new(text.as_bytes().to_vec());
    let traditional = |wanted: bool, other: &str| {
        let pem = key.to_traditional_pem().filter(|_| wanted);
        pem.map(text).ok_or_else(|| {
            Failure::usage(format!(
                "this key is {}, which that form cannot hold; use {other}",
                key.kind()
            ))
        })
    };
    // What cannot be is told before anybody is asked.
    let is_rsa = matches!(key, PrivateKey::Rsa { .. });
    let plain = match args.to {
        KeyForm::Pkcs8 => Some(text(key.to_pkcs8_pem())),
        KeyForm::Pkcs8Der => Some(key.to_pkcs8_der()),
        KeyForm::Pkcs1 => Some(traditional(is_rsa, "--to sec1 for EC, or --to pkcs8")?),
        KeyForm::Sec1 => Some(traditional(!is_rsa, "--to pkcs1 for RSA, or --to pkcs8")?),
        KeyForm::Jwk => Some(text(key.to_jwk().map_err(failed)?)),
        KeyForm::Pkcs12 => None,
    };
    let certificate = certificate(args, key)?;
    let passphrase = new_passphrase(args)?;
    let secret = passphrase.as_ref().map(SecretString::expose_secret);
    let encrypted = match (args.to, secret, plain) {
        (KeyForm::Pkcs12, Some(secret), _) => {
            let alias = args.alias.as_deref().unwrap_or("key");
            key.to_pkcs12(alias, &certificate, secret)
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

/// The file of the certificate, if one is named, after a look whether it is the key's.
fn certificate(args: &ConvertArgs, key: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let Some(path) = &args.certificate else {
        return Ok(Zeroizing::default());
    };
    let wrong = |error: KeyFileError| Failure::usage(format!("{}: {error}", path.display()));
    let bytes = bounded_file("certificate", path, MAX_FILE)?;
    if read_public_key(&bytes).map_err(wrong)? != key.public_key().map_err(wrong)? {
        return Err(Failure::usage(format!(
            "the certificate in {} belongs to another key",
            path.display()
        ))
        .hint(
            "`jwt-bearer key certificate --key … --subject CN=… --out FILE` makes one for this key",
        ));
    }
    Ok(bytes)
}

/// The passphrase to encrypt the new file with; `None` if it is to be left unencrypted.
fn new_passphrase(args: &ConvertArgs) -> Result<Option<SecretString>, Failure> {
    let named = Reference {
        flag: "new-passphrase",
        ..Reference::passphrase(
            args.new_passphrase_env.as_ref(),
            args.new_passphrase_file.as_deref(),
            None,
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
    if !passphrase::is_terminal() {
        let hint = match args.to {
            KeyForm::Pkcs12 => {
                "name a passphrase with --new-passphrase-env NAME or --new-passphrase-file FILE"
            }
            _ if can_be_encrypted => {
                "name a passphrase with --new-passphrase-env NAME or --new-passphrase-file FILE, or use --unencrypted"
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
