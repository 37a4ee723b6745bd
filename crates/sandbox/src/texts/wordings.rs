use super::Text;
use crate::Wording;
use crate::reason::Reason;

/// What this one is known to say; `None` where nothing is known.
pub(super) fn text(wording: Wording, reason: Reason) -> Option<Text> {
    let text = match wording {
        Wording::Google => google(reason),
        Wording::Docusign => docusign(reason),
        Wording::Okta => okta(reason),
        Wording::Entra => entra(reason),
        Wording::Epic => epic(reason),
    };
    text.map(|text| Text {
        wording: Some(wording),
        ..text
    })
}

const fn google(reason: Reason) -> Option<Text> {
    Some(match reason {
        Reason::ExpiryType | Reason::Expired | Reason::TooLong | Reason::NotYet => Text::known(
            "O1",
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your \
             iat and exp values in the JWT claim.",
        ),
        Reason::KeyId | Reason::Signature => {
            Text::known("O2", "invalid_grant", "Invalid JWT Signature.")
        }
        Reason::Issuer => Text::known("O3", "invalid_grant", "Invalid grant: account not found"),
        Reason::Unauthorized => Text::known(
            "O4",
            "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of \
             the scopes requested.",
        ),
        _ => return None,
    })
}

const fn docusign(reason: Reason) -> Option<Text> {
    Some(match reason {
        Reason::Unauthorized => Text::known("O5", "consent_required", ""),
        Reason::Issuer | Reason::Audience => Text::known("O6", "invalid_grant", "issuer_not_found"),
        Reason::KeyId | Reason::Signature => {
            Text::known("O7", "invalid_grant", "no_valid_keys_or_signatures")
        }
        Reason::Subject => Text::known("O8", "invalid_grant", "user_not_found"),
        _ => return None,
    })
}

const fn okta(reason: Reason) -> Option<Text> {
    Some(match reason {
        Reason::Audience => Text::known(
            "O11",
            "invalid_client",
            "The audience claim for client_assertion must be the endpoint invoked for the request.",
        ),
        Reason::KeyId => Text::known(
            "O12",
            "invalid_client",
            "The client_assertion JWT kid is invalid.",
        ),
        _ => return None,
    })
}

const fn entra(reason: Reason) -> Option<Text> {
    Some(match reason {
        Reason::KeyId | Reason::Signature => Text::known(
            "O14",
            "invalid_client",
            "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered",
        ),
        Reason::ExpiryType | Reason::Expired | Reason::NotYet => Text::known(
            "O15",
            "invalid_client",
            "AADSTS700024: Client assertion is not within its valid time range.",
        ),
        Reason::AssertionForm | Reason::Audience => Text::known(
            "O16",
            "invalid_request",
            "AADSTS50027: JWT token is invalid or malformed.",
        ),
        _ => return None,
    })
}

const fn epic(reason: Reason) -> Option<Text> {
    match reason {
        Reason::ContentType
        | Reason::ParameterTwice
        | Reason::GrantType
        | Reason::GrantTypeNotForClient => None,
        _ => Some(Text::known("O19", "invalid_client", "")),
    }
}
