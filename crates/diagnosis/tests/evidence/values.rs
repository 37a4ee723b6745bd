//! Values that are masked or cut, and those that servers take.

use jwt_bearer_diagnosis::{Certainty, Finding};
use serde_json::{Value, json};

use crate::{
    DATE, GRANT, NOW, box_claims, certain, exchange, explained, first, jwt, refused,
    salesforce_claims, signed, with,
};

/// What is masked, is neither wrong nor missing; in plain claims, in an assertion put together anew, in the form.
#[test]
fn marks_are_no_values() {
    for (mark, text) in [
        (
            "<uuid>",
            "Please check the 'jti' claim. A unique 'jti' value is required.",
        ),
        (
            "ENTERPRISE_ID",
            "Please check the 'sub' claim. The 'sub' specified is invalid.",
        ),
        ("xxxx", "Please check the 'iss' claim"),
        ("***", "Please check the 'exp' claim. Should be an integer"),
        ("your-id", "Please check the 'aud' claim"),
    ] {
        let claims = json!({"iss": mark, "sub": mark, "box_sub_type": "enterprise", "jti": mark,
            "exp": mark, "aud": "https://api.box.com/oauth2/token"});
        let body = refused("invalid_grant", text);
        let plain = format!("{}\n{body}", with(box_claims(), claims.clone()));
        let sent = exchange(
            "api.box.com",
            "/oauth2/token",
            &jwt(&claims),
            "400 Bad",
            &body,
        );
        let form = format!(
            "curl -d '{GRANT}&client_id={mark}&assertion={}'",
            jwt(&box_claims())
        );
        for text in [
            plain,
            sent,
            format!("{form} https://api.box.com/oauth2/token\n{body}"),
        ] {
            let report = explained(&text);
            assert_eq!(certain(&report), Vec::<&str>::new(), "{text}\n{report}");
        }
    }
    // One mark among values that are shown.
    for (claim, mark) in [
        ("jti", "<uuid>"),
        ("jti", "xxxx"),
        ("sub", "<enterprise id>"),
        ("sub", "ENTERPRISE_ID"),
        ("sub", "***"),
        ("sub", "username"),
        ("iss", "xxxx"),
        ("iss", "your-client-id"),
        ("exp", "<now+45>"),
        ("box_sub_type", "…"),
    ] {
        for text in ["'sub' claim", "'jti' claim", "'iss' claim"] {
            let mut claims = with(box_claims(), json!({"box_sub_type": "user"}));
            claims[claim] = mark.into();
            let form = "client_id=abcdefghijklmnop0123&client_secret=x";
            let text = format!(
                "> POST /oauth2/token HTTP/1.1\n> Host: api.box.com\n>\n{GRANT}&{form}&assertion={}\n< HTTP/1.1 400 Bad\n<\n{}\n",
                jwt(&claims),
                refused("invalid_grant", text),
            );
            let report = explained(&text);
            assert_eq!(certain(&report), [""; 0], "{claim} {mark}: {report}");
        }
    }
    for (claims, text, id) in [
        (
            json!({"iss": "CONSUMER_KEY", "sub": "username"}),
            "user is invalid",
            "salesforce-username",
        ),
        (
            json!({"aud": "https://MYDOMAIN.my.salesforce.com"}),
            "invalid assertion",
            "key-mismatch",
        ),
    ] {
        let claims = with(salesforce_claims(), claims);
        let text = format!("Claims {claims}\n{}", refused("invalid_grant", text));
        assert_eq!(
            first(&text),
            (id, Certainty::Likely),
            "{}",
            explained(&text)
        );
    }
    let claims = with(box_claims(), json!({"jti": "<uuid>"}));
    let body = refused("invalid_grant", "Please check the 'jti' claim");
    let report = explained(&format!("{claims}\n{body}"));
    let missing = |finding: &Finding| finding.id() == "jti-missing";
    assert!(!report.findings().iter().any(missing), "{report}");
    let config = r#"{"boxAppSettings":{"clientID":"***","clientSecret":"***","appAuth":{"publicKeyID":"***","privateKey":"***","passphrase":"***"}},"enterpriseID":"***"}"#;
    let body = refused("invalid_grant", "Please check the 'iss' claim");
    let report = explained(&format!("{config}\n{}\n{body}", jwt(&box_claims())));
    assert_eq!(certain(&report), Vec::<&str>::new(), "{report}");
}

