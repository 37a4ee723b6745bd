//! What people went through, with the input that they had.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use jwt_bearer_assertion::Assertion;
use jwt_bearer_diagnosis::{
    Certainty, Evidence, Finding, Paste, Probe, Reply, Report, Request, diagnose,
};
use jwt_bearer_keyfile::read_public_key;
use jwt_bearer_provider::Profile;
use serde_json::{Value, json};

const CERTIFICATE: &[u8] = include_bytes!("../../keyfile/testdata/rsa-certificate.pem");
const OTHER_CERTIFICATE: &[u8] = include_bytes!("../../keyfile/testdata/p256-certificate.pem");
const PUBLIC_KEY: &[u8] = include_bytes!("../../keyfile/testdata/rsa-public.pem");
/// 15 November 2023, 00:00:00 UTC.
const NOW: i64 = 1_700_006_400;
const DATE: &str = "Wed, 15 Nov 2023 00:00:00 GMT";

fn jwt(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signature = URL_SAFE_NO_PAD.encode([7; 256]);
    format!("{}.{}.{signature}", part(header), part(claims))
}

fn box_claims() -> Value {
    json!({"iss": "abcdefghijklmnop0123", "sub": "1234567890123456", "box_sub_type": "user",
        "aud": "https://api.box.com/oauth2/token", "jti": "Zm9vYmFyYmF6cXV4cXV1eA", "exp": NOW + 40})
}

fn box_header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "k3y1d000"})
}

fn refused(error: &str, text: &str) -> Reply {
    let body = json!({"error": error, "error_description": text}).to_string();
    Reply::new().status(400).header("Date", DATE).body(body)
}

fn find<'a>(report: &'a Report, id: &str) -> &'a Finding {
    let found = report.findings().iter().find(|finding| finding.id() == id);
    found.unwrap_or_else(|| panic!("{id} is not among the findings of\n{report}"))
}

fn first<'a>(report: &'a Report, id: &str, certainty: Certainty) -> &'a Finding {
    let finding = &report.findings()[0];
    assert_eq!(
        (finding.id(), finding.certainty()),
        (id, certainty),
        "{report}"
    );
    assert!(
        !finding.next().is_empty() && !finding.evidence().is_empty(),
        "{report}"
    );
    finding
}

/// The signature error came first; a certificate was pasted, and `box_sub_type` was not there.
#[test]
fn a_box_assertion_without_its_kind_and_a_certificate_for_a_public_key() {
    let mut claims = box_claims();
    claims.as_object_mut().unwrap().remove("box_sub_type");
    let key = read_public_key(PUBLIC_KEY).unwrap();
    let evidence = Evidence::new()
        .profile(Profile::BOX)
        .assertion(
            Assertion::decode(&jwt(&box_header(), &claims))
                .unwrap()
                .without_signature(),
        )
        .signing_key(key)
        .registered(CERTIFICATE);
    let signature = refused(
        "invalid_grant",
        "Signature verification error. The public key identified by \"kid\" must correspond to the private key used for signing.",
    );
    let report = diagnose(&evidence.clone().reply(signature));
    let finding = first(&report, "registered-certificate", Certainty::Likely);
    assert!(finding.explains_reply());
    assert!(
        finding
            .next()
            .contains("openssl x509 -in cert.pem -pubkey -noout")
    );
    assert_eq!(
        find(&report, "sub-type-missing").certainty(),
        Certainty::Certain
    );
    assert!(!find(&report, "sub-type-missing").explains_reply());

    let sub = refused(
        "invalid_grant",
        "Please check the 'sub' claim. The 'sub' specified is invalid.",
    );
    let report = diagnose(&evidence.reply(sub));
    assert!(first(&report, "sub-type-missing", Certainty::Certain).explains_reply());
}

