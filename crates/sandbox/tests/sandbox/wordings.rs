use std::collections::BTreeSet;

use jwt_bearer_sandbox::{Dialect, Wording, texts};

use crate::checks::{other_signature, two_parts};
use crate::client::*;

struct Case {
    wording: Wording,
    of_client: bool,
    is_unauthorized: bool,
    spoil: fn(&mut Draft),
    entry: &'static str,
    status: u16,
    body: &'static str,
}

const TIME: &str = r#"{"error":"invalid_grant","error_description":"Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."}"#;
const EPIC: &str = r#"{"error":"invalid_client","error_description":null}"#;

/// Whether the app is without authorization, and what is wrong with the request.
type Fault = (bool, fn(&mut Draft));

const GOOD: Fault = (true, |_| {});
const EXPIRED: Fault = (false, |d| d.claims["exp"] = (now() - 1).into());
const SIX_MINUTES: Fault = (false, |d| d.claims["exp"] = (now() + 360).into());
const SIGNATURE: Fault = (false, |d| d.spoil = other_signature);
const FORM_OF_IT: Fault = (false, |d| d.spoil = two_parts);
const KEY_ID: Fault = (false, |d| d.header["kid"] = "x".into());
const ISSUER: Fault = (false, |d| d.claims["iss"] = "x".into());
const AUDIENCE: Fault = (false, |d| d.claims["aud"] = "x".into());
const SUBJECT: Fault = (false, |d| d.claims["sub"] = "x".into());

const fn grant(
    wording: Wording,
    (is_unauthorized, spoil): Fault,
    entry: &'static str,
    body: &'static str,
) -> Case {
    Case {
        wording,
        of_client: false,
        is_unauthorized,
        spoil,
        entry,
        status: 400,
        body,
    }
}

const fn client(
    wording: Wording,
    fault: Fault,
    entry: &'static str,
    status: u16,
    body: &'static str,
) -> Case {
    Case {
        of_client: true,
        status,
        ..grant(wording, fault, entry, body)
    }
}

const CASES: [Case; 20] = {
    use Wording::*;
    [
        grant(Google, EXPIRED, "O1", TIME),
        grant(
            Google,
            (false, |d| {
                d.claims["exp"] = ((now() + 60) * 1000).into();
            }),
            "O1",
            TIME,
        ),
        grant(
            Google,
            SIGNATURE,
            "O2",
            r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#,
        ),
        grant(
            Google,
            ISSUER,
            "O3",
            r#"{"error":"invalid_grant","error_description":"Invalid grant: account not found"}"#,
        ),
        grant(
            Google,
            GOOD,
            "O4",
            r#"{"error":"unauthorized_client","error_description":"Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."}"#,
        ),
        grant(Docusign, GOOD, "O5", r#"{"error":"consent_required"}"#),
        grant(
            Docusign,
            ISSUER,
            "O6",
            r#"{"error":"invalid_grant","error_description":"issuer_not_found"}"#,
        ),
        grant(
            Docusign,
            AUDIENCE,
            "O6",
            r#"{"error":"invalid_grant","error_description":"issuer_not_found"}"#,
        ),
        grant(
            Docusign,
            SIGNATURE,
            "O7",
            r#"{"error":"invalid_grant","error_description":"no_valid_keys_or_signatures"}"#,
        ),
        grant(
            Docusign,
            SUBJECT,
            "O8",
            r#"{"error":"invalid_grant","error_description":"user_not_found"}"#,
        ),
        client(
            Okta,
            AUDIENCE,
            "O11",
            401,
            r#"{"error":"invalid_client","error_description":"The audience claim for client_assertion must be the endpoint invoked for the request."}"#,
        ),
        client(
            Okta,
            KEY_ID,
            "O12",
            401,
            r#"{"error":"invalid_client","error_description":"The client_assertion JWT kid is invalid."}"#,
        ),
        client(
            Entra,
            SIGNATURE,
            "O14",
            401,
            r#"{"error":"invalid_client","error_description":"AADSTS700027: The certificate with identifier used to sign the client assertion is not registered"}"#,
        ),
        client(
            Entra,
            EXPIRED,
            "O15",
            401,
            r#"{"error":"invalid_client","error_description":"AADSTS700024: Client assertion is not within its valid time range."}"#,
        ),
        client(
            Entra,
            AUDIENCE,
            "O16",
            400,
            r#"{"error":"invalid_request","error_description":"AADSTS50027: JWT token is invalid or malformed."}"#,
        ),
        client(
            Entra,
            FORM_OF_IT,
            "O16",
            400,
            r#"{"error":"invalid_request","error_description":"AADSTS50027: JWT token is invalid or malformed."}"#,
        ),
        client(Epic, KEY_ID, "O19", 401, EPIC),
        client(Epic, SIX_MINUTES, "O19", 401, EPIC),
        client(Epic, AUDIENCE, "O19", 401, EPIC),
        client(Epic, GOOD, "O19", 401, EPIC),
    ]
};

fn draft(case: &Case, server: &jwt_bearer_sandbox::Running) -> Draft {
    let mut draft = if case.of_client {
        Draft::client_authentication(server)
    } else {
        Draft::good(Dialect::Generic, server)
    };
    draft.claims["exp"] = (now() + 200).into();
    draft
}

#[tokio::test]
async fn each_wording_refuses_as_its_server_is_known_to() {
    let mut seen = BTreeSet::new();
    for case in &CASES {
        let sandbox = sandbox(Dialect::Generic).wording(case.wording);
        let sandbox = if case.is_unauthorized {
            sandbox.unauthorized()
        } else {
            sandbox
        };
        let server = start(sandbox).await;
        let mut spoilt = draft(case, &server);
        (case.spoil)(&mut spoilt);
        let answer = spoilt.post(&server).await;
        let of = (case.wording, case.entry);
        assert_eq!(
            (answer.status, &*answer.body),
            (case.status, case.body),
            "{of:?}"
        );
        let text = texts(Dialect::Generic)
            .find(|text| text.wording() == Some(case.wording) && text.body() == answer.body)
            .unwrap();
        assert_eq!(text.entry(), Some(case.entry));
        assert_eq!((text.status(), text.is_known()), (case.status, true));
        seen.insert((case.wording.name(), answer.body));
        if !case.is_unauthorized {
            draft(case, &server).post(&server).await.access_token();
        }
    }
    for text in texts(Dialect::Generic) {
        if let Some(wording) = text.wording() {
            assert!(seen.contains(&(wording.name(), text.body())), "{text:?}");
        }
    }
}

#[tokio::test]
async fn where_nothing_is_known_the_words_are_those_of_generic() {
    let server = start(sandbox(Dialect::Generic).wording(Wording::Okta)).await;
    let mut draft = Draft::client_authentication(&server);
    draft.claims["sub"] = "x".into();
    let answer = draft.post(&server).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.body,
        r#"{"error":"invalid_client","error_description":"the claim 'sub' names nobody who may be a subject: for client authentication it must be the client id"}"#
    );
}
