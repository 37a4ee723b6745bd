//! The page for people: 80 columns, but for what is to be copied in one piece.

use std::fmt::Write;
use std::time::SystemTime;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use jwt_bearer::keyfile::{CertificateFacts, Encryption, KeyFileErrorKind, Part, Thing};
use jwt_bearer::signer::{KeyKind, PublicKey};

use super::against::{Comparison, Side};
use super::{Inspected, usage};
use crate::times;
use crate::write::harmless;

const TITLE: Style = Style::new().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const NOTE: Style = AnsiColor::Cyan.on_default();

const LABEL: usize = 11;
const WIDTH: usize = 80 - LABEL - 4;
/// Salesforce refuses larger files of certificates.
pub(super) const SALESFORCE: usize = 4096;
/// Of a side with more keys that do not belong, the others are counted.
const MAX_SIDE: usize = 10;

pub(super) fn page(file: &Inspected, comparison: Option<&Comparison>, now: SystemTime) -> String {
    let Inspected {
        name, inspection, ..
    } = file;
    let mut page = Page(format!(
        "{TITLE}{name}{TITLE:#}: {}, {} octets\n",
        inspection.form, file.len
    ));
    if let Some(encryption) = &inspection.encryption {
        page.encryption(encryption);
    }
    if inspection.is_locked {
        page.text(
            "",
            "",
            "What is in it cannot be told without its passphrase.",
        );
    }
    let parts = &inspection.parts;
    for (i, part) in parts.iter().enumerate() {
        let number = match parts.len() {
            1 => String::new(),
            _ => format!("{}  ", i + 1),
        };
        page.line(&format!("\n{TITLE}{number}{}{TITLE:#}", part_title(part)));
        let key = part.public_key.as_ref().ok();
        let same = key.and_then(|key| {
            let mut others = parts[..i].iter();
            others.position(|other| other.public_key.as_ref() == Ok(key))
        });
        page.part(part, same, now);
    }
    page.usage(file);
    if let Some(comparison) = comparison {
        page.comparison(comparison);
    }
    page.0
}

/// What it is, with the names that tell it from others.
pub(super) fn part_title(part: &Part) -> String {
    let thing = match &part.thing {
        Thing::PrivateKey(_) => "private key",
        Thing::PublicKey => "public key",
        Thing::Certificate(_) => "certificate",
        Thing::Request(_) => "certificate request (CSR)",
        Thing::Other(name) => return harmless(name),
        _ => "something new",
    };
    let mut title = thing.to_owned();
    if let Ok(key) = &part.public_key {
        let _ = write!(title, ", {}", key.kind());
    }
    if let Some(alias) = &part.alias {
        let _ = write!(title, ", `{}`", harmless(alias));
    }
    title
}

struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// A row that stays in one line.
    fn row(&mut self, label: &str, value: &str, note: &str) {
        let note = match note {
            "" => String::new(),
            note => format!("  {NOTE}{note}{NOTE:#}"),
        };
        self.line(&format!("  {label:LABEL$}  {value}{note}"));
    }

    /// A row that is broken between words; what is bad about it stands in front.
    fn text(&mut self, label: &str, bad: &str, text: &str) {
        let mut label = label;
        let whole = match bad {
            "" => text.to_owned(),
            bad => format!("{bad} {text}"),
        };
        for (i, line) in wrapped(&whole, WIDTH).iter().enumerate() {
            let line = match line.strip_prefix(bad) {
                Some(rest) if i == 0 && !bad.is_empty() => format!("{BAD}{bad}{BAD:#}{rest}"),
                _ => line.clone(),
            };
            self.line(format!("  {label:LABEL$}  {line}").trim_end());
            label = "";
        }
    }

    fn encryption(&mut self, encryption: &Encryption) {
        self.text("encryption", "", &encryption.to_string());
        if let Some(weakness) = encryption.weakness() {
            self.text("", "weak:", weakness);
        }
    }

    fn part(&mut self, part: &Part, same: Option<usize>, now: SystemTime) {
        match &part.thing {
            Thing::PrivateKey(Ok(Some(encryption))) => self.encryption(encryption),
            Thing::PrivateKey(Ok(None)) => self.row("encryption", "none", ""),
            Thing::Certificate(Ok(facts)) => self.certificate(facts, now),
            Thing::Request(Ok(subject)) => self.text("subject", "", &harmless(subject)),
            _ => {}
        }
        if let Some(key_id) = &part.key_id {
            self.row("key id", &harmless(key_id), "kid");
        }
        if let Some(algorithm) = part.algorithm {
            self.row("algorithm", algorithm.name(), "alg");
        }
        match (&part.public_key, same) {
            (_, Some(same)) => self.row("key", &format!("the same as of {}", same + 1), ""),
            (Ok(key), None) => self.key(key),
            (Err(_), None) if matches!(part.thing, Thing::Other(_)) => {}
            (Err(error), None) if error.kind() == KeyFileErrorKind::PassphraseNeeded => {
                self.text("key", "", "cannot be told without the passphrase");
            }
            (Err(error), None) => self.text("key", "wrong:", &harmless(&error.to_string())),
        }
        if let Thing::Certificate(Err(error)) = &part.thing
            && part.public_key.is_ok()
        {
            self.text("", "wrong:", &harmless(&error.to_string()));
        }
    }

    fn key(&mut self, key: &PublicKey) {
        let who = match key.kind() {
            KeyKind::Rsa { .. } => "Snowflake",
            _ => "",
        };
        self.row("key SHA-256", &key.fingerprint_text(), who);
        self.row("", &hex(&key.fingerprint(), ""), "");
        self.row("thumbprint", &key.thumbprint(), "JWK, RFC 7638");
    }

    fn certificate(&mut self, facts: &CertificateFacts, now: SystemTime) {
        let issuer = match facts.is_self_signed {
            Some(true) => "itself (self-signed)".into(),
            None if facts.issuer == facts.subject => "itself, as it says; not verified".into(),
            _ if facts.issuer == facts.subject => {
                "the same name, but its key did not sign it".into()
            }
            _ => harmless(&facts.issuer),
        };
        self.text("subject", "", &harmless(&facts.subject));
        self.text("issuer", "", &issuer);
        self.row("serial", &hex(&facts.serial_number, ""), "");
        self.validity(facts, now);
        let (bad, limit) = match facts.pem_len < SALESFORCE {
            true => ("", "under Salesforce's 4 KB"),
            false => ("too large:", "Salesforce takes less than 4096 octets"),
        };
        let (der, pem) = (facts.der_len, facts.pem_len);
        self.text(
            "size",
            bad,
            &format!("{der} octets in DER, {pem} in PEM; {limit}"),
        );
        self.row("SHA-1", &hex(&facts.sha1, ":"), "");
        self.row("", &base64url(&facts.sha1), "x5t");
        let sha256 = hex(&facts.sha256, ":");
        let (start, end) = sha256.split_at(16 * 3);
        self.row("SHA-256", start, "");
        self.row("", end, "");
        self.row("", &base64url(&facts.sha256), "x5t#S256");
    }

    fn validity(&mut self, facts: &CertificateFacts, now: SystemTime) {
        let (begin, end) = (utc(facts.not_before), utc(facts.not_after));
        let length = |length: std::time::Duration| times::length(length.as_secs());
        let (bad, distance) = match (
            facts.not_before.duration_since(now),
            now.duration_since(facts.not_after),
        ) {
            (Ok(ahead), _) if !ahead.is_zero() => {
                ("not yet valid:", format!("in {}", length(ahead)))
            }
            (_, Ok(since)) => ("expired:", format!("since {}", length(since))),
            (_, Err(left)) => ("", format!("for {} more", length(left.duration()))),
        };
        self.row("valid", &format!("{begin} to {end} UTC"), "");
        self.text("", bad, &distance);
    }

    fn comparison(&mut self, comparison: &Comparison) {
        let (file, other) = (&comparison.file, &comparison.other);
        self.line(&format!("\n{TITLE}Against {other}{TITLE:#}"));
        let (style, verdict) = match comparison.belongs() {
            true => (GOOD, "belongs together"),
            false => (BAD, "does not belong together"),
        };
        self.line(&format!("  {style}{verdict}{style:#}"));
        if let Some(what) = comparison.fingerprint_of() {
            let (i, _) = comparison.matches[0];
            self.side(file, [&comparison.sides[0][i]].into_iter());
            self.line(&format!("  The fingerprint is {what}."));
            return;
        }
        for (at, name) in [file, other].into_iter().enumerate() {
            let side = &comparison.sides[at];
            let of_match = |pair: &(usize, usize)| [pair.0, pair.1][at];
            let mut matching: Vec<_> = comparison.matches.iter().map(of_match).collect();
            matching.sort_unstable();
            matching.dedup();
            match comparison.belongs() {
                true => self.side(name, matching.iter().map(|i| &side[*i])),
                false => {
                    self.side(name, side.iter().take(MAX_SIDE));
                    if side.len() > MAX_SIDE {
                        self.row("", &format!("and {} more", side.len() - MAX_SIDE), "");
                    }
                }
            }
        }
    }

    fn side<'a>(&mut self, name: &str, sides: impl Iterator<Item = &'a Side>) {
        self.line(&format!("  {name}"));
        for side in sides {
            self.line(&format!("    {}", side.title));
            self.line(&format!("      {}", side.fingerprint));
        }
    }

    fn usage(&mut self, file: &Inspected) {
        let usage = usage::of(file);
        if usage.is_empty() {
            return;
        }
        self.line(&format!("\n{TITLE}Use it{TITLE:#}"));
        for paragraph in usage {
            match paragraph {
                usage::Paragraph::Text(text) => {
                    for line in wrapped(&text, 78) {
                        self.line(&format!("  {line}"));
                    }
                }
                usage::Paragraph::Command(who, command) => {
                    if !who.is_empty() {
                        self.line(&format!("  {NOTE}{who}{NOTE:#}"));
                    }
                    self.line(&format!("    {}", harmless(&command)));
                }
            }
        }
    }
}

