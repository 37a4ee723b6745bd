use std::time::Duration;

use jwt_bearer_assertion::{Jti, TimeClaim};
use jwt_bearer_signer::Algorithm;

use crate::{AudienceRule, EndpointRule, Grant, Profile, SecretRule, SubjectRule, catalogue};

pub(crate) const SALESFORCE: Profile = Profile {
    name: "salesforce",
    title: "Salesforce",
    token_endpoint: EndpointRule::OnHost {
        default: "login.salesforce.com",
        short: &[
            ("login", "login.salesforce.com"),
            ("test", "test.salesforce.com"),
        ],
        path: "/services/oauth2/token",
        mistaken: &[
            (".lightning.force.com", ".my.salesforce.com"),
            (".my.salesforce-setup.com", ".my.salesforce.com"),
        ],
    },
    audience: AudienceRule::Origin,
    issuer: "consumer key",
    subject: SubjectRule::Required("the username, which looks like an e-mail address"),
    client_secret: SecretRule::Refused(
        "with the JWT bearer grant, Salesforce wants no secret, and checks one that is sent",
    ),
    lifetime: Duration::from_secs(180),
    max_lifetime: Some(Duration::from_secs(180)),
    issued_at: TimeClaim::Omitted,
    not_before: TimeClaim::Omitted,
    jti: Jti::base64url(16),
    algorithms: &[Algorithm::Rs256],
    grants: &[Grant::JwtBearer],
    registration: "an X.509 certificate of the key, in a file under 4 KB",
    causes: catalogue::SALESFORCE_CAUSES,
};