/// An end that is left out, or has words in its place.
#[test]
fn a_cut_assertion_proves_nothing() {
    let whole = jwt(&box_claims());
    let (start, _) = whole.rsplit_once('.').unwrap();
    let header = json!({"alg": "RS256", "kid": "k3y1d000"});
    for (jwt, text) in [
        (
            signed(&header, &box_claims(), 54),
            "Signature verification error",
        ),
        (
            signed(&header, &box_claims(), 331),
            "Signature verification error",
        ),
        (
            format!("{start}.SIGNATUREREMOVEDFORPRIVACYREASONSSORRYXX"),
            "Signature verification error",
        ),
        (
            format!("{start}.SIGNATUREREMOVEDFORPRIVACYREASONSSORRYXXX_X"),
            "Signature verification error",
        ),
        (
            format!("{}...", &start[..start.len() - 21]),
            "kid invalid, unable to lookup correct key",
        ),
        (
            format!("{}…", &start[..start.len() - 21]),
            "kid invalid, unable to lookup correct key",
        ),
    ] {
        let text = format!("{jwt}\n{}", refused("invalid_grant", text));
        let report = explained(&text);
        assert_eq!(certain(&report), Vec::<&str>::new(), "{text}\n{report}");
    }
}

/// Claims that are cut, whatever the text speaks of.
#[test]
fn cut_claims_prove_nothing() {
    let whole = jwt(&box_claims());
    let (input, signature) = whole.rsplit_once('.').unwrap();
    for text in [
        "Please check the 'sub' claim.",
        "Signature verification error. The public key identified by \"kid\" must correspond",
        "kid invalid, unable to lookup correct key",
        "malformed JWT",
    ] {
        for cut in [
            format!("{input}.{}", &signature[..72]),
            format!("{}...", &input[..input.len() - 20]),
            format!("{}.AAAA", &input[..input.len() - 21]),
            input[..input.len() - 21].to_owned(),
            format!("{}\n... (truncated)", &input[..input.len() - 22]),
            format!("{}<snip>.abc", &input[..input.len() - 40]),
            input.to_owned(),
        ] {
            let body = refused("invalid_grant", text);
            let command =
                format!("curl https://api.box.com/oauth2/token -d '{GRANT}&assertion={cut}'");
            for text in [
                format!("{cut}\n{body}"),
                format!("assertion={cut}\n{body}"),
                format!("{command}\n{body}"),
            ] {
                let report = explained(&text);
                assert_eq!(certain(&report), [""; 0], "{text}\n{report}");
            }
        }
    }
    let body = refused("invalid_grant", "invalid assertion");
    let report = explained(&format!("{input}.\n{body}"));
    let is_unsure =
        |it: &Finding| it.id() != "jwt-unsigned" || it.certainty() == Certainty::Possible;
    assert!(report.findings().iter().all(is_unsure), "{report}");
}

/// The help says that the signature can be left out.
#[test]
fn an_assertion_without_its_signature_is_not_taken_for_unsigned() {
    let whole = jwt(&salesforce_claims());
    let (start, _) = whole.rsplit_once('.').unwrap();
    let elided = format!("{start}....");
    let named = format!("{start}.<signature>");
    let apart = format!(
        "Header: {{\"alg\":\"RS256\"}} Payload: {}",
        salesforce_claims()
    );
    for shown in [start.to_owned(), format!("{start}."), elided, named, apart] {
        let text = format!("{shown}\n{}", refused("invalid_grant", "invalid assertion"));
        let report = explained(&text);
        assert_eq!(
            first(&text),
            ("key-mismatch", Certainty::Likely),
            "{report}"
        );
        let wanted = report.wanted().iter();
        assert!(
            wanted.clone().any(|wanted| wanted.contains("signature")),
            "{report}"
        );
    }
}

