use std::time::Duration;

use jwt_bearer_assertion::{Jti, TimeClaim};
use jwt_bearer_signer::Algorithm;

use crate::{AudienceRule, Cause, EndpointRule, Grant, Profile, SecretRule, SubjectRule};

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
    causes: &[
        Cause {
            error: "invalid_grant",
            description: "user hasn't approved this consumer",
            cause: "the app may not act for this user yet, or another org than the user's answered",
            remedy: "in the app's policies set \"Admin approved users are pre-authorized\" and assign the user's profile or permission set; give the app the scopes `api` and `refresh_token`; use the My Domain as host",
        },
        Cause {
            error: "invalid_grant",
            description: "invalid assertion",
            cause: "the certificate uploaded to the app is not that of the signing key, or the key is not RSA",
            remedy: "compare the public key of the signing key with the certificate in the app's settings, and upload the right one",
        },
        Cause {
            error: "invalid_grant",
            description: "audience",
            cause: "`aud` is not the server that this org listens to",
            remedy: "set the host to the My Domain (NAME.my.salesforce.com); failing that, login for production and test for a sandbox",
        },
        Cause {
            error: "invalid_grant",
            description: "expired authorization code",
            cause: "`exp` is past: the clock of this machine is behind, or the time is in milliseconds or local",
            remedy: "compare this machine's clock with the `Date` of the reply, and have it set by NTP",
        },
        Cause {
            error: "app_not_found",
            description: "",
            cause: "an External Client App was asked for at login or test, or is not installed in this org",
            remedy: "set the host to the My Domain (NAME.my.salesforce.com)",
        },
        Cause {
            error: "invalid_client_id",
            description: "",
            cause: "the consumer key is wrong, belongs to another org, or is too new",
            remedy: "compare the consumer key; after making an app wait up to ten minutes",
        },
        Cause {
            error: "invalid_client",
            description: "",
            cause: "a client secret was sent and is wrong",
            remedy: "leave the client secret out: this grant needs none",
        },
        Cause {
            error: "invalid_app_access",
            description: "",
            cause: "the app is for approved users only, and this user is not one of them",
            remedy: "assign the user's profile or permission set to the app",
        },
        Cause {
            error: "unsupported_grant_type",
            description: "",
            cause: "the form did not arrive as sent, or another service answered",
            remedy: "check host and token endpoint, and any proxy between",
        },
        Cause {
            error: "invalid_grant",
            description: "user is invalid",
            cause: "there is no such username in this org",
            remedy: "check the username; in a sandbox it ends with the sandbox's name",
        },
        Cause {
            error: "invalid_grant",
            description: "inactive user",
            cause: "the user is not active",
            remedy: "activate the user in Salesforce's setup",
        },
        Cause {
            error: "invalid_grant",
            description: "user is locked",
            cause: "the user is locked or frozen",
            remedy: "unlock the user in Salesforce's setup",
        },
        Cause {
            error: "invalid_grant",
            description: "authentication failure",
            cause: "a policy of the org keeps the user out: address ranges, login hours",
            remedy: "read the login history in Salesforce's setup",
        },
    ],
};
