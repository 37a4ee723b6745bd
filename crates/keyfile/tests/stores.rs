//! Keystores and JSON: aliases, what stands beside a key, passphrases.

#[cfg(test)]
mod common;

use common::{file, text};
use jwt_bearer_keyfile::{Item, KeyFile, KeyFileError, KeyFileErrorKind as Kind, PrivateKey};

fn open(name: &str, alias: Option<&str>, passphrase: &str) -> Result<String, KeyFileError> {
    let passphrase = Some(passphrase.as_bytes());
    let file = KeyFile::read(&file(name), passphrase)?;
    let (_, key) = file.private_key(alias)?;
    Ok(key.open(passphrase)?.to_pkcs8_pem()?.to_string())
}

#[test]
fn an_alias_names_a_key() {
    let cases = [
        ("several.p12", "box", "secret", "p256.pem"),
        ("several.p12", "other", "secret", "rsa.pem"),
        ("several.p12", "OTHER", "secret", "rsa.pem"),
        ("several.jks", "box", "secret", "p256.pem"),
        // This key has a passphrase of its own, and then the store's is not asked for.
        ("several.jks", "Other", "another", "rsa.pem"),
        ("several.jwks", "p256-1", "", "p256.pem"),
        ("several.jwks", "rsa-1", "", "rsa.pem"),
        // One key can be named too; without a name in the file it has its number.
        ("p256.p12", "box", "secret", "p256.pem"),
        ("p256-open.p12", "1", "", "p256.pem"),
        ("keystore.jks", "box", "secret", "p256.pem"),
        ("p256.jwk", "p256-1", "", "p256.pem"),
    ];
    for (name, alias, passphrase, expected) in cases {
        let key =
            open(name, Some(alias), passphrase).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(key, text(expected), "{name} {alias}");
    }
}

#[test]
fn aliases_are_listed_where_one_is_missing_or_wrong() {
    let several = |names: &str| {
        format!(
            "found 2 private keys, and no alias that names one: write it behind the file, as in `file:FILE?alias=NAME`; \
             there are {names}"
        )
    };
    for (name, names) in [
        ("several.p12", "`box`, `other`"),
        ("several.jks", "`box`, `other`"),
        ("several.jwks", "`p256-1`, `rsa-1`"),
    ] {
        let error = open(name, None, "secret").unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string()),
            (Kind::SeveralKeys, several(names))
        );
        let error = open(name, Some("bax"), "secret").unwrap_err();
        let expected = format!("found no private key with the alias `bax`: there are {names}");
        assert_eq!(
            (error.kind(), error.to_string()),
            (Kind::NoSuchAlias, expected)
        );
    }
    // Of a Java keystore the names are known without a passphrase.
    let file = KeyFile::read(&file("several.jks"), None).unwrap();
    assert_eq!(
        file.private_key(None).unwrap_err().to_string(),
        several("`box`, `other`")
    );
    for name in ["p256.pem", "p256.der", "google.json"] {
        assert_eq!(
            open(name, Some("box"), "").unwrap_err().to_string(),
            "found a private key without an alias, and an alias that names one: only keystores and JWKs have aliases; \
             leave it away"
        );
    }
    // The alias changes nothing where there is no private key.
    let error = open("rsa-certificate.pem", Some("box"), "").unwrap_err();
    assert_eq!(error.kind(), Kind::NotAPrivateKey);
}

#[test]
fn an_alias_of_two_keys_is_refused_and_shown_harmlessly() {
    let key = text("ed25519.jwk").replace("ed25519-1", "a`\\u001b[31m");
    let file = KeyFile::read(format!("{{\"keys\": [{key}, {key}]}}").as_bytes(), None).unwrap();
    let error = file.private_key(Some("a`\u{1b}[31m")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "found 2 private keys with the alias `a'\\u{1b}[31m`: there are `a'\\u{1b}[31m`, `a'\\u{1b}[31m`"
    );
}

