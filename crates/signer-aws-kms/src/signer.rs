use std::fmt;

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::SigningAlgorithmSpec;
use jwt_bearer_signer::{
    Algorithm, PublicKey, SignError, SignErrorKind, Signature, Signer, VerifyError,
};

use crate::AwsKmsKey;
use crate::algorithm::{MAX_RAW, choose, corrupt, message_type, public_key, shown};
use crate::error::{Call, failed};

/// Signs with a private key that never leaves AWS KMS. Made by [`AwsKmsKey`].
///
/// Each signature is one call to AWS KMS, which names the key by its ARN: an alias that is pointed at another key
/// later changes nothing for this signer. Needs a tokio runtime with I/O and time.
///
/// Dropping the future of a signature ends the call, which AWS KMS may have answered and counted by then.
pub struct AwsKmsSigner {
    client: Client,
    region: String,
    key_arn: String,
    algorithm: Algorithm,
    signing_algorithm: SigningAlgorithmSpec,
    key_id: Option<String>,
    public_key: PublicKey,
    verify: bool,
}

impl AwsKmsSigner {
    pub(crate) async fn open(
        client: Client,
        key: &str,
        region: String,
        options: AwsKmsKey,
    ) -> Result<Self, SignError> {
        let reply = client
            .get_public_key()
            .key_id(key)
            .send()
            .await
            .map_err(|error| failed(Call::get_public_key(key, &region), &error))?;
        let key_arn = reply
            .key_id()
            .ok_or_else(|| corrupt("it does not say whose public key it holds"))?
            .to_owned();
        if !is_named(key, &key_arn) {
            return Err(corrupt(format!(
                "{key} was asked for, and it holds the public key of {}",
                shown(&key_arn)
            )));
        }
        let public_key = public_key(&reply)?;
        let (algorithm, signing_algorithm) = choose(
            options.algorithm,
            public_key.kind(),
            reply.signing_algorithms.as_deref(),
        )?;
        Ok(Self {
            client,
            region,
            key_arn,
            algorithm,
            signing_algorithm,
            key_id: options.key_id,
            public_key,
            verify: options.verify,
        })
    }

    /// The ARN of the key, whatever name it was opened by.
    #[must_use]
    pub fn key_arn(&self) -> &str {
        &self.key_arn
    }

    fn check(&self, signing_input: &[u8], signature: &Signature) -> Result<(), SignError> {
        match self
            .public_key
            .verify(self.algorithm, signing_input, signature.as_bytes())
        {
            Ok(()) | Err(VerifyError::Unsupported { .. }) => Ok(()),
            Err(error) => Err(corrupt(error.to_string())),
        }
    }
}

/// Whether a reply for a key that was asked for by this name may say that it is of this one.
fn is_named(asked: &str, named: &str) -> bool {
    match asked.split_once("alias/") {
        // An alias is of the same region and account as its key.
        Some((owner, _)) if owner.starts_with("arn:") => named
            .strip_prefix(owner)
            .is_some_and(|key| key.starts_with("key/")),
        Some(_) => true,
        None if asked.starts_with("arn:") => named == asked,
        None => named == asked || named.ends_with(&format!("/{asked}")),
    }
}

#[async_trait]
impl Signer for AwsKmsSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
        let message = match self.algorithm.digest(signing_input) {
            Some(digest) => Blob::new(digest.as_ref()),
            None if signing_input.len() > MAX_RAW => {
                return Err(SignError::new(
                    SignErrorKind::InputLength,
                    format!(
                        "{} octets to be signed with {}, for which AWS KMS takes up to {MAX_RAW}; use fewer claims, \
                         or a key of another kind",
                        signing_input.len(),
                        self.algorithm
                    ),
                ));
            }
            None => Blob::new(signing_input),
        };
        let message_type = message_type(self.algorithm);
        let reply = self
            .client
            .sign()
            .key_id(&self.key_arn)
            .signing_algorithm(self.signing_algorithm.clone())
            .message_type(message_type.clone())
            .message(message)
            .send()
            .await
            .map_err(|error| {
                let call = Call::sign(
                    &self.key_arn,
                    &self.region,
                    self.signing_algorithm.as_str(),
                    message_type.as_str(),
                );
                failed(call, &error)
            })?;
        if reply.key_id() != Some(&self.key_arn) {
            return Err(corrupt(format!(
                "{} was asked to sign, and {} did",
                self.key_arn,
                reply.key_id().map_or("an unnamed key".into(), shown)
            )));
        }
        if reply.signing_algorithm() != Some(&self.signing_algorithm) {
            return Err(corrupt(format!(
                "{} was asked for, and the signature is by {}",
                self.signing_algorithm,
                reply
                    .signing_algorithm()
                    .map_or("an unnamed algorithm".into(), |other| shown(other.as_str()))
            )));
        }
        let octets = reply
            .signature()
            .ok_or_else(|| corrupt("it has no signature"))?
            .as_ref();
        let signature = match self.algorithm {
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 | Algorithm::Es256K => {
                Signature::from_ecdsa_der(self.algorithm, octets)
            }
            _ => Signature::from_jose(self.algorithm, octets),
        }
        .map_err(|error| corrupt(error.to_string()))?;
        if self.verify {
            self.check(signing_input, &signature)?;
        }
        Ok(signature)
    }
}

impl fmt::Debug for AwsKmsSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsKmsSigner")
            .field("key_arn", &self.key_arn)
            .field("region", &self.region)
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .field("public_key", &self.public_key)
            .finish_non_exhaustive()
    }
}
