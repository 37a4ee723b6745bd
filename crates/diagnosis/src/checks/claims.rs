use jwt_bearer_provider::{AudienceRule, Check, SubjectRule};
use serde_json::Value;

use super::{Case, host_of};
use crate::observed::Observed;
use crate::redact::{masked, masked_host};

/// `iss`, `sub`, `aud` and `jti`.
pub(crate) fn check(case: &Case<'_>, seen: &mut Observed) {
    let Some(assertion) = &case.evidence.assertion else {
        return;
    };
    // Unreadable claims are the form's matter.
    if assertion.claims().is_empty() {
        return;
    }
    check_issuer(case, seen);
    check_subject(case, seen);
    check_audience(case, seen);
    check_jti(case, seen);
}

fn value<'a>(case: &'a Case<'_>, name: &str) -> Option<&'a Value> {
    case.evidence.assertion.as_ref()?.claims().get(name)
}

/// Whether this server wants neither `aud` nor `jti`.
fn has_few_claims(case: &Case<'_>) -> bool {
    matches!(case.provider, "snowflake" | "github")
}

fn check_issuer(case: &Case<'_>, seen: &mut Observed) {
    // GitHub's is the app's id, which many write as a number.
    if case.provider == "github" && value(case, "iss").is_some_and(Value::is_number) {
        return seen.passed(&[Check::IssMissing], "`iss` is there");
    }
    let Some(issuer) = case.claim("iss") else {
        return seen.proven(Check::IssMissing, "there is no `iss` that is a string");
    };
    seen.passed(&[Check::IssMissing], "`iss` is there");
    // That it is what was set, says nothing of what is registered.
    if let Some(expected) = &case.evidence.client_id
        && issuer != expected
    {
        let line = format!(
            "`iss` is {}, in the configuration it is {}",
            masked(issuer),
            masked(expected)
        );
        seen.noted(Check::IssDiffers, !case.may_be_mark(issuer), line);
    }
}

fn check_subject(case: &Case<'_>, seen: &mut Observed) {
    // Its old name wins at Salesforce.
    let old = value(case, "prn").filter(|_| case.is_salesforce());
    let subject = old.or_else(|| value(case, "sub"));
    let is_required =
        !matches!(case.profile.subject, SubjectRule::Optional) || case.authenticates();
    match subject {
        None => seen.noted(Check::SubMissing, is_required, "there is no `sub`"),
        Some(Value::String(subject)) => {
            seen.passed(&[Check::SubMissing, Check::SubNotText], "`sub` is a string");
            check_subject_form(case, subject, seen);
        }
        Some(_) => seen.proven(Check::SubNotText, "`sub` is no string"),
    }
    if case.is_box() {
        match value(case, "box_sub_type").map(Value::as_str) {
            None => seen.proven(Check::SubTypeMissing, "there is no `box_sub_type`"),
            Some(Some("enterprise" | "user" | "external")) => seen.passed(
                &[Check::SubTypeMissing, Check::SubTypeWrong],
                "`box_sub_type` is one that Box knows",
            ),
            Some(kind) => seen.noted(
                Check::SubTypeWrong,
                !case.evidence.is_pasted || kind.is_none_or(is_sub_type),
                "`box_sub_type` is neither `enterprise` nor `user`",
            ),
        }
    }
}

/// Whether it is one but for its writing.
fn is_sub_type(kind: &str) -> bool {
    matches!(
        kind.trim().to_ascii_lowercase().as_str(),
        "enterprise" | "user"
    )
}

