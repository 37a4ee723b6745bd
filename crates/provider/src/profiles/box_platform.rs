use std::time::Duration;

use jwt_bearer_assertion::{Jti, TimeClaim};
use jwt_bearer_signer::Algorithm;

use crate::{AudienceRule, EndpointRule, Grant, Profile, SecretRule, SubjectRule, catalogue};

pub(crate) const BOX: Profile = Profile {
    name: "box",
    title: "Box",
    token_endpoint: EndpointRule::Fixed("https://api.box.com/oauth2/token"),
    audience: AudienceRule::Constant("https://api.box.com/oauth2/token"),
    issuer: "client id",
    subject: SubjectRule::EnterpriseOrUser,
    client_secret: SecretRule::Required,
    lifetime: Duration::from_secs(45),
    max_lifetime: Some(Duration::from_secs(60)),
    issued_at: TimeClaim::Omitted,
    not_before: TimeClaim::Omitted,
    jti: Jti::base64url(16),
    algorithms: &[Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512],
    grants: &[Grant::JwtBearer],
    registration: "the public key as PEM (`BEGIN PUBLIC KEY`), not a certificate",
    causes: catalogue::BOX_CAUSES,
};
