use super::{Place, Text};
use crate::reason::Reason;

pub(crate) const NO_PROOF: Text = Text::known("O13", "invalid_dpop_proof", "");
pub(crate) const NO_NONCE: Text = Text::known("O13", "use_dpop_nonce", "");
pub(crate) const BAD_TOKEN: Text = Text::ours(
    "invalid_token",
    "The access token is unknown, revoked or expired",
)
.at(Place::Resource(401));

pub(super) const BY_STATE: [Text; 3] = [NO_PROOF, NO_NONCE, BAD_TOKEN];

pub(super) const fn text(reason: Reason) -> Text {
    match reason {
        Reason::ContentType => Text::ours(
            "invalid_request",
            "the body must be a form, with the content type application/x-www-form-urlencoded",
        ),
        Reason::ParameterTwice => Text::ours("invalid_request", "each parameter may be sent once"),
        Reason::GrantType => Text::ours(
            "unsupported_grant_type",
            "the grant_type is missing or not supported",
        ),
        Reason::GrantTypeNotForClient => Text::ours(
            "unauthorized_client",
            "the client may not use this grant_type",
        ),
        Reason::Client => Text::ours("invalid_client", "the client is not authenticated"),
        Reason::AssertionMissing => Text::ours("invalid_request", "the assertion is missing"),
        Reason::AssertionForm => Text::ours("invalid_grant", "the assertion is not a compact JWS"),
        Reason::Algorithm => Text::ours(
            "invalid_grant",
            "the header's 'alg' is missing or not allowed",
        ),
        Reason::Critical => Text::ours(
            "invalid_grant",
            "the header's 'crit' lists what is not supported",
        ),
        Reason::KeyId => Text::ours(
            "invalid_grant",
            "the header's 'kid' names no registered key",
        ),
        Reason::Signature => Text::ours(
            "invalid_grant",
            "the signature is not that of the registered key",
        ),
        Reason::Issuer => Text::ours("invalid_grant", "the claim 'iss' must be the client id"),
        Reason::Audience => Text::ours("invalid_grant", "the claim 'aud' must be this server"),
        Reason::Subject => Text::ours(
            "invalid_grant",
            "the claim 'sub' names nobody who may be a subject",
        ),
        Reason::ExpiryType => Text::ours(
            "invalid_grant",
            "the claim 'exp' must be there and be an integer of seconds",
        ),
        Reason::Expired => Text::ours("invalid_grant", "the claim 'exp' is not in the future"),
        Reason::TooLong => Text::ours(
            "invalid_grant",
            "the claim 'exp' is more than an hour ahead",
        ),
        Reason::NotYet => Text::ours(
            "invalid_grant",
            "the claims 'iat' and 'nbf' must be integers and not in the future",
        ),
        Reason::Jti => Text::ours("invalid_grant", "the claim 'jti' must be there and be new"),
        Reason::Unauthorized => {
            Text::ours("unauthorized_client", "the client is not authorized yet")
        }
    }
}