fn check_subject_form(case: &Case<'_>, subject: &str, seen: &mut Observed) {
    if case.is_box() {
        if subject.trim() == "0" {
            return seen.proven(Check::SubZero, "`sub` is 0");
        }
        let is_id = !subject.is_empty() && subject.bytes().all(|byte| byte.is_ascii_digit());
        if is_id {
            seen.passed(
                &[Check::SubForm, Check::SubZero],
                "`sub` is an id of digits",
            );
        } else {
            let line = format!("`sub` is {}, which is not digits alone", masked(subject));
            seen.noted(Check::SubForm, case.is_value(subject), line);
        }
    } else if case.authenticates() {
        let issuer = case.claim("iss").unwrap_or_default();
        if issuer == subject {
            seen.passed(&[Check::SubNotIssuer, Check::SubForm], "`sub` is `iss`");
        } else {
            let proof = case.is_value(subject) && case.is_value(issuer);
            seen.noted(Check::SubNotIssuer, proof, "`sub` is not `iss`");
        }
    } else if case.is_salesforce() {
        if subject.contains('@') && subject.trim() == subject {
            seen.passed(&[Check::SubForm], "`sub` has the form of a username");
        } else {
            let line = format!("`sub` is {}, which is no username", masked(subject));
            seen.noted(Check::SubForm, case.is_value(subject), line);
        }
    }
}

/// The audiences among which the server's must be, if that can be told.
fn expected_audiences(case: &Case<'_>) -> Vec<String> {
    let origin = || {
        let url = url::Url::parse(case.url()?).ok()?;
        Some(url.origin().ascii_serialization())
    };
    match case.profile.audience {
        AudienceRule::Constant(audience) => vec![audience.to_owned()],
        AudienceRule::Origin => {
            let mut all: Vec<_> = origin().into_iter().collect();
            all.extend(SALESFORCE_LOGIN.map(str::to_owned));
            all
        }
        AudienceRule::TokenEndpoint => case.url().map(str::to_owned).into_iter().collect(),
        AudienceRule::Host => case.host().into_iter().collect(),
        _ => Vec::new(),
    }
}

const SALESFORCE_LOGIN: [&str; 2] = [
    "https://login.salesforce.com",
    "https://test.salesforce.com",
];
const ALL_AUDIENCE: [Check; 6] = [
    Check::AudMissing,
    Check::AudList,
    Check::AudNoScheme,
    Check::AudTrailing,
    Check::AudWrong,
    Check::AudLogin,
];

