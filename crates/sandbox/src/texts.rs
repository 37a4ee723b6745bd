use crate::Dialect;

/// Why a token request is refused, in no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    ContentType,
    ParameterTwice,
    GrantType,
    GrantTypeNotForClient,
    Client,
    AssertionMissing,
    AssertionForm,
    Algorithm,
    Critical,
    KeyId,
    Signature,
    Issuer,
    Audience,
    Subject,
    ExpiryType,
    Expired,
    TooLong,
    NotYet,
    Jti,
    Unauthorized,
}

impl Reason {
    pub(crate) const ALL: [Self; 20] = [
        Self::ContentType,
        Self::ParameterTwice,
        Self::GrantType,
        Self::GrantTypeNotForClient,
        Self::Client,
        Self::AssertionMissing,
        Self::AssertionForm,
        Self::Algorithm,
        Self::Critical,
        Self::KeyId,
        Self::Signature,
        Self::Issuer,
        Self::Audience,
        Self::Subject,
        Self::ExpiryType,
        Self::Expired,
        Self::TooLong,
        Self::NotYet,
        Self::Jti,
        Self::Unauthorized,
    ];

    pub(crate) const fn text(self, dialect: Dialect) -> Text {
        match dialect {
            Dialect::Box => box_text(self),
            Dialect::Salesforce => salesforce_text(self),
            Dialect::Generic => generic_text(self),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
    /// Whether people have met this text at the real server; if not, it is ours, for want of a known one.
    pub(crate) known: bool,
}

const fn known(error: &'static str, description: &'static str) -> Text {
    Text {
        error,
        description,
        known: true,
    }
}

const fn ours(error: &'static str, description: &'static str) -> Text {
    Text {
        error,
        description,
        known: false,
    }
}

/// The refusals that the sandbox answers with in this dialect: `error` and `error_description`, each pair once.
///
/// For Box and Salesforce these are the texts known from the real servers; what the sandbox says where none is known is
/// left out. For Generic they are all of its texts, with which a description begins; there the details follow. If the
/// assertion was for client authentication, the error is `invalid_client` instead.
pub fn texts(dialect: Dialect) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut texts = Vec::new();
    for reason in Reason::ALL {
        let text = reason.text(dialect);
        let pair = (text.error, text.description);
        if (text.known || dialect == Dialect::Generic) && !texts.contains(&pair) {
            texts.push(pair);
        }
    }
    texts.into_iter()
}

const fn box_text(reason: Reason) -> Text {
    match reason {
        Reason::ContentType | Reason::GrantType => known(
            "invalid_request",
            "Invalid grant_type parameter or parameter missing",
        ),
        Reason::GrantTypeNotForClient => known(
            "invalid_request",
            "The grant type is unauthorized for this client_id",
        ),
        Reason::ParameterTwice => ours("invalid_request", "A parameter was sent twice"),
        Reason::Client => known("invalid_client", "The client credentials are invalid"),
        Reason::AssertionMissing => ours("invalid_request", "The assertion parameter is missing"),
        Reason::AssertionForm => ours("invalid_grant", "The assertion is not a JWT"),
        Reason::Algorithm => known("invalid_grant", "Algorithm not allowed"),
        Reason::Critical => ours(
            "invalid_grant",
            "The header parameter 'crit' is not supported",
        ),
        Reason::KeyId => known("invalid_grant", "kid invalid, unable to lookup correct key"),
        Reason::Signature => known(
            "invalid_grant",
            "Signature verification error. The public key identified by \"kid\" must correspond to the private key \
             used for signing.",
        ),
        Reason::Issuer => known("invalid_grant", "Please check the 'iss' claim"),
        Reason::Audience => ours("invalid_grant", "Please check the 'aud' claim"),
        Reason::Subject => known(
            "invalid_grant",
            "Please check the 'sub' claim. The 'sub' specified is invalid.",
        ),
        Reason::ExpiryType => known(
            "invalid_grant",
            "Please check the 'exp' claim. Should be an integer",
        ),
        Reason::Expired => known(
            "invalid_grant",
            "Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
        ),
        Reason::TooLong => known(
            "invalid_grant",
            "Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond the issue \
             time.",
        ),
        Reason::NotYet => known(
            "invalid_grant",
            "Current date/time MUST be after or equal to the not-before date/time listed in the 'nbf' or 'iat' claim",
        ),
        Reason::Jti => known(
            "invalid_grant",
            "Please check the 'jti' claim. A unique 'jti' value is required.",
        ),
        Reason::Unauthorized => known(
            "unauthorized_client",
            "This app is not authorized by the enterprise admin",
        ),
    }
}

const fn salesforce_text(reason: Reason) -> Text {
    match reason {
        Reason::ContentType | Reason::GrantType | Reason::GrantTypeNotForClient => {
            known("unsupported_grant_type", "grant type not supported")
        }
        Reason::ParameterTwice => ours("invalid_request", "parameter sent twice"),
        Reason::Client => known("invalid_client", "invalid client credentials"),
        Reason::Issuer => known("invalid_client_id", "client identifier invalid"),
        Reason::Audience => known("invalid_grant", "audience is invalid"),
        Reason::Subject => known("invalid_grant", "user is invalid"),
        Reason::Expired => known("invalid_grant", "expired authorization code"),
        Reason::Unauthorized => known("invalid_grant", "user hasn't approved this consumer"),
        Reason::AssertionMissing
        | Reason::AssertionForm
        | Reason::Algorithm
        | Reason::Critical
        | Reason::KeyId
        | Reason::Signature
        | Reason::ExpiryType
        | Reason::TooLong
        | Reason::NotYet
        | Reason::Jti => known("invalid_grant", "invalid assertion"),
    }
}

const fn generic_text(reason: Reason) -> Text {
    match reason {
        Reason::ContentType => ours(
            "invalid_request",
            "the body must be a form, with the content type application/x-www-form-urlencoded",
        ),
        Reason::ParameterTwice => ours("invalid_request", "each parameter may be sent once"),
        Reason::GrantType => ours(
            "unsupported_grant_type",
            "the grant_type is missing or not supported",
        ),
        Reason::GrantTypeNotForClient => ours(
            "unauthorized_client",
            "the client may not use this grant_type",
        ),
        Reason::Client => ours("invalid_client", "the client is not authenticated"),
        Reason::AssertionMissing => ours("invalid_request", "the assertion is missing"),
        Reason::AssertionForm => ours("invalid_grant", "the assertion is not a compact JWS"),
        Reason::Algorithm => ours(
            "invalid_grant",
            "the header's 'alg' is missing or not allowed",
        ),
        Reason::Critical => ours(
            "invalid_grant",
            "the header's 'crit' lists what is not supported",
        ),
        Reason::KeyId => ours(
            "invalid_grant",
            "the header's 'kid' names no registered key",
        ),
        Reason::Signature => ours(
            "invalid_grant",
            "the signature is not that of the registered key",
        ),
        Reason::Issuer => ours("invalid_grant", "the claim 'iss' must be the client id"),
        Reason::Audience => ours("invalid_grant", "the claim 'aud' must be this server"),
        Reason::Subject => ours(
            "invalid_grant",
            "the claim 'sub' names nobody who may be a subject",
        ),
        Reason::ExpiryType => ours(
            "invalid_grant",
            "the claim 'exp' must be there and be an integer of seconds",
        ),
        Reason::Expired => ours("invalid_grant", "the claim 'exp' is not in the future"),
        Reason::TooLong => ours(
            "invalid_grant",
            "the claim 'exp' is more than an hour ahead",
        ),
        Reason::NotYet => ours(
            "invalid_grant",
            "the claims 'iat' and 'nbf' must be integers and not in the future",
        ),
        Reason::Jti => ours("invalid_grant", "the claim 'jti' must be there and be new"),
        Reason::Unauthorized => ours("unauthorized_client", "the client is not authorized yet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_have_only_characters_that_rfc_6749_allows() {
        for dialect in Dialect::ALL {
            for (error, description) in texts(dialect) {
                // Box is known to send quotation marks here.
                let quotes = dialect == Dialect::Box
                    && description.starts_with("Signature verification error");
                let allowed = |c: char| matches!(c, ' '..='~') && c != '\\' && (quotes || c != '"');
                assert!(description.chars().all(allowed), "{description}");
                assert!(
                    error.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn every_text_is_listed_once() {
        for (dialect, expected) in [
            (Dialect::Box, 14),
            (Dialect::Salesforce, 8),
            (Dialect::Generic, 20),
        ] {
            let listed: Vec<_> = texts(dialect).collect();
            assert_eq!(listed.len(), expected, "{dialect}: {listed:?}");
        }
    }
}
