use std::fs;
use std::io::{IsTerminal, Read, stdin};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use jwt_bearer::assertion::{Assertion, Clock, Decoded, SystemClock};
use jwt_bearer::keyfile::Inspection;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::error::Failure;
use crate::{times, write};

/// More than any JWT in a header or a form: 1 MiB.
const MAX_INPUT: u64 = 1 << 20;
const TITLE: Style = Style::new().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const NOTE: Style = AnsiColor::Cyan.on_default();

pub(crate) fn inspect(input: Option<&str>) -> Result<(), Failure> {
    let bytes = read(input)?;
    let text = String::from_utf8_lossy(&bytes);
    let decoded = Assertion::decode(&text).map_err(|error| {
        let hint = match input {
            _ if is_key_file(&bytes) => {
                "it is a key, a certificate or a keystore: `jwt-bearer key inspect FILE` tells what is in it"
            }
            // The name is not repeated: it may be an access token.
            Some(name)
                if !["", "-"].contains(&name)
                    && !name.contains("eyJ")
                    && !Path::new(name).exists() =>
            {
                "there is no file of that name either"
            }
            _ => "a JWT is three texts of letters, digits, - and _ with dots between, and starts with eyJ",
        };
        Failure::other(error.to_string()).hint(hint)
    })?;
    write::result(&explained(&decoded))
}

/// The text itself if it is a JWT, else the file of that name, else standard input.
fn read(input: Option<&str>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut text = Zeroizing::default();
    match input {
        Some(path) if path != "-" && Path::new(path).exists() => {
            let file = fs::File::open(path);
            file.and_then(|file| file.take(MAX_INPUT).read_to_end(&mut text))
                .map_err(|error| Failure::usage(format!("{path} cannot be read: {error}")))?;
        }
        Some(jwt) if jwt != "-" => text.extend_from_slice(jwt.as_bytes()),
        None if stdin().is_terminal() => {
            return Err(Failure::usage(
                "no JWT is given: name it, or a file that holds it, or - to read standard input",
            ));
        }
        _ => {
            stdin()
                .take(MAX_INPUT)
                .read_to_end(&mut text)
                .map_err(|error| {
                    Failure::usage(format!("standard input cannot be read: {error}"))
                })?;
        }
    }
    Ok(text)
}

fn is_key_file(bytes: &[u8]) -> bool {
    Inspection::read(bytes, None)
        .is_ok_and(|inspection| inspection.is_locked || !inspection.parts.is_empty())
}

fn explained(decoded: &Decoded) -> String {
    let now = SystemClock.now();
    let time = |name: &str| {
        let is_time = ["exp", "iat", "nbf", "auth_time"].contains(&name);
        decoded
            .time(name)
            .filter(|_| is_time)
            .map(|time| times::explain(time, now))
    };
    let mut text = object("Header", decoded.header(), |_| None) + "\n";
    text += &object("Claims", decoded.claims(), time);
    let algorithm = decoded
        .algorithm()
        .map_or("an unknown algorithm", |algorithm| algorithm.name());
    let octets = decoded.signature().len();
    text += &format!("\n{TITLE}Signature{TITLE:#}  {algorithm}, {octets} octets; not verified\n");
    if let Some(lifetime) = lifetime(decoded) {
        text += &format!("{TITLE}Lifetime{TITLE:#}   {lifetime}\n");
    }
    for defect in decoded.defects() {
        let defect = write::harmless(&defect.to_string());
        text += &format!("\n{BAD}wrong:{BAD:#} {defect}");
    }
    if !decoded.defects().is_empty() {
        text.push('\n');
    }
    text
}

/// How long the JWT is valid in all, if it says when it begins.
fn lifetime(decoded: &Decoded) -> Option<String> {
    let begin = decoded.time("iat").or_else(|| decoded.time("nbf"))?;
    Some(times::length(
        decoded.time("exp")?.duration_since(begin).ok()?.as_secs(),
    ))
}

fn object(
    title: &str,
    members: &Map<String, Value>,
    note: impl Fn(&str) -> Option<String>,
) -> String {
    let mut text = format!("{TITLE}{title}{TITLE:#}\n");
    let width = members
        .keys()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0);
    for (name, value) in members {
        let note = note(name).map_or_else(String::new, |note| format!("  {NOTE}{note}{NOTE:#}"));
        let (name, value) = (write::harmless(name), write::harmless(&value.to_string()));
        text += &format!("  {name:width$}  {value}{note}\n");
    }
    text
}