fn check_audience(case: &Case<'_>, seen: &mut Observed) {
    let is_strict = case.is_box() || case.is_salesforce();
    let expected = expected_audiences(case);
    let audience = match value(case, "aud") {
        None if has_few_claims(case) => return,
        None => return seen.noted(Check::AudMissing, is_strict, "there is no `aud`"),
        Some(Value::String(audience)) => audience,
        Some(Value::Array(list)) => {
            seen.passed(&[Check::AudMissing], "`aud` is there");
            let line = format!("`aud` is a list of {}", list.len());
            return seen.noted(Check::AudList, is_strict, line);
        }
        Some(_) => return seen.proven(Check::AudWrong, "`aud` is neither a string nor a list"),
    };
    seen.passed(&[Check::AudMissing, Check::AudList], "`aud` is a string");
    if audience.contains("://") {
        seen.passed(&[Check::AudNoScheme], "`aud` is a URL");
    }
    if !SALESFORCE_LOGIN.contains(&audience.as_str()) {
        seen.passed(&[Check::AudLogin], "`aud` is no login host");
    }
    let shown = masked_host(audience);
    if expected.iter().any(|expected| expected == audience) {
        return check_login_audience(case, audience, seen);
    }
    let bare = |text: &str| text.trim().trim_end_matches('/').to_ascii_lowercase();
    if expected
        .iter()
        .any(|expected| bare(audience) == bare(expected))
    {
        let line = format!("`aud` is {shown}, and differs in a slash, in case or in white space");
        return seen.noted(Check::AudTrailing, is_strict, line);
    }
    if !audience.contains("://") && case.profile.audience != AudienceRule::Host {
        let host = bare(audience)
            .split('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        if expected
            .iter()
            .any(|expected| host_of(expected).as_ref() == Some(&host))
        {
            return seen.noted(Check::AudNoScheme, is_strict, format!("`aud` is {shown}"));
        }
    }
    let host = host_of(audience).unwrap_or_default();
    if case.is_salesforce() {
        // Each site of an org is known by its address, path and all.
        let is_site = host.ends_with(".site.com")
            || host.ends_with(".force.com") && !host.ends_with(".lightning.force.com");
        if is_site {
            return;
        }
        if expected
            .iter()
            .any(|expected| audience.starts_with(&format!("{expected}/")))
        {
            let line = format!("`aud` is {shown}, with a path behind the host");
            return seen.proven(Check::AudTrailing, line);
        }
        // Another name of the org, is a valid audience too.
        let may_be = ["salesforce.com", "force.com", "site.com"]
            .iter()
            .any(|suffix| host.ends_with(suffix))
            || !audience.contains("://");
        let line = format!("`aud` is {shown}");
        return seen.noted(Check::AudWrong, !may_be, line);
    }
    if let Some(first) = expected.first() {
        // Servers of the generic kind can call themselves by their issuer.
        let line = format!("`aud` is {shown}, where {} is expected", masked_host(first));
        let is_value = !case.evidence.is_pasted
            || host.contains('.')
                && !host.split('.').any(|label| label == "example")
                && !case.may_be_mark(audience);
        seen.noted(Check::AudWrong, case.is_box() && is_value, line);
    }
}

/// `aud` is one of those that are possible. At Salesforce, that of the host asked is the best.
fn check_login_audience(case: &Case<'_>, audience: &str, seen: &mut Observed) {
    let is_login = SALESFORCE_LOGIN.contains(&audience);
    let host = case.host().unwrap_or_default();
    if !case.is_salesforce() || !is_login {
        return seen.passed(&ALL_AUDIENCE, "`aud` is what the server calls itself");
    }
    let line = format!("`aud` is {audience}");
    let asked = format!("https://{host}");
    if SALESFORCE_LOGIN.contains(&asked.as_str()) && asked != audience {
        seen.proven(Check::AudWrong, format!("{line}, and {asked} was asked"));
    } else {
        let others = [Check::AudNoScheme, Check::AudTrailing];
        seen.passed(&others, "`aud` has the form of a login host");
        seen.hinted(Check::AudLogin, line);
    }
}

fn check_jti(case: &Case<'_>, seen: &mut Observed) {
    let jti = match value(case, "jti") {
        None if case.is_box() => return seen.proven(Check::JtiMissing, "there is no `jti`"),
        None if case.is_salesforce() || has_few_claims(case) => return,
        None => return seen.hinted(Check::JtiMissing, "there is no `jti`"),
        Some(Value::String(jti)) => jti,
        Some(_) => return seen.proven(Check::JtiNotText, "`jti` is no string"),
    };
    seen.passed(&[Check::JtiMissing, Check::JtiNotText], "`jti` is a string");
    let length = jti.chars().count();
    if case.is_box() {
        if (16..=128).contains(&length) {
            seen.passed(&[Check::JtiLength], "`jti` has 16 to 128 characters");
        } else {
            let line = format!("`jti` has {length} characters; Box takes 16 to 128");
            seen.noted(Check::JtiLength, case.is_value(jti), line);
        }
    }
    let earlier = case.evidence.earlier.as_ref();
    let earlier = earlier.and_then(|earlier| earlier.claims().get("jti")?.as_str());
    if earlier == Some(jti) {
        seen.noted(
            Check::JtiReused,
            !case.may_be_mark(jti),
            "`jti` is the same as in the earlier assertion",
        );
    } else if earlier.is_some() {
        seen.passed(
            &[Check::JtiReused],
            "`jti` differs from that of the earlier assertion",
        );
    }
    let client_id = case
        .evidence
        .request
        .as_ref()
        .and_then(|request| request.parameter("client_id"));
    let others = [
        ("`sub`", case.claim("sub")),
        ("`iss`", case.claim("iss")),
        ("`client_id`", client_id),
    ];
    let same = others.iter().find(|(_, other)| *other == Some(jti));
    if let Some((name, _)) = same {
        seen.noted(
            Check::JtiConstant,
            case.is_value(jti),
            format!("`jti` is the same text as {name}"),
        );
    } else if length < 16 && jti.bytes().all(|byte| byte.is_ascii_digit()) {
        seen.hinted(
            Check::JtiConstant,
            format!("`jti` is a number of {length} digits"),
        );
    } else if earlier.is_some_and(|earlier| earlier != jti) {
        seen.passed(
            &[Check::JtiConstant],
            "`jti` changes from assertion to assertion",
        );
    }
}
