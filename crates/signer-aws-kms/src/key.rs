use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::config::Builder;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::{Client, Config};
use jwt_bearer_signer::{Algorithm, SignError, SignErrorKind};

use crate::AwsKmsSigner;
use crate::algorithm::shown;
use crate::client::{ATTEMPT_TIMEOUT, OPERATION_TIMEOUT, http_client, usual_configuration};

/// Which key of AWS KMS to sign with, and how. Ends with one of the `open` methods.
///
/// Holds no secret: credentials come from the AWS configuration.
#[derive(Clone, Debug)]
#[must_use]
pub struct AwsKmsKey {
    key: String,
    region: Option<String>,
    endpoint: Option<String>,
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) key_id: Option<String>,
    pub(crate) verify: bool,
    attempt_timeout: Option<Duration>,
    operation_timeout: Option<Duration>,
    max_attempts: Option<u32>,
}

impl AwsKmsKey {
    /// The key with this id, alias (`alias/box`), key ARN or alias ARN. A key of another account needs an ARN.
    pub fn new(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            region: None,
            endpoint: None,
            algorithm: None,
            key_id: None,
            verify: true,
            attempt_timeout: None,
            operation_timeout: None,
            max_attempts: None,
        }
    }

    /// The region, for example `eu-central-1`. Otherwise it is that of the ARN, and otherwise that of the AWS
    /// configuration.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The URL to send to, for a VPC endpoint or an emulator. Otherwise it is that of the AWS configuration
    /// (`AWS_ENDPOINT_URL_KMS`), which is taken as it is, and otherwise that of the region.
    ///
    /// `https://` goes anywhere, `http://` to this machine alone (127.0.0.0/8, `[::1]`, `localhost`): a call carries
    /// the session token of the credentials.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Signs with this algorithm instead of the usual one of the key: RS256, ES256, ES384, ES512, ES256K or EdDSA.
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// The JOSE key id that the server knows the key by. None by default, and never the ARN.
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Whether each signature is verified with the public key before it is given out; it is by default.
    ///
    /// This takes well under a millisecond, and a call to AWS KMS some ten. ES512 and ES256K cannot be verified here,
    /// and are not.
    pub fn verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// How long one attempt may take, with fetching credentials: otherwise as the AWS configuration says, which by
    /// default says nothing, and then 5 seconds.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// How long a call may take with all its attempts: otherwise as the AWS configuration says, which by default says
    /// nothing, and then 20 seconds.
    pub fn operation_timeout(mut self, timeout: Duration) -> Self {
        self.operation_timeout = Some(timeout);
        self
    }

    /// How often a call is tried, in the SDK's standard mode, with waits that grow from below a second: otherwise as
    /// the AWS configuration says (`AWS_MAX_ATTEMPTS`), which by default says 3 times. 0 counts as 1.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// Opens the key with the usual AWS configuration: environment, profile (also with SSO, a process, or a role to
    /// assume), web identity, container role, instance role.
    ///
    /// Reads files and environment variables, asks whatever these name for credentials, and calls AWS KMS once, for
    /// the public key. Needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// `KeyNotFound` (no such key or alias there, or no region), `InvalidKey` (not for signing, disabled, pending
    /// deletion or import), `UnsupportedAlgorithm`, `AccessDenied` (no permission, no credentials or expired ones, a
    /// wrong clock), `Unavailable` (of AWS KMS, or of what gives the credentials out), `Timeout`, `Other` (a corrupt
    /// reply).
    pub async fn open(self) -> Result<AwsKmsSigner, SignError> {
        let region = self.explicit_region()?;
        let config = usual_configuration(region.map(Region::new)).await;
        self.open_with(&config).await
    }

    /// Opens the key with a program's own configuration. What was set here goes before it.
    ///
    /// Calls AWS KMS once, for the public key. A configuration without an HTTP client is given ours.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with(self, config: &SdkConfig) -> Result<AwsKmsSigner, SignError> {
        if config.credentials_provider().is_none() {
            return Err(SignError::new(
                SignErrorKind::AccessDenied,
                "the AWS configuration handed over has no credentials; load it with `aws_config`, or set its \
                 credentials_provider",
            ));
        }
        let mut builder = Builder::from(config);
        // Without a version the client would panic.
        let version = config
            .behavior_version()
            .unwrap_or_else(BehaviorVersion::latest);
        builder.set_behavior_version(Some(version));
        self.open_with_config(&builder.build()).await
    }

    /// Opens the key with a program's own client, whose connections and credentials it shares. What was set here goes
    /// before the client's configuration.
    ///
    /// Calls AWS KMS once, for the public key. A client without an HTTP client is given ours.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with_client(self, client: &Client) -> Result<AwsKmsSigner, SignError> {
        self.open_with_config(client.config()).await
    }

    async fn open_with_config(self, config: &Config) -> Result<AwsKmsSigner, SignError> {
        let region = match self.explicit_region()? {
            Some(region) => region,
            None => config.region().map(ToString::to_string).ok_or_else(|| {
                not_found(format!(
                    "there is no region to look for {} in; give a region or an ARN, or set AWS_REGION or the \
                     profile's `region`",
                    self.key
                ))
            })?,
        };
        let mut builder = config.to_builder().region(Region::new(region.clone()));
        if let Some(endpoint) = self.checked_endpoint()? {
            builder.set_endpoint_url(Some(endpoint));
        }
        if config.http_client().is_none() {
            builder.set_http_client(Some(http_client()));
        }
        if let Some(attempts) = self.max_attempts {
            let retries = RetryConfig::standard().with_max_attempts(attempts);
            builder.set_retry_config(Some(retries));
        }
        builder.set_timeout_config(Some(self.timeouts(config.timeout_config())));
        let client = Client::from_conf(builder.build());
        AwsKmsSigner::open(client, &self.key.clone(), region, self).await
    }

    fn timeouts(&self, configured: Option<&TimeoutConfig>) -> TimeoutConfig {
        let configured = configured
            .cloned()
            .unwrap_or_else(|| TimeoutConfig::builder().build());
        let attempt = self
            .attempt_timeout
            .or(configured.operation_attempt_timeout())
            .unwrap_or(ATTEMPT_TIMEOUT);
        let operation = self
            .operation_timeout
            .or(configured.operation_timeout())
            .unwrap_or(OPERATION_TIMEOUT);
        configured
            .into_builder()
            .operation_attempt_timeout(attempt)
            .operation_timeout(operation)
            .build()
    }

    /// The region that was set or that the ARN names.
    fn explicit_region(&self) -> Result<Option<String>, SignError> {
        if self.key.is_empty() {
            return Err(not_found(
                "the key's name is empty; give a key id, `alias/NAME` or an ARN".into(),
            ));
        }
        let region = match (&self.region, arn_region(&self.key)?) {
            (Some(region), Some(of_arn)) if region != of_arn => {
                return Err(not_found(format!(
                    "{} is in {of_arn} by its ARN, and {region} was asked for; leave the region out",
                    self.key
                )));
            }
            (Some(region), _) => region,
            (None, Some(of_arn)) => of_arn,
            (None, None) => return Ok(None),
        };
        let is_region = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if region.is_empty() || !region.chars().all(is_region) {
            return Err(not_found(format!(
                "`{region}` is no AWS region; write one like eu-central-1"
            )));
        }
        Ok(Some(region.to_owned()))
    }

    fn checked_endpoint(&self) -> Result<Option<String>, SignError> {
        let Some(endpoint) = &self.endpoint else {
            return Ok(None);
        };
        let (is_tls, rest) = match (
            endpoint.strip_prefix("https://"),
            endpoint.strip_prefix("http://"),
        ) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            (None, None) => (false, ""),
        };
        // A user or a password before an `@` would be shown in errors.
        if rest.is_empty() || rest.contains('@') {
            return Err(not_found(
                "the endpoint is no URL like https://HOST or http://127.0.0.1:PORT, without a user name".into(),
            ));
        }
        if !is_tls && !is_loopback(rest) {
            return Err(not_found(format!(
                "the endpoint {} would get the session token of the AWS credentials in clear; write https://, as \
                 http:// is for this machine alone (127.0.0.1, [::1] or localhost)",
                shown(endpoint)
            )));
        }
        Ok(Some(endpoint.clone()))
    }
}

/// Whether what stands after `http://` begins with a host that is this machine.
fn is_loopback(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => authority,
    };
    if host.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let in_brackets = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match in_brackets {
        Some(host) => host.parse().is_ok_and(|ip: Ipv6Addr| ip.is_loopback()),
        None => host.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback()),
    }
}

/// The region in an ARN; `None` for what is no ARN.
fn arn_region(key: &str) -> Result<Option<&str>, SignError> {
    if !key.starts_with("arn:") {
        return Ok(None);
    }
    let parts: Vec<_> = key.splitn(6, ':').collect();
    match parts[..] {
        [_, _, "kms", region, _, resource]
            if resource.starts_with("key/") || resource.starts_with("alias/") =>
        {
            Ok(Some(region))
        }
        _ => Err(not_found(format!(
            "{key} is not the ARN of a key or an alias, which is arn:aws:kms:REGION:ACCOUNT:key/ID or \
             arn:aws:kms:REGION:ACCOUNT:alias/NAME"
        ))),
    }
}

fn not_found(text: String) -> SignError {
    SignError::new(SignErrorKind::KeyNotFound, text)
}
