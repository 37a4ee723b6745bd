//! Whether two things are of one key.

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jwt_bearer::KeyUri;
use jwt_bearer::keyfile::{Part, Thing};
use jwt_bearer::secrecy::SecretString;
use jwt_bearer::signer::PublicKey;

use super::text::part_title;
use super::{Inspected, Source, uri, usage};
use crate::error::Failure;
use crate::interaction::Secrets;
use crate::write::harmless;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// What came out.
pub(super) struct Comparison {
    /// As a person would say it.
    pub(super) file: String,
    pub(super) other: String,
    pub(super) sides: [Vec<Side>; 2],
    /// By their places in the two lists.
    pub(super) matches: Vec<(usize, usize)>,
    advice: Option<Advice>,
}

/// One key, or what stands for it.
pub(super) struct Side {
    pub(super) title: String,
    pub(super) fingerprint: String,
    key: Key,
}

enum Key {
    Known(Box<PublicKey>, Vec<Digest>),
    Fingerprint(Vec<u8>),
}

/// A digest, and of what it is.
struct Digest(&'static str, Vec<u8>);

/// What to do if the two do not belong together.
#[derive(Clone, Copy)]
enum Advice {
    /// The first is the private key, and the second a certificate.
    Certificate,
    /// The second is what the provider has.
    PublicKey,
    /// The second is the private key.
    Find,
}

pub(super) async fn compare(
    file: &Inspected,
    other: &str,
    passphrase: Option<&SecretString>,
) -> Result<Comparison, Failure> {
    let own = sides(file)?;
    let has = |file: &Inspected, is: fn(&Thing) -> bool| {
        let mut parts = file.inspection.parts.iter();
        parts.any(|part| is(&part.thing))
    };
    let is_private: fn(&Thing) -> bool = |thing| matches!(thing, Thing::PrivateKey(_));
    let is_certificate: fn(&Thing) -> bool = |thing| matches!(thing, Thing::Certificate(_));
    let (name, others, advice) = match Other::of(other)? {
        Other::Fingerprint(digest) => {
            let side = Side {
                title: "fingerprint".into(),
                fingerprint: harmless(other),
                key: Key::Fingerprint(digest),
            };
            ("the fingerprint".into(), vec![side], Advice::PublicKey)
        }
        Other::Source(source) => {
            let other = Inspected::read(source, passphrase, true)?;
            let advice = match (has(file, is_private), has(&other, is_private)) {
                (true, _) if has(&other, is_certificate) => Advice::Certificate,
                (true, _) => Advice::PublicKey,
                _ => Advice::Find,
            };
            (other.name.clone(), sides(&other)?, advice)
        }
        Other::Key(uri) => {
            let signer = uri.open(None, Arc::new(Secrets::default())).await?;
            let key = signer.public_key();
            let side = Side {
                title: format!("private key, {}", key.kind()),
                fingerprint: key.fingerprint_text(),
                key: Key::Known(Box::new(key.clone()), Vec::new()),
            };
            (harmless(&uri.to_string()), vec![side], Advice::Find)
        }
    };
    let mut matches = Vec::new();
    for (i, one) in own.iter().enumerate() {
        for (j, other) in others.iter().enumerate() {
            if one.key.belongs_with(&other.key) {
                matches.push((i, j));
            }
        }
    }
    let is_private = has(file, is_private);
    Ok(Comparison {
        file: file.name.clone(),
        other: name,
        sides: [own, others],
        matches,
        advice: match advice {
            Advice::PublicKey if !is_private => None,
            advice => Some(advice),
        },
    })
}

impl Comparison {
    pub(super) const fn belongs(&self) -> bool {
        !self.matches.is_empty()
    }

    /// The failure if the two do not belong together. `key` is what `--key` is given for the first.
    pub(super) fn verdict(self, key: &str) -> Result<(), Failure> {
        if self.belongs() {
            return Ok(());
        }
        let failure = Failure::key(format!(
            "{} and {} do not belong together: their keys differ",
            self.file, self.other
        ));
        Err(match self.advice {
            None => failure,
            Some(Advice::Certificate) => failure.hint(format!(
                "the certificate was made for another key. This makes one for the key in {}, to register in its place:\n    jwt-bearer key certificate --key {key} --subject CN=jwt-bearer --out NEW.crt",
                self.file
            )),
            Some(Advice::PublicKey) => failure.hint(format!(
                "register the public key of {}, or sign with the key that is registered. This prints it, as Box takes it:\n    jwt-bearer key public --key {key} --format box",
                self.file
            )),
            Some(Advice::Find) => failure.hint("assertions are signed with the private key whose public key or certificate the provider has: register anew, or look for that key"),
        })
    }

    /// Of what a fingerprint is that matched.
    pub(super) fn fingerprint_of(&self) -> Option<&'static str> {
        let &(i, j) = self.matches.first()?;
        match (&self.sides[0][i].key, &self.sides[1][j].key) {
            (Key::Known(_, digests), Key::Fingerprint(fingerprint)) => digests
                .iter()
                .find(|digest| digest.1 == *fingerprint)
                .map(|digest| digest.0),
            _ => None,
        }
    }
}

