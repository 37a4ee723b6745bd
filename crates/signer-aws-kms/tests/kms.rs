//! The signer against a KMS emulator, through the real SDK.
//!
//! Ignored by plain `cargo test`: the README tells how to start the emulator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, OriginType};
use jwt_bearer_signer::{Algorithm, SignError, SignErrorKind, Signer};
use jwt_bearer_signer_aws_kms::{AwsKmsKey, AwsKmsSigner};
use tokio::task::JoinSet;

use conformance::{Place, conforms};
use support::{REGION, emulator, key, key_for};

#[path = "../../../tests/support/conformance.rs"]
mod conformance;
#[path = "../../../tests/support/hidden.rs"]
mod hidden;
mod support;

fn client() -> Client {
    Client::new(&emulator())
}

async fn open(key: &str) -> Result<AwsKmsSigner, SignError> {
    AwsKmsKey::new(key).open_with(&emulator()).await
}

async fn signs(signer: &AwsKmsSigner) {
    let signature = signer.sign(b"header.claims").await.unwrap();
    signer
        .public_key()
        .verify(signer.algorithm(), b"header.claims", signature.as_bytes())
        .unwrap();
}

fn is(error: &SignError, kind: SignErrorKind, text: &str) {
    let source = error.source().unwrap().to_string();
    assert_eq!(error.kind(), kind, "{source}");
    assert!(source.contains(text), "`{text}` is not in `{source}`");
}

/// A key of this spec conforms with every algorithm that it has, the first by default.
async fn spec_conforms(spec: KeySpec, algorithms: &[Algorithm]) {
    let arn = key(&client(), spec).await;
    assert_eq!(open(&arn).await.unwrap().algorithm(), algorithms[0]);
    for algorithm in algorithms {
        // One emulator on a busy machine answers all these tests at once.
        let signer = AwsKmsKey::new(&arn)
            .algorithm(*algorithm)
            .attempt_timeout(Duration::from_secs(100))
            .operation_timeout(Duration::from_secs(100))
            .open_with(&emulator())
            .await
            .unwrap();
        assert_eq!(signer.algorithm(), *algorithm);
        assert_eq!(signer.public_key().kind().algorithms(), algorithms);
        conforms(Arc::new(signer), Place::Device, &[]).await;
    }
}

