//! What people write in place of a value that they do not show. It is no evidence: the value is neither known nor missing.

use jwt_bearer_provider::Check;
use serde_json::{Map, Value};

/// Whether a text stands in place of a value: a mask, or a name from an example.
pub(crate) fn is_mark(text: &str) -> bool {
    is_mask(text) || is_example(text)
}

/// `<…>`, `***`, `xxx`, `…`, `[…]`, `$NAME`, `{{name}}`, and words that say so.
pub(crate) fn is_mask(text: &str) -> bool {
    const PARTS: [&str; 9] = ["**", "…", "...", "••", "{{", "${", "#{", "xxx", "####"];
    const WORDS: [&str; 7] = [
        "redacted",
        "masked",
        "removed",
        "hidden",
        "censored",
        "omitted",
        "placeholder",
    ];
    let text = text.trim().to_lowercase();
    let is_within = |open, close| {
        let inner = text.split_once(open).map(|(_, rest)| rest);
        inner.is_some_and(|rest| rest.contains(close))
    };
    let letters = text.trim_matches(['-', '_', '.', ' ']);
    let is_filled = letters.len() > 2 && letters.chars().all(|c| "x-_. *#".contains(c));
    is_filled
        || is_within('<', '>')
        || (is_within('[', ']') && !text.contains("://["))
        || text.starts_with('$')
        || (text.len() > 2 && text.starts_with('%') && text.ends_with('%'))
        || PARTS.iter().any(|part| text.contains(part))
        || WORDS.iter().any(|word| text.contains(word))
}

/// `CLIENT_ID`, `your-client-id`, `username`, or a URL with one of them.
fn is_example(text: &str) -> bool {
    const NAMES: [&str; 25] = [
        "appid",
        "clientid",
        "consumerkey",
        "email",
        "enterprise",
        "enterpriseid",
        "id",
        "iss",
        "issuer",
        "jti",
        "keyid",
        "kid",
        "nonce",
        "publickeyid",
        "random",
        "randomstring",
        "string",
        "sub",
        "subject",
        "user",
        "useremail",
        "userid",
        "username",
        "uuid",
        "value",
    ];
    let text = text.trim();
    if let Some((_, rest)) = text.split_once("://") {
        return rest.split(['.', '/', ':']).any(is_in_capitals);
    }
    let plain: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let plain = plain.to_ascii_lowercase();
    let is_yours = text
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("your"))
        && text[4..].starts_with(|c: char| "-_ ".contains(c) || c.is_ascii_uppercase());
    is_yours || is_in_capitals(text) || NAMES.contains(&plain.as_str())
}

fn is_in_capitals(word: &str) -> bool {
    let letters = word.bytes().filter(u8::is_ascii_uppercase).count();
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "_- ".contains(c);
    letters > 2
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(is_name)
        && (word.contains('_') || word.len() <= 24 && !word.contains(|c: char| c.is_ascii_digit()))
}

/// Takes the marks out of the header and the claims of an assertion; the names of what was taken. One with its whole
/// signature is mostly as it was sent, so that of it a name from an example is the value; a mask is none anywhere.
pub(crate) fn take(
    header: &mut Map<String, Value>,
    claims: &mut Map<String, Value>,
    is_signed: bool,
) -> Vec<Hidden> {
    let mut hidden = Vec::new();
    for member in [Hidden::Algorithm, Hidden::KeyId] {
        take_one(header, member, is_signed, &mut hidden);
    }
    for member in Hidden::CLAIMS {
        take_one(claims, member, is_signed, &mut hidden);
    }
    hidden
}

/// Whether a name in an assertion is one from an example.
pub(crate) fn has_example(header: &Map<String, Value>, claims: &Map<String, Value>) -> bool {
    let key_id = header.get(Hidden::KeyId.name());
    // `enterprise` and `user` are kinds of subjects.
    let names = Hidden::CLAIMS
        .iter()
        .filter(|claim| **claim != Hidden::SubjectType);
    let claims = names.filter_map(|claim| claims.get(claim.name()));
    let mut texts = key_id.into_iter().chain(claims).filter_map(Value::as_str);
    texts.any(is_example)
}

fn take_one(
    members: &mut Map<String, Value>,
    member: Hidden,
    is_signed: bool,
    hidden: &mut Vec<Hidden>,
) {
    let is_one = |text: &str| member.is_mark(text, is_signed);
    let is_hidden = match members.get(member.name()) {
        Some(Value::String(text)) => is_one(text),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).any(is_one),
        _ => false,
    };
    if is_hidden {
        members.remove(member.name());
        hidden.push(member);
    }
}

/// What is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hidden {
    Algorithm,
    KeyId,
    Issuer,
    Subject,
    OldSubject,
    SubjectType,
    Audience,
    Jti,
    Expiry,
    Issued,
    Start,
    ClientId,
    GrantType,
    ConfigKeyId,
}

