//! Configuration files: ours and Box's.

use super::{Case, check};
use crate::server::SECRET;
use crate::support::Folder;

const CONFIGS: &[Case] = &[
    (
        "token prod --config none.toml",
        2,
        "none.toml, for the configuration, cannot be read: No such file or directory",
    ),
    (
        "token prod --config folder",
        2,
        "folder, for the configuration, is a directory",
    ),
    (
        "token other --config sound.toml",
        2,
        "there is no profile `other` in sound.toml; it has prod",
    ),
    (
        "token prod --config empty.txt",
        2,
        "there is no profile `prod` in empty.txt; it has none",
    ),
    (
        "token prod --config unknown-key.toml",
        2,
        "unknown-key.toml, line 4: `isuer` is no setting; under [profiles.NAME], settings have the names of the flags of `jwt-bearer token`",
    ),
    (
        "token prod --config unknown-table.toml",
        2,
        "unknown-table.toml, line 1: `profile` is no setting; under [profiles.NAME], settings have the names of the flags of `jwt-bearer token`",
    ),
    (
        "token prod --config secret.toml",
        2,
        "secret.toml, line 4: `client-secret` does not belong here: secrets stay out of this file; name a file or a variable that holds it (client-secret-file, client-secret-env, passphrase-file, passphrase-env)",
    ),
    (
        "token prod --config passphrase.toml",
        2,
        "passphrase.toml, line 4: `passphrase` does not belong here: secrets stay out of this file; name a file or a variable that holds it (client-secret-file, client-secret-env, passphrase-file, passphrase-env)",
    ),
    (
        "token prod --config damaged.toml",
        2,
        "damaged.toml, line 4: invalid literal string, expected `'`",
    ),
    (
        "token prod --config type.toml",
        2,
        "type.toml, line 4: found a value of the type integer, expected a string",
    ),
    (
        "token prod --config provider.toml",
        2,
        "provider.toml, line 3: unknown variant `bx`, expected one of `box`, `salesforce`, `generic`",
    ),
    (
        "token prod --config grant.toml",
        2,
        "grant.toml, line 4: unknown variant `password`, expected `jwt-bearer` or `client-credentials`",
    ),
    (
        "token prod --config seconds.toml",
        2,
        "seconds.toml, line 4: expected whole seconds above 0, such as 45, or minutes, such as 3m",
    ),
    (
        "token prod --config zero.toml",
        2,
        "zero.toml, line 4: expected whole seconds above 0, such as 45, or minutes, such as 3m",
    ),
    (
        "token prod --config claim.toml",
        2,
        "claim.toml, line 4: found a value of the type sequence, expected a map",
    ),
    (
        "token prod --config form.toml",
        2,
        "form.toml, line 4: found a value of the type integer, expected a string",
    ),
    (
        "token prod --config text.toml",
        2,
        "text.toml, line 4: found a value of the type string, expected a map",
    ),
    (
        "token prod --config twice.toml",
        2,
        "twice.toml, line 5: duplicate key",
    ),
    (
        "token prod --config both.toml",
        2,
        "more than one of --subject, --enterprise and --user is set; set one",
    ),
    (
        "token prod --config date.toml",
        2,
        "date.toml: `a` in profile `prod` is a date or a number that JSON has not; write it as a text",
    ),
    (
        "token prod --config header-date.toml",
        2,
        "header-date.toml: `a` in profile `prod` is a date or a number that JSON has not; write it as a text",
    ),
    (
        "token prod --config nested-date.toml",
        2,
        "nested-date.toml: `a` in profile `prod` is a date or a number that JSON has not; write it as a text",
    ),
    (
        "token prod --config nan.toml",
        2,
        "nan.toml: `a` in profile `prod` is a date or a number that JSON has not; write it as a text",
    ),
    (
        "token prod --config infinite.toml",
        2,
        "infinite.toml: `a` in profile `prod` is a date or a number that JSON has not; write it as a text",
    ),
    (
        "token prod --config nested-nan.toml",
        2,
        "nested-nan.toml: `a` in profile `prod` is a date or a number that JSON has not; write it as a text",
    ),
    (
        "token prod --config latin1.txt",
        2,
        "latin1.txt, for the configuration, is not UTF-8",
    ),
];