/// Client credentials, a refresh token, a code: what is said of them is not said of an assertion.
#[test]
fn other_grants() {
    let form = "client_id=xyz&client_secret=s&box_subject_type=enterprise&box_subject_id=123";
    let text = format!(
        "curl -d 'grant_type=client_credentials&{form}' https://api.box.com/oauth2/token\n{}",
        refused("invalid_grant", "Grant credentials are invalid")
    );
    let report = explained(&text);
    let ids: Vec<_> = report
        .findings()
        .iter()
        .map(|finding| finding.id())
        .collect();
    assert_eq!(
        ids,
        ["box-ccg-not-authorized", "box-ccg-subject"],
        "{report}"
    );
    for grant in [
        "refresh_token&refresh_token=abc123def",
        "authorization_code&code=aPrx123",
    ] {
        let text = format!(
            "curl -d 'grant_type={grant}&client_id=xyz&client_secret=s' https://login.salesforce.com/services/oauth2/token\n{}",
            refused("invalid_grant", "expired authorization code")
        );
        let report = explained(&text);
        assert!(report.findings().is_empty(), "{report}");
        assert!(
            report
                .notes()
                .iter()
                .any(|note| note.contains("has no JWT as its assertion")),
            "{report}"
        );
    }
    for grant in ["client_credentials", "refresh_token", "authorization_code"] {
        let report = explained(&format!(
            "> POST /oauth2/token HTTP/1.1\n> Host: api.box.com\n>\ngrant_type={grant}&client_id=abcdefghijklmnop0123&client_secret=x\n\
             < HTTP/1.1 400 Bad\n<\n{}",
            refused("invalid_grant", "Grant credentials are invalid")
        ));
        assert_eq!(certain(&report), [""; 0], "{report}");
    }
    // Where it is complained of, it is likely.
    let text = format!(
        "curl -d 'grant_type=client_credentials&client_id=x' https://login.salesforce.com/services/oauth2/token\n{}",
        refused("unsupported_grant_type", "grant type not supported")
    );
    assert_eq!(first(&text), ("grant-type-wrong", Certainty::Likely));
}

/// GitHub and Epic count from their own clock, and an app id of GitHub is a number.
#[test]
fn what_servers_take_is_not_wrong() {
    let github = |claims: Value| {
        format!(
            "curl -i -H \"Authorization: Bearer {}\" https://api.github.com/app\nHTTP/2 401\n{DATE}\n\n{}",
            signed(&json!({"alg": "RS256"}), &claims, 256),
            json!({"message": "A JSON web token could not be decoded"})
        )
    };
    let epic = json!({"iss": "a-b", "sub": "a-b", "jti": "c-d", "iat": NOW - 300, "nbf": NOW - 300,
        "exp": NOW + 240, "aud": "https://fhir.epic.com/x/oauth2/token"});
    let epic = format!(
        "curl -d 'grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion={}' \
         https://fhir.epic.com/x/oauth2/token\nHTTP/1.1 400 Bad\n{DATE}\n\n{}",
        signed(&json!({"alg": "RS384", "kid": "x"}), &epic, 256),
        json!({"error": "invalid_client", "error_description": null})
    );
    for (text, id) in [
        (
            github(json!({"iss": 123_456, "iat": NOW - 60, "exp": NOW + 540})),
            "github-key",
        ),
        (
            github(json!({"iss": "123456", "iat": NOW - 300, "exp": NOW + 540})),
            "github-key",
        ),
        (epic, "epic-not-spread"),
    ] {
        let report = explained(&text);
        assert_eq!(certain(&report), Vec::<&str>::new(), "{report}");
        assert_eq!(first(&text), (id, Certainty::Likely), "{report}");
    }
    for (host, issuer, ahead) in [
        ("api.github.com", json!(12_345), 540),
        ("fhir.epic.com", json!("abc-def"), 240),
    ] {
        let claims = json!({"iss": issuer, "sub": "abc-def", "aud": format!("https://{host}/oauth2/token"),
            "jti": "Zm9vYmFyYmF6cXV4cXV1eA", "iat": NOW - 300, "exp": NOW + ahead});
        let report = explained(&format!(
            "{}\nHTTP/1.1 401 Unauthorized\n{DATE}\n\n{{\"error\":\"invalid_client\"}}",
            jwt(&claims)
        ));
        assert_eq!(certain(&report), [""; 0], "{report}");
    }
    let text = github(json!({"iss": "123456", "iat": NOW - 60, "exp": NOW + 1200}));
    assert!(certain(&explained(&text)).contains(&"life-too-long"));
    // Neither of them wants `kid`, `aud` or `jti`; nor does Snowflake, whose host can stand anywhere.
    let claims =
        json!({"iss": "ACME.JDOE.SHA256:abc=", "sub": "ACME.JDOE", "iat": NOW, "exp": NOW + 3600});
    let text = format!(
        "{}\n{} https://acme-corp1.snowflakecomputing.com",
        signed(&json!({"alg": "RS256"}), &claims, 256),
        json!({"code": "390144", "message": "JWT token is invalid. [0ce9eb56]"})
    );
    let report = explained(&text);
    let missing =
        |finding: &Finding| ["kid-missing", "aud-missing", "jti-missing"].contains(&finding.id());
    assert!(!report.findings().iter().any(missing), "{report}");
    assert_eq!(report.provider(), "snowflake");
}