impl Hidden {
    const CLAIMS: [Self; 9] = [
        Self::Issuer,
        Self::Subject,
        Self::OldSubject,
        Self::SubjectType,
        Self::Audience,
        Self::Jti,
        Self::Expiry,
        Self::Issued,
        Self::Start,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Algorithm => "alg",
            Self::KeyId => "kid",
            Self::Issuer => "iss",
            Self::Subject => "sub",
            Self::OldSubject => "prn",
            Self::SubjectType => "box_sub_type",
            Self::Audience => "aud",
            Self::Jti => "jti",
            Self::Expiry => "exp",
            Self::Issued => "iat",
            Self::Start => "nbf",
            Self::ClientId => "client_id",
            Self::GrantType => "grant_type",
            Self::ConfigKeyId => "publicKeyID",
        }
    }

    fn is_mark(self, text: &str, is_signed: bool) -> bool {
        match self {
            // Capitals are a mistake that people make here.
            Self::Algorithm | Self::SubjectType => is_mask(text),
            Self::Expiry | Self::Issued | Self::Start => is_mark(text) || text.contains("now"),
            _ => is_mask(text) || !is_signed && is_example(text),
        }
    }

    /// What a mark rules out: there is a value.
    pub(crate) const fn missing(self) -> Option<Check> {
        Some(match self {
            Self::Algorithm => Check::AlgMissing,
            Self::KeyId => Check::KidMissing,
            Self::Issuer => Check::IssMissing,
            Self::Subject | Self::OldSubject => Check::SubMissing,
            Self::SubjectType => Check::SubTypeMissing,
            Self::Audience => Check::AudMissing,
            Self::Jti => Check::JtiMissing,
            Self::Expiry => Check::ExpMissing,
            Self::Issued => Check::IatMissing,
            Self::Start => return None,
            Self::ClientId => Check::ClientIdMissing,
            Self::GrantType => Check::GrantTypeMissing,
            Self::ConfigKeyId => Check::ConfigKidEmpty,
        })
    }

    /// The checks that look at it, of which none can say anything.
    pub(crate) const fn checks(self) -> &'static [Check] {
        match self {
            Self::Algorithm => &[
                Check::AlgMissing,
                Check::AlgNotAllowed,
                Check::AlgNotInMetadata,
            ],
            Self::KeyId => &[Check::KidMissing, Check::KidDiffers, Check::KidNotText],
            Self::Issuer => &[
                Check::IssMissing,
                Check::IssDiffers,
                Check::ClientIdDiffers,
                Check::SubNotIssuer,
                Check::ConfigOtherApp,
            ],
            Self::Subject | Self::OldSubject => &[
                Check::SubMissing,
                Check::SubNotText,
                Check::SubZero,
                Check::SubForm,
                Check::SubNotIssuer,
            ],
            Self::SubjectType => &[Check::SubTypeMissing, Check::SubTypeWrong],
            Self::Audience => &[
                Check::AudMissing,
                Check::AudList,
                Check::AudNoScheme,
                Check::AudTrailing,
                Check::AudWrong,
                Check::AudLogin,
            ],
            Self::Jti => &[
                Check::JtiMissing,
                Check::JtiLength,
                Check::JtiNotText,
                Check::JtiConstant,
                Check::JtiReused,
            ],
            Self::Expiry => &[
                Check::ExpMissing,
                Check::ExpString,
                Check::ExpFraction,
                Check::ExpMilliseconds,
            ],
            Self::Issued | Self::Start => &[Check::IatMissing, Check::NotYet],
            Self::ClientId => &[Check::ClientIdDiffers],
            Self::GrantType => &[
                Check::GrantTypeMissing,
                Check::GrantTypeWrong,
                Check::AssertionMissing,
            ],
            Self::ConfigKeyId => &[Check::ConfigKidEmpty],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_values() {
        for mark in [
            "<client id>",
            "***",
            "abc***",
            "xxx",
            "xxxx-xxxx",
            "3MVG9xxxxxxxx",
            "abc…",
            "abc...",
            "[masked]",
            "$JWT",
            "${ID}",
            "{{client_id}}",
            "%ID%",
            "CONSUMER_KEY",
            "RANDOM_64_CHARACTERS_STRING",
            "REDACTED",
            "your-client-id",
            "YOUR_APP",
            "username",
            "client_id",
            "https://MYDOMAIN.my.salesforce.com",
        ] {
            assert!(is_mark(mark), "{mark}");
        }
        for value in [
            "",
            "0",
            "app",
            "12345",
            "k3y1d000",
            "abcdefghijklmnop0123",
            "ann@example.com",
            "3MVG9abcdefghijklmnop0123456789",
            "https://api.box.com/oauth2/token",
            "http://[::1]:8080/token",
            "http://[fe80::1]/token",
            "ACME.JDOE.SHA256:abc=",
            "A1B2C3D4",
            "enterprise_1",
            "2023-11-15T00:00:00Z",
            "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        ] {
            assert!(!is_mark(value), "{value}");
        }
    }
}
