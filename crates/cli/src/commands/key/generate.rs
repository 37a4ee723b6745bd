use std::path::Path;

use jwt_bearer::keyfile::{KeyFileError, PrivateKey};
use jwt_bearer::secrecy::{ExposeSecret, SecretString};
use jwt_bearer::signer::KeyKind;

use super::passphrase;
use crate::args::{GenerateArgs, KeyType};
use crate::error::Failure;
use crate::interaction::{Reference, terminal};
use crate::output;
use crate::write::{self, note};

pub(crate) fn generate(args: &GenerateArgs) -> Result<(), Failure> {
    output::check_new(&args.out)?;
    let passphrase = passphrase(args)?;
    let failed = |error: KeyFileError| Failure::other(error.to_string());
    let key = match args.kind {
        KeyType::Rsa2048 => PrivateKey::generate_rsa(2048),
        KeyType::Rsa3072 => PrivateKey::generate_rsa(3072),
        KeyType::Rsa4096 => PrivateKey::generate_rsa(4096),
        KeyType::P256 => PrivateKey::generate_ec(KeyKind::P256),
        KeyType::P384 => PrivateKey::generate_ec(KeyKind::P384),
        KeyType::Ed25519 => PrivateKey::generate_ed25519(),
    };
    let key = key.map_err(failed)?;
    let public_key = key.public_key().map_err(failed)?;
    match &passphrase {
        Some(passphrase) => {
            let passphrase = passphrase.expose_secret().as_bytes();
            let pem = key.to_encrypted_pkcs8_pem(passphrase).map_err(failed)?;
            output::private(&args.out, pem.as_bytes())?;
        }
        None => output::private(&args.out, key.to_pkcs8_pem().map_err(failed)?.as_bytes())?,
    }
    let encrypted = match passphrase {
        Some(_) => "encrypted",
        None => "not encrypted, so keep it from other people's eyes",
    };
    note(&format!(
        "{}: a new {} key, {encrypted}",
        args.out.display(),
        key.kind()
    ));
    write::result(&public_key.to_spki_pem())?;
    note(&whereto(key.kind(), &args.out));
    Ok(())
}

/// The passphrase to encrypt with, if it is to be encrypted.
fn passphrase(args: &GenerateArgs) -> Result<Option<SecretString>, Failure> {
    let reference = Reference::passphrase(
        args.passphrase_env.as_ref(),
        args.passphrase_file.as_deref(),
        args.passphrase_fd,
    );
    let named = reference.read()?;
    if named.is_some() || !args.encrypt {
        return Ok(named);
    }
    if terminal().is_none() {
        return Err(
            Failure::usage("--encrypt asks for a passphrase, and there is no terminal").hint(
                "name it with --passphrase-env NAME, --passphrase-file FILE or --passphrase-fd N",
            ),
        );
    }
    match passphrase::ask_twice(&args.out.display().to_string())? {
        None => Err(
            Failure::usage("the passphrase is empty; nothing was written")
                .hint("leave --encrypt out if the key is not to be encrypted"),
        ),
        passphrase => Ok(passphrase),
    }
}

/// Which provider wants what of such a key.
fn whereto(kind: KeyKind, path: &Path) -> String {
    let key = output::shell_word(path);
    let certificate = output::shell_word(&path.with_extension("crt"));
    let certificate =
        format!("certificate --key {key} --subject CN=jwt-bearer --out {certificate}");
    let public = |rest: &str| format!("public --key {key} --format {rest}");
    let (title, rows) = match kind {
        KeyKind::Rsa { .. } => (
            "Box and DocuSign take the public key above. What others take, by jwt-bearer key:",
            vec![
                ("Salesforce, Entra ID", certificate),
                ("Snowflake", public("snowflake")),
                ("Okta", public("jwks")),
                ("SMART", public("jwks --algorithm RS384")),
            ],
        ),
        KeyKind::P256 => (
            "Box, Salesforce, DocuSign, Snowflake, Google and Entra ID want RSA. What others take, by jwt-bearer key:",
            vec![("Okta", public("jwks"))],
        ),
        KeyKind::P384 => (
            "Box, Salesforce, DocuSign, Snowflake, Google and Entra ID want RSA. What others take, by jwt-bearer key:",
            vec![("Okta, SMART", public("jwks"))],
        ),
        _ => (
            "Few providers take Ed25519 yet. What those take, by jwt-bearer key:",
            vec![("servers with EdDSA", public("jwks"))],
        ),
    };
    let rows: Vec<_> = rows
        .iter()
        .map(|(who, what)| format!("\n  {who:20}  {what}"))
        .collect();
    format!("{title}{}", rows.concat())
}