#[test]
fn a_name_does_not_turn_the_line_around() {
    let key = text("ed25519.jwk").replace("ed25519-1", "exe\\u202egpj");
    let file = KeyFile::read(format!("{{\"keys\": [{key}, {key}]}}").as_bytes(), None).unwrap();
    let error = file.private_key(None).unwrap_err().to_string();
    assert!(
        error.ends_with("there are `exe\\u{202e}gpj`, `exe\\u{202e}gpj`"),
        "{error}"
    );
}

#[test]
fn what_stands_beside_a_key_is_told() {
    let cases = [
        ("p256.jwk", None, Some("p256-1"), None),
        ("several.jwks", Some("rsa-1"), Some("rsa-1"), Some("PS256")),
        ("box.json", None, Some("abcdefgh"), None),
        ("google.json", None, Some("0123456789abcdef"), None),
        ("p256.p12", None, None, None),
        ("p256.pem", None, None, None),
    ];
    for (name, alias, key_id, algorithm) in cases {
        let file = KeyFile::read(&file(name), Some(b"secret")).unwrap();
        let (entry, _) = file.private_key(alias).unwrap();
        assert_eq!(entry.key_id(), key_id, "{name}");
        let found = entry.algorithm().map(|algorithm| algorithm.name());
        assert_eq!(found, algorithm, "{name}");
    }
}

#[test]
fn a_box_configuration_opens_itself() {
    let key = PrivateKey::read(&file("box.json"), None).unwrap();
    assert_eq!(*key.to_pkcs8_pem().unwrap(), text("rsa.pem"));
    let wrong = text("box.json").replace("\"passphrase\": \"secret\"", "\"passphrase\": \"other\"");
    assert_eq!(
        PrivateKey::read(wrong.as_bytes(), None).unwrap_err().kind(),
        Kind::WrongPassphrase
    );
    // A passphrase from elsewhere beats the one in the file, and is needed if there is none.
    PrivateKey::read(wrong.as_bytes(), Some(b"secret")).unwrap();
    let without = text("box.json").replace("\"passphrase\": \"secret\"", "\"passphrase\": \"\"");
    assert_eq!(
        PrivateKey::read(without.as_bytes(), None)
            .unwrap_err()
            .kind(),
        Kind::PassphraseNeeded
    );
    PrivateKey::read(without.as_bytes(), Some(b"secret")).unwrap();
}

#[test]
fn an_empty_passphrase_is_tried_for_pkcs12() {
    for name in ["p256-empty.p12", "p256-open.p12"] {
        assert_eq!(open(name, None, "").unwrap(), text("p256.pem"));
        let key = PrivateKey::read(&file(name), None).unwrap();
        assert_eq!(*key.to_pkcs8_pem().unwrap(), text("p256.pem"));
    }
}

#[test]
fn missing_and_wrong_passphrases() {
    let needed = "found an encrypted private key and no passphrase: give the passphrase that it was encrypted with";
    let wrong = "the passphrase does not decrypt the private key: it is the wrong one, or the file is damaged";
    let store_needed = "found an encrypted PKCS#12 store and no passphrase: give the passphrase that it was exported \
                        with";
    let store = "the passphrase does not open the PKCS#12 store: it is the wrong one, or the file is damaged";
    let java = "the passphrase does not decrypt the private key in the Java keystore: it is the wrong one, or the file \
                is damaged; a key can have another passphrase than its keystore, and then the key's is the one to give";
    let cases = [
        ("rsa-traditional-des3.pem", needed, wrong),
        ("encrypted-traditional.pem", needed, wrong),
        ("encrypted-md5-des.pem", needed, wrong),
        ("encrypted-sha1-des.pem", needed, wrong),
        ("encrypted-pkcs12-3des.pem", needed, wrong),
        ("p256.p12", store_needed, store),
        ("rsa-legacy.p12", store_needed, store),
        ("p256-no-mac.p12", needed, wrong),
        ("keystore.jks", needed, java),
    ];
    for (name, needed, wrong) in cases {
        let error = PrivateKey::read(&file(name), None).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (Kind::PassphraseNeeded, needed),
            "{name}"
        );
        for passphrase in ["wrong", "Secret", "sécret€", "\u{1f511}"] {
            let error = PrivateKey::read(&file(name), Some(passphrase.as_bytes())).unwrap_err();
            assert_eq!(
                (error.kind(), error.to_string().as_str()),
                (Kind::WrongPassphrase, wrong),
                "{name}"
            );
        }
        let error = PrivateKey::read(&file(name), Some(b"\xff")).unwrap_err();
        assert_eq!(error.kind(), Kind::WrongPassphrase, "{name}");
    }
    // The store's passphrase is not this key's.
    assert_eq!(
        open("several.jks", Some("other"), "secret")
            .unwrap_err()
            .to_string(),
        java
    );
}

