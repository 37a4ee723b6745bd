use std::time::Duration;

use jwt_bearer_assertion::{Jti, TimeClaim};
use jwt_bearer_signer::Algorithm;

use crate::{AudienceRule, Cause, EndpointRule, Grant, Profile, SecretRule, SubjectRule};

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
    causes: &[
        Cause {
            error: "unauthorized_client",
            description: "not authorized by the enterprise admin",
            cause: "an administrator never authorised the app, or the app changed since",
            remedy: "in the Admin Console under Apps > Custom Apps Manager, authorise the client id; do so again after each change of scopes or access level",
        },
        Cause {
            error: "invalid_client",
            description: "client credentials are invalid",
            cause: "client id and client secret do not belong together",
            remedy: "copy both from the app's configuration page",
        },
        Cause {
            error: "invalid_request",
            description: "grant type is unauthorized for this client_id",
            cause: "the app is of another type than \"Server Authentication (with JWT)\"",
            remedy: "create an app of that type: the type of an app cannot be changed",
        },
        Cause {
            error: "invalid_request",
            description: "Invalid grant_type parameter",
            cause: "the form did not arrive as sent, or another service answered",
            remedy: "post to api.box.com, and check any proxy between",
        },
        Cause {
            error: "invalid_request",
            description: "Cannot obtain user token",
            cause: "the app may not make user tokens, or the user is of another enterprise",
            remedy: "in the app's configuration choose \"App + Enterprise Access\" and \"Generate user access tokens\", then have it authorised again",
        },
        Cause {
            error: "invalid_grant",
            description: "'sub' claim",
            cause: "the id is of the other kind (enterprise or user), of another app's enterprise, or 0 as on a free account; or the app is not authorised",
            remedy: "check the id and its kind; use a user id on a free account; have the app authorised",
        },
        Cause {
            error: "invalid_grant",
            description: "'jti' claim",
            cause: "the `jti` was used before, or is not of 16 to 128 characters",
            remedy: "let every assertion have a new one",
        },
        Cause {
            error: "invalid_grant",
            description: "'iss' claim",
            cause: "the issuer is not the app's client id",
            remedy: "copy the client id from the app's configuration page",
        },
        Cause {
            error: "invalid_grant",
            description: "Signature verification error",
            cause: "the public key that `kid` names is not that of the signing key",
            remedy: "compare the public key with the one in the app's configuration, and take the key id that stands beside it",
        },
        Cause {
            error: "invalid_grant",
            description: "kid invalid",
            cause: "`kid` is missing, or of another app, or its key was deleted",
            remedy: "set the key id that the app's configuration page shows beside the public key",
        },
        Cause {
            error: "invalid_grant",
            description: "before the expiration date/time",
            cause: "the assertion had expired when it arrived: this machine's clock is behind, or signing was slow",
            remedy: "compare this machine's clock with the `Date` of the reply, and have it set by NTP",
        },
        Cause {
            error: "invalid_grant",
            description: "exceeds the maximum value of 60 seconds",
            cause: "`exp` is more than 60 seconds ahead of Box's clock: this machine's clock is ahead, or the lifetime too long",
            remedy: "compare this machine's clock with the `Date` of the reply, have it set by NTP, and use a lifetime of 30 to 45 seconds",
        },
        Cause {
            error: "invalid_grant",
            description: "Should be an integer",
            cause: "`exp` is not a whole number",
            remedy: "write whole seconds, without quotes",
        },
        Cause {
            error: "invalid_grant",
            description: "'nbf' or 'iat' claim",
            cause: "this machine's clock is ahead, and Box checks these times to the second",
            remedy: "leave `iat` and `nbf` out, and have the clock set by NTP",
        },
        Cause {
            error: "invalid_grant",
            description: "Algorithm not allowed",
            cause: "Box takes RS256, RS384 and RS512 alone",
            remedy: "use an RSA key with one of them",
        },
        Cause {
            error: "invalid_grant",
            description: "Grant credentials are invalid",
            cause: "the app is not authorised, or the subject is wrong",
            remedy: "have the app authorised in the Admin Console, and check the id",
        },
    ],
};
