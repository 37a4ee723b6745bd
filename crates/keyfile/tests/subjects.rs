//! Subjects: what is read, what is refused, and that any value comes back out of the encoding.
#![cfg(feature = "certificate")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::str::FromStr;

use der::Decode;
use jwt_bearer_keyfile::{Draft, Subject, X509ErrorKind};
use jwt_bearer_signer::{Algorithm, PublicKey};
use proptest::prelude::*;
use x509_cert::name::Name;
use x509_cert::request::CertReqInfo;

#[test]
fn sound_subjects_are_read_as_rfc_4514_has_them() {
    for (text, written) in [
        ("CN=box", "CN=box"),
        (
            "CN=box,O=Example\\, Inc.,C=DE",
            "CN=box,O=Example\\, Inc.,C=DE",
        ),
        (" cn = box , o = Example ", "CN=box,O=Example"),
        ("CN=a/b;".trim_end_matches(';'), "CN=a/b"),
        (
            "CN=James \\\"Jim\\\" Smith\\, III",
            "CN=James \\\"Jim\\\" Smith\\, III",
        ),
        ("CN=M\\c3\\bcller", "CN=Müller"),
        ("CN=Müller", "CN=Müller"),
        ("CN=a=b", "CN=a=b"),
        ("CN=\\ a\\ ", "CN=\\ a\\ "),
        ("CN=a\\\\ ,O=b", "CN=a\\\\,O=b"),
        ("CN=\\#1", "CN=\\#1"),
        (
            "OU=Sales+CN=box,DC=example,DC=net",
            "CN=box+OU=Sales,DC=example,DC=net",
        ),
        (
            "emailAddress=ann@example.com,UID=ann",
            "emailAddress=ann@example.com,UID=ann",
        ),
        (
            "STREET=Am Markt 1,L=Bremen,ST=Bremen,C=DE",
            "STREET=Am Markt 1,L=Bremen,ST=Bremen,C=DE",
        ),
    ] {
        let subject = Subject::from_str(text).unwrap();
        assert_eq!(subject.to_string(), written, "{text}");
        assert_eq!(Subject::from_str(written).unwrap(), subject, "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_subject_is_named() {
    let long = "x".repeat(65);
    let email = format!("emailAddress={}@example.com", "x".repeat(250));
    let all = (0..11).map(|_| format!("OU={}", "x".repeat(60)));
    let all = all.collect::<Vec<_>>().join(",");
    let in_hex =
        "in the subject has a value in hex, which is not read here, or a `#` at its beginning";
    for (text, error) in [
        ("", "the subject is empty; write CN= and a name"),
        (" \t", "the subject is empty; write CN= and a name"),
        (
            "/CN=box/O=Example",
            "the subject is in OpenSSL's form with slashes",
        ),
        ("box", "`box` in the subject has no `=`"),
        ("CN=Example, Inc.", "`Inc.` in the subject has no `=`"),
        ("CN=a,", "`` in the subject has no `=`"),
        ("CN=", "`CN=` in the subject has no value"),
        ("CN=a,O= ", "`O=` in the subject has no value"),
        (
            "E=a@b",
            "`E=` in the subject is unknown; write emailAddress=",
        ),
        ("SN=a", "`SN=` in the subject is unknown; known are CN"),
        ("2.5.4.3=a", "`2.5.4.3=` in the subject is unknown"),
        ("=a", "`=` in the subject is unknown"),
        (
            "C=Deutschland",
            "`C=Deutschland` in the subject is no country",
        ),
        ("c=de", "`C=de` in the subject is no country"),
        ("C=ÄÖ", "`C=ÄÖ` in the subject is no country"),
        ("CN=a\0b", "`CN=` in the subject has a control character"),
        ("CN=a\\00b", "`CN=` in the subject has a control character"),
        (
            "CN=a\u{9b}b",
            "`CN=` in the subject has a control character",
        ),
        ("CN=\"a\"", "`CN=` in the subject has `\"` in its value"),
        ("CN=a;O=b", "`CN=` in the subject has `;` in its value"),
        ("CN=a\\", "`CN=` in the subject has a backslash at its end"),
        (
            "CN=a\\zz",
            "`CN=` in the subject has a backslash before something that needs none",
        ),
        (
            "CN=\\ff",
            "`CN=` in the subject has hex digits that are not UTF-8",
        ),
        ("CN=#0c0161", &format!("`CN=` {in_hex}")),
        ("CN=a+CN=a", "`CN=a+CN=a` in the subject has one name twice"),
        (
            "emailAddress=jürgen@example.com",
            "`emailAddress=` in the subject has letters beyond ASCII",
        ),
        (
            &format!("CN={long}"),
            "`CN=` in the subject has 65 characters, where 64 are the limit",
        ),
        (
            &email,
            "`emailAddress=` in the subject has 262 characters, where 255 are the limit",
        ),
        (
            &all,
            "the subject has 785 octets in all, where 640 are the limit",
        ),
    ] {
        let wrong = Subject::from_str(text).unwrap_err();
        assert!(wrong.to_string().starts_with(error), "{text}: {wrong}");
        assert_eq!(wrong.kind(), X509ErrorKind::Subject);
        assert!(!wrong.is_retryable());
    }
}

/// As another reader sees it in a certificate request.
fn encoded(subject: &Subject) -> Name {
    let key = PublicKey::from_ed25519(&[7; 32]).unwrap();
    let draft = Draft::request(subject, &key, Algorithm::EdDsa).unwrap();
    CertReqInfo::from_der(draft.to_be_signed()).unwrap().subject
}

/// A value as RFC 4514 writes it.
fn escaped(value: &str) -> String {
    value
        .chars()
        .map(|c| match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '#' | '=' | ' ' => format!("\\{c}"),
            c => c.into(),
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}|[CNOUDT=,+\\\\ #\"a\u{0}-\u{ff}]{0,80}") {
        if let Ok(subject) = Subject::from_str(&text) {
            prop_assert_eq!(Subject::from_str(&subject.to_string()).unwrap(), subject);
        }
    }

    #[test]
    fn any_value_comes_back(cn in "[^\\p{Cc}]{1,64}", o in "[^\\p{Cc}]{1,64}") {
        let subject = Subject::from_str(&format!("CN={},O={}", escaped(&cn), escaped(&o)));
        let Ok(subject) = subject else {
            // Too long in octets.
            prop_assert!(cn.len() + o.len() > 500);
            return Ok(());
        };
        let name = encoded(&subject);
        let common_name = name.common_name().unwrap().unwrap();
        let organization = name.organization().unwrap().unwrap();
        prop_assert_eq!(common_name.value(), cn);
        prop_assert_eq!(organization.value(), o);
    }
}