/// Kind and alias of an entry.
type Listed = (&'static str, Option<&'static str>);

#[test]
fn all_entries_are_listed() {
    let cases: [(&str, &str, &[Listed]); 8] = [
        (
            "p256.p12",
            "a PKCS#12 store",
            &[("Certificate", Some("box")), ("PrivateKey", Some("box"))],
        ),
        (
            "several.jks",
            "a Java keystore (JKS)",
            &[
                ("Certificate", Some("box")),
                ("Certificate", Some("other")),
                ("PrivateKey", Some("box")),
                ("PrivateKey", Some("other")),
            ],
        ),
        (
            "certificate.jks",
            "a Java keystore (JKS)",
            &[("Certificate", Some("trusted"))],
        ),
        (
            "p256-two-blocks.pem",
            "PEM",
            &[("Other", None), ("PrivateKey", None)],
        ),
        (
            "p256-request.der",
            "a certificate request",
            &[("Request", None)],
        ),
        ("rsa-public.pem", "PEM", &[("PublicKey", None)]),
        (
            "p256.jwk",
            "a JSON Web Key",
            &[("PrivateKey", Some("p256-1"))],
        ),
        ("openssh.pub", "an OpenSSH public key", &[]),
    ];
    for (name, form, entries) in cases {
        let file = KeyFile::read(&file(name), Some(b"secret")).unwrap();
        let found: Vec<_> = file
            .entries()
            .iter()
            .map(|entry| (format!("{:?}", entry.item()), entry.alias()))
            .collect();
        let mut found: Vec<_> = found
            .iter()
            .map(|(item, alias)| (item.as_str(), *alias))
            .collect();
        // Java sorts a keystore as its hash table does.
        found.sort();
        assert_eq!(found, entries, "{name}");
        assert_eq!(file.form(), form);
    }
}

#[test]
fn certificates_come_out_as_they_went_in() {
    for name in [
        "certificate.jks",
        "several.jks",
        "several.p12",
        "rsa-legacy.p12",
    ] {
        let store = KeyFile::read(&file(name), Some(b"secret")).unwrap();
        let is_it = |item: &Item| matches!(item, Item::Certificate(der) if *der == file("rsa-certificate.der"));
        assert!(
            store.entries().iter().any(|entry| is_it(entry.item())),
            "{name}"
        );
    }
}