const BOX_CONFIGS: &[Case] = &[
    (
        "token --box-config none.json",
        2,
        "none.json, for the Box configuration, cannot be read: No such file or directory",
    ),
    (
        "token --box-config folder",
        2,
        "folder, for the Box configuration, is a directory",
    ),
    (
        "token --box-config latin1.txt",
        2,
        "latin1.txt, for the Box configuration, is not UTF-8",
    ),
    (
        "token --box-config notes.txt",
        2,
        "notes.txt: not the JSON of Box's configuration file (line 1 column 1)",
    ),
    (
        "token --box-config empty.txt",
        2,
        "empty.txt: not the JSON of Box's configuration file (line 1 column 0)",
    ),
    (
        "token --box-config array.json",
        2,
        "array.json: a member of Box's configuration file is missing or of the wrong kind (line 1 column 2); download the file anew from the app's configuration page",
    ),
    (
        "token --box-config other.json",
        2,
        "other.json: not Box's configuration file: `boxAppSettings` is missing; download it from the app's configuration page, under \"App Settings\"",
    ),
    (
        "token --box-config cut.json",
        2,
        "cut.json: not the JSON of Box's configuration file (line 1 column 1036)",
    ),
    (
        "token --box-config no-client-id.json",
        2,
        "no-client-id.json: `boxAppSettings.clientID` is missing or empty in Box's configuration file",
    ),
    (
        "token --box-config no-secret.json",
        2,
        "no-secret.json: `boxAppSettings.clientSecret` is missing or empty in Box's configuration file",
    ),
    (
        "token --box-config number.json",
        2,
        "number.json: a member of Box's configuration file is missing or of the wrong kind (line 1 column 2035); download the file anew from the app's configuration page",
    ),
    (
        "token --box-config no-key.json",
        2,
        "Box's configuration file has no private key in it; name the key with --key",
    ),
    (
        "token --box-config no-subject.json",
        2,
        "the subject is missing: a Box token is for an enterprise (`enterprise`) or for a user (`user`), by id",
    ),
    (
        "token --box-config wrong-passphrase.json",
        3,
        "the use of the key was denied: the private key in Box's configuration file: the passphrase does not decrypt the private key: it is the wrong one, or the file is damaged",
    ),
    (
        "token --box-config no-passphrase.json",
        3,
        "the key needs a person, and none answered: the private key in Box's configuration file is encrypted; name its passphrase with --passphrase-env NAME, --passphrase-file FILE or --passphrase-fd N, or run this in a terminal",
    ),
    (
        "token --box-config damaged-key.json",
        3,
        "the key cannot be used: the private key in Box's configuration file: found text that is neither PEM nor base64, expected a private key in PEM or DER: name another file; PEM begins with `-----BEGIN`",
    ),
    (
        "token --box-config box.json --provider salesforce",
        2,
        "--box-config is for --provider box alone",
    ),
    (
        "token --box-config box.json --issuer app",
        2,
        "both --issuer and --box-config are set; the client id is in Box's file",
    ),
    (
        "token --box-config box.json --subject ann",
        2,
        "a plain subject is set, where a Box token is for an enterprise (`enterprise`) or for a user (`user`), by id",
    ),
];

#[test]
fn configuration_files_are_refused() {
    check(CONFIGS);
}

#[test]
fn box_configuration_files_are_refused() {
    check(BOX_CONFIGS);
}

pub(super) fn write(folder: &Folder) {
    for (name, line) in [
        ("sound.toml", "issuer = 'app'"),
        ("unknown-key.toml", "isuer = 'app'"),
        ("secret.toml", "client-secret = '7f3aQ-box-secret'"),
        ("passphrase.toml", "passphrase = '7f3aQ-box-secret'"),
        ("damaged.toml", "issuer = '7f3aQ-box-secret"),
        ("type.toml", "issuer = 7"),
        ("provider.toml", "provider = 'bx'"),
        ("grant.toml", "grant = 'password'"),
        ("seconds.toml", "lifetime = 'soon'"),
        ("zero.toml", "timeout = 0"),
        ("claim.toml", "claim = ['team=1']"),
        ("form.toml", "form = { a = 1 }"),
        ("text.toml", "form = 'a, expected 7f3aQ-box-secret'"),
        ("twice.toml", "issuer = 'app'\nissuer = 'app'"),
        ("date.toml", "claim = { a = 1979-05-27 }"),
        ("header-date.toml", "header = { a = 07:32:00 }"),
        (
            "nested-date.toml",
            "claim = { a = { b = [1979-05-27T07:32:00Z] } }",
        ),
        ("nan.toml", "claim = { a = nan }"),
        ("infinite.toml", "header = { a = -inf }"),
        ("nested-nan.toml", "claim = { a = [1, [nan]] }"),
        ("both.toml", "user = '1'\nenterprise = '2'"),
    ] {
        let profile = format!("# Ours.\n[profiles.prod]\nprovider = 'box'\n{line}\n");
        let profile = match name {
            "provider.toml" => profile.replace("provider = 'box'\n", ""),
            "both.toml" => profile + "issuer = 'app'\n",
            _ => profile,
        };
        folder.write(name, profile);
    }
    folder.write("unknown-table.toml", "[profile.prod]\nissuer = 'app'\n");
}

/// Box's configuration file with the encrypted key.
pub(super) fn write_box(folder: &Folder, key: &str) {
    let sound = serde_json::json!({
        "boxAppSettings": {
            "clientID": "app",
            "clientSecret": SECRET,
            "appAuth": { "publicKeyID": "key-1", "privateKey": key, "passphrase": "secret" },
        },
        "enterpriseID": "1234567",
    });
    let without = |pointer: &str| {
        let mut config = sound.clone();
        *config.pointer_mut(pointer).unwrap() = "".into();
        config.to_string()
    };
    let with = |pointer: &str, value: serde_json::Value| {
        let mut config = sound.clone();
        *config.pointer_mut(pointer).unwrap() = value;
        config.to_string()
    };
    let text = sound.to_string();
    let auth = |member: &str| format!("/boxAppSettings/appAuth/{member}");
    for (name, content) in [
        ("box.json", text.clone()),
        ("array.json", "[]".into()),
        ("other.json", r#"{"type": "service_account"}"#.into()),
        ("cut.json", text[..text.len() / 2].into()),
        ("no-client-id.json", without("/boxAppSettings/clientID")),
        ("no-secret.json", without("/boxAppSettings/clientSecret")),
        (
            "number.json",
            with("/boxAppSettings/clientSecret", 73_137_313.into()),
        ),
        ("no-key.json", without(&auth("privateKey"))),
        ("no-subject.json", without("/enterpriseID")),
        (
            "wrong-passphrase.json",
            with(&auth("passphrase"), "7f3aQ-wrong".into()),
        ),
        ("no-passphrase.json", without(&auth("passphrase"))),
        (
            "damaged-key.json",
            with(&auth("privateKey"), "7f3aQ-no-key".into()),
        ),
    ] {
        folder.write(name, content);
    }
}
