//! `jwt-bearer profile`.

use crate::server::SECRET;
use crate::support::Folder;

const CONFIG: &str = "\
[profiles.zeta]
provider = 'generic'
token-endpoint = 'https://as.example/token'
issuer = 'app'
key = 'keys/rsa.pem'

[profiles.alpha]
provider = 'box'
issuer = 'app'
enterprise = '1234567'
key = 'file:keys/p256.pem'
client-secret-file = 'secret.txt'
passphrase-env = 'PASSPHRASE'
ca-file = '/nowhere/ca.pem'
lifetime = '30s'
timeout = 5
claim = { team = 'red' }

[profiles.alpha.header]
\"x5t#S256\" = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
";

fn folder() -> Folder {
    let folder = Folder::with_keys(["p256.pem", "rsa.pem"]);
    for key in ["p256.pem", "rsa.pem"] {
        let pem = std::fs::read(folder.path(key)).unwrap();
        folder.write(&format!("conf/keys/{key}"), pem);
    }
    folder.write("conf/secret.txt", SECRET);
    folder.write("conf/ours.toml", CONFIG);
    folder
}

#[test]
fn list_prints_the_names() {
    let run = folder().run("profile list --config conf/ours.toml");
    assert_eq!(run.stderr, "conf/ours.toml\n");
    assert_eq!(run.success(), "alpha\nzeta\n");
}

