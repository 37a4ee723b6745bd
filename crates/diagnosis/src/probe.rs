/// What a probe over the network found. The probes themselves are the command's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Probe {
    /// The name was looked up.
    Dns {
        /// The host.
        host: String,
        /// Why it did not resolve; `None` if it did.
        error: Option<String>,
    },
    /// A connection was opened.
    Connection {
        /// The host, with the port if it is not 443.
        host: String,
        /// Why it could not be opened; `None` if it could.
        error: Option<String>,
    },
    /// TLS was negotiated.
    Tls {
        /// The host.
        host: String,
        /// Why it failed: chain, name or date; `None` if it did not.
        error: Option<String>,
    },
    /// A proxy stands between, by the environment.
    Proxy {
        /// Its address, without user name and password.
        address: String,
        /// The variable that names it.
        variable: String,
    },
    /// This machine's clock was compared with a server's.
    Clock {
        /// How many seconds this machine is ahead; behind if negative.
        ahead: i64,
        /// By how many seconds that can be wrong: the round trip and the second to which a `Date` is cut.
        uncertainty: u64,
    },
    /// The server's metadata were read ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)).
    Metadata {
        /// `issuer`.
        issuer: Option<String>,
        /// `token_endpoint`.
        token_endpoint: Option<String>,
        /// `token_endpoint_auth_signing_alg_values_supported`; empty if it is not there.
        algorithms: Vec<String>,
    },
    /// The request was sent again with one thing changed.
    Varied {
        /// What was changed.
        variation: Variation,
        /// Whether the reply was a token.
        accepted: bool,
    },
}

/// What a probe changed in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variation {
    /// The times in the assertion are by the server's clock.
    ServerTime,
    /// Without `kid`.
    WithoutKeyId,
    /// With the `kid` that is known for the key: by its file, by what is registered, or by the configuration.
    WithKeyId,
    /// With the key's thumbprint (RFC 7638) as `kid`.
    ThumbprintKeyId,
    /// `aud` is the issuer of the server's metadata.
    AudienceIssuer,
    /// `aud` is the token endpoint.
    AudienceEndpoint,
}