/// A JWT made by hand, with `=` and the user's id as `jti`: it worked once.
#[test]
fn a_jwt_that_worked_once() {
    let mut claims = box_claims();
    claims["jti"] = claims["sub"].clone();
    claims["x"] = "a".into();
    while claims.to_string().len().is_multiple_of(3) {
        claims["x"] = format!("{}a", claims["x"].as_str().unwrap()).into();
    }
    let part = |json: &Value| URL_SAFE.encode(json.to_string());
    let jwt = format!(
        "{}.{}.{}",
        part(&box_header()),
        part(&claims),
        URL_SAFE.encode([7; 256])
    );
    let text = format!(
        r#"my assertion: {jwt}
        {{"error":"invalid_grant","error_description":"Please check the 'jti' claim. A unique 'jti' value is required."}}"#
    );
    let report = Paste::read(&text).diagnose();
    assert!(first(&report, "jti-constant", Certainty::Certain).explains_reply());
    let mut findings = report.findings().iter();
    assert!(!findings.any(|finding| finding.id() == "jwt-padding"));
}

#[test]
fn kid_among_the_claims() {
    let mut claims = box_claims();
    claims["kid"] = "k3y1d000".into();
    let jwt = jwt(&json!({"alg": "RS256", "typ": "JWT"}), &claims);
    let text = format!(
        "{jwt}\n{{\"error\":\"invalid_grant\",\"error_description\":\"kid invalid, unable to lookup correct key\"}}"
    );
    let report = Paste::read(&text).diagnose();
    first(&report, "kid-in-claims", Certainty::Certain);
}

/// NTP runs on the machine that was looked at; the assertion was made on another.
#[test]
fn an_exp_error_with_ntp_running() {
    for (off, text) in [
        (
            -240,
            "Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
        ),
        (
            240,
            "Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond the issue time.",
        ),
    ] {
        let mut claims = box_claims();
        claims["exp"] = (NOW + off + 40).into();
        let evidence = Evidence::new()
            .profile(Profile::BOX)
            .assertion(Assertion::decode(&jwt(&box_header(), &claims)).unwrap())
            .probe(Probe::Clock {
                ahead: 0,
                uncertainty: 1,
            })
            .reply(refused("invalid_grant", text));
        let report = diagnose(&evidence);
        first(&report, "signer-clock", Certainty::Likely);
        assert!(
            !report
                .findings()
                .iter()
                .any(|finding| finding.id() == "clock-behind"),
            "{report}"
        );
    }
}

/// The same from a paste, where nobody knows whose clock it is, nor whether the assertion was kept.
#[test]
fn an_exp_error_that_was_pasted() {
    let page = |iat: Option<i64>, exp: i64, text: &str| {
        let mut claims = box_claims();
        claims["exp"] = exp.into();
        if let Some(iat) = iat {
            claims["iat"] = iat.into();
        }
        let body = json!({"error": "invalid_grant", "error_description": text});
        let jwt = jwt(&box_header(), &claims);
        Paste::read(&format!(
            "{jwt}\n\nHTTP/1.1 400 Bad Request\nDate: {DATE}\n\n{body}\n"
        ))
        .diagnose()
    };
    let expired =
        "Current date/time MUST be before the expiration date/time listed in the 'exp' claim";
    for iat in [None, Some(NOW - 245)] {
        let report = page(iat, NOW - 200, expired);
        let clock = first(&report, "signer-clock", Certainty::Likely);
        let seen = if iat.is_some() {
            "`iat` is 245 s"
        } else {
            "`exp` is 200 s"
        };
        assert!(clock.evidence()[0].starts_with(seen), "{report}");
        assert_eq!(report.findings()[1].id(), "expired", "{report}");
        assert_eq!(report.findings()[1].certainty(), Certainty::Likely);
    }
    let too_far = "Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond the issue time.";
    first(
        &page(Some(NOW + 240), NOW + 285, too_far),
        "signer-clock",
        Certainty::Likely,
    );
    first(
        &page(Some(NOW - 1), NOW + 300, too_far),
        "life-too-long",
        Certainty::Certain,
    );
    let report = page(None, NOW + 285, too_far);
    first(&report, "life-too-long", Certainty::Likely);
    assert_eq!(report.findings()[1].id(), "signer-clock", "{report}");
}