const RSA: [Algorithm; 6] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn rsa_2048_conforms() {
    spec_conforms(KeySpec::Rsa2048, &RSA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn rsa_3072_conforms() {
    spec_conforms(KeySpec::Rsa3072, &RSA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn rsa_4096_conforms() {
    spec_conforms(KeySpec::Rsa4096, &RSA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn p256_conforms() {
    spec_conforms(KeySpec::EccNistP256, &[Algorithm::Es256]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn p384_conforms() {
    spec_conforms(KeySpec::EccNistP384, &[Algorithm::Es384]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn p521_conforms() {
    spec_conforms(KeySpec::EccNistP521, &[Algorithm::Es512]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn secp256k1_conforms() {
    spec_conforms(KeySpec::EccSecgP256K1, &[Algorithm::Es256K]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn ed25519_conforms() {
    spec_conforms(KeySpec::EccNistEdwards25519, &[Algorithm::EdDsa]).await;
}

/// An alias that no other run has.
fn alias_of(arn: &str) -> String {
    format!("alias/{}", id_of(arn))
}

fn id_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap()
}

async fn create_alias(client: &Client, arn: &str) -> String {
    let alias = alias_of(arn);
    let request = client.create_alias().alias_name(&alias).target_key_id(arn);
    request.send().await.unwrap();
    alias
}

#[tokio::test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn every_form_of_a_name_opens_the_same_key() {
    let client = client();
    let arn = key(&client, KeySpec::EccNistP256).await;
    let alias = create_alias(&client, &arn).await;
    let account = arn.split(':').nth(4).unwrap();
    let alias_arn = format!("arn:aws:kms:{REGION}:{account}:{alias}");
    let mut keys = HashSet::new();
    for name in [&arn, id_of(&arn), &alias, &alias_arn] {
        let signer = open(name).await.unwrap();
        assert_eq!(signer.key_arn(), arn, "{name}");
        signs(&signer).await;
        keys.insert(signer.public_key().clone());
    }
    assert_eq!(keys.len(), 1);
}

#[tokio::test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn the_region_of_an_arn_is_where_the_call_goes() {
    let config = emulator().into_builder();
    let elsewhere = config.region(aws_config::Region::new("us-east-1")).build();
    let arn = key(&client(), KeySpec::EccNistP256).await;
    let signer = AwsKmsKey::new(&arn).open_with(&elsewhere).await.unwrap();
    signs(&signer).await;
    let error = AwsKmsKey::new(id_of(&arn))
        .open_with(&elsewhere)
        .await
        .unwrap_err();
    is(&error, SignErrorKind::KeyNotFound, "in us-east-1");
    let signer = AwsKmsKey::new(id_of(&arn))
        .region(REGION)
        .open_with(&elsewhere)
        .await
        .unwrap();
    signs(&signer).await;
}

#[tokio::test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn a_programs_own_client_signs() {
    let client = client();
    let arn = key(&client, KeySpec::Rsa2048).await;
    let key = AwsKmsKey::new(&arn);
    signs(&key.open_with_client(&client).await.unwrap()).await;
}

#[tokio::test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn names_of_no_key_are_not_found() {
    let unknown = "00000000-0000-0000-0000-000000000000";
    let arn = format!("arn:aws:kms:{REGION}:000000000000:key/{unknown}");
    let elsewhere = format!("arn:aws:kms:us-east-1:000000000000:key/{unknown}");
    for name in [unknown, &arn, &elsewhere, "alias/nobody", "box"] {
        let error = open(name).await.unwrap_err();
        is(
            &error,
            SignErrorKind::KeyNotFound,
            &format!("AWS KMS knows no {name} in "),
        );
    }
}

#[tokio::test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn an_alias_pointed_elsewhere_changes_nothing_for_an_open_signer() {
    let client = client();
    let first = key(&client, KeySpec::EccNistP256).await;
    let second = key(&client, KeySpec::EccNistP256).await;
    let alias = create_alias(&client, &first).await;
    let signer = open(&alias).await.unwrap();
    let request = client.update_alias().alias_name(&alias);
    request.target_key_id(&second).send().await.unwrap();

    signs(&signer).await;
    assert_eq!(signer.key_arn(), first);
    let reopened = open(&alias).await.unwrap();
    assert_eq!(reopened.key_arn(), second);
    assert_ne!(reopened.public_key(), signer.public_key());
}

#[tokio::test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn a_key_is_disabled_enabled_and_deleted_under_an_open_signer() {
    let client = client();
    let arn = key(&client, KeySpec::EccNistP256).await;
    let signer = open(&arn).await.unwrap();

    client.disable_key().key_id(&arn).send().await.unwrap();
    let error = signer.sign(b"header.claims").await.unwrap_err();
    is(
        &error,
        SignErrorKind::InvalidKey,
        &format!("{arn} is disabled: enable it with `aws kms enable-key --region {REGION}"),
    );

    client.enable_key().key_id(&arn).send().await.unwrap();
    signs(&signer).await;

    let deletion = client.schedule_key_deletion().key_id(&arn);
    deletion.pending_window_in_days(7).send().await.unwrap();
    let error = signer.sign(b"header.claims").await.unwrap_err();
    is(
        &error,
        SignErrorKind::InvalidKey,
        "keep it with `aws kms cancel-key-deletion",
    );
}

#[tokio::test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn a_key_without_its_material_is_refused() {
    let request = client()
        .create_key()
        .key_spec(KeySpec::Rsa2048)
        .key_usage(KeyUsageType::SignVerify)
        .origin(OriginType::External);
    let key = request.send().await.unwrap().key_metadata.unwrap();
    is(
        &open(&key.key_id).await.unwrap_err(),
        SignErrorKind::InvalidKey,
        "import it with `aws kms import-key-material`",
    );
}

#[tokio::test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn keys_for_something_else_are_refused() {
    let cases = [
        (
            KeySpec::Rsa2048,
            KeyUsageType::EncryptDecrypt,
            "the key's usage is ENCRYPT_DECRYPT",
        ),
        (
            KeySpec::SymmetricDefault,
            KeyUsageType::EncryptDecrypt,
            "so it is a symmetric one",
        ),
        (KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac, ""),
    ];
    for (spec, usage, text) in cases {
        let arn = key_for(&client(), spec, usage).await;
        is(
            &open(&arn).await.unwrap_err(),
            SignErrorKind::InvalidKey,
            text,
        );
    }
}

#[tokio::test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn an_algorithm_that_does_not_fit_is_refused() {
    let arn = key(&client(), KeySpec::EccNistP384).await;
    let key = AwsKmsKey::new(&arn).algorithm(Algorithm::Es256);
    is(
        &key.open_with(&emulator()).await.unwrap_err(),
        SignErrorKind::UnsupportedAlgorithm,
        "ES256 does not fit the key, which is P-384 and signs with ES384",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
async fn fifty_signers_sign_at_once() {
    let client = client();
    let rsa = key(&client, KeySpec::Rsa2048).await;
    let ec = key(&client, KeySpec::EccNistP256).await;
    let mut tasks = JoinSet::new();
    for n in 0..50 {
        let arn = if n % 2 == 0 { &rsa } else { &ec };
        let key = AwsKmsKey::new(arn)
            .attempt_timeout(Duration::from_secs(100))
            .operation_timeout(Duration::from_secs(100));
        tasks.spawn(async move {
            let signer = key.open_with(&emulator()).await.unwrap();
            for _ in 0..4 {
                signs(&signer).await;
            }
        });
    }
    assert_eq!(tasks.join_all().await.len(), 50);
}
