use std::time::Duration;

use jwt_bearer_assertion::{Jti, TimeClaim};
use jwt_bearer_signer::Algorithm;

use crate::{AudienceRule, Cause, EndpointRule, Grant, Profile, SecretRule, SubjectRule};

pub(crate) const GENERIC: Profile = Profile {
    name: "generic",
    title: "the server",
    token_endpoint: EndpointRule::Given,
    audience: AudienceRule::TokenEndpoint,
    issuer: "client id",
    subject: SubjectRule::Optional,
    client_secret: SecretRule::Optional,
    lifetime: Duration::from_secs(60),
    max_lifetime: None,
    issued_at: TimeClaim::Now,
    not_before: TimeClaim::Omitted,
    jti: Jti::base64url(16),
    algorithms: Algorithm::ALL,
    grants: &[Grant::JwtBearer, Grant::ClientCredentials],
    registration: "the public key as PEM, JWK or a certificate, as the server asks",
    causes: &[
        Cause {
            error: "invalid_client",
            description: "",
            cause: "the server does not know the client, or cannot verify how it proves who it is",
            remedy: "compare client id, `kid` and the public key registered with the server; for client authentication, `aud` is the token endpoint or the issuer, by server",
        },
        Cause {
            error: "unsupported_grant_type",
            description: "",
            cause: "the server does not know the JWT bearer grant at this endpoint",
            remedy: "check the token endpoint; if the JWT authenticates the client, use the grant client-credentials",
        },
        Cause {
            error: "invalid_scope",
            description: "",
            cause: "the scope is unknown, or more than was granted to the app",
            remedy: "ask for fewer scopes, or have them added to the app",
        },
    ],
};
