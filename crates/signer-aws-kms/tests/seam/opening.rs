use aws_sdk_kms::config::{BehaviorVersion, Region};
use aws_sdk_kms::{Client, Config};
use jwt_bearer_signer::{Algorithm, SignErrorKind, Signer};
use jwt_bearer_signer_aws_kms::{AwsKmsKey, SdkConfig};
use serde_json::{Value, json};

use crate::fake::{ARN, Answer, Fake, Key, configuration};
use crate::{is, open, refused};

/// A fake whose key is P-256 but for these members of the reply.
fn altered(changes: Value) -> Fake {
    let mut public = Key::P256.public();
    for (name, value) in changes.as_object().unwrap() {
        public[name] = value.clone();
    }
    Fake::new(move |_, _| Answer::ok(&public))
}

fn public(key: Key) -> Fake {
    Fake::new(move |_, _| Answer::ok(&key.public()))
}

#[tokio::test]
async fn one_call_makes_a_signer() {
    let fake = public(Key::P256);
    let signer = AwsKmsKey::new("alias/box")
        .key_id("key-1")
        .open_with(&fake.config())
        .await
        .unwrap();
    assert_eq!(signer.algorithm(), Algorithm::Es256);
    assert_eq!(signer.key_arn(), ARN);
    assert_eq!(signer.key_id(), Some("key-1"));
    let requests = fake.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].operation, "GetPublicKey");
    assert_eq!(requests[0].body, json!({ "KeyId": "alias/box" }));
}

#[tokio::test]
async fn there_is_no_key_id_by_default() {
    assert_eq!(open(&public(Key::Ed25519)).await.key_id(), None);
}

#[tokio::test]
async fn debug_shows_the_key_and_no_secret() {
    let signer = open(&public(Key::P256)).await;
    let debug = format!("{signer:?}");
    assert!(debug.contains(ARN) && debug.contains("Es256"), "{debug}");
    for secret in crate::SECRETS {
        assert!(!debug.contains(secret), "{debug}");
    }
}

#[tokio::test]
async fn the_region_set_goes_before_that_of_the_configuration() {
    let region = |uri: &str| uri.split('.').nth(1).unwrap().to_owned();
    let fake = Fake::new(move |request, _| {
        let mut public = Key::P256.public();
        public["KeyId"] = ARN.replace("eu-central-1", &region(&request.uri)).into();
        Answer::ok(&public)
    });

    open(&fake).await;
    let key = AwsKmsKey::new("alias/box").region("us-west-2");
    key.open_with(&fake.config()).await.unwrap();
    let alias = "arn:aws:kms:ap-southeast-2:111122223333:alias/box";
    AwsKmsKey::new(alias)
        .open_with(&fake.config())
        .await
        .unwrap();

    let regions: Vec<_> = fake.requests().iter().map(|r| region(&r.uri)).collect();
    assert_eq!(regions, ["eu-central-1", "us-west-2", "ap-southeast-2"]);
}

#[tokio::test]
async fn the_endpoint_set_goes_before_that_of_the_configuration() {
    let fake = public(Key::P256);
    let config = configuration()
        .into_builder()
        .http_client(fake.http_client())
        .endpoint_url("http://127.0.0.1:1")
        .build();
    AwsKmsKey::new("alias/box")
        .open_with(&config)
        .await
        .unwrap();
    let key = AwsKmsKey::new("alias/box").endpoint("http://127.0.0.1:2");
    key.open_with(&config).await.unwrap();
    let uris: Vec<_> = fake.requests().into_iter().map(|r| r.uri).collect();
    assert_eq!(uris, ["http://127.0.0.1:1/", "http://127.0.0.1:2/"]);
}

#[tokio::test]
async fn a_clients_own_settings_stay() {
    let fake = public(Key::P256);
    let client = Client::new(&fake.config());
    let key = AwsKmsKey::new("alias/box");
    key.clone().open_with_client(&client).await.unwrap();
    let other = key.region("us-west-2").open_with_client(&client).await;
    other.unwrap();
    let uris: Vec<_> = fake.requests().into_iter().map(|r| r.uri).collect();
    assert_eq!(
        uris,
        [
            "https://kms.eu-central-1.amazonaws.com/",
            "https://kms.us-west-2.amazonaws.com/"
        ]
    );
}

