use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::Client;
use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use jwt_bearer_signer_aws_kms::http_client;

/// The region of the emulator's keys.
pub(crate) const REGION: &str = "eu-central-1";

/// The value of a variable that `tests/run` sets.
///
/// # Panics
/// If it is not set: a test that cannot run has not passed.
#[expect(
    clippy::disallowed_methods,
    reason = "what the test speaks to comes from its environment"
)]
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} must be set; the README tells to what"))
}

/// The emulator itself.
pub(crate) fn emulator() -> SdkConfig {
    at(&variable("JWT_BEARER_TEST_KMS"))
}

/// A configuration for the server at this URL. The emulator checks no credentials.
pub(crate) fn at(url: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client())
        .endpoint_url(url)
        .build()
}

/// Makes a key that signs, and gives its ARN.
pub(crate) async fn key(client: &Client, spec: KeySpec) -> String {
    key_for(client, spec, KeyUsageType::SignVerify).await
}

pub(crate) async fn key_for(client: &Client, spec: KeySpec, usage: KeyUsageType) -> String {
    let key = client.create_key().key_spec(spec).key_usage(usage);
    key.send().await.unwrap().key_metadata.unwrap().arn.unwrap()
}
