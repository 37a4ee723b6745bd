//! `jwt-bearer doctor` where the right `kid` is known from elsewhere.

use jwt_bearer::signer::PublicKey;
use jwt_bearer_sandbox::{Running, Sandbox};
use serde_json::{Value, json};

use crate::doctor::{BOX, CLIENT, boxed, examine, first, folder, generic, read};
use crate::server::{SECRET, start};
use crate::support::Folder;

/// An app with two keys, so that a `kid` has to tell which.
fn with_two_keys() -> Sandbox {
    let other = PublicKey::from_spki_pem(include_str!("../../../keyfile/testdata/p256-public.pem"));
    boxed().register(Some("key-2"), other.unwrap())
}

/// The public key of `rsa.pem` as it is registered, in a set with another.
fn registered(folder: &Folder) {
    let own = folder.run("key public --key rsa.pem --format jwk --key-id key-1");
    let own: Value = serde_json::from_str(&own.success()).unwrap();
    let other = folder.run("key public --key rsa-3072.pem --format jwk --key-id key-9");
    let other: Value = serde_json::from_str(&other.success()).unwrap();
    folder.write("registered.jwk", own.to_string());
    let set = json!({ "keys": [other, own] });
    folder.write("registered.jwks", set.to_string());
}

/// Box's configuration file.
fn config(key_id: &str, key: &str) -> String {
    json!({
        "boxAppSettings": {
            "clientID": CLIENT,
            "clientSecret": SECRET,
            "appAuth": { "publicKeyID": key_id, "privateKey": key, "passphrase": "" },
        },
        "enterpriseID": "1234567",
    })
    .to_string()
}

/// The `kid` of each assertion that was sent.
fn sent(server: &Running) -> Vec<Option<String>> {
    let requests = server.requests();
    let assertions = requests.iter().filter_map(|it| it.parameter("assertion"));
    assertions
        .map(|jwt| {
            let decoded = jwt_bearer::assertion::Assertion::decode(&jwt).unwrap();
            decoded.key_id().map(str::to_owned)
        })
        .collect()
}

#[test]
fn the_key_id_of_the_registered_key_is_tried() {
    let folder = folder();
    registered(&folder);
    for file in ["registered.jwk", "registered.jwks"] {
        let server = start(with_two_keys());
        let flags = format!("{BOX} --certificate {file}");
        let (code, json) = read(&folder, &server, &flags);
        assert_eq!(first(&json), ("kid-missing", "certain"), "{json:#}");
        assert_eq!(code, Some(2), "{json:#}");
        assert_eq!(sent(&server), [None, Some("key-1".into())], "{json:#}");
        let evidence = json["findings"][0]["evidence"].to_string();
        assert!(evidence.contains("the server gave a token"), "{evidence}");
        let run = examine(&folder, &server, &flags);
        let line = "with the `kid` of the registered key: the server gave a token";
        assert!(run.stdout.contains(line), "{run:?}");
        assert!(
            run.stderr
                .contains("(--no-probe: none): with the `kid` of the registered key")
        );
        run.assert_masked(&["key-1", "key-9"]);
    }
}

#[test]
fn the_key_id_in_the_keys_own_file_is_tried_against_the_one_that_is_set() {
    let folder = folder();
    let convert = "key convert --key rsa.pem --to jwk --unencrypted --out own.jwk";
    folder.run(convert).success();
    let jwk = std::fs::read_to_string(folder.path("own.jwk")).unwrap();
    let mut jwk: Value = serde_json::from_str(&jwk).unwrap();
    jwk["kid"] = "key-1".into();
    folder.write("own.jwk", jwk.to_string());
    let flags = "doctor --provider generic --issuer 7f3aQclientid0123456789abcdefgh --subject ann --key own.jwk";
    let server = start(generic());
    let (code, json) = read(&folder, &server, flags);
    assert_eq!(code, Some(0), "the file's own is sent: {json:#}");
    let server = start(generic());
    let (code, json) = read(&folder, &server, &format!("{flags} --key-id wrong-1"));
    assert_eq!(first(&json), ("kid-differs", "certain"), "{json:#}");
    assert_eq!(code, Some(2), "{json:#}");
    let expected = ["wrong-1", "key-1"].map(|id| Some(id.to_owned()));
    assert_eq!(sent(&server), expected, "{json:#}");
}

#[test]
fn a_key_id_of_the_configuration_is_compared_without_being_tried() {
    let folder = folder();
    let key = std::fs::read_to_string(folder.path("rsa.pem")).unwrap();
    folder.write("config.json", config("key-1", &key));
    let server = start(with_two_keys());
    let (code, json) = read(
        &folder,
        &server,
        "doctor --box-config config.json --key-id wrong-1",
    );
    assert_eq!(first(&json), ("kid-differs", "certain"), "{json:#}");
    assert_eq!(code, Some(2), "{json:#}");
    assert_eq!(sent(&server).len(), 1, "it was certain before");
}

#[test]
fn a_key_id_that_the_configuration_has_wrong_is_left_out() {
    let folder = folder();
    let key = std::fs::read_to_string(folder.path("rsa.pem")).unwrap();
    folder.write("config.json", config("key-5", &key));
    let server = start(boxed());
    let (code, json) = read(&folder, &server, "doctor --box-config config.json");
    assert_eq!(first(&json), ("kid-differs", "certain"), "{json:#}");
    assert_eq!(code, Some(2), "{json:#}");
    assert_eq!(sent(&server), [Some("key-5".into()), None], "{json:#}");
}

#[test]
fn the_key_id_of_another_registered_key_is_not_tried() {
    let folder = folder();
    let other = folder.run("key public --key rsa-3072.pem --format jwk --key-id key-9");
    folder.write("other.jwk", other.success());
    let server = start(with_two_keys());
    let (_, json) = read(&folder, &server, &format!("{BOX} --certificate other.jwk"));
    assert!(!sent(&server).contains(&Some("key-9".into())), "{json:#}");
    let found = json["findings"].as_array().unwrap().iter();
    let mismatch = found.filter(|finding| finding["id"] == "key-mismatch");
    assert_eq!(mismatch.count(), 1, "{json:#}");
}
