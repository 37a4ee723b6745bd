use std::time::Duration;

use jwt_bearer_assertion::{Jti, TimeClaim};
use jwt_bearer_signer::Algorithm;

use crate::{AudienceRule, EndpointRule, Grant, Profile, SecretRule, SubjectRule, catalogue};

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
    causes: catalogue::GENERIC_CAUSES,
};
