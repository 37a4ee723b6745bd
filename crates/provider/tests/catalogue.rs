//! The catalogue: what is in it, and what the build refuses.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../build/catalogue.rs"]
mod build;

use std::collections::HashSet;

use jwt_bearer_provider::{Check, Class, Entry, Profile, normal};

const CHECKS: &str = r#"
[[check]]
id = "too-long"
class = "clock"
what = "it is too long"
next = "shorten it"
source = ["RFC 7523 §3"]
"#;

const ENTRY: &str = r#"
[[entry]]
id = "x-long"
error = "invalid_grant"
text = ["a long life"]
class = "clock"
shown = ["too-long"]
cause = "it lives too long"
remedy = "shorten it"
source = ["owner/name#1"]
"#;

fn generate(entries: &str) -> Result<String, String> {
    generate_with(CHECKS, entries)
}

fn generate_with(checks: &str, entries: &str) -> Result<String, String> {
    let files = [
        ("checks".to_owned(), checks.to_owned()),
        ("x".to_owned(), entries.to_owned()),
    ];
    build::generate(&files).map_err(|errors| errors.join("\n"))
}

#[test]
fn a_sound_file_is_taken() {
    let code = generate(ENTRY).unwrap();
    assert!(
        code.contains("Check::TooLong") && code.contains("https://github.com/owner/name/issues/1")
    );
}

/// Each correction that is wrong in form is refused, with file and line.
#[test]
fn a_bad_correction_cannot_be_built() {
    for (old, new, expected) in [
        (
            "id = \"x-long\"",
            "id = \"too-long\"",
            "catalogue/x.toml:3: the id \"too-long\" stands in catalogue/checks.toml:3 already",
        ),
        (
            "id = \"x-long\"",
            "id = \"X long\"",
            "catalogue/x.toml:3: an id has lower-case letters",
        ),
        (
            "id = \"x-long\"",
            "id = \"\"",
            "catalogue/x.toml:3: an id has",
        ),
        (
            "\"a long life\"",
            "\"A  long life\"",
            "catalogue/x.toml:5: write this in lower case, with single spaces and without markup: \"a long life\"",
        ),
        (
            "\"a long life\"",
            "\"a <b>long</b> life\"",
            "catalogue/x.toml:5: write this in lower case",
        ),
        ("\"a long life\"", "\"\"", "catalogue/x.toml:5: write this"),
        (
            "class = \"clock\"",
            "class = \"time\"",
            "catalogue/x.toml:6: \"time\" is none of the classes",
        ),
        (
            "[\"too-long\"]",
            "[\"too-big\"]",
            "catalogue/x.toml:7: there is no check \"too-big\" in checks.toml",
        ),
        (
            "shown =",
            "usual = \"nothing\"\nshown =",
            "catalogue/x.toml:7: \"nothing\" stands neither in `shown` nor in `unseen`",
        ),
        (
            "\"it lives too long\"",
            "\"\"",
            "catalogue/x.toml:8: this text is empty",
        ),
        (
            "\"it lives too long\"",
            "\"it lives too long.\"",
            "catalogue/x.toml:8: this text ends with a full stop",
        ),
        (
            "\"shorten it\"",
            "\"shorten it \"",
            "catalogue/x.toml:9: this text has white space",
        ),
        (
            "[\"owner/name#1\"]",
            "[]",
            "catalogue/x.toml:3: there is no source",
        ),
        (
            "owner/name#1",
            "somebody said so",
            "catalogue/x.toml:10: a source is",
        ),
        (
            "owner/name#1",
            "http://plain.example",
            "catalogue/x.toml:10: a source is",
        ),
        (
            "remedy = \"shorten it\"",
            "",
            "catalogue/x.toml:2: missing field `remedy`",
        ),
        (
            "remedy =",
            "remdy =",
            "catalogue/x.toml:9: unknown field `remdy`",
        ),
        (
            "error = \"invalid_grant\"\ntext = [\"a long life\"]\n",
            "",
            "catalogue/x.toml:3: an entry needs `error` or `text`",
        ),
        (
            "cause =",
            "proves = 1\ncause =",
            "catalogue/x.toml:8: invalid type",
        ),
    ] {
        assert!(ENTRY.contains(old), "{old}");
        let error = generate(&ENTRY.replacen(old, new, 1)).unwrap_err();
        assert!(error.contains(expected), "{new}: {error}");
    }
    let twice = format!(
        "{ENTRY}{}",
        ENTRY
            .replace("x-long", "x-longer")
            .replace("a long life", "such a long life")
    );
    let error = generate(&twice).unwrap_err();
    assert!(
        error.contains("catalogue/x.toml:13: this entry is never found"),
        "{error}"
    );
    for (table, expected) in [
        (
            "only = \"y\"\n",
            "catalogue/checks.toml:3: \"y\" is no provider",
        ),
        (
            "[check.at.y]\nnext = \"wait\"\n",
            "catalogue/checks.toml:3: \"y\" is no provider",
        ),
        (
            "[check.at.x]\nnext = \"wait.\"\n",
            "catalogue/checks.toml:9: this text ends with a full stop",
        ),
        (
            "[check.at.x]\nsource = []\n",
            "catalogue/checks.toml:3: there is no source",
        ),
        (
            "ours = true\n",
            "catalogue/checks.toml:3: a check of ours has no source",
        ),
        (
            "[check.at.x]\nnxt = \"wait\"\n",
            "catalogue/checks.toml:9: unknown field `nxt`",
        ),
    ] {
        let error = generate_with(&format!("{CHECKS}{table}"), ENTRY).unwrap_err();
        assert!(error.contains(expected), "{table}: {error}");
    }
    let nowhere = CHECKS.replace("source = [\"RFC 7523 §3\"]\n", "");
    let error = generate_with(&nowhere, ENTRY).unwrap_err();
    assert!(
        error.contains("catalogue/checks.toml:3: there is no source"),
        "{error}"
    );
    generate_with(&format!("{nowhere}ours = true\n"), ENTRY).unwrap();
    assert_eq!(
        build::generate(&[]).unwrap_err(),
        ["catalogue/checks.toml is missing"]
    );
}

