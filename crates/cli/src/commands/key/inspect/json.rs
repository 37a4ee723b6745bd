//! The same for programs.

use std::time::SystemTime;

use jiff::Timestamp;
use jwt_bearer::keyfile::{CertificateFacts, Encryption, Part, Thing};
use serde_json::{Map, Value, json};

use super::Inspected;
use super::against::{Comparison, Side};
use super::text::{base64url, hex};
use crate::error::Failure;

/// Texts stand in it as they are in the file: JSON escapes what a terminal would obey.
pub(super) fn page(file: &Inspected, comparison: Option<&Comparison>) -> Result<String, Failure> {
    let inspection = &file.inspection;
    let mut page = json!({
        "file": file.name,
        "form": inspection.form,
        "size": file.len,
        "is_locked": inspection.is_locked,
        "entries": inspection.parts.iter().map(part).collect::<Vec<_>>(),
    });
    let members = [
        ("encryption", inspection.encryption.as_ref().map(encryption)),
        ("remedy", inspection.remedy.map(Into::into)),
        ("against", comparison.map(against)),
    ];
    add(&mut page, members);
    let text = serde_json::to_string_pretty(&page);
    text.map(|text| format!("{text}\n"))
        .map_err(|error| Failure::other(format!("the JSON cannot be written: {error}")))
}

fn part(part: &Part) -> Value {
    let mut members = Map::new();
    let (kind, problem) = match &part.thing {
        Thing::PrivateKey(encryption) => ("private key", encryption.as_ref().err()),
        Thing::PublicKey => ("public key", None),
        Thing::Certificate(facts) => ("certificate", facts.as_ref().err()),
        Thing::Request(subject) => ("certificate request", subject.as_ref().err()),
        Thing::Other(name) => (name.as_str(), None),
        _ => ("", None),
    };
    members.insert("kind".into(), kind.into());
    let mut value = Value::Object(members);
    let is_key = !matches!(part.thing, Thing::Other(_));
    let problem = part
        .public_key
        .as_ref()
        .err()
        .filter(|_| is_key)
        .or(problem);
    let key = part.public_key.as_ref().ok();
    add(
        &mut value,
        [
            ("alias", part.alias.as_deref().map(Into::into)),
            ("key_id", part.key_id.as_deref().map(Into::into)),
            ("algorithm", part.algorithm.map(|alg| alg.name().into())),
            ("key", key.map(|key| key.kind().to_string().into())),
            (
                "spki_sha256",
                key.map(|key| hex(&key.fingerprint(), "").into()),
            ),
            ("snowflake", key.map(|key| key.fingerprint_text().into())),
            ("jwk_thumbprint", key.map(|key| key.thumbprint().into())),
            ("problem", problem.map(|error| error.to_string().into())),
        ],
    );
    match &part.thing {
        Thing::PrivateKey(Ok(how)) => add(
            &mut value,
            [(
                "encryption",
                Some(how.as_ref().map_or(Value::Null, encryption)),
            )],
        ),
        Thing::Certificate(Ok(facts)) => {
            add(&mut value, [("certificate", Some(certificate(facts)))]);
        }
        Thing::Request(Ok(subject)) => {
            add(&mut value, [("subject", Some(subject.as_str().into()))]);
        }
        _ => {}
    }
    value
}

fn encryption(encryption: &Encryption) -> Value {
    let mut value = json!({"scheme": encryption.to_string()});
    add(
        &mut value,
        [("weakness", encryption.weakness().map(Into::into))],
    );
    value
}

fn certificate(facts: &CertificateFacts) -> Value {
    json!({
        "subject": facts.subject,
        "issuer": facts.issuer,
        "serial_number": hex(&facts.serial_number, ""),
        "not_before": time(facts.not_before),
        "not_after": time(facts.not_after),
        "is_self_signed": facts.is_self_signed,
        "sha1": hex(&facts.sha1, ":"),
        "sha256": hex(&facts.sha256, ":"),
        "x5t": base64url(&facts.sha1),
        "x5t#S256": base64url(&facts.sha256),
        "der_size": facts.der_len,
        "pem_size": facts.pem_len,
    })
}

/// In a side the numbers are places in it, from 0.
fn against(comparison: &Comparison) -> Value {
    let side = |side: &Side| json!({"what": side.title, "fingerprint": side.fingerprint});
    let [file, other] = &comparison.sides;
    json!({
        "other": comparison.other,
        "belongs_together": comparison.belongs(),
        "file_keys": file.iter().map(side).collect::<Vec<_>>(),
        "other_keys": other.iter().map(side).collect::<Vec<_>>(),
        "matches": comparison.matches,
        "fingerprint_of": comparison.fingerprint_of(),
    })
}

fn time(time: SystemTime) -> Option<String> {
    Timestamp::try_from(time).ok().map(|time| time.to_string())
}

fn add<const N: usize>(object: &mut Value, members: [(&str, Option<Value>); N]) {
    for (name, value) in members {
        if let (Some(value), Value::Object(object)) = (value, &mut *object) {
            object.insert(name.into(), value);
        }
    }
}
