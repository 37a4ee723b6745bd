use super::{Place, Text};
use crate::reason::Reason;

pub(crate) const NOT_INSTALLED: Text = Text::known(
    "S5",
    "app_not_found",
    "External client app is not installed in this org",
);
pub(crate) const NOT_ASSIGNED: Text = Text::known(
    "S8",
    "invalid_app_access",
    "user is not admin approved to access this app",
);
pub(crate) const INACTIVE: Text = Text::known("S10", "invalid_grant", "inactive user");
pub(crate) const LOCKED: Text = Text::known("S10", "invalid_grant", "user is locked");
pub(crate) const KEPT_OUT: Text = Text::known("S11", "invalid_grant", "authentication failure");
pub(crate) const TOO_OFTEN: Text = Text::known("S12", "LOGIN_RATE_EXCEEDED", "");
pub(crate) const BAD_SESSION: Text =
    Text::known("S13", "INVALID_SESSION_ID", "Session expired or invalid")
        .at(Place::SalesforceApi(401));

pub(super) const BY_STATE: [Text; 7] = [
    NOT_INSTALLED,
    NOT_ASSIGNED,
    INACTIVE,
    LOCKED,
    KEPT_OUT,
    TOO_OFTEN,
    BAD_SESSION,
];

pub(super) const fn text(reason: Reason) -> Text {
    match reason {
        Reason::ContentType | Reason::GrantType | Reason::GrantTypeNotForClient => {
            Text::known("S9", "unsupported_grant_type", "grant type not supported")
        }
        Reason::ParameterTwice => Text::ours("invalid_request", "parameter sent twice"),
        Reason::Client => Text::known("S7", "invalid_client", "invalid client credentials"),
        Reason::Issuer => Text::known("S6", "invalid_client_id", "client identifier invalid"),
        Reason::Audience => Text::known("S3", "invalid_grant", "audience is invalid"),
        Reason::Subject => Text::known("S10", "invalid_grant", "user is invalid"),
        Reason::Expired => Text::known("S4", "invalid_grant", "expired authorization code"),
        Reason::Unauthorized => {
            Text::known("S1", "invalid_grant", "user hasn't approved this consumer")
        }
        Reason::AssertionMissing
        | Reason::AssertionForm
        | Reason::Algorithm
        | Reason::Critical
        | Reason::KeyId
        | Reason::Signature
        | Reason::ExpiryType
        | Reason::TooLong
        | Reason::NotYet
        | Reason::Jti => Text::known("S2", "invalid_grant", "invalid assertion"),
    }
}
