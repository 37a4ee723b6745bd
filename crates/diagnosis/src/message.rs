//! Which entries of the catalogue fit what was said, and what an unknown text speaks of.

use jwt_bearer_provider::{Check, Entry, normal};

use crate::refusal::Refusal;

/// A part of a text shorter than this can be anything in a text that is no reply.
const TELLING: usize = 12;

/// The catalogue's files that are about programs and keys on this side.
const LOCAL: [&str; 3] = ["aws-kms", "keys", "yubikey"];

/// The entries that fit best: those of this provider by text, then by code, then those for every server.
pub(crate) fn entries(provider: &str, refusal: &Refusal) -> Vec<&'static Entry> {
    let own = |entry: &&Entry| entry.provider == provider || LOCAL.contains(&entry.provider);
    let fits = |entry: &'static Entry| Some((entry.fits(&refusal.error, &refusal.text)?, entry));
    let all: Vec<_> = Entry::all().filter_map(fits).collect();
    let by_text: Vec<_> = all.iter().copied().filter(|(part, _)| *part > 0).collect();
    let of_own: Vec<_> = by_text
        .iter()
        .copied()
        .filter(|(_, entry)| own(entry))
        .collect();
    if !of_own.is_empty() {
        return longest(of_own);
    }
    if provider == "generic" && !by_text.is_empty() {
        return longest(by_text);
    }
    let code = |of: &dyn Fn(&&Entry) -> bool| -> Vec<_> {
        let code = all.iter().filter(|(part, entry)| *part == 0 && of(entry));
        code.map(|(_, entry)| *entry).collect()
    };
    let of_own = code(&|entry| own(entry));
    if !of_own.is_empty() {
        return of_own;
    }
    let for_all = code(&|entry| entry.provider == "generic");
    if !for_all.is_empty() || provider != "generic" {
        return for_all;
    }
    code(&|_| true)
}

/// The entries whose text stands somewhere in what a program printed.
pub(crate) fn entries_in(provider: &str, text: &str) -> Vec<&'static Entry> {
    let plain = normal(text);
    let mut found = Vec::new();
    for entry in Entry::all() {
        let is_own =
            provider == "generic" || entry.provider == provider || LOCAL.contains(&entry.provider);
        if !is_own {
            continue;
        }
        let has_error = entry.error.is_some_and(|error| has_word(&plain, error));
        let parts = entry.texts.iter().filter(|part| {
            let is_telling = part.len() >= TELLING || has_error || entry.error.is_none();
            is_telling && has_part(&plain, part)
        });
        if let Some(part) = parts.map(|part| part.len()).max() {
            found.push((part, entry));
        } else if entry.texts.is_empty() && has_error && entry.provider != "epic" {
            found.push((0, entry));
        }
    }
    let by_text: Vec<_> = found
        .iter()
        .copied()
        .filter(|(part, _)| *part > 0)
        .collect();
    if !by_text.is_empty() {
        return longest(by_text);
    }
    let codes: Vec<_> = found.into_iter().map(|(_, entry)| entry).collect();
    let for_all: Vec<_> = codes
        .iter()
        .copied()
        .filter(|entry| entry.provider == "generic")
        .collect();
    if provider == "generic" && !for_all.is_empty() {
        return for_all;
    }
    codes
}

