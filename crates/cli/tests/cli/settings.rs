//! Where settings come from: flags beat variables, which beat the profile of a configuration file.

use serde_json::{Value, json};

use crate::server::{SECRET, boxed, call, generic, start};
use crate::support::{Folder, Run};

/// Claims and header of the assertion that a run printed.
#[track_caller]
pub(crate) fn decoded(run: Run) -> (Value, Value) {
    let stdout = run.success();
    let decoded = jwt_bearer::assertion::Assertion::decode(&stdout).unwrap();
    (
        Value::from(decoded.claims().clone()),
        Value::from(decoded.header().clone()),
    )
}

const PROFILE: &str = "\
[profiles.prod]
provider = 'box'
issuer = 'of-profile'
key = 'rsa.pem'
key-id = 'of-profile'
enterprise = '1234567'
claim = { team = 'of-profile', kept = true }
";

#[test]
fn flags_beat_variables_and_these_the_profile() {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write("jwt-bearer.toml", PROFILE);
    let run = folder
        .command("assertion prod --issuer of-flag")
        .env("JWT_BEARER_ISSUER", "of-variable")
        .env("JWT_BEARER_KEY_ID", "of-variable")
        .env("JWT_BEARER_CLAIM", "team=\"of-variable\"")
        .run();
    assert_eq!(run.stderr, "profile `prod` of jwt-bearer.toml\n");
    let (claims, header) = decoded(run);
    assert_eq!(claims["iss"], "of-flag");
    assert_eq!(header["kid"], "of-variable");
    assert_eq!(claims["sub"], "1234567");
    assert_eq!(claims["team"], "of-variable");
    assert_eq!(claims["kept"], true);
}

#[test]
fn settings_that_exclude_each_other_are_replaced_together() {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write("jwt-bearer.toml", PROFILE);
    let (claims, _) = decoded(folder.run("assertion prod --user 7654321"));
    assert_eq!(
        (&claims["sub"], &claims["box_sub_type"]),
        (&json!("7654321"), &json!("user"))
    );
    let by_variable = folder
        .command("assertion prod")
        .env("JWT_BEARER_USER", "7654321")
        .run();
    assert_eq!(decoded(by_variable).0["box_sub_type"], "user");
}

#[test]
fn a_file_for_a_secret_replaces_the_variable_of_the_profile() {
    let folder = Folder::with_keys(["rsa-aes256.pem"]);
    let server = start(boxed());
    folder.write("secret.txt", SECRET);
    folder.write("passphrase.txt", "secret");
    let endpoint = server.token_endpoint();
    folder.write(
        "jwt-bearer.toml",
        format!(
            "[profiles.prod]\nprovider = 'box'\nissuer = 'app'\nkey = 'rsa-aes256.pem'\nuser = '7654321'\n\
             client-secret-env = 'NONE'\npassphrase-env = 'NONE'\ntoken-endpoint = '{endpoint}'\n"
        ),
    );
    let run =
        folder.run("token prod --client-secret-file secret.txt --passphrase-file passphrase.txt");
    assert_eq!(run.stderr, "profile `prod` of jwt-bearer.toml\n");
    assert!(call(&server, run.success().trim_end()).contains("\"7654321\""));
}

#[test]
fn a_token_endpoint_replaces_the_host_of_the_profile() {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write(
        "jwt-bearer.toml",
        "[profiles.crm]\nprovider = 'salesforce'\nhost = 'test'\nissuer = 'consumer'\n\
         subject = 'ann@example.com'\nkey = 'rsa.pem'\n",
    );
    let (claims, _) = decoded(folder.run("assertion crm"));
    assert_eq!(claims["aud"], "https://test.salesforce.com");
    let (claims, _) =
        decoded(folder.run("assertion crm --token-endpoint https://as.example:8443/token"));
    assert_eq!(claims["aud"], "https://as.example:8443");
    let (claims, _) = decoded(folder.run("assertion crm --host example.my.salesforce.com"));
    assert_eq!(claims["aud"], "https://example.my.salesforce.com");
}

#[test]
fn a_request_can_be_made_of_variables_alone() {
    let folder = Folder::with_keys(["rsa.pem"]);
    let server = start(generic());
    let run = folder
        .command("token")
        .env("JWT_BEARER_PROVIDER", "generic")
        .env("JWT_BEARER_ISSUER", "app")
        .env("JWT_BEARER_SUBJECT", "ann")
        .env("JWT_BEARER_KEY", "rsa.pem")
        .env("JWT_BEARER_KEY_ID", "key-1")
        .env("JWT_BEARER_LIFETIME", "2m")
        .env("JWT_BEARER_TIMEOUT", "20")
        .env("JWT_BEARER_TOKEN_ENDPOINT", &server.token_endpoint())
        .env("JWT_BEARER_OUTPUT", "header")
        .run();
    assert_eq!(run.stderr, "");
    let stdout = run.success();
    let token = stdout.strip_prefix("Authorization: Bearer ").unwrap();
    assert!(call(&server, token.trim_end()).contains("\"ann\""));
}