#[tokio::test]
async fn without_a_region_nothing_is_sent() {
    let fake = public(Key::P256);
    let config = fake.config().into_builder().region(None).build();
    let error = AwsKmsKey::new("alias/box")
        .open_with(&config)
        .await
        .unwrap_err();
    is(
        &error,
        SignErrorKind::KeyNotFound,
        "there is no region to look for alias/box in; give a region or an ARN, or set AWS_REGION",
    );
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_configuration_without_a_version_is_no_panic() {
    let fake = public(Key::P256);
    let whole = fake.config();
    let config = SdkConfig::builder()
        .region(whole.region().cloned())
        .credentials_provider(whole.credentials_provider().unwrap())
        .http_client(fake.http_client())
        .build();
    AwsKmsKey::new("alias/box")
        .open_with(&config)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_configuration_without_anything_is_no_panic() {
    let config = SdkConfig::builder().build();
    let key = AwsKmsKey::new("alias/box").region("eu-central-1");
    let error = key.clone().open_with(&config).await.unwrap_err();
    is(
        &error,
        SignErrorKind::AccessDenied,
        "the AWS configuration handed over has no credentials; load it with `aws_config`",
    );

    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .build();
    let error = key
        .open_with_client(&Client::from_conf(config))
        .await
        .unwrap_err();
    is(
        &error,
        SignErrorKind::Other,
        "kms:GetPublicKey on alias/box could not be sent: failed to select an auth scheme",
    );
}

#[tokio::test]
async fn names_that_cannot_be_are_refused_before_a_call() {
    let fake = public(Key::P256);
    let of = AwsKmsKey::new;
    let cases = [
        (of(""), "the key's name is empty"),
        (
            of("arn:aws:s3:::bucket"),
            "arn:aws:s3:::bucket is not the ARN of a key or an alias",
        ),
        (
            of("arn:aws:kms:eu-central-1:111122223333:grant/1"),
            "is not the ARN of a key or an alias",
        ),
        (of("arn:aws:kms"), "is not the ARN of a key or an alias"),
        (
            of(ARN).region("us-east-1"),
            "is in eu-central-1 by its ARN, and us-east-1 was asked for",
        ),
        (
            of("alias/box").region("evil.example/?"),
            "`evil.example/?` is no AWS region",
        ),
        (of("alias/box").region(""), "`` is no AWS region"),
        (of("arn:aws:kms::1:key/2"), "`` is no AWS region"),
        (
            of("alias/box").endpoint("localhost:4566"),
            "the endpoint is no URL like https://HOST",
        ),
        (
            of("alias/box").endpoint("http://user:hunter2@localhost"),
            "without a user name",
        ),
        (
            of("alias/box").endpoint("https://"),
            "the endpoint is no URL",
        ),
    ];
    for (key, text) in cases {
        let error = refused(&fake, key).await;
        is(&error, SignErrorKind::KeyNotFound, text);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn endpoints_in_clear_are_of_this_machine() {
    let fake = public(Key::P256);
    let key = |endpoint: &str| AwsKmsKey::new("alias/box").endpoint(endpoint);
    for endpoint in [
        "http://127.0.0.1:1",
        "http://127.9.9.9/kms",
        "http://[::1]",
        "http://[::1]:1/kms",
        "http://LocalHost:1",
        "https://kms.example",
    ] {
        key(endpoint)
            .open_with(&fake.config())
            .await
            .expect(endpoint);
    }
    assert_eq!(fake.requests().len(), 6);
    for endpoint in [
        "http://kms.example",
        "http://10.0.0.1:4566",
        "http://localhost.example",
        "http://127.0.0.1.example:1",
        "http://127.0.0.1:1.example",
        "http://kms.example/127.0.0.1",
        "http://kms.example?http://localhost",
        "http://[::2]",
        "http://[::1",
        "http://[::ffff:10.0.0.1]:1",
        "http://::1",
        "http://0.0.0.0",
    ] {
        let text = format!(
            "the endpoint {endpoint} would get the session token of the AWS credentials in clear"
        );
        is(
            &refused(&fake, key(endpoint)).await,
            SignErrorKind::KeyNotFound,
            &text,
        );
    }
    assert_eq!(fake.requests().len(), 6);
}

#[tokio::test]
async fn the_arn_of_an_alias_stands_for_a_key_of_its_account() {
    let alias = "arn:aws:kms:eu-central-1:111122223333:alias/box";
    for named in [
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        alias,
        "arn:aws:kms:eu-central-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ] {
        let fake = altered(json!({ "KeyId": named }));
        is(
            &refused(&fake, AwsKmsKey::new(alias)).await,
            SignErrorKind::Other,
            &format!("{alias} was asked for, and it holds the public key of {named}"),
        );
    }
}

#[tokio::test]
async fn keys_that_sign_no_jwt_are_refused() {
    let cases = [
        (
            json!({ "KeyUsage": "ENCRYPT_DECRYPT" }),
            SignErrorKind::InvalidKey,
            "the key's usage is ENCRYPT_DECRYPT, which cannot be changed, where SIGN_VERIFY is needed",
        ),
        (
            json!({ "KeyUsage": "KEY_AGREEMENT" }),
            SignErrorKind::InvalidKey,
            "the key's usage is KEY_AGREEMENT",
        ),
        (
            json!({ "KeyUsage": "TELEPORT" }),
            SignErrorKind::InvalidKey,
            "the key's usage is TELEPORT",
        ),
        (
            json!({ "KeySpec": "ML_DSA_65", "SigningAlgorithms": ["ML_DSA_SHAKE_256"] }),
            SignErrorKind::InvalidKey,
            "the key's spec is ML_DSA_65, and no JWT is signed with such a key here",
        ),
        (
            json!({ "KeySpec": "SM2" }),
            SignErrorKind::InvalidKey,
            "the key's spec is SM2",
        ),
        (
            json!({ "KeySpec": "ECC_NIST_P1024" }),
            SignErrorKind::InvalidKey,
            "the key's spec is ECC_NIST_P1024",
        ),
        (
            json!({ "SigningAlgorithms": ["ECDSA_SHA3_256"] }),
            SignErrorKind::UnsupportedAlgorithm,
            "the key is P-256 and AWS KMS signs with it by ECDSA_SHA3_256, none of which a JWT has",
        ),
        (
            json!({ "SigningAlgorithms": [] }),
            SignErrorKind::UnsupportedAlgorithm,
            "by no algorithm",
        ),
    ];
    for (changes, kind, text) in cases {
        is(
            &refused(&altered(changes), AwsKmsKey::new("alias/box")).await,
            kind,
            text,
        );
    }
}

#[tokio::test]
async fn unknown_algorithms_beside_a_known_one_do_no_harm() {
    let fake = altered(json!({ "SigningAlgorithms": ["ECDSA_SHA3_256", "ECDSA_SHA_256"] }));
    assert_eq!(open(&fake).await.algorithm(), Algorithm::Es256);
}

#[tokio::test]
async fn an_algorithm_that_does_not_fit_is_refused() {
    let key = AwsKmsKey::new("alias/box").algorithm(Algorithm::Rs256);
    is(
        &refused(&public(Key::P256), key).await,
        SignErrorKind::UnsupportedAlgorithm,
        "RS256 does not fit the key, which is P-256 and signs with ES256",
    );
}

#[tokio::test]
async fn corrupt_public_keys_are_refused() {
    let cases = [
        (
            json!({ "KeyId": null }),
            "it does not say whose public key it holds",
        ),
        (json!({ "PublicKey": null }), "the reply has no public key"),
        (
            json!({ "PublicKey": "AAAA" }),
            "the public key in the reply is not the DER of a SubjectPublicKeyInfo",
        ),
        (
            json!({ "KeySpec": "RSA_2048" }),
            "the public key in the reply is P-256, and its spec is RSA_2048",
        ),
    ];
    for (changes, text) in cases {
        is(
            &refused(&altered(changes), AwsKmsKey::new("alias/box")).await,
            SignErrorKind::Other,
            text,
        );
    }
    let not_json = Fake::new(|_, _| Answer::Reply(200, "{\"KeyId\":".into()));
    is(
        &refused(&not_json, AwsKmsKey::new("alias/box")).await,
        SignErrorKind::Other,
        "AWS KMS gave a corrupt reply: it is not the JSON that was expected",
    );
}

#[tokio::test]
async fn the_public_key_of_another_key_is_refused() {
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let fake = public(Key::P256);
    for name in [id, ARN] {
        let key = AwsKmsKey::new(name);
        key.open_with(&fake.config()).await.unwrap();
    }
    let other = "00000000-12ab-34cd-56ef-1234567890ab";
    for name in [other, &ARN.replace(id, other)] {
        let text = format!("{name} was asked for, and it holds the public key of {ARN}");
        is(
            &refused(&fake, AwsKmsKey::new(name)).await,
            SignErrorKind::Other,
            &text,
        );
    }
}