/// A table below a check says what is other at one provider; what it leaves out is as above.
#[test]
fn a_check_can_differ_by_provider() {
    let table = "[check.at.x]\nnext = \"shorten it at X\"\n";
    let code = generate_with(&format!("{CHECKS}{table}"), ENTRY).unwrap();
    let own = "At { provider: \"x\", next: \"shorten it at X\", sources: &[\"https://www.rfc-editor.org/rfc/rfc7523#section-3\"] }";
    assert!(code.contains(own), "{code}");
    assert_eq!(Check::SubTypeMissing.only(), Some("box"));
    assert_eq!(Check::SubMissing.only(), None);
    let next = |provider| Check::SubMissing.next(provider);
    assert!(next("box").contains("--enterprise"));
    assert_ne!(next("box"), next("salesforce"));
    assert_eq!(next("google"), next("generic"));
}

/// The words by which texts and addresses name a provider.
const NAMES: [(&str, &[&str]); 8] = [
    ("box", &["box", "boxr"]),
    (
        "salesforce",
        &[
            "salesforce",
            "forcedotcom",
            "restforce",
            "forrest",
            "sf",
            "aiosalesforce",
        ],
    ),
    ("google", &["google", "googleapis", "gcloud"]),
    ("docusign", &["docusign"]),
    (
        "snowflake",
        &["snowflake", "snowflakedb", "snowflakecomputing"],
    ),
    ("okta", &["okta"]),
    ("entra", &["entra", "azure", "microsoft", "microsoftonline"]),
    ("github", &["octokit", "probot"]),
];

/// The provider other than this one that a text names.
fn other_named(text: &str, own: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let words: Vec<_> = text.split(|c: char| !c.is_alphanumeric()).collect();
    let mut others = NAMES.iter().filter(|(provider, _)| *provider != own);
    let named = others.find(|(_, names)| names.iter().any(|name| words.contains(name)));
    named.map(|(provider, _)| *provider)
}

