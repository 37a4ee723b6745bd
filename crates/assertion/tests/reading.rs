//! What decoding says of sound and of broken JWTs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jwt_bearer_assertion::{Assertion, Decoded};
use proptest::prelude::*;

const HEADER: &str = r#"{"alg":"ES256","typ":"JWT","kid":"key-1"}"#;
const CLAIMS: &str = r#"{"iss":"app","sub":"1","exp":1800000000}"#;

fn jwt(header: &str, claims: &str, signature: &[u8]) -> String {
    [header.as_bytes(), claims.as_bytes(), signature]
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".")
}

fn defects(text: &str) -> Vec<String> {
    Assertion::decode(text)
        .unwrap()
        .defects()
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn claims_defects(claims: &str) -> Vec<String> {
    defects(&jwt(HEADER, claims, &[1; 64]))
}

#[test]
fn a_sound_one_is_read_without_complaint() {
    let decoded = Assertion::decode(&jwt(HEADER, CLAIMS, &[1; 64])).unwrap();
    assert_eq!(decoded.defects(), []);
    assert_eq!(decoded.key_id(), Some("key-1"));
    assert_eq!(decoded.claims()["sub"], "1");
    assert_eq!(decoded.signature(), [1; 64]);
    assert_eq!(
        decoded.time("exp"),
        Some(UNIX_EPOCH + Duration::from_secs(1_800_000_000))
    );
    assert_eq!(decoded.time("nbf"), None);
}

#[test]
fn what_people_copy_along_is_taken_off() {
    let jwt = jwt(HEADER, CLAIMS, &[1; 64]);
    let broken = format!("{}\n  {}", &jwt[..40], &jwt[40..]);
    for text in [
        format!("Bearer {jwt}"),
        format!("Authorization: Bearer {jwt}"),
        format!("\"{jwt}\","),
        format!("assertion={jwt}"),
        broken,
    ] {
        assert_eq!(
            defects(&text),
            ["something stands around or within the JWT: quotes, `Bearer`, white space"],
            "{text}"
        );
    }
    assert_eq!(
        defects(&format!("\u{feff}  {jwt}\r\n")),
        [""; 0],
        "a line's end is no defect"
    );
}

#[test]
fn wrong_encodings_are_named_by_part() {
    let standard = [
        HEADER.as_bytes(),
        br#"{"iss":"app>>?","exp":1800000000}"#,
        &[0xfb; 64],
    ]
    .map(|part| STANDARD.encode(part))
    .join(".");
    assert_eq!(
        defects(&standard),
        [
            "the header part ends with `=`: a JWT has base64url without padding",
            "the claims part has `+` or `/`: base64url has `-` and `_` in their place",
            "the signature part ends with `=`: a JWT has base64url without padding",
            "the signature part has `+` or `/`: base64url has `-` and `_` in their place",
        ]
    );
    let whole = jwt(HEADER, CLAIMS, &[1; 64]);
    let parts: Vec<_> = whole.split('.').collect();
    assert_eq!(
        defects(&format!("{}.{}.%%%", parts[0], parts[1])),
        ["the signature part is not base64url"]
    );
    assert_eq!(
        defects(&format!(
            "{}.{}.{}",
            parts[0],
            URL_SAFE_NO_PAD.encode("[1]"),
            parts[2]
        )),
        ["the claims part is not a JSON object: it is something else, at line 1 column 0"]
    );
    let cut = format!("{}.{}.{}", parts[0], &parts[1][..20], parts[2]);
    assert!(
        defects(&cut)[0].contains("is not a JSON object: it ends too early"),
        "{:?}",
        defects(&cut)
    );
}

#[test]
fn signatures_of_a_wrong_form_are_named() {
    let der = |r: &[u8], s: &[u8]| {
        let mut der = vec![0x30, (4 + r.len() + s.len()) as u8, 2, r.len() as u8];
        der.extend(r);
        der.extend([2, s.len() as u8]);
        der.extend(s);
        der
    };
    let cases: [(&str, &[u8], &str); 7] = [
        (
            "ES256",
            &der(&[1; 32], &[1; 32]),
            "the signature is ECDSA in DER: with ES256, a JWT carries the numbers r and s alone",
        ),
        (
            "ES384",
            &[1; 64],
            "a signature of 64 octets, where ES384 has 96",
        ),
        (
            "ES256",
            &[],
            "there is no signature: a JWT has three parts, each not empty",
        ),
        ("none", &[], "`alg` is `none`: the JWT is not signed"),
        (
            "HS256",
            &[1; 32],
            "`alg` is `HS256`, which signs with a shared secret and not with a private key",
        ),
        ("rs256", &[1; 256], "`alg` is `rs256`, which is unknown"),
        (
            "RS256",
            &[1; 32],
            "a signature of 32 octets, where RS256 has 256 to 512",
        ),
    ];
    for (algorithm, signature, expected) in cases {
        assert_eq!(
            defects(&jwt(
                &format!(r#"{{"alg":"{algorithm}"}}"#),
                CLAIMS,
                signature
            )),
            [expected]
        );
    }
    assert_eq!(
        defects(&jwt("{}", CLAIMS, &[1])),
        ["the header has no `alg`, or one that is not a text"]
    );
    let two = jwt(HEADER, CLAIMS, &[]);
    assert_eq!(
        defects(two.trim_end_matches('.')),
        ["there is no signature: a JWT has three parts, each not empty"]
    );
}

#[test]
fn claims_of_a_wrong_form_are_named() {
    let cases: [(&str, &[&str]); 8] = [
        (
            r#"{"exp":1800000000123}"#,
            &["`exp` is in milliseconds: it belongs in seconds"],
        ),
        (
            r#"{"exp":"1800000000"}"#,
            &["`exp` is a string: it belongs as a number"],
        ),
        (
            r#"{"exp":"1800000000123"}"#,
            &[
                "`exp` is a string: it belongs as a number",
                "`exp` is in milliseconds: it belongs in seconds",
            ],
        ),
        (
            r#"{"exp":1800000000.5}"#,
            &["`exp` has a fraction: Box and others take whole seconds only"],
        ),
        (r#"{"exp":null,"iat":1}"#, &["`exp` is not a number"]),
        (
            r#"{"exp":1800000000,"kid":"x"}"#,
            &["`kid` stands among the claims: it belongs in the header"],
        ),
        (
            r#"{"exp":1800000000,"sub":42}"#,
            &["`sub` is not a string: put the value in quotes"],
        ),
        (
            r#"{"iss":"app"}"#,
            &["`exp` is missing: an assertion must expire (RFC 7523 §3)"],
        ),
    ];
    for (claims, expected) in cases {
        assert_eq!(claims_defects(claims), expected, "{claims}");
    }
    assert_eq!(
        claims_defects(r#"{"exp":1,"exp":2,"iss":"a"}"#),
        ["the claims part has `exp` twice"]
    );
}

#[test]
fn times_are_understood_as_they_were_meant() {
    let expected = Some(UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    for exp in [
        "1800000000",
        "1800000000.0",
        "\"1800000000\"",
        "1800000000000",
    ] {
        let jwt = jwt(HEADER, &format!(r#"{{"exp":{exp}}}"#), &[1; 64]);
        assert_eq!(
            Assertion::decode(&jwt).unwrap().time("exp"),
            expected,
            "{exp}"
        );
    }
    for exp in ["-1", "1e300", "\"soon\"", "[]"] {
        let jwt = jwt(HEADER, &format!(r#"{{"exp":{exp}}}"#), &[1; 64]);
        assert_eq!(Assertion::decode(&jwt).unwrap().time("exp"), None, "{exp}");
    }
}

#[test]
fn what_is_no_jwt_is_named_without_showing_it() {
    let cases = [
        ("", "the input is empty, where a JWT was expected"),
        (" \n", "the input is empty, where a JWT was expected"),
        (
            "hello",
            "this is no JWT: it has 1 part, where a JWT has three",
        ),
        (
            "a.b.c.d",
            "this is no JWT: it has 4 parts, where a JWT has three",
        ),
        (
            "a.b.c.d.e",
            "this is an encrypted JWT (JWE, five parts), which only its recipient can read",
        ),
        ("!!.b.c", "this is no JWT: the header part is not base64url"),
        (
            "aGk.b.c",
            "this is no JWT: the header part is not a JSON object: it is damaged, at line 1 column 1",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(Assertion::decode(text).unwrap_err().to_string(), expected);
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,400}") {
        let _ = Assertion::decode(&text);
    }

    #[test]
    fn no_octets_in_the_parts_make_it_panic(header in "\\{.{0,60}\\}", claims: Vec<u8>, signature: Vec<u8>) {
        let parts = [header.as_bytes(), &claims, &signature].map(|part| URL_SAFE_NO_PAD.encode(part));
        let decoded: Result<Decoded, _> = Assertion::decode(&parts.join("."));
        if let Ok(decoded) = decoded {
            prop_assert_eq!(decoded.signature(), signature);
        }
    }
}
