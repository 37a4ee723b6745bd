//! A key in a KMS emulator, by the AWS SDK alone, and by the trait.

use std::error::Error;

use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};
use aws_sdk_kms::{Client, Config};
use jwt_bearer::Algorithm;
use jwt_bearer::aws_kms::{AwsKmsKey, AwsKmsSigner, http_client};

/// One RSA key, three times.
pub(crate) struct KmsKey {
    /// As it comes: it verifies each signature before it gives it out.
    pub(crate) signer: AwsKmsSigner,
    pub(crate) unverified: AwsKmsSigner,
    client: Client,
}

impl KmsKey {
    /// Makes a key in the emulator at `JWT_BEARER_TEST_KMS`; `None` where there is none.
    pub(crate) async fn make() -> Result<Option<Self>, Box<dyn Error>> {
        let Ok(emulator) = std::env::var("JWT_BEARER_TEST_KMS") else {
            return Ok(None);
        };
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "benchmark"))
            .http_client(http_client())
            .endpoint_url(emulator)
            .build();
        let client = Client::from_conf(config);
        let made = client
            .create_key()
            .key_spec(KeySpec::Rsa2048)
            .key_usage(KeyUsageType::SignVerify)
            .send()
            .await?;
        let key = made.key_metadata.ok_or("no key was made")?.key_id;
        let key = AwsKmsKey::new(key);
        let signer = key.clone().open_with_client(&client).await?;
        let unverified = key.verify(false).open_with_client(&client).await?;
        Ok(Some(Self {
            signer,
            unverified,
            client,
        }))
    }

    /// The one call that a signature takes.
    pub(crate) async fn call(&self, message: &[u8]) -> Result<(), Box<dyn Error>> {
        let digest = Algorithm::Rs256.digest(message).ok_or("it has a digest")?;
        self.client
            .sign()
            .key_id(self.signer.key_arn())
            .signing_algorithm(SigningAlgorithmSpec::RsassaPkcs1V15Sha256)
            .message_type(MessageType::Digest)
            .message(Blob::new(digest.as_ref()))
            .send()
            .await?;
        Ok(())
    }
}
