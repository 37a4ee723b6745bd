//! Which setting wins where settings exclude each other or belong together: flags over variables over the profile.

use serde_json::json;

use crate::bad_input::first_error;
use crate::server::{SECRET, boxed, call, start};
use crate::settings::{box_config, decoded};
use crate::support::Folder;

const CONFIG: &str = "\
[profiles.box]
provider = 'box'
issuer = 'of-profile'
enterprise = '1234567'
key = 'rsa.pem'
key-id = 'of-profile'

[profiles.piecewise]
provider = 'box'
issuer = 'of-profile'
enterprise = '7'
key = 'none.pem'
key-id = 'of-profile'
passphrase-env = 'NONE'

[profiles.file]
box-config = 'box.json'
enterprise = '7'

[profiles.encrypted]
provider = 'generic'
issuer = 'of-profile'
key = 'rsa-aes256.pem'
key-id = 'of-profile'
passphrase-file = 'none.txt'

[profiles.crm]
provider = 'salesforce'
issuer = 'consumer'
subject = 'ann@example.com'
host = 'test'
key = 'rsa.pem'
";

/// The command line, the variables, and `iss`, `sub`, `box_sub_type`, `aud` and `kid` of the assertion.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    [Option<&'static str>; 5],
);

const BOX_AUDIENCE: Option<&str> = Some("https://api.box.com/oauth2/token");
const CASES: &[Case] = &[
    (
        "assertion box --user 7654321",
        &[("JWT_BEARER_ENTERPRISE", "2")],
        [
            Some("of-profile"),
            Some("7654321"),
            Some("user"),
            BOX_AUDIENCE,
            Some("of-profile"),
        ],
    ),
    (
        "assertion box",
        &[("JWT_BEARER_USER", "2")],
        [
            Some("of-profile"),
            Some("2"),
            Some("user"),
            BOX_AUDIENCE,
            Some("of-profile"),
        ],
    ),
    (
        "assertion box --issuer of-flag --key-id of-flag",
        &[
            ("JWT_BEARER_ISSUER", "of-variable"),
            ("JWT_BEARER_KEY_ID", "of-variable"),
        ],
        [
            Some("of-flag"),
            Some("1234567"),
            Some("enterprise"),
            BOX_AUDIENCE,
            Some("of-flag"),
        ],
    ),
    (
        "assertion crm --token-endpoint https://as.example:8443/token",
        &[("JWT_BEARER_HOST", "login")],
        [
            Some("consumer"),
            Some("ann@example.com"),
            None,
            Some("https://as.example:8443"),
            None,
        ],
    ),
    (
        "assertion crm --host example.my.salesforce.com",
        &[("JWT_BEARER_TOKEN_ENDPOINT", "https://as.example/token")],
        [
            Some("consumer"),
            Some("ann@example.com"),
            None,
            Some("https://example.my.salesforce.com"),
            None,
        ],
    ),
    (
        "assertion crm",
        &[("JWT_BEARER_TOKEN_ENDPOINT", "https://as.example/token")],
        [
            Some("consumer"),
            Some("ann@example.com"),
            None,
            Some("https://as.example"),
            None,
        ],
    ),
    // Box's file brings client id, key, key id and passphrase.
    (
        "assertion piecewise --box-config box.json",
        &[],
        [
            Some("app"),
            Some("7"),
            Some("enterprise"),
            BOX_AUDIENCE,
            Some("key-1"),
        ],
    ),
    (
        "assertion piecewise",
        &[("JWT_BEARER_BOX_CONFIG", "box.json")],
        [
            Some("app"),
            Some("7"),
            Some("enterprise"),
            BOX_AUDIENCE,
            Some("key-1"),
        ],
    ),
    (
        "assertion --box-config box.json",
        &[
            ("JWT_BEARER_ISSUER", "of-variable"),
            // Box's file may come without its key.
            ("JWT_BEARER_KEY", "rsa.pem"),
        ],
        [
            Some("app"),
            Some("1234567"),
            Some("enterprise"),
            BOX_AUDIENCE,
            Some("key-1"),
        ],
    ),
    // Another app than that of Box's file.
    (
        "assertion file --provider box --issuer of-flag --key rsa.pem",
        &[],
        [
            Some("of-flag"),
            Some("7"),
            Some("enterprise"),
            BOX_AUDIENCE,
            None,
        ],
    ),
    (
        "assertion --provider box --issuer of-flag --key rsa.pem --user 7654321",
        &[("JWT_BEARER_BOX_CONFIG", "none.json")],
        [
            Some("of-flag"),
            Some("7654321"),
            Some("user"),
            BOX_AUDIENCE,
            None,
        ],
    ),
    // Key id and passphrase of a profile belong to its key; variables are for whatever key there is.
    (
        "assertion encrypted --key rsa.pem",
        &[],
        [Some("of-profile"), None, None, None, None],
    ),
    (
        "assertion encrypted",
        &[("JWT_BEARER_KEY", "rsa.pem")],
        [Some("of-profile"), None, None, None, None],
    ),
    (
        "assertion encrypted --key rsa-aes256.pem",
        &[
            ("JWT_BEARER_KEY_ID", "of-variable"),
            ("JWT_BEARER_PASSPHRASE_ENV", "PASSPHRASE"),
            ("PASSPHRASE", "secret"),
        ],
        [Some("of-profile"), None, None, None, Some("of-variable")],
    ),
    (
        "assertion encrypted --passphrase-env PASSPHRASE",
        &[
            ("JWT_BEARER_PASSPHRASE_FILE", "none.txt"),
            ("PASSPHRASE", "secret"),
        ],
        [Some("of-profile"), None, None, None, Some("of-profile")],
    ),
];