#[test]
fn milliseconds_and_five_seconds() {
    let mut claims = box_claims();
    claims["exp"] = ((NOW + 30) * 1000).into();
    let too_far = "Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond the issue time.";
    let evidence = Evidence::new()
        .assertion_text(&jwt(&box_header(), &claims))
        .reply(refused("invalid_grant", too_far));
    first(&diagnose(&evidence), "exp-milliseconds", Certainty::Certain);

    let claims = json!({"iss": "3MVG9consumerkey", "sub": "ann@example.com", "aud": "https://login.salesforce.com",
        "iat": NOW - 7, "exp": NOW - 2});
    let evidence = Evidence::new()
        .profile(Profile::SALESFORCE)
        .assertion_text(&jwt(&json!({"alg": "RS256"}), &claims))
        .reply(refused("invalid_grant", "expired authorization code"));
    first(&diagnose(&evidence), "life-too-short", Certainty::Certain);
}

/// Certain with the certificate, likely without it.
#[test]
fn a_certificate_that_is_not_the_signing_keys() {
    let claims = json!({"iss": "3MVG9consumerkey", "sub": "ann@example.com", "aud": "https://login.salesforce.com", "exp": NOW + 100});
    let evidence = Evidence::new()
        .profile(Profile::SALESFORCE)
        .assertion(
            Assertion::decode(&jwt(&json!({"alg": "RS256"}), &claims))
                .unwrap()
                .without_signature(),
        )
        .signing_key(read_public_key(PUBLIC_KEY).unwrap())
        .reply(refused("invalid_grant", "invalid assertion"));
    let report = diagnose(&evidence);
    first(&report, "key-mismatch", Certainty::Likely);
    assert!(
        report
            .wanted()
            .iter()
            .any(|wanted| wanted.contains("certificate")),
        "{report}"
    );

    let report = diagnose(&evidence.clone().registered(OTHER_CERTIFICATE));
    assert!(first(&report, "key-mismatch", Certainty::Certain).explains_reply());

    let report = diagnose(&evidence.registered(CERTIFICATE));
    assert!(
        !report
            .findings()
            .iter()
            .any(|finding| finding.id() == "key-mismatch"),
        "{report}"
    );
}

