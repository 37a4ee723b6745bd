//! What people went through, as they would paste it; and as `doctor` finds it where it can be had.

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::doctor::{BOX, SALESFORCE, boxed, first as first_of_doctor, folder, read, salesforce};
use crate::explain::first;
use crate::server::start;

/// Wed, 15 Nov 2023 00:00:00 GMT.
const NOW: i64 = 1_700_006_400;

fn claims() -> Value {
    json!({"iss": "7f3aQabcdefghijklmnop", "sub": "1234567890123456", "box_sub_type": "user",
        "aud": "https://api.box.com/oauth2/token", "jti": "Zm9vYmFyYmF6cXV4cXV1eA", "exp": NOW + 40})
}

fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "k3y1d000"})
}

fn jwt(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!(
        "{}.{}.{}",
        part(header),
        part(claims),
        URL_SAFE_NO_PAD.encode([7; 256])
    )
}

/// What `curl -v` prints of a request with this assertion.
fn curl(host: &str, assertion: &str, error: &str, text: &str) -> String {
    let body = json!({"error": error, "error_description": text});
    format!(
        "> POST /oauth2/token HTTP/2\n> Host: {host}\n> User-Agent: curl/8.5.0\n\
         > Content-Type: application/x-www-form-urlencoded\n>\n\
         grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}\
         &client_id=7f3aQabcdefghijklmnop&client_secret=7f3aQsecret\n\
         < HTTP/2 400\n< date: Wed, 15 Nov 2023 00:00:00 GMT\n< content-type: application/json\n<\n{body}\n"
    )
}

#[track_caller]
fn check(text: &str, flags: &str, id: &str, certainty: &str) {
    let found = first(&folder(), flags, text);
    assert_eq!(found, (id.to_owned(), certainty.to_owned()), "{text}");
}

const SUB: &str = "Please check the 'sub' claim. The 'sub' specified is invalid.";
const SIGNATURE: &str = "Signature verification error. The public key identified by \"kid\" must correspond to the private key used for signing.";

#[test]
fn no_kind_of_subject_and_a_certificate_for_a_public_key() {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove("box_sub_type");
    let jwt = jwt(&header(), &claims);
    check(
        &curl("api.box.com", &jwt, "invalid_grant", SUB),
        "",
        "sub-type-missing",
        "certain",
    );
    // With the certificate besides, the signature of an example is the matter.
    let signature = curl("api.box.com", &jwt, "invalid_grant", SIGNATURE);
    check(
        &signature,
        "--certificate rsa-certificate.pem",
        "signature-mismatch",
        "certain",
    );
}

#[test]
fn made_by_hand_and_worked_once() {
    let mut claims = claims();
    claims["jti"] = claims["sub"].clone();
    while claims.to_string().len().is_multiple_of(3) {
        claims["x"] = format!("{}a", claims["x"].as_str().unwrap_or_default()).into();
    }
    let part = |json: &Value| URL_SAFE.encode(json.to_string());
    let jwt = format!(
        "{}.{}.{}",
        part(&header()),
        part(&claims),
        URL_SAFE.encode([7; 256])
    );
    let jti = "Please check the 'jti' claim. A unique 'jti' value is required.";
    check(
        &curl(
            "api.box.com",
            &jwt.replace('=', "%3D"),
            "invalid_grant",
            jti,
        ),
        "",
        "jti-constant",
        "certain",
    );
}

#[test]
fn kid_among_the_claims() {
    let mut claims = claims();
    claims["kid"] = "k3y1d000".into();
    let jwt = jwt(&json!({"alg": "RS256", "typ": "JWT"}), &claims);
    let kid = "kid invalid, unable to lookup correct key";
    check(
        &curl("api.box.com", &jwt, "invalid_grant", kid),
        "",
        "kid-in-claims",
        "certain",
    );
}

#[test]
fn an_exp_error_with_ntp_running() {
    let mut claims = claims();
    claims["exp"] = (NOW - 200).into();
    let text =
        "Current date/time MUST be before the expiration date/time listed in the 'exp' claim";
    let jwt = jwt(&header(), &claims);
    check(
        &curl("api.box.com", &jwt, "invalid_grant", text),
        "",
        "signer-clock",
        "likely",
    );
    // Where the assertion is made, the clock can be compared.
    let server = start(boxed().skew(240));
    let (code, json) = read(&folder(), &server, &format!("{BOX} --key-id key-1"));
    assert_eq!(
        (code, first_of_doctor(&json)),
        (Some(7), ("clock-behind", "certain"))
    );
}

#[test]
fn milliseconds_and_five_seconds() {
    let mut box_claims = claims();
    box_claims["exp"] = ((NOW + 30) * 1000).into();
    let too_far = "Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond the issue time.";
    let text = curl(
        "api.box.com",
        &jwt(&header(), &box_claims),
        "invalid_grant",
        too_far,
    );
    check(&text, "", "exp-milliseconds", "certain");
    let claims = json!({"iss": "7f3aQconsumerkey", "sub": "ann@example.com", "aud": "https://login.salesforce.com",
        "iat": NOW - 7, "exp": NOW - 2});
    let jwt = jwt(&json!({"alg": "RS256"}), &claims);
    let text = curl(
        "login.salesforce.com",
        &jwt,
        "invalid_grant",
        "expired authorization code",
    );
    check(&text, "--provider salesforce", "life-too-short", "certain");
}

#[test]
fn another_certificate_than_that_of_the_signing_key() {
    let text = r#"{"error":"invalid_grant","error_description":"invalid assertion"}"#;
    check(text, "", "key-mismatch", "likely");
    let server = start(salesforce());
    let flags = SALESFORCE.replace("rsa.pem", "rsa-3072.pem");
    let (_, json) = read(&folder(), &server, &flags);
    assert_eq!(first_of_doctor(&json), ("key-mismatch", "likely"));
    let (_, json) = read(
        &folder(),
        &server,
        &format!("{flags} --certificate rsa-certificate.pem"),
    );
    assert_eq!(first_of_doctor(&json), ("key-mismatch", "certain"));
}

#[test]
fn no_client_secret() {
    let text = curl(
        "api.box.com",
        "x.y.z",
        "invalid_client",
        "The client credentials are invalid",
    );
    check(
        &text.replace("&client_secret=7f3aQsecret", ""),
        "",
        "secret-missing",
        "likely",
    );
}

#[test]
fn an_app_that_nobody_authorised() {
    let text = r#"Unexpected API Response [400 Bad Request] {"error":"unauthorized_client","error_description":"This app is not authorized by the enterprise admin"}"#;
    check(text, "", "box-not-authorized", "likely");
    let server = start(boxed().unauthorized());
    let (code, json) = read(&folder(), &server, &format!("{BOX} --key-id key-1"));
    assert_eq!(
        (code, first_of_doctor(&json)),
        (Some(6), ("box-not-authorized", "certain"))
    );
}

#[test]
fn the_wrong_block_of_a_converted_keystore() {
    let text = "Error: secretOrPrivateKey must be an asymmetric key when using RS256";
    check(text, "", "key-file", "likely");
    let server = start(salesforce());
    for key in ["rsa-certificate.pem", "keystore.jceks", "rsa-public.pem"] {
        let (code, json) = read(&folder(), &server, &SALESFORCE.replace("rsa.pem", key));
        assert_eq!(
            (code, first_of_doctor(&json)),
            (Some(3), ("key-file", "certain")),
            "{key}"
        );
    }
}