#[test]
fn encryptions_are_named_and_the_weak_ones_are_known() {
    let cases = [
        ("p256.pem", None, false),
        ("p256.jwk", None, false),
        (
            "p256-aes256.pem",
            Some("PBES2 with AES-256 (PBKDF2 with HMAC-SHA-256, 2048 iterations)"),
            false,
        ),
        (
            "p256-des3.pem",
            Some("PBES2 with 3DES (PBKDF2 with HMAC-SHA-1, 2048 iterations)"),
            false,
        ),
        (
            "p256-scrypt.pem",
            Some("PBES2 with AES-128 (scrypt, N=16384, r=8, p=1)"),
            false,
        ),
        (
            "encrypted-traditional.pem",
            Some("OpenSSL's old way (`DEK-Info`) with AES-128"),
            true,
        ),
        (
            "encrypted-md5-des.pem",
            Some("PBES1 with MD5 and DES (2048 iterations)"),
            true,
        ),
        (
            "rsa-legacy.p12",
            Some("the scheme of PKCS#12 with SHA-1 and 3DES (2048 iterations)"),
            true,
        ),
        (
            "p256.p12",
            Some("PBES2 with AES-256 (PBKDF2 with HMAC-SHA-256, 2048 iterations)"),
            false,
        ),
        (
            "keystore.jks",
            Some("the protection of Java keystores (JKS), with SHA-1"),
            true,
        ),
    ];
    for (name, expected, weak) in cases {
        let file = KeyFile::read(&file(name), Some(b"secret")).unwrap();
        let (_, key) = file.private_key(None).unwrap();
        let encryption = key.encryption().unwrap();
        assert_eq!(
            encryption.as_ref().map(ToString::to_string).as_deref(),
            expected,
            "{name}"
        );
        assert_eq!(
            encryption.is_some_and(|found| found.weakness().is_some()),
            weak,
            "{name}"
        );
    }
}

#[test]
fn jwks_that_are_not_usable_say_why() {
    let rsa = text("rsa.jwk");
    let without = |names: &[&str]| {
        let lines = rsa.lines().filter(|line| {
            !names
                .iter()
                .any(|name| line.contains(&format!("\"{name}\":")))
        });
        lines.collect::<String>().replace(",}", "}")
    };
    let d = "\"d\": \"AQ\"";
    let damaged = "the JSON Web Key is damaged; take a fresh copy of the file";
    let unknown_curve =
        "found an EC key on an unknown curve, expected RSA of 2048, 3072 or 4096 bits";
    let cases = [
        (
            without(&["p", "q", "dp", "dq", "qi"]),
            Kind::Unsupported,
            "found an RSA key as JSON Web Key without `p`, `q`, `dp`, `dq`, `qi`, expected all of",
        ),
        (
            without(&["qi"]),
            Kind::Unsupported,
            "found an RSA key as JSON Web Key without `qi`, expected all of",
        ),
        (
            rsa.replace("AQAB", "Aw"),
            Kind::Unsupported,
            "found an RSA key with the public exponent 3,",
        ),
        (rsa.replace("AQAB", "A*AB"), Kind::Malformed, damaged),
        (
            rsa.replace("\"RSA\"", "\"ABC\""),
            Kind::Unsupported,
            "found a JSON Web Key of an unknown kind,",
        ),
        (rsa.replace("\"AQAB\"", "65537"), Kind::Malformed, damaged),
        (
            format!("{{\"kty\": \"EC\", \"crv\": \"P-521\", {d}}}"),
            Kind::Unsupported,
            "found an EC key on the curve P-521",
        ),
        (
            format!("{{\"kty\": \"EC\", \"crv\": \"secp256k1\", {d}}}"),
            Kind::Unsupported,
            "found an EC key on the curve secp256k1",
        ),
        (
            format!("{{\"kty\": \"EC\", \"crv\": \"x\", {d}}}"),
            Kind::Unsupported,
            unknown_curve,
        ),
        (
            format!("{{\"kty\": \"OKP\", \"crv\": \"X25519\", {d}}}"),
            Kind::Unsupported,
            "found a key that cannot sign (X25519 or X448)",
        ),
        (
            format!("{{\"kty\": \"OKP\", \"crv\": \"Ed448\", {d}}}"),
            Kind::Unsupported,
            "found an Ed448 key",
        ),
        (
            format!("{{\"kty\": \"OKP\", \"crv\": \"Ed25519\", {d}}}"),
            Kind::Malformed,
            damaged,
        ),
        (
            format!("{{\"kty\": \"EC\", \"crv\": \"P-256\", {d}, \"x\": \"AQ\", \"y\": \"AQ\"}}"),
            Kind::Malformed,
            "the public point",
        ),
        (
            rsa.replace('}', ""),
            Kind::Malformed,
            "a JSON Web Key was found, and its JSON is damaged at line",
        ),
    ];
    for (json, kind, start) in cases {
        let error = PrivateKey::read(json.as_bytes(), None).unwrap_err();
        assert!(error.to_string().starts_with(start), "{error}");
        assert_eq!(error.kind(), kind, "{start}");
    }
    // Without a point, and with padding, it is as good.
    let bare: String = text("p256.jwk")
        .lines()
        .filter(|line| !line.contains("\"x\"") && !line.contains("\"y\""))
        .collect();
    let key = PrivateKey::read(bare.replace(",}", "}").as_bytes(), None).unwrap();
    assert_eq!(*key.to_pkcs8_pem().unwrap(), text("p256.pem"));
}