fn folder() -> Folder {
    let folder = Folder::with_keys(["rsa-aes256.pem", "rsa.pem"]);
    let pem = std::fs::read_to_string(folder.path("rsa-aes256.pem")).unwrap();
    folder.write("box.json", box_config(Some(pem)));
    folder.write("jwt-bearer.toml", CONFIG);
    folder
}

#[test]
fn who_sets_one_of_a_group_replaces_the_group_below() {
    let folder = folder();
    for (arguments, variables, expected) in CASES {
        let mut command = folder.command(arguments);
        for (name, value) in *variables {
            command = command.env(name, value);
        }
        let (claims, header) = decoded(command.run());
        let found = ["iss", "sub", "box_sub_type", "aud"].map(|name| claims.get(name));
        let found = [found[0], found[1], found[2], found[3], header.get("kid")];
        assert_eq!(
            found.map(|value| value.map(|value| value.as_str().unwrap())),
            *expected,
            "{arguments} {variables:?}"
        );
    }
}

#[test]
fn a_variable_for_a_secret_replaces_the_file_below() {
    let folder = folder();
    let server = start(boxed());
    folder.write("secret.txt", SECRET);
    let arguments = format!(
        "token --provider box --issuer app --user 7654321 --key rsa.pem --key-id key-1 --token-endpoint {}",
        server.token_endpoint()
    );
    let by_variable = folder
        .command(&format!("{arguments} --client-secret-env BOX_SECRET"))
        .env("BOX_SECRET", SECRET)
        .env("JWT_BEARER_CLIENT_SECRET_FILE", "none.txt")
        .run();
    let by_file = folder
        .command(&format!("{arguments} --client-secret-file secret.txt"))
        .env("JWT_BEARER_CLIENT_SECRET_ENV", "NONE")
        .run();
    for run in [by_variable, by_file] {
        assert!(call(&server, &run.token()).contains("\"7654321\""));
    }
}

#[test]
fn two_of_a_group_in_one_layer_are_refused() {
    let folder = folder();
    let both = [("JWT_BEARER_USER", "1"), ("JWT_BEARER_ENTERPRISE", "2")];
    let mut command = folder.command("assertion box");
    for (name, value) in both {
        command = command.env(name, value);
    }
    let subjects = "more than one of --subject, --enterprise and --user is set; set one";
    let stderr = command.run().failure(2);
    assert_eq!(first_error(&stderr), subjects);
    for (arguments, expected) in [
        ("assertion box --user 1 --enterprise 2", subjects),
        (
            "assertion crm --host login --token-endpoint https://as.example/token",
            "both a host and a token endpoint are set; set one of them",
        ),
        (
            "assertion box --box-config box.json --issuer app",
            "both --issuer and --box-config are set; the client id is in Box's file",
        ),
    ] {
        assert_eq!(first_error(&folder.run(arguments).failure(2)), expected);
    }
}

#[test]
fn claims_header_members_and_parameters_are_replaced_by_name() {
    let folder = folder();
    folder.write(
        "more.toml",
        "[profiles.more]\nprovider = 'generic'\nissuer = 'app'\nkey = 'rsa.pem'\n\
         claim = { a = 1, b = 1, c = 1 }\nheader = { d = 1, typ = 'at+jwt' }\n",
    );
    let run = folder
        .command("assertion more --config more.toml --claim c=3 --claim e=3 --header typ=null")
        .env("JWT_BEARER_CLAIM", "b=2")
        .run();
    let (claims, header) = decoded(run);
    // clap takes the flag and not the variable where both are there.
    let found = ["a", "b", "c", "e"].map(|name| claims[name].clone());
    assert_eq!(found, [json!(1), json!(1), json!(3), json!(3)]);
    assert_eq!(header, json!({"alg": "RS256", "d": 1}));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let folder = folder();
    let mut command = folder.command("assertion box");
    for name in [
        "ISSUER",
        "SUBJECT",
        "USER",
        "AUDIENCE",
        "HOST",
        "KEY",
        "KEY_ID",
        "ALGORITHM",
        "LIFETIME",
        "CLAIM",
        "HEADER",
        "FORM",
        "GRANT",
        "BOX_CONFIG",
        "CONFIG",
        "PROVIDER",
        "TIMEOUT",
        "PASSPHRASE_ENV",
    ] {
        command = command.env(&format!("JWT_BEARER_{name}"), "");
    }
    let (claims, header) = decoded(command.run());
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("of-profile"), &json!("1234567"))
    );
    assert_eq!(header["kid"], "of-profile");
    let list = folder
        .command("profile list")
        .env("JWT_BEARER_CONFIG", "")
        .run();
    assert_eq!(list.stderr, "jwt-bearer.toml\n");
    assert_eq!(list.success(), "box\ncrm\nencrypted\nfile\npiecewise\n");
}