#[test]
fn a_wrong_variable_is_refused_like_its_flag() {
    let run = Folder::new()
        .command("token --provider generic")
        .env("JWT_BEARER_LIFETIME", "0")
        .run();
    let stderr = run.failure(2);
    assert_eq!(
        stderr.lines().next().unwrap(),
        "error: invalid value '0' for '--lifetime <SECONDS>': expected whole seconds above 0, such as 45, or minutes, such as 3m"
    );
}

#[test]
fn a_profile_brings_everything_and_paths_relative_to_its_file() {
    let folder = Folder::with_keys(["rsa.pem"]);
    let server = start(generic());
    folder.write(
        "conf/keys/rsa.pem",
        std::fs::read(folder.path("rsa.pem")).unwrap(),
    );
    std::fs::remove_file(folder.path("rsa.pem")).unwrap();
    folder.write(
        "conf/ours.toml",
        format!(
            "[profiles.prod]\nprovider = 'generic'\nissuer = 'app'\nsubject = 'ann'\nkey = 'keys/rsa.pem'\n\
             key-id = 'key-1'\nlifetime = '3m'\ntimeout = 20\nscope = 'read'\ntoken-endpoint = '{}'\n\
             [profiles.prod.form]\nresource = 'https://a.example/'\n\
             [profiles.prod.header]\ntyp = 'at+jwt'\n",
            server.token_endpoint()
        ),
    );
    for run in [
        folder.run("token prod --config conf/ours.toml"),
        folder
            .command("token prod")
            .env("JWT_BEARER_CONFIG", "conf/ours.toml")
            .run(),
    ] {
        assert_eq!(run.stderr, "profile `prod` of conf/ours.toml\n");
        assert!(call(&server, run.success().trim_end()).contains("\"ann\""));
    }
    let request = server.requests().remove(0);
    assert_eq!(request.parameter("resource").unwrap(), "https://a.example/");
    assert_eq!(request.parameter("scope").unwrap(), "read");
    let assertion = request.parameter("assertion").unwrap();
    let decoded = jwt_bearer::assertion::Assertion::decode(&assertion).unwrap();
    assert_eq!(decoded.header()["typ"], "at+jwt");
}

#[test]
fn the_file_in_the_working_directory_beats_the_users_own() {
    let folder = Folder::with_keys(["rsa.pem"]);
    let user = folder.user_config();
    std::fs::create_dir_all(user.parent().unwrap()).unwrap();
    let key = folder.path("rsa.pem");
    let profile = |issuer: &str| {
        format!(
            "[profiles.prod]\nprovider = 'generic'\nissuer = '{issuer}'\nkey = '{}'\n",
            key.display()
        )
    };
    std::fs::write(&user, profile("users")).unwrap();
    let run = folder.run("assertion prod");
    assert_eq!(
        run.stderr,
        format!("profile `prod` of {}\n", user.display())
    );
    assert_eq!(decoded(run).0["iss"], "users");

    folder.write("jwt-bearer.toml", profile("here"));
    assert_eq!(decoded(folder.run("assertion prod")).0["iss"], "here");
}

#[test]
fn a_configuration_file_does_not_count_unless_a_profile_is_named() {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write("jwt-bearer.toml", "this is no TOML");
    let run = folder.run("assertion --provider generic --issuer app --key rsa.pem");
    assert_eq!(run.stderr, "");
    assert_eq!(decoded(run).0["iss"], "app");
}

/// Box's file, with the key in it if there is one.
pub(crate) fn box_config(key: Option<String>) -> String {
    json!({
        "boxAppSettings": {
            "clientID": "app",
            "clientSecret": SECRET,
            "appAuth": {
                "publicKeyID": "key-1",
                "privateKey": key.clone().unwrap_or_default(),
                "passphrase": key.map_or("", |_| "secret"),
            },
        },
        "enterpriseID": "1234567",
    })
    .to_string()
}

#[test]
fn boxes_own_file_is_enough() {
    let folder = Folder::with_keys(["rsa.pem", "rsa-aes256.pem"]);
    let server = start(boxed());
    let pem = std::fs::read_to_string(folder.path("rsa-aes256.pem")).unwrap();
    folder.write("box.json", box_config(Some(pem)));
    folder.write("keyless.json", box_config(None));
    let endpoint = server.token_endpoint();
    let subject = |arguments: &str| {
        let run = folder.run(&format!("token {arguments} --token-endpoint {endpoint}"));
        let reply = call(&server, &run.token());
        let (_, body) = reply.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        body["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(subject("--box-config box.json"), "1234567");
    assert_eq!(subject("--box-config box.json --user 7654321"), "7654321");
    assert_eq!(
        subject("--box-config keyless.json --key rsa.pem"),
        "1234567"
    );
    assert_eq!(
        subject("--provider box --box-config box.json --key rsa.pem"),
        "1234567"
    );
    let kids = server.requests().into_iter().map(|request| {
        let assertion = request.parameter("assertion").unwrap();
        let decoded = jwt_bearer::assertion::Assertion::decode(&assertion).unwrap();
        decoded.key_id().map(str::to_owned)
    });
    assert!(kids.into_iter().all(|kid| kid.as_deref() == Some("key-1")));
}
