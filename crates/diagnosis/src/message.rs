//! Which entries of the catalogue fit what was said, and what an unknown text speaks of.

use jwt_bearer_provider::{Check, Class, Entry, normal};

use crate::refusal::Refusal;

/// A part of a text shorter than this can be anything in a text that is no reply.
const TELLING: usize = 12;

/// A part this long is nobody else's, whatever the host.
const UNMISTAKABLE: usize = 20;

/// No part of the catalogue is longer.
const LONGEST: usize = 1000;

/// The catalogue's files that are about programs and keys on this side.
const LOCAL: [&str; 3] = ["aws-kms", "keys", "yubikey"];

/// Whose entries can fit.
#[derive(Clone, Copy)]
pub(crate) enum Whose {
    /// Those of this provider, which is known.
    Of(&'static str),
    /// Anybody's: nothing tells the provider.
    Anybodys,
}

impl Whose {
    fn has(self, entry: &Entry) -> bool {
        match self {
            Self::Of(provider) => entry.provider == provider || LOCAL.contains(&entry.provider),
            Self::Anybodys => true,
        }
    }
}

/// The entries that fit best: by text, then by code, and then those for every server.
pub(crate) fn entries(whose: Whose, refusal: &Refusal) -> Vec<&'static Entry> {
    let plain = normal(&format!("{} {}", refusal.error, refusal.text));
    let fits = |entry: &'static Entry| {
        let part = entry.fits(&refusal.error, &refusal.text)?;
        is_at_home(entry, whose, &plain).then_some((part, entry))
    };
    best(whose, Entry::all().filter_map(fits).collect())
}

/// The entries whose text stands somewhere in what a program printed.
pub(crate) fn entries_in(whose: Whose, text: &str) -> Vec<&'static Entry> {
    let plain = normal(text);
    let fits = |entry: &'static Entry| {
        let has_error = entry.error.is_some_and(|error| has_word(&plain, error));
        let is_known = matches!(whose, Whose::Of(provider) if provider == entry.provider);
        let is_home = || is_known || is_spoken_of(entry.provider, &plain);
        let part = match entry.found_in(&plain).or_else(|| found_cut(entry, &plain)) {
            // With its code besides it weighs more than a longer text without.
            Some(part) if has_error => part + LONGEST,
            Some(part) if part >= TELLING || entry.error.is_none() || is_home() => part,
            _ if entry.texts.is_empty() && has_error && !entry.without_text => 0,
            _ => return None,
        };
        is_at_home(entry, whose, &plain).then_some((part, entry))
    };
    best(whose, Entry::all().filter_map(fits).collect())
}

/// Whether a provider's host or library is named.
fn is_spoken_of(provider: &str, plain: &str) -> bool {
    let names: &[&str] = match provider {
        "box" => &[
            "api.box.com",
            "box.sdk",
            "boxsdk",
            "box_sdk",
            "box-node-sdk",
            "box.v2",
        ],
        "salesforce" => &["salesforce", "restforce", "sfdx", "jsforce"],
        _ => &[],
    };
    names.iter().any(|name| plain.contains(name))
}

/// The length of a part of which a text that a library cut has the beginning, right before the cut.
fn found_cut(entry: &Entry, plain: &str) -> Option<usize> {
    let (before, _) = plain.split_once("(truncated")?;
    let before = before.trim_end_matches([' ', '.', '…']);
    let is_begun = |part: &&&str| {
        (TELLING..part.len())
            .filter_map(|end| part.get(..end))
            .any(|start| before.ends_with(start))
    };
    let found = entry.texts.iter().find(is_begun)?;
    Some(found.len())
}

/// Whether an entry is right whatever the server: it is about programs on this side, or of the standards.
pub(crate) fn is_for_all(entry: &Entry) -> bool {
    entry.provider == "generic" || LOCAL.contains(&entry.provider)
}

/// Names of exceptions and numbers that others have too count only where their program is spoken of.
fn is_at_home(entry: &Entry, whose: Whose, plain: &str) -> bool {
    match (entry.provider, whose) {
        ("aws-kms", _) => plain.contains("kms"),
        // A library's name for any failure.
        ("yubikey", _) => !["invalid_", "unauthorized_", "status code", "https://"]
            .iter()
            .any(|part| plain.contains(part)),
        ("snowflake", Whose::Of("snowflake")) => true,
        // Others say too that a JWT is invalid; an id in brackets is Snowflake's, and 250001 its connectors'.
        ("snowflake", _) => {
            has_word(plain, "250001")
                || ["snowflake", "jwt_token_invalid", "jwt token is invalid. ["]
                    .iter()
                    .any(|part| plain.contains(part))
        }
        _ => true,
    }
}

fn best(whose: Whose, fits: Vec<(usize, &'static Entry)>) -> Vec<&'static Entry> {
    let by_text = fits.iter().copied();
    let by_text: Vec<_> = by_text
        .filter(|(part, entry)| *part > 0 && (whose.has(entry) || is_for_all(entry)))
        .collect();
    if !by_text.is_empty() {
        return longest(by_text);
    }
    let of = |is_wanted: &dyn Fn(&Entry) -> bool| -> Vec<_> {
        let wanted = fits
            .iter()
            .filter(|(part, entry)| *part == 0 && is_wanted(entry));
        wanted.map(|(_, entry)| *entry).collect()
    };
    if let Whose::Of(_) = whose {
        let own = of(&|entry| whose.has(entry));
        if !own.is_empty() {
            return own;
        }
    }
    let for_all = of(&|entry| entry.provider == "generic");
    if !for_all.is_empty() {
        return for_all;
    }
    let own = of(&|entry| whose.has(entry));
    if !own.is_empty() || !matches!(whose, Whose::Of("generic")) {
        return own;
    }
    let fits = fits.into_iter();
    longest(fits.filter(|(part, _)| *part >= UNMISTAKABLE).collect())
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
            Check::KeyMismatch,
            Check::SignatureMismatch,
            Check::KidDiffers,
            Check::SignatureLength,
            Check::SignatureDer,
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
            Check::JtiReused,
            Check::JtiConstant,
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

/// The checks that are about an assertion and its key, of which a request without one tells nothing.
pub(crate) fn of_assertions() -> Vec<Check> {
    let own = ["the client's authentication", "the form"];
    let of_forms = TOPICS.iter().filter(|(name, _, _)| own.contains(name));
    let of_forms: Vec<_> = of_forms.flat_map(|(_, _, checks)| *checks).collect();
    let is_of_way = |check: &Check| check.class() == Class::Network;
    let all = Check::ALL.iter().copied();
    all.filter(|check| *check == Check::AssertionMissing || !of_forms.contains(&check))
        .filter(|check| !is_of_way(check) && *check != Check::MethodNotPost)
        .collect()
}

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

/// Whether a check is about something that this provider has.
pub(crate) fn concerns(check: Check, provider: &str) -> bool {
    check.only().is_none_or(|only| only == provider)
        && match check {
            Check::JtiLength | Check::SecretMissing | Check::ClientIdMissing => provider == "box",
            Check::SubForm => matches!(provider, "box" | "salesforce"),
            _ => true,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_of_one_provider_concerns_that_one_alone() {
        for check in Check::ALL {
            if let Some(only) = check.only() {
                assert!(concerns(*check, only), "{check}");
                assert!(!concerns(*check, "generic"), "{check}");
            }
        }
        assert!(!concerns(Check::AudLogin, "box"));
        assert!(concerns(Check::SubMissing, "generic"));
        assert!(!concerns(Check::SubForm, "generic"));
    }
}
