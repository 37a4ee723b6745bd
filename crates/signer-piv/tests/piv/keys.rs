use std::fs;
use std::process::Command;

use jwt_bearer_signer::{Algorithm, PublicKey, SignErrorKind, Signer};
use jwt_bearer_signer_piv::{PinPolicy, PublicKeySource, SlotKey, TouchPolicy, tokens};

use crate::stand::{Stand, is, signs, source};

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn tokens_and_their_keys_are_described() {
    let stand = Stand::new();
    let b = &stand.b;
    let rsa = b.generate("9a", "RSA2048", "once", "never");
    b.certify("9a", &rsa, "CN=box,O=example");
    b.generate("9c", "ECCP384", "always", "cached");
    b.generate("82", "ED25519", "never", "always");
    b.generate("83", "X25519", "once", "never");
    stand.a.generate("95", "RSA1024", "once", "never");

    let tokens = tokens().await.unwrap();
    let told: Vec<_> = tokens
        .iter()
        .map(|token| (token.serial(), token.version(), token.reader()))
        .collect();
    assert_eq!(
        told,
        [
            (12_345_678, "5.4.3", "Yubico YubiKey CCID 00 00"),
            (23_456_789, "5.7.1", "Yubico YubiKey CCID 00 01"),
        ]
    );
    let line = |key: &SlotKey| {
        assert_eq!(key.public_key_source(), PublicKeySource::Metadata);
        let algorithms: Vec<_> = key.algorithms().iter().map(|one| one.name()).collect();
        format!(
            "{} {}, PIN {}, touch {}: {}",
            key.slot(),
            key.kind(),
            key.pin_policy().unwrap(),
            key.touch_policy().unwrap(),
            algorithms.join(" "),
        )
    };
    assert_eq!(
        tokens[1].keys().iter().map(line).collect::<Vec<_>>(),
        [
            "9a RSA-2048, PIN once, touch never: RS256 RS384 RS512 PS256 PS384 PS512",
            "9c P-384, PIN always, touch cached: ES384",
            "82 Ed25519, PIN never, touch always: EdDSA",
            "83 an X25519 key, which cannot sign, PIN once, touch never: ",
        ]
    );
    assert_eq!(
        line(&tokens[0].keys()[0]),
        "95 RSA-1024, PIN once, touch never: "
    );
    let key = &tokens[1].keys()[0];
    assert_eq!(key.public_key().unwrap().to_spki_pem(), rsa);
    assert_eq!(key.subject(), Some("CN=box,O=example"));
    assert_eq!(key.certificate().unwrap()[0], 0x30);
    assert_eq!(tokens[1].keys()[1].certificate(), None);
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn what_signs_no_jwt_is_refused_by_name() {
    let stand = Stand::new();
    stand.a.generate("9a", "RSA1024", "once", "never");
    stand.b.generate("9d", "X25519", "once", "never");
    stand.b.generate("9e", "ECCP256", "never", "never");
    is(
        stand.a.key("9a").open().await,
        SignErrorKind::InvalidKey,
        "slot 9a of YubiKey 12345678 holds a key of the kind RSA-1024, which signs no JWT",
    );
    is(
        stand.b.key("9d").open().await,
        SignErrorKind::InvalidKey,
        "slot 9d of YubiKey 23456789 holds an X25519 key, which cannot sign",
    );
    is(
        stand.b.key("9c").open().await,
        SignErrorKind::KeyNotFound,
        "slot 9c of YubiKey 23456789 holds no key that can be used; make one with `ykman --device 23456789 piv keys \
         generate 9c",
    );
    is(
        stand.b.key("9e").algorithm(Algorithm::Rs256).open().await,
        SignErrorKind::UnsupportedAlgorithm,
        "RS256 does not fit the key, which is P-256 and signs with ES256",
    );
}

/// Before version 5.3 there is no metadata: what the token made itself it attests, and for the rest there is the
/// certificate, here a compressed one.
#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn the_public_key_is_found_without_metadata() {
    let stand = Stand::new();
    let a = &stand.a;
    a.tell("version 5.2.7");
    let generated = a.generate("9a", "ECCP256", "once", "cached");
    let folder = tempfile::tempdir().unwrap();
    let [key, certificate] = ["key.pem", "certificate.pem"].map(|name| folder.path().join(name));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=imported",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success());
    a.import("9c", &key, &certificate);

    let attested = a.open("9a").await;
    assert_eq!(attested.public_key_source(), PublicKeySource::Attestation);
    assert_eq!(attested.public_key().to_spki_pem(), generated);
    assert_eq!(attested.pin_policy(), Some(PinPolicy::Once));
    assert_eq!(attested.touch_policy(), Some(TouchPolicy::Cached));
    signs(&attested, b"a").await;

    let certified = a.open("9c").await;
    assert_eq!(certified.public_key_source(), PublicKeySource::Certificate);
    assert_eq!(
        (certified.pin_policy(), certified.touch_policy()),
        (None, None)
    );
    for _ in 0..2 {
        signs(&certified, b"a").await;
    }
    let of_file = Command::new("openssl")
        .args(["pkey", "-pubout", "-in"])
        .arg(&key)
        .output()
        .unwrap();
    assert_eq!(
        certified.public_key().to_spki_pem().as_bytes(),
        of_file.stdout
    );
    let tokens = tokens().await.unwrap();
    assert_eq!(tokens[0].version(), "5.2.7");
    assert_eq!(tokens[0].keys()[1].subject(), Some("CN=imported"));
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn openssl_verifies_what_is_padded_here() {
    let stand = Stand::new();
    let b = &stand.b;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::write(file("message"), "header.claims").unwrap();
    for kind in ["RSA2048", "RSA3072", "RSA4096"] {
        fs::write(file("public.pem"), b.generate("9e", kind, "never", "never")).unwrap();
        for (algorithm, hash, options) in [
            (Algorithm::Rs256, "-sha256", &["rsa_padding_mode:pkcs1"][..]),
            (Algorithm::Rs384, "-sha384", &["rsa_padding_mode:pkcs1"]),
            (Algorithm::Rs512, "-sha512", &["rsa_padding_mode:pkcs1"]),
            (Algorithm::Ps256, "-sha256", &PSS),
            (Algorithm::Ps384, "-sha384", &PSS),
            (Algorithm::Ps512, "-sha512", &PSS),
        ] {
            let signer = b.key("9e").algorithm(algorithm).open().await.unwrap();
            let signature = signer.sign(b"header.claims").await.unwrap();
            fs::write(file("signature"), signature.as_bytes()).unwrap();
            let mut openssl = Command::new("openssl");
            openssl
                .args(["dgst", hash, "-verify"])
                .arg(file("public.pem"));
            for option in options {
                openssl.args(["-sigopt", option]);
            }
            openssl.arg("-signature").arg(file("signature"));
            let output = openssl.arg(file("message")).output().unwrap();
            assert_eq!(output.stdout, b"Verified OK\n", "{kind} {algorithm}");
        }
    }
}

const PSS: [&str; 2] = ["rsa_padding_mode:pss", "rsa_pss_saltlen:digest"];

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn ed25519_messages_go_up_to_a_limit() {
    let stand = Stand::new();
    stand.b.generate("9a", "ED25519", "never", "never");
    let signer = stand.b.open("9a").await;
    let mut refused = Vec::new();
    for len in [
        1, 116, 117, 118, 125, 126, 127, 128, 241, 242, 243, 244, 245, 246, 247, 248, 249, 254,
        255, 256, 257, 500, 501, 502, 1010, 1015, 1023, 1024, 2000, 3000, 3062, 3063, 100_000,
    ] {
        match signer.sign(&vec![7; len]).await {
            Ok(_) => assert_eq!(refused, [0; 0], "{len}"),
            Err(error) => {
                assert_eq!(error.kind(), SignErrorKind::InputLength, "{len}");
                assert!(
                    source(&error).contains("takes up to 3062")
                        || source(&error).contains("takes more than 3062")
                );
                refused.push(len);
            }
        }
    }
    assert!(
        refused.ends_with(&[3063, 100_000]) && !refused.contains(&1015),
        "{refused:?}"
    );
    signs(&signer, b"header.claims").await;
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_faulty_signature_is_not_given_out() {
    let stand = Stand::new();
    let b = &stand.b;
    for kind in ["RSA2048", "ECCP256", "ECCP384", "ED25519"] {
        b.generate("9a", kind, "once", "never");
        let signer = b.open("9a").await;
        signs(&signer, b"a").await;
        b.tell("corrupt next");
        is(
            signer.sign(b"a").await,
            SignErrorKind::Other,
            "the signature is not by the public key of slot 9a of YubiKey 23456789",
        );
        signs(&signer, b"a").await;
    }
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_key_that_was_replaced_is_noticed() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    let signer = a.open("9a").await;
    signs(&signer, b"a").await;
    let before: PublicKey = signer.public_key().clone();
    a.generate("9a", "ECCP256", "once", "never");
    is(
        signer.sign(b"a").await,
        SignErrorKind::Other,
        "the key was replaced since",
    );
    a.generate("9a", "RSA2048", "once", "never");
    is(
        signer.sign(b"a").await,
        SignErrorKind::InvalidKey,
        "slot 9a of YubiKey 12345678 holds a key of another kind than when it was opened",
    );
    let anew = a.open("9a").await;
    assert_ne!(*anew.public_key(), before);
    signs(&anew, b"a").await;
    a.ykman(&["reset", "-f"]);
    assert_eq!(
        signer.sign(b"a").await.unwrap_err().kind(),
        SignErrorKind::KeyNotFound
    );
}
