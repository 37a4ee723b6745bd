use std::collections::BTreeSet;

use jwt_bearer_sandbox::{Dialect, Running, texts};

use crate::client::{Draft, now, sandbox, start};
use crate::{conditions, conditions_resource};

pub(crate) type Case = (&'static str, fn(&mut Draft), &'static str, &'static str);

/// Runs the cases, each of which spoils a good request in one way, and gives the texts that came.
pub(crate) async fn refusals(
    server: &Running,
    good: impl Fn() -> Draft,
    cases: &[Case],
) -> BTreeSet<(String, String)> {
    let mut seen = BTreeSet::new();
    for (name, spoil, error, description) in cases {
        let mut draft = good();
        spoil(&mut draft);
        let answer = draft.post(server).await;
        let body = answer.json();
        assert_eq!(body["error"], *error, "{name}: {body}");
        let found = body["error_description"].as_str().unwrap();
        assert!(
            found == *description || found.starts_with(&format!("{description}: ")),
            "{name}: {found}"
        );
        assert_eq!(
            answer.status,
            if *error == "invalid_client" { 401 } else { 400 },
            "{name}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}");
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("application/json"),
            "{name}"
        );
        seen.insert(((*error).into(), (*description).into()));
        // The good request is still good, so that the fault was in what was spoilt.
        good().post(server).await.access_token();
    }
    seen
}

/// Every text of the dialect was met: here, or by a condition.
pub(crate) fn assert_all_met(dialect: Dialect, seen: &BTreeSet<(String, String)>) {
    let by_condition: Vec<_> = conditions::CASES
        .iter()
        .filter(|case| case.dialect == dialect)
        .map(|case| (case.status, case.body))
        .chain(conditions::OTHERS)
        .chain(conditions_resource::BODIES)
        .collect();
    for text in texts(dialect).filter(|text| text.wording().is_none()) {
        let pair = (text.error().into(), text.description().into());
        assert!(
            seen.contains(&pair) || by_condition.contains(&(text.status(), &text.body())),
            "never met: {text:?}"
        );
    }
}

pub(crate) fn without(draft: &mut Draft, claim: &str) {
    draft.claims.as_object_mut().unwrap().remove(claim).unwrap();
}

pub(crate) fn json_body(draft: &mut Draft) {
    draft.content_type = "application/json";
}

pub(crate) fn two_parts(assertion: String) -> String {
    assertion.rsplit_once('.').unwrap().0.into()
}

pub(crate) fn other_signature(assertion: String) -> String {
    let (rest, signature) = assertion.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{rest}.{first}{}", &signature[1..])
}

#[tokio::test]
async fn a_jti_is_good_for_one_assertion() {
    for (dialect, description) in [
        (
            Dialect::Box,
            "Please check the 'jti' claim. A unique 'jti' value is required.",
        ),
        (
            Dialect::Generic,
            "the claim 'jti' must be there and be new: this one was used before",
        ),
    ] {
        let server = start(sandbox(dialect)).await;
        let mut draft = Draft::good(dialect, &server);
        draft.post(&server).await.access_token();
        assert_eq!(
            draft.post(&server).await.json()["error_description"],
            description
        );
        // Signed anew it is the same jti.
        draft.claims["exp"] = (now() + 40).into();
        assert_eq!(
            draft.post(&server).await.json()["error_description"],
            description
        );
        // Once the assertion has expired, the server remembers it no more.
        server.set_skew(600);
        draft.claims["exp"] = (now() + 630).into();
        draft.post(&server).await.access_token();
    }
}