/// Those with the longest part; a library's own words give way to the server's.
fn longest(mut entries: Vec<(usize, &'static Entry)>) -> Vec<&'static Entry> {
    if entries.iter().any(|(_, entry)| !entry.wrapper) {
        entries.retain(|(_, entry)| !entry.wrapper);
    }
    let most = entries
        .iter()
        .map(|(part, _)| *part)
        .max()
        .unwrap_or_default();
    let best = entries.into_iter().filter(|(part, _)| *part == most);
    best.map(|(_, entry)| entry).collect()
}

/// Single words, such as names of exceptions and codes, must stand alone or at the end of a longer name.
fn has_part(text: &str, part: &str) -> bool {
    if part.contains(' ') || part.contains('=') {
        text.contains(part)
    } else {
        let mut rest = text;
        while let Some(at) = rest.find(part) {
            let after = &rest[at + part.len()..];
            if !after.starts_with(|c: char| c.is_ascii_alphanumeric()) {
                return true;
            }
            rest = after;
        }
        false
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_part(c)).any(|other| other == word)
}

/// What an unknown text speaks of, and the checks about that.
const TOPICS: &[(&str, &[&str], &[Check])] = &[
    (
        "the audience",
        &["audience", "'aud'", "\"aud\"", "`aud`"],
        &[
            Check::AudMissing,
            Check::AudList,
            Check::AudNoScheme,
            Check::AudTrailing,
            Check::AudWrong,
            Check::AudLogin,
        ],
    ),
    (
        "the key id",
        &["kid", "key id", "key identifier"],
        &[
            Check::KidInClaims,
            Check::KidMissing,
            Check::KidDiffers,
            Check::KidNotText,
        ],
    ),
    (
        "the signature",
        &["signature", "verify", "verification"],
        &[
            Check::SignatureMismatch,
            Check::SignatureDer,
            Check::SignatureLength,
            Check::KeyMismatch,
            Check::JwtUnsigned,
        ],
    ),
    (
        "times",
        &[
            "exp",
            "'iat'",
            "'nbf'",
            "expired",
            "expiration",
            "expiry",
            "lifetime",
            "not yet valid",
            "clock",
            "timestamp",
        ],
        &[
            Check::ExpMissing,
            Check::ExpMilliseconds,
            Check::ExpString,
            Check::ExpFraction,
            Check::LifeTooLong,
            Check::LifeTooShort,
            Check::LocalTime,
            Check::Expired,
            Check::ExpTooFar,
            Check::NotYet,
            Check::IatMissing,
            Check::ClockBehind,
            Check::ClockAhead,
            Check::SignerClock,
        ],
    ),
    (
        "`jti`",
        &["jti", "nonce", "replay", "already been used"],
        &[
            Check::JtiMissing,
            Check::JtiLength,
            Check::JtiNotText,
            Check::JtiConstant,
            Check::JtiReused,
        ],
    ),
    (
        "the issuer",
        &["issuer", "'iss'", "\"iss\"", "`iss`"],
        &[Check::IssMissing, Check::IssDiffers, Check::ClientIdDiffers],
    ),
    (
        "the subject",
        &["subject", "'sub'", "\"sub\"", "`sub`"],
        &[
            Check::SubMissing,
            Check::SubNotText,
            Check::SubZero,
            Check::SubForm,
            Check::SubNotIssuer,
            Check::SubTypeMissing,
            Check::SubTypeWrong,
        ],
    ),
    (
        "the algorithm",
        &["algorithm", "'alg'", "\"alg\"", "`alg`"],
        &[
            Check::AlgMissing,
            Check::AlgNotAllowed,
            Check::AlgNotInMetadata,
            Check::KeyNotRsa,
        ],
    ),
    (
        "the client's authentication",
        &[
            "client_secret",
            "client_id",
            "client secret",
            "not authenticated",
            "client authentication",
        ],
        &[
            Check::SecretMissing,
            Check::SecretSent,
            Check::ClientIdMissing,
            Check::ClientIdDiffers,
        ],
    ),
    (
        "the form",
        &[
            "grant_type",
            "content type",
            "content-type",
            "x-www-form-urlencoded",
            "parameter",
        ],
        &[
            Check::GrantTypeMissing,
            Check::GrantTypeWrong,
            Check::BodyNotForm,
            Check::ParametersInQuery,
            Check::AssertionMissing,
            Check::ParameterTwice,
        ],
    ),
    (
        "the form of the JWT",
        &[
            "compact jws",
            "not a jwt",
            "malformed",
            "base64",
            "decode",
            "well-formed",
        ],
        &[
            Check::JwtWrapped,
            Check::JwtParts,
            Check::JwtPadding,
            Check::JwtAlphabet,
            Check::JwtDamaged,
            Check::JwtDuplicate,
            Check::JwtUnsigned,
        ],
    ),
];

/// The topics of an unknown text: what they are called, and their checks.
pub(crate) fn topics(text: &str) -> Vec<(&'static str, &'static [Check])> {
    let plain = normal(text);
    let speaks = |word: &str| {
        if word.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            plain.contains(word)
        } else {
            has_word(&plain, word)
        }
    };
    let topics = TOPICS.iter();
    topics
        .filter(|(_, words, _)| words.iter().any(|word| speaks(word)))
        .map(|(name, _, checks)| (*name, *checks))
        .collect()
}
