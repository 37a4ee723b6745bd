use super::{Place, Text};
use crate::reason::Reason;

pub(crate) const CCG_GRANT: Text =
    Text::known("B16", "invalid_grant", "Grant credentials are invalid");
pub(crate) const NO_USER_TOKEN: Text = Text::known(
    "B5",
    "invalid_request",
    "Cannot obtain user token based on the enterprise configuration for your app",
);
pub(crate) const TERMS: Text = Text::known("B17", "terms_of_service_required", "");
pub(crate) const TERMS_AT_RESOURCE: Text = TERMS.at(Place::BoxApi(403));
pub(crate) const BAD_TOKEN: Text = Text::ours(
    "invalid_token",
    "The access token is unknown, revoked or expired",
)
.entry_is("B19")
.at(Place::Resource(401));
pub(crate) const NO_SCOPE: Text =
    Text::known("B19", "insufficient_scope", "").at(Place::BoxApi(403));
pub(crate) const NO_PERMISSION: Text =
    Text::known("B19", "access_denied_insufficient_permissions", "").at(Place::BoxApi(403));

pub(super) const BY_STATE: [Text; 7] = [
    CCG_GRANT,
    NO_USER_TOKEN,
    TERMS,
    TERMS_AT_RESOURCE,
    BAD_TOKEN,
    NO_SCOPE,
    NO_PERMISSION,
];

pub(super) const fn text(reason: Reason) -> Text {
    match reason {
        Reason::ContentType | Reason::GrantType => Text::known(
            "B4",
            "invalid_request",
            "Invalid grant_type parameter or parameter missing",
        ),
        Reason::GrantTypeNotForClient => Text::known(
            "B3",
            "invalid_request",
            "The grant type is unauthorized for this client_id",
        ),
        Reason::ParameterTwice => Text::ours("invalid_request", "A parameter was sent twice"),
        Reason::Client => Text::known("B2", "invalid_client", "The client credentials are invalid"),
        Reason::AssertionMissing => {
            Text::ours("invalid_request", "The assertion parameter is missing")
        }
        Reason::AssertionForm => Text::ours("invalid_grant", "The assertion is not a JWT"),
        Reason::Algorithm => Text::known("B15", "invalid_grant", "Algorithm not allowed"),
        Reason::Critical => Text::ours(
            "invalid_grant",
            "The header parameter 'crit' is not supported",
        ),
        Reason::KeyId => Text::known(
            "B10",
            "invalid_grant",
            "kid invalid, unable to lookup correct key",
        ),
        Reason::Signature => Text::known(
            "B9",
            "invalid_grant",
            "Signature verification error. The public key identified by \"kid\" must correspond to the private key \
             used for signing.",
        ),
        Reason::Issuer => Text::known("B8", "invalid_grant", "Please check the 'iss' claim"),
        Reason::Audience => {
            Text::ours("invalid_grant", "Please check the 'aud' claim").entry_is("B18")
        }
        Reason::Subject => Text::known(
            "B6",
            "invalid_grant",
            "Please check the 'sub' claim. The 'sub' specified is invalid.",
        ),
        Reason::ExpiryType => Text::known(
            "B13",
            "invalid_grant",
            "Please check the 'exp' claim. Should be an integer",
        ),
        Reason::Expired => Text::known(
            "B11",
            "invalid_grant",
            "Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
        ),
        Reason::TooLong => Text::known(
            "B12",
            "invalid_grant",
            "Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond the issue \
             time.",
        ),
        Reason::NotYet => Text::known(
            "B14",
            "invalid_grant",
            "Current date/time MUST be after or equal to the not-before date/time listed in the 'nbf' or 'iat' claim",
        ),
        Reason::Jti => Text::known(
            "B7",
            "invalid_grant",
            "Please check the 'jti' claim. A unique 'jti' value is required.",
        ),
        Reason::Unauthorized => Text::known(
            "B1",
            "unauthorized_client",
            "This app is not authorized by the enterprise admin",
        ),
    }
}