/// Lines of at most so many characters, but for words that are longer.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(line) if last == 0 => line.push_str(word),
            Some(line) if last + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

pub(super) fn hex(octets: &[u8], separator: &str) -> String {
    // With colons as openssl and consoles write certificates, without as tools write digests.
    let hex: Vec<_> = octets
        .iter()
        .map(|octet| match separator {
            "" => format!("{octet:02x}"),
            _ => format!("{octet:02X}"),
        })
        .collect();
    hex.join(separator)
}

pub(super) fn base64url(octets: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(octets)
}

fn utc(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(
        |_| "out of range".into(),
        |time| {
            let time = time.to_zoned(TimeZone::UTC);
            time.strftime("%Y-%m-%d %H:%M:%S").to_string()
        },
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jwt_bearer::KeyUri;
    use jwt_bearer::keyfile::Inspection;

    use super::*;

    #[test]
    fn dates_are_held_against_the_clock() {
        let pem = include_bytes!("../../../../../keyfile/testdata/rsa-certificate.pem");
        let inspection = Inspection::read(pem, None).unwrap();
        let Thing::Certificate(Ok(facts)) = &inspection.parts[0].thing else {
            panic!("{inspection:?}");
        };
        let facts = facts.clone();
        let file = Inspected {
            name: "old.crt".into(),
            uri: KeyUri::file("old.crt"),
            len: pem.len(),
            is_jwt: false,
            inspection,
        };
        let hour = Duration::from_secs(3600);
        let plain = |now| anstream::adapter::strip_str(&page(&file, None, now)).to_string();
        let cases = [
            (facts.not_before - hour, "not yet valid: in 1 h"),
            (facts.not_before, "for 99 years "),
            (facts.not_after - hour, "for 1 h more"),
            (facts.not_after + hour, "expired: since 1 h"),
        ];
        for (now, text) in cases {
            let page = plain(now);
            assert!(page.contains(&format!("               {text}")), "{page}");
        }
    }

    #[test]
    fn long_texts_are_broken_between_words() {
        assert_eq!(wrapped("", 5), [""]);
        assert_eq!(wrapped("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrapped("abcdefgh i", 4), ["abcdefgh", "i"]);
    }
}