impl Key {
    fn belongs_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Known(one, _), Self::Known(other, _)) => one == other,
            (Self::Known(_, digests), Self::Fingerprint(fingerprint)) => {
                digests.iter().any(|digest| digest.1 == *fingerprint)
            }
            (Self::Fingerprint(_), _) => false,
        }
    }
}

/// All keys of a file.
fn sides(file: &Inspected) -> Result<Vec<Side>, Failure> {
    let parts = &file.inspection.parts;
    let sides: Vec<_> = parts.iter().filter_map(side).collect();
    if !sides.is_empty() {
        return Ok(sides);
    }
    let why = parts.iter().find_map(|part| part.public_key.as_ref().err());
    Err(match why {
        _ if file.inspection.is_locked => Failure::key(format!(
            "{} is encrypted, so that there is nothing to compare",
            file.name
        ))
        .hint(usage::NAME_PASSPHRASE),
        Some(why) => Failure::key(format!(
            "{} has no key to compare: {}",
            file.name,
            harmless(&why.to_string())
        )),
        None => Failure::key(format!(
            "{} has no key to compare: it is {}",
            file.name, file.inspection.form
        )),
    })
}

fn side(part: &Part) -> Option<Side> {
    let key = part.public_key.as_ref().ok()?;
    let mut digests = vec![
        Digest("the SHA-256 of its public key", key.fingerprint().to_vec()),
        Digest(
            "the JWK thumbprint of its public key",
            BASE64_URL.decode(key.thumbprint()).unwrap_or_default(),
        ),
    ];
    if let Thing::Certificate(Ok(facts)) = &part.thing {
        digests.push(Digest("the SHA-1 of its certificate", facts.sha1.to_vec()));
        digests.push(Digest(
            "the SHA-256 of its certificate",
            facts.sha256.to_vec(),
        ));
    }
    Some(Side {
        title: part_title(part),
        fingerprint: key.fingerprint_text(),
        key: Key::Known(Box::new(key.clone()), digests),
    })
}

/// What a person names to hold a file against.
enum Other {
    Source(Source),
    Key(KeyUri),
    Fingerprint(Vec<u8>),
}

impl Other {
    fn of(text: &str) -> Result<Self, Failure> {
        let exists = Path::new(text).exists();
        if let Some(digest) = fingerprint(text).filter(|_| !exists) {
            return Ok(Self::Fingerprint(digest));
        }
        match uri(text)? {
            KeyUri::File { path, alias, .. } if path.exists() => {
                Source::file(path, alias).map(Self::Source)
            }
            KeyUri::File { path, .. } => Err(Failure::usage(format!(
                "--against is `{}`, which is no file and no fingerprint",
                harmless(&path.display().to_string())
            ))
            .hint("name a file, a key (awskms:…, piv:…, env:NAME), or a SHA-1 or SHA-256 in hex or base64. Box's key id is no fingerprint: copy the public key out of its console into a file")),
            KeyUri::Env(name) => Source::variable(name).map(Self::Source),
            uri => Ok(Self::Key(uri)),
        }
    }
}

/// A SHA-1 or SHA-256 in any way in which consoles and tools write one.
fn fingerprint(text: &str) -> Option<Vec<u8>> {
    let text = text
        .rsplit_once("ingerprint=")
        .map_or(text, |(_, digest)| digest);
    let is_name = |name: &str| ["sha256", "sha1"].contains(&name.to_ascii_lowercase().as_str());
    let text = match text.split_once(':') {
        Some((name, digest)) if is_name(name) => digest,
        _ => text,
    };
    let packed: String = text
        .chars()
        .filter(|c| *c != ':' && !c.is_whitespace())
        .collect();
    let digest = match packed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => packed
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect(),
        false => [BASE64, BASE64_URL]
            .iter()
            .find_map(|engine| engine.decode(&packed).ok()),
    };
    digest.filter(|digest| [20, 32].contains(&digest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_they_are_shown() {
        let digest: Vec<u8> = (0..32).map(|i| i * 8 + 7).collect();
        let hex: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        let texts = [
            hex.concat(),
            hex.concat().to_lowercase(),
            hex.join(":"),
            hex.join(" "),
            format!("sha256 Fingerprint={}", hex.join(":")),
            format!("SHA256:{}", BASE64.encode(&digest)),
            format!("sha256:{}", hex.concat()),
            BASE64_URL.encode(&digest).trim_end_matches('=').into(),
        ];
        for text in texts {
            assert_eq!(fingerprint(&text), Some(digest.clone()), "{text}");
        }
        assert_eq!(fingerprint(&hex[..20].join(":")), Some(digest[..20].into()));
        for text in ["", "abcdefgh", "box.pem", "awskms:alias/box", "piv:9c"] {
            assert_eq!(fingerprint(text), None, "{text}");
        }
    }
}