#[test]
fn a_request_without_client_secret() {
    let text = "
        curl -v https://api.box.com/oauth2/token -d 'client_id=abcdefghijklmnop0123' -d 'grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer' -d 'assertion=x.y.z'
> POST /oauth2/token HTTP/2
> Host: api.box.com
> Content-Type: application/x-www-form-urlencoded
>
< HTTP/2 400
< date: Wed, 15 Nov 2023 00:00:00 GMT
< content-type: application/json
<
* Connection #0 to host api.box.com left intact
{\"error\":\"invalid_client\",\"error_description\":\"The client credentials are invalid\"}";
    let report = Paste::read(text).diagnose();
    assert_eq!(report.provider(), "box");
    assert!(first(&report, "secret-missing", Certainty::Likely).explains_reply());
}

#[test]
fn an_app_that_nobody_authorised() {
    let text = r#"Unexpected API Response [400 Bad Request] {"error":"unauthorized_client","error_description":"This app is not authorized by the enterprise admin"}"#;
    let report = Paste::read(text).diagnose();
    let finding = first(&report, "box-not-authorized", Certainty::Likely);
    assert!(finding.next().contains("Admin Console"));
    assert!(
        finding
            .sources()
            .iter()
            .any(|source| source.contains("box/boxcli"))
    );
}

/// Exported from a JKS, converted, and the wrong block pasted.
#[test]
fn the_wrong_block_of_a_converted_keystore() {
    let evidence = Evidence::new()
        .key_file(CERTIFICATE)
        .message("Error: secretOrPrivateKey must be an asymmetric key when using RS256");
    let report = diagnose(&evidence);
    let finding = first(&report, "key-file", Certainty::Certain);
    assert!(finding.explains_reply());
    assert!(finding.evidence()[0].contains("certificate"), "{report}");

    let keystore = include_bytes!("../../keyfile/testdata/keystore.jceks");
    let report = diagnose(
        &Evidence::new()
            .key_file(keystore)
            .message("error:0909006C:PEM routines:get_name:no start line"),
    );
    let finding = first(&report, "key-file", Certainty::Certain);
    assert!(finding.evidence()[0].contains("keystore"), "{report}");
}

#[test]
fn a_free_account_and_a_configuration_file_of_another_app() {
    let config = json!({"boxAppSettings": {"clientID": "abcdefghijklmnop0123", "clientSecret": "geheim",
        "appAuth": {"publicKeyID": "k3y1d000", "privateKey": "", "passphrase": ""}}, "enterpriseID": "0"});
    let mut claims = box_claims();
    claims["sub"] = "0".into();
    claims["box_sub_type"] = "enterprise".into();
    let evidence = Evidence::new()
        .box_config(&config.to_string())
        .assertion_text(&jwt(&box_header(), &claims))
        .reply(refused(
            "invalid_grant",
            "Please check the 'sub' claim. The 'sub' specified is invalid.",
        ));
    let report = diagnose(&evidence);
    first(&report, "sub-zero", Certainty::Certain);
    assert_eq!(
        find(&report, "config-key-empty").certainty(),
        Certainty::Certain
    );
    assert!(!report.to_string().contains("geheim"));

    claims["iss"] = "zyxwvutsrqponmlk3210".into();
    claims["sub"] = "77".into();
    let report = diagnose(
        &Evidence::new()
            .box_config(&config.to_string())
            .assertion_text(&jwt(&box_header(), &claims))
            .reply(refused(
                "invalid_grant",
                "Please check the 'sub' claim. The 'sub' specified is invalid.",
            )),
    );
    first(&report, "config-other-app", Certainty::Certain);
}

/// Our own attempt: sent by a clock that is four minutes behind.
#[test]
fn a_clock_that_is_behind() {
    let sent = UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs() - 240);
    let mut claims = box_claims();
    claims["exp"] = (NOW - 200).into();
    let evidence = Evidence::new()
        .profile(Profile::BOX)
        .assertion(Assertion::decode(&jwt(&box_header(), &claims)).unwrap())
        .request(
            Request::new()
                .url("https://api.box.com/oauth2/token")
                .method("POST"),
        )
        .sent_at(sent)
        .received_at(sent + Duration::from_millis(300))
        .reply(refused(
            "invalid_grant",
            "Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
        ));
    let report = diagnose(&evidence);
    let finding = first(&report, "clock-behind", Certainty::Certain);
    assert_eq!(report.class(), Some(finding.class()));
    assert!(
        finding
            .evidence()
            .iter()
            .any(|line| line.contains("239 s behind")),
        "{report}"
    );
}

#[test]
fn an_unknown_text_is_called_unknown() {
    let evidence = Evidence::new()
        .profile(Profile::BOX)
        .assertion_text(&jwt(&box_header(), &box_claims()))
        .reply(refused("invalid_grant", "The moon is full"));
    let report = diagnose(&evidence);
    assert!(!report.reply_is_known());
    assert_eq!(report.findings(), [], "{report}");
    assert_eq!(report.class(), None);
    assert!(report.passed().len() > 5);
    let page = report.to_string();
    assert!(
        page.contains("The catalogue does not know this text") && page.contains("Ruled out:"),
        "{page}"
    );
}
