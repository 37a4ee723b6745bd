use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, ConnectorBuilder};

/// How long one attempt may take, credentials included, which a profile may have to fetch from elsewhere.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a call may take with all attempts: three of them and the waits between fit, and an assertion that lives
/// 45 seconds still has most of them left.
pub(crate) const OPERATION_TIMEOUT: Duration = Duration::from_secs(20);

/// The HTTP client of this crate: TLS by rustls with ring, through the proxy of the environment (`HTTPS_PROXY`,
/// `NO_PROXY`), with the certificate authorities of the system.
///
/// The SDK is built without a client of its own, which would bring another TLS stack. A program that loads an AWS
/// configuration of its own hands this one over, or makes the SDK bring its own by the SDK's features; without either,
/// `aws_config` panics. No I/O.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector =
            ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::Ring));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}

/// The usual AWS configuration: environment, profile, container, instance. A `region` spares the search for one.
pub(crate) async fn usual_configuration(region: Option<Region>) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client());
    if let Some(region) = region {
        loader = loader.region(region);
    }
    loader.load().await
}
