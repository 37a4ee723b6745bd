//! Marks that people put in place of what they do not show: they say nothing about what was sent.

use jwt_bearer_provider::Check;
use serde_json::Value;

use super::Case;
use crate::observed::Observed;

/// Takes back what was seen of values that are marks.
pub(crate) fn forget(case: &Case<'_>, seen: &mut Observed) {
    let evidence = case.evidence;
    if !evidence.is_pasted {
        return;
    }
    if let Some(assertion) = &evidence.assertion {
        for (name, checks) in CLAIMS {
            if assertion.claims().get(*name).is_some_and(is_mark_value) {
                seen.forget(checks);
            }
        }
        if assertion.header().get("kid").is_some_and(is_mark_value) {
            seen.forget(KEY_ID);
        }
    }
    let client_id = evidence
        .request
        .as_ref()
        .and_then(|request| request.parameter("client_id"));
    if client_id.is_some_and(is_mark) {
        seen.forget(&[Check::ClientIdMissing, Check::ClientIdDiffers]);
    }
    let facts = evidence.config.as_ref().and_then(|config| config.facts());
    let ids = facts.map(|facts| [Some(facts.client_id.as_str()), facts.key_id.as_deref()]);
    if ids.is_some_and(|ids| ids.into_iter().flatten().any(is_mark)) {
        seen.forget(&[Check::ConfigOtherApp, Check::KidDiffers]);
    }
}

const KEY_ID: &[Check] = &[Check::KidMissing, Check::KidDiffers, Check::KidNotText];
const TIMES: &[Check] = &[
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
    Check::SignerClock,
];
/// The claims, and what is seen by each.
const CLAIMS: &[(&str, &[Check])] = &[
    (
        "iss",
        &[
            Check::IssMissing,
            Check::IssDiffers,
            Check::ClientIdDiffers,
            Check::SubNotIssuer,
            Check::ConfigOtherApp,
        ],
    ),
    (
        "sub",
        &[
            Check::SubMissing,
            Check::SubNotText,
            Check::SubZero,
            Check::SubForm,
            Check::SubNotIssuer,
        ],
    ),
    (
        "box_sub_type",
        &[Check::SubTypeMissing, Check::SubTypeWrong],
    ),
    (
        "aud",
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
        "jti",
        &[
            Check::JtiMissing,
            Check::JtiLength,
            Check::JtiNotText,
            Check::JtiConstant,
            Check::JtiReused,
        ],
    ),
    ("exp", TIMES),
    ("iat", TIMES),
    ("nbf", TIMES),
];

fn is_mark_value(value: &Value) -> bool {
    value.as_str().is_some_and(is_mark)
}

/// Whether a text stands for another: `<uuid>`, `***`, `xxxx`, `$ID`, `CLIENT_ID`, `your-app`.
fn is_mark(text: &str) -> bool {
    const WORDS: [&str; 7] = [
        "username",
        "client_id",
        "clientid",
        "redacted",
        "masked",
        "hidden",
        "removed",
    ];
    let text = text.trim();
    let plain = text.to_ascii_lowercase();
    let is_name = |c: char| c.is_ascii_uppercase() || matches!(c, '_' | '-' | ' ');
    !text.is_empty()
        && (text.starts_with(['<', '$', '[', '{', '%'])
            || ["***", "...", "…", "xxxx", "redacted"]
                .iter()
                .any(|mark| plain.contains(mark))
            || plain.chars().all(|c| "x*.-_#•".contains(c))
            || text.len() >= 4 && text.chars().all(is_name)
            || plain.starts_with("your")
            || WORDS.contains(&plain.as_str()))
}
