use jwt_bearer_provider::Profile;

use crate::Evidence;
use crate::checks::host_of;
use crate::said::Said;

/// Hosts by their endings, and whose they are.
const HOSTS: [(&str, &str); 14] = [
    ("box.com", "box"),
    ("salesforce.com", "salesforce"),
    ("force.com", "salesforce"),
    ("salesforce-setup.com", "salesforce"),
    ("googleapis.com", "google"),
    ("docusign.com", "docusign"),
    ("snowflakecomputing.com", "snowflake"),
    ("okta.com", "okta"),
    ("oktapreview.com", "okta"),
    ("microsoftonline.com", "entra"),
    ("microsoftonline.us", "entra"),
    ("github.com", "github"),
    ("epic.com", "epic"),
    ("epichosted.com", "epic"),
];

/// The provider whose host it is.
fn of_host(host: &str) -> Option<(&'static str, &'static str)> {
    HOSTS.into_iter().find(|(suffix, _)| {
        host.strip_suffix(suffix)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// The ending of a host that tells the provider, and is the same for all of its customers.
pub(crate) fn ending(host: &str) -> Option<&'static str> {
    Some(of_host(host)?.0)
}

/// Whose demands and texts count: by the profile, else by hosts and claims, else by the text.
pub(crate) fn provider(evidence: &Evidence, said: &Said) -> &'static str {
    if let Some(profile) = evidence.profile
        && profile.name != "generic"
    {
        let known = ["box", "salesforce"];
        return known
            .into_iter()
            .find(|name| *name == profile.name)
            .unwrap_or("generic");
    }
    let claims = evidence
        .assertion
        .as_ref()
        .map(|assertion| assertion.claims());
    if claims.is_some_and(|claims| claims.contains_key("box_sub_type")) || evidence.config.is_some()
    {
        return "box";
    }
    let url = evidence
        .request
        .as_ref()
        .and_then(|request| request.url.as_deref());
    let audience = claims.and_then(|claims| claims.get("aud")?.as_str());
    for url in [url, audience].into_iter().flatten() {
        let host = host_of(url).unwrap_or_else(|| url.trim().to_ascii_lowercase());
        if let Some((_, provider)) = of_host(&host) {
            return provider;
        }
    }
    if evidence.profile.is_some() {
        return "generic";
    }
    let mut entries = said
        .entries("generic")
        .into_iter()
        .map(|entry| entry.provider);
    let local = ["aws-kms", "keys", "yubikey", "generic"];
    match entries.next() {
        Some(first) if entries.all(|other| other == first) && !local.contains(&first) => first,
        _ => "generic",
    }
}

pub(crate) fn profile(evidence: &Evidence, provider: &str) -> Profile {
    match provider {
        "box" => evidence
            .profile
            .filter(|profile| profile.name == "box")
            .unwrap_or(Profile::BOX),
        "salesforce" => evidence
            .profile
            .filter(|profile| profile.name == "salesforce")
            .unwrap_or(Profile::SALESFORCE),
        _ => evidence.profile.unwrap_or(Profile::GENERIC),
    }
}
