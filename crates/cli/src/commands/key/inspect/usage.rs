//! What to do with a file: which of our commands makes of it what a provider wants.

use jwt_bearer::KeyUri;
use jwt_bearer::keyfile::{KeyFileErrorKind, Part, Thing};
use jwt_bearer::signer::KeyKind;

use super::super::generate::shell_word;
use super::{Inspected, with_alias};

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
    let is_private = |part: &&Part| matches!(part.thing, Thing::PrivateKey(_));
    let mut keys = file.inspection.parts.iter().filter(is_private);
    match (&file.uri, keys.next(), keys.next()) {
        (
            KeyUri::File {
                path, alias: None, ..
            },
            Some(Part {
                alias: Some(alias), ..
            }),
            Some(_),
        ) => {
            let uri = with_alias(KeyUri::file(path), Some(alias.clone()));
            shell_word(&uri.to_string())
        }
        (
            KeyUri::File {
                path, alias: None, ..
            },
            ..,
        ) => shell_word(&path.display().to_string()),
        (uri, ..) => shell_word(&uri.to_string()),
    }
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
    if let Some(part) = of_kind(|thing| matches!(thing, Thing::PrivateKey(_))) {
        return private_key(file, part, &key);
    }
    if let Some(part) = of_kind(|thing| matches!(thing, Thing::Certificate(_))) {
        return certificate(part, &key);
    }
    if let Some(part) = of_kind(|thing| matches!(thing, Thing::PublicKey)) {
        return public_key(part, &key);
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
    let is_rsa = matches!(&part.public_key, Ok(key) if matches!(key.kind(), KeyKind::Rsa { .. }));
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
    let takers = match &part.public_key {
        Ok(public) if matches!(public.kind(), KeyKind::Rsa { .. }) => {
            "Box and DocuSign take a public key in PEM (BEGIN PUBLIC KEY), Okta a JWK. "
        }
        _ => "",
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