#[test]
fn show_prints_settings_with_whole_paths_and_is_read_again() {
    let folder = folder();
    let shown = folder
        .run("profile show alpha --config conf/ours.toml")
        .success();
    insta::assert_snapshot!(shown, @r#"
    [profiles.alpha]
    provider = "box"
    issuer = "app"
    enterprise = "1234567"
    key = "file:conf/keys/p256.pem"
    lifetime = 30
    client-secret-file = "conf/secret.txt"
    passphrase-env = "PASSPHRASE"
    ca-file = "/nowhere/ca.pem"
    timeout = 5

    [profiles.alpha.claim]
    team = "red"

    [profiles.alpha.header]
    "x5t#S256" = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "#);
    folder.write("again.toml", &shown);
    let again = folder.run("profile show alpha --config again.toml");
    assert_eq!(again.success(), shown);
}

#[test]
fn show_quotes_a_name_that_is_more_than_a_word() {
    let folder = Folder::new();
    folder.write(
        "jwt-bearer.toml",
        "[profiles.'box prod.eu']\nclaim = { a = 1 }\n",
    );
    let shown = folder
        .command("profile show")
        .arg("box prod.eu")
        .run()
        .success();
    assert_eq!(shown, "[profiles.\"box prod.eu\".claim]\na = 1\n");
}

#[test]
fn check_tells_of_every_profile_and_fails_as_the_first_that_fails() {
    let folder = folder();
    let run = folder.run("profile check --config conf/ours.toml");
    assert_eq!(run.code, Some(2), "{run:?}");
    let stdout = run.stdout.replace(" (os error 2)", "");
    insta::assert_snapshot!(stdout, @r#"
    alpha: /nowhere/ca.pem, for the certificates to trust, cannot be read: No such file or directory
    zeta: ok, RSA-2048 key with RS256, thumbprint HRrRKYON2f0tkRdveFszRnfe-mHrCK-zQaXpcfTp7O4, to https://as.example/token
    "#);
    assert_eq!(run.stderr, "error: of 2 profiles, not all are in order\n");
}

#[test]
fn check_of_one_profile_looks_at_its_key() {
    let folder = folder();
    let run = folder.run("profile check zeta --config conf/ours.toml");
    assert_eq!(run.stderr, "");
    insta::assert_snapshot!(run.success(), @r#"zeta: ok, RSA-2048 key with RS256, thumbprint HRrRKYON2f0tkRdveFszRnfe-mHrCK-zQaXpcfTp7O4, to https://as.example/token"#);
    std::fs::remove_file(folder.path("conf/keys/rsa.pem")).unwrap();
    let run = folder.run("profile check zeta --config conf/ours.toml");
    assert_eq!(
        run.failure(3),
        "error: the key was not found: there is no file conf/keys/rsa.pem\n"
    );
}

const MIXED: &str = "\
[profiles.a-sound]
provider = 'generic'
token-endpoint = 'https://as.example/token'
issuer = 'app'
key = 'p256.pem'

[profiles.b-without-key]
provider = 'generic'
token-endpoint = 'https://as.example/token'
issuer = 'app'
key = 'none.pem'

[profiles.c-without-variable]
provider = 'box'
issuer = 'app'
user = '7654321'
key = 'rsa.pem'
client-secret-env = 'NONE'

[profiles.d-with-prompt]
provider = 'box'
issuer = 'app'
user = '7654321'
key = 'rsa.pem'

[profiles.e-without-endpoint]
provider = 'generic'
issuer = 'app'
key = 'p256.pem'

[profiles.f-wrong]
provider = 'box'
issuer = 'app'
user = '7654321'
key = 'p256.pem'
";
const ONE: [(&str, i32, &str); 6] = [
    (
        "a-sound",
        0,
        "a-sound: ok, P-256 key with ES256, thumbprint WDjh6_jUaMOrR-WmAJt1-mbvOpYPQ22LxjMgp5Lz6mw, to https://as.example/token\n",
    ),
    (
        "b-without-key",
        3,
        "error: the key was not found: there is no file none.pem\n",
    ),
    (
        "c-without-variable",
        2,
        "error: the variable NONE, for the client secret, is not set\n  hint: give the name of a variable, not the secret itself; and export it\n",
    ),
    (
        "d-with-prompt",
        0,
        "d-with-prompt: ok, RSA-2048 key with RS256, thumbprint HRrRKYON2f0tkRdveFszRnfe-mHrCK-zQaXpcfTp7O4, to https://api.box.com/oauth2/token, with a client secret from a prompt\n",
    ),
    (
        "e-without-endpoint",
        0,
        "e-without-endpoint: ok, P-256 key with ES256, thumbprint WDjh6_jUaMOrR-WmAJt1-mbvOpYPQ22LxjMgp5Lz6mw, for assertions alone\n",
    ),
    (
        "f-wrong",
        3,
        "error: the algorithm cannot be used: the key signs with ES256, where Box takes RS256, RS384, RS512\n",
    ),
];

#[test]
fn check_of_one_profile_ends_with_what_is_wrong_with_it() {
    let folder = Folder::with_keys(["p256.pem", "rsa.pem"]);
    folder.write("jwt-bearer.toml", MIXED);
    for (name, code, expected) in ONE {
        let run = folder.run(&format!("profile check {name}"));
        assert_eq!(run.code, Some(code), "{run:?}");
        let (told, silent) = match code {
            0 => (run.stdout, run.stderr),
            _ => (run.stderr, run.stdout),
        };
        assert_eq!((told.as_str(), silent.as_str()), (expected, ""));
    }
}

#[test]
fn check_of_several_profiles_has_the_hints_of_each_and_the_first_code() {
    let folder = Folder::with_keys(["p256.pem", "rsa.pem"]);
    folder.write("jwt-bearer.toml", MIXED);
    let run = folder.run("profile check");
    // The code of `b-without-key`, not that of the one behind it.
    assert_eq!(run.code, Some(3), "{run:?}");
    assert_eq!(run.stderr, "error: of 6 profiles, not all are in order\n");
    let expected = ONE.map(|(name, _, told)| match told.strip_prefix("error: ") {
        Some(error) => format!("{name}: {error}"),
        None => told.to_owned(),
    });
    assert_eq!(run.stdout, expected.concat());
}

#[test]
fn check_of_profiles_that_are_in_order_succeeds() {
    let folder = Folder::with_keys(["p256.pem", "rsa.pem"]);
    let (sound, _) = MIXED.split_once("[profiles.b").unwrap();
    folder.write(
        "jwt-bearer.toml",
        format!("{sound}{}", sound.replace("a-sound", "another")),
    );
    let run = folder.run("profile check");
    assert_eq!(run.stderr, "");
    assert_eq!(run.success().matches(": ok, ").count(), 2);
}

#[test]
fn names_and_files_that_are_not_there_are_usage_errors() {
    let folder = folder();
    let user = folder.user_config();
    folder.write("empty.toml", "");
    let nowhere = format!(
        "error: there is no configuration file; looked for jwt-bearer.toml and {}",
        user.display()
    );
    for (arguments, expected) in [
        ("profile list", nowhere.as_str()),
        ("profile show alpha", &nowhere),
        ("profile check", &nowhere),
        (
            "profile show beta --config conf/ours.toml",
            "error: there is no profile `beta` in conf/ours.toml; it has alpha, zeta",
        ),
        (
            "profile check --config empty.toml",
            "error: there are no profiles in empty.toml",
        ),
    ] {
        let stderr = folder.run(arguments).failure(2);
        assert_eq!(stderr.lines().next().unwrap(), expected, "{arguments}");
    }
    let checked = folder.run("profile check beta --config conf/ours.toml");
    assert_eq!(checked.code, Some(2), "{checked:?}");
}