/// Nobody is sent to the menus or the issues of another provider.
#[test]
fn a_remedy_names_no_other_provider() {
    assert_eq!(other_named("`box_sub_type` user", "google"), Some("box"));
    assert_eq!(other_named("jwt-bearer sandbox", "google"), None);
    let providers = NAMES.iter().map(|(provider, _)| *provider);
    for provider in providers.chain(["generic", "epic"]) {
        for check in Check::ALL {
            if check.only().is_some_and(|only| only != provider) {
                continue;
            }
            let sources = check.sources(provider).join(" ");
            for text in [check.what(), check.next(provider), &sources] {
                assert_eq!(
                    other_named(text, provider),
                    None,
                    "{check}, {provider}: {text}"
                );
            }
        }
    }
    for entry in Entry::all() {
        let unseen = entry.unseen.iter();
        let unseen = unseen.flat_map(|unseen| [unseen.cause, unseen.remedy]);
        for text in unseen.chain([entry.cause, entry.remedy]) {
            let named = other_named(text, entry.provider);
            assert_eq!(named, None, "{}: {text}", entry.id);
        }
        let sources = entry.sources.join(" ");
        let is_for_all = ["keys", "generic"].contains(&entry.provider);
        let named = other_named(&sources, entry.provider).filter(|_| is_for_all);
        assert_eq!(named, None, "{}: {sources}", entry.id);
    }
}

#[test]
fn every_entry_is_found_by_its_own_texts() {
    for entry in Entry::all() {
        let error = entry.error.unwrap_or_default();
        for text in entry.texts {
            assert_eq!(entry.fits(error, text), Some(text.len()), "{}", entry.id);
            let decorated = format!("<p>\n{}  </p>", text.to_uppercase());
            assert_eq!(
                entry.fits(error, &decorated),
                Some(text.len()),
                "{}",
                entry.id
            );
        }
        if entry.texts.is_empty() {
            assert_eq!(entry.fits(error, ""), Some(0), "{}", entry.id);
        }
        assert_eq!(Entry::named(entry.id).map(|entry| entry.id), Some(entry.id));
        assert_eq!(entry.fits("moon", "full"), None, "{}", entry.id);
    }
}

/// The three profiles and the catalogue are one.
#[test]
fn profiles_have_the_causes_of_the_catalogue() {
    for profile in Profile::ALL {
        let own: Vec<_> = Entry::all()
            .filter(|entry| entry.provider == profile.name)
            .collect();
        assert!(!own.is_empty());
        for cause in profile.causes {
            let found = own.iter().any(|entry| {
                entry.error == Some(cause.error)
                    && entry.cause == cause.cause
                    && entry.remedy == cause.remedy
            });
            assert!(found, "{}: {cause:?}", profile.name);
        }
    }
}

#[test]
fn every_provider_has_its_entries() {
    let count = |provider: &str| {
        Entry::all()
            .filter(|entry| entry.provider == provider)
            .count()
    };
    let least = [
        ("box", 20),
        ("salesforce", 15),
        ("generic", 3),
        ("keys", 5),
        ("google", 4),
        ("docusign", 4),
        ("snowflake", 9),
        ("okta", 3),
        ("entra", 3),
        ("github", 3),
        ("epic", 1),
        ("aws-kms", 5),
        ("yubikey", 1),
    ];
    for (provider, least) in least {
        assert!(count(provider) >= least, "{provider}: {}", count(provider));
    }
    let known: HashSet<_> = least.into_iter().map(|(provider, _)| provider).collect();
    assert!(Entry::all().all(|entry| known.contains(entry.provider)));
    assert_eq!(Check::KidInClaims.id(), "kid-in-claims");
    assert_eq!(Check::KidInClaims.class(), Class::Configuration);
    let ids: Vec<_> = Check::ALL.iter().map(|check| check.id()).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}

#[test]
fn normal_texts() {
    for (text, expected) in [
        ("", ""),
        ("  A\tB\r\n c ", "a b c"),
        ("a<br/>b", "a b"),
        ("<OAuth><error>Bad</error></OAuth>", "bad"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a <", "a <"),
        ("<!-- x -->y", "y"),
        ("&quot;kid&#39;s&quot; &lt;", "\"kid's\" &lt;"),
        ("ÄÖ <é", "äö <é"),
    ] {
        assert_eq!(normal(text), expected, "{text}");
        assert_eq!(normal(&normal(text)), expected, "{text}");
    }
    // In time that grows with the text, not with its square.
    assert_eq!(normal(&"<a".repeat(100_000)).len(), 200_000);
}
