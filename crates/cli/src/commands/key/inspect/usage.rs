//! What to do with a file: which of our commands makes of it what a provider wants.

use std::path::Path;

use jwt_bearer::KeyUri;
use jwt_bearer::keyfile::{KeyFileErrorKind, Part, Thing};
use jwt_bearer::signer::KeyKind;

use super::{Inspected, with_alias};
use crate::output::shell_word;

pub(super) const NAME_PASSPHRASE: &str =
    "name its passphrase with --passphrase-file FILE, --passphrase-env NAME or --passphrase-fd N";

pub(super) enum Paragraph {
    Text(String),
    /// Whom it is for, and the command.
    Command(&'static str, String),
}

use Paragraph::{Command, Text};

/// What `--key` is given for the file, as a shell takes it: with the alias, if it needs one.
pub(super) fn key_of(file: &Inspected) -> String {
    let alias = match private_keys(file)[..] {
        [_, _, ..] => the_key(file).and_then(|key| key.alias.clone()),
        _ => None,
    };
    match (&file.uri, alias) {
        (KeyUri::File { path, .. }, Some(alias)) => shell_word(Path::new(
            &with_alias(KeyUri::file(path), Some(alias)).to_string(),
        )),
        (
            KeyUri::File {
                path, alias: None, ..
            },
            None,
        ) => shell_word(path),
        (uri, _) => shell_word(Path::new(&uri.to_string())),
    }
}

fn private_keys(file: &Inspected) -> Vec<&Part> {
    let parts = file.inspection.parts.iter();
    parts
        .filter(|part| matches!(part.thing, Thing::PrivateKey(_)))
        .collect()
}

/// The private key that most providers take, else one that can be read, else the first.
fn the_key(file: &Inspected) -> Option<&Part> {
    let keys = private_keys(file);
    let rsa = keys.iter().find(|part| is_rsa(part));
    let sound = || keys.iter().find(|part| part.public_key.is_ok());
    rsa.or_else(sound).or(keys.first()).copied()
}

fn is_rsa(part: &Part) -> bool {
    matches!(&part.public_key, Ok(key) if matches!(key.kind(), KeyKind::Rsa { .. }))
}

pub(super) fn of(file: &Inspected) -> Vec<Paragraph> {
    let inspection = &file.inspection;
    let key = key_of(file);
    if file.is_jwt {
        return vec![
            Text("It is made with a key, and holds none. This shows what is in it:".into()),
            Command("", format!("jwt-bearer inspect {key}")),
        ];
    }
    if let Some(remedy) = inspection.remedy {
        return vec![Text(sentence(remedy))];
    }
    if inspection.is_locked {
        let text = format!("{NAME_PASSPHRASE}, or run this in a terminal");
        return vec![Text(sentence(&text))];
    }
    let of_kind = |is: fn(&Thing) -> bool| inspection.parts.iter().find(|part| is(&part.thing));
    if let Some(part) = the_key(file) {
        return match private_keys(file).len() {
            1 => private_key(file, part, &key),
            _ if part.alias.is_none() => vec![Text(
                "It holds several private keys, and no names for them. Keep each in a file of its own.".into(),
            )],
            count => {
                let choice = "private keys, of which ?alias= names one. What providers take of this one:";
                let mut usage = vec![Text(format!("It holds {count} {choice}"))];
                usage.extend(private_key(file, part, &key));
                usage
            }
        };
    }
    if let Some(part) = of_kind(|thing| matches!(thing, Thing::Certificate(_))) {
        return certificate(part, &key);
    }
    if let Some(part) = of_kind(|thing| matches!(thing, Thing::PublicKey)) {
        return match part.public_key {
            Ok(_) => public_key(part, &key),
            Err(_) => Vec::new(),
        };
    }
    vec![
        Text(
            "An authority makes a certificate of it, which is then what a provider takes. Where a self-signed one will \
             do, this makes one in place of the request:"
                .into(),
        ),
        Command("", self_signed("KEY")),
    ]
}

fn private_key(file: &Inspected, part: &Part, key: &str) -> Vec<Paragraph> {
    let public = |rest: &str| format!("jwt-bearer key public --key {key} --format {rest}");
    let kind = match &part.public_key {
        Ok(key) => key.kind(),
        Err(error) if error.kind() == KeyFileErrorKind::PassphraseNeeded => {
            return vec![
                Text(sentence(&format!(
                    "{NAME_PASSPHRASE} to see its public key and fingerprints. Other commands take the same flags, and ask in a terminal:"
                ))),
                Command("", format!("jwt-bearer key public --key {key}")),
            ];
        }
        // What is wrong with it stands there already, with what to do.
        Err(_) => return Vec::new(),
    };
    let mut usage = match kind {
        KeyKind::Rsa { .. } => vec![
            Command("Box: paste all that this prints", public("box")),
            Command("Salesforce, Entra ID: upload NEW.crt", self_signed(key)),
            Command("Snowflake", public("snowflake")),
            Command("DocuSign", public("pem")),
            Command("Okta", public("jwks")),
            Command("SMART", public("jwks --algorithm RS384")),
        ],
        KeyKind::Ed25519 => vec![
            Text("Few providers take Ed25519 yet; most want RSA.".into()),
            Command("servers with EdDSA", public("jwks")),
        ],
        _ => vec![
            Text(
                "Box, Salesforce, DocuSign, Snowflake, Google and Entra ID want RSA; `jwt-bearer key generate --out \
                 NEW.pem` makes such a key."
                    .into(),
            ),
            Command(
                match kind {
                    KeyKind::P384 => "Okta, SMART",
                    _ => "Okta",
                },
                public("jwks"),
            ),
        ],
    };
    if file.inspection.is_box_configuration {
        usage.push(Command(
            "a token of Box, with the whole configuration file",
            format!("jwt-bearer token --box-config {key}"),
        ));
    }
    if let Thing::PrivateKey(Ok(Some(encryption))) = &part.thing
        && encryption.weakness().is_some()
    {
        usage.push(Command(
            "encrypted better, in a new file",
            format!("jwt-bearer key convert --key {key} --to pkcs8 --out NEW.pem"),
        ));
    }
    usage
}

fn certificate(part: &Part, key: &str) -> Vec<Paragraph> {
    let is_rsa = is_rsa(part);
    let takers = match is_rsa {
        true => "Salesforce and Entra ID take this certificate.",
        false => "Salesforce and Entra ID want a certificate of an RSA key, which this is not.",
    };
    let mut usage = vec![
        Text(format!(
            "{takers} It signs nothing: --key wants the private key that belongs to it. Whether a key does, this tells:"
        )),
        Command("", format!("jwt-bearer key inspect {key} --against KEY")),
    ];
    if is_rsa {
        usage.push(Text(
            "Box, DocuSign and Snowflake want the public key alone, which the private key gives:"
                .into(),
        ));
        usage.push(Command(
            "",
            "jwt-bearer key public --key KEY --format box".into(),
        ));
    }
    usage
}

fn public_key(part: &Part, key: &str) -> Vec<Paragraph> {
    let takers = match is_rsa(part) {
        true => "Box and DocuSign take a public key in PEM (BEGIN PUBLIC KEY), Okta a JWK. ",
        false => "",
    };
    vec![
        Text(format!(
            "{takers}It signs nothing: --key wants the private key that belongs to it. Whether a key does, this tells:"
        )),
        Command("", format!("jwt-bearer key inspect {key} --against KEY")),
    ]
}

fn self_signed(key: &str) -> String {
    format!("jwt-bearer key certificate --key {key} --subject CN=jwt-bearer --out NEW.crt")
}

/// With a capital and a full stop, unless it ends as a lead-in.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    let end = if text.ends_with(':') { "" } else { "." };
    format!("{}{}{end}", first.unwrap_or_default(), chars.as_str())
}