#[test]
fn lost_line_ends_do_no_harm_to_old_encrypted_pem() {
    for name in ["encrypted-traditional.pem", "rsa-traditional-des3.pem"] {
        let pem = text(name);
        let plain = PrivateKey::read(pem.as_bytes(), Some(b"secret")).unwrap();
        for variant in [
            pem.replace('\n', "\r\n"),
            pem.replace('\n', " "),
            pem.replace('\n', "\\n"),
            pem.replace('\n', ""),
            pem.replace("\n\n", "\n"),
            pem.replace('\n', "\n   "),
            format!("\u{feff}\n{pem}"),
        ] {
            let key = PrivateKey::read(variant.as_bytes(), Some(b"secret"));
            let key = key.unwrap_or_else(|error| panic!("{name}: {error}: {variant}"));
            assert_eq!(*key.to_pkcs8_pem().unwrap(), *plain.to_pkcs8_pem().unwrap());
        }
        for variant in [
            pem.replace("DEK-Info", "DEK"),
            pem.replace("CBC,", "CBC,*"),
            pem.replace("CBC,", "CBC;"),
            pem.replace("DEK-Info: ", "DEK-Info: \u{1b}"),
        ] {
            let error = PrivateKey::read(variant.as_bytes(), Some(b"secret")).unwrap_err();
            assert_eq!(error.kind(), Kind::Malformed, "{error}");
        }
    }
}

#[test]
fn more_than_any_store_holds_is_refused() {
    let key = text("ed25519.jwk");
    for (count, is_fine) in [(1000, true), (1001, false)] {
        let set = format!("{{\"keys\": [{}]}}", vec![&key[..]; count].join(","));
        let pem = text("rsa-public.pem").repeat(count);
        for bytes in [set, pem] {
            let read = KeyFile::read(bytes.as_bytes(), None);
            let error = read
                .map(|file| assert_eq!(file.entries().len(), count))
                .err();
            let text = error.as_ref().map(ToString::to_string);
            assert_eq!(
                error.map(|error| error.kind()),
                (!is_fine).then_some(Kind::TooExpensive)
            );
            let expected = "the file holds more than 1000 keys and certificates: keep the key in a file of its own";
            assert_eq!(text.as_deref(), (!is_fine).then_some(expected));
        }
    }
}

/// As System.Text.Json and PHP escape them.
#[test]
fn escapes_of_json_do_no_harm() {
    for (name, passphrase) in [("box.json", "secret"), ("google.json", "")] {
        let plain = open(name, None, passphrase).unwrap();
        let json = text(name);
        assert!(json.contains('+') && json.contains('/'));
        for (from, to) in [
            ("+", "\\u002B"),
            ("/", "\\/"),
            ("\\n", "\\u000A"),
            ("\\n", "\\\\n"),
        ] {
            let json = json.replace(from, to);
            let file = KeyFile::read(json.as_bytes(), None).unwrap();
            let (_, key) = file.private_key(None).unwrap();
            assert_eq!(*key.open(None).unwrap().to_pkcs8_pem().unwrap(), plain);
        }
    }
}
