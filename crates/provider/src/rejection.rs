use crate::ErrorResponse;

/// What a refusal speaks of, as far as a new assertion can mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// The times in the assertion: expired, too far ahead, or not yet valid. The clocks may disagree.
    Time,
    /// The `jti` was used before. An earlier try whose reply was lost may have been processed.
    Replay,
    /// Anything else; a new assertion will be refused too.
    Other,
}

/// Stable parts of the texts about time, in lower case.
const TIME: [&str; 20] = [
    // Box
    "before the expiration date/time",
    "exceeds the maximum value of",
    "not-before date/time",
    // Salesforce
    "expired authorization code",
    // Google
    "short-lived token",
    "reasonable timeframe",
    // Entra
    "aadsts700024",
    // GitHub
    "'expiration time' claim",
    "'issued at' claim",
    "too far in the future",
    // Okta and servers that keep close to RFC 7523
    "assertion token is expired",
    "assertion is expired",
    "assertion has expired",
    "assertion expired",
    "jwt is expired",
    "jwt has expired",
    "jwt expired",
    "not in the future",
    "an hour ahead",
    "not yet valid",
];

/// What the texts about a `jti` say if it was used before, in lower case.
const REPEATED: [&str; 7] = [
    "used before",
    "unique",
    "already",
    "been used",
    "replay",
    "reuse",
    "duplicate",
];

impl ErrorResponse {
    /// What the refusal speaks of, by stable parts of the texts of Box, Salesforce, Google, Okta, Entra and GitHub.
    ///
    /// Case does not matter. That the text speaks of time does not say whose clock is wrong: compare the reply's `Date`.
    #[must_use]
    pub fn rejection(&self) -> Rejection {
        let text = self.description().unwrap_or_default().to_lowercase();
        // Box has the same beginning for an `exp` that is no whole number, which no clock mends.
        let exp = text.contains("'exp' claim") && !text.contains("integer");
        if exp || TIME.iter().any(|part| text.contains(part)) {
            return Rejection::Time;
        }
        let jti = text.contains("jti") && !text.contains("missing");
        let is_repeated = REPEATED.iter().any(|part| text.contains(part));
        if jti && is_repeated || text.contains("assertion has already been used") {
            return Rejection::Replay;
        }
        Rejection::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_real_servers() {
        use Rejection::{Other, Replay, Time};
        let cases = [
            (
                Time,
                "Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
            ),
            (Time, "Please check the 'exp' claim."),
            (
                Time,
                "Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond the issue time.",
            ),
            (
                Time,
                "Current date/time MUST be after or equal to the not-before date/time listed in the 'nbf' or 'iat' claim",
            ),
            (Other, "Please check the 'exp' claim. Should be an integer"),
            (
                Replay,
                "Please check the 'jti' claim. A unique 'jti' value is required.",
            ),
            (Replay, "JWT with this jti has already been used"),
            (Replay, "jti replay detected"),
            (Replay, "the 'jti' was used before"),
            (Other, "Please check the 'jti' claim."),
            (Other, "The 'jti' claim is missing; it must be unique"),
            (Other, "the jti must be a string of 16 to 128 characters"),
            (
                Other,
                "Please check the 'sub' claim. The 'sub' specified is invalid.",
            ),
            (Other, "The client credentials are invalid"),
            (Time, "expired authorization code"),
            (Other, "audience is invalid"),
            (Other, "user hasn't approved this consumer"),
            (
                Time,
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. \
                 Check your iat and exp values in the JWT claim.",
            ),
            (Other, "Invalid JWT Signature."),
            (Time, "The client_assertion token is expired."),
            (Other, "The client_assertion JWT kid is invalid."),
            (
                Other,
                "The audience claim for client_assertion must be the endpoint invoked for the request.",
            ),
            (
                Time,
                "AADSTS700024: Client assertion is not within its valid time range.",
            ),
            (
                Other,
                "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered",
            ),
            (
                Other,
                "AADSTS7000222: The provided client secret keys are expired.",
            ),
            (
                Time,
                "'Expiration time' claim ('exp') is too far in the future",
            ),
            (
                Time,
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            ),
            (Other, "A JSON web token could not be decoded"),
            (Other, ""),
        ];
        for (expected, text) in cases {
            for text in [text.to_owned(), text.to_uppercase(), text.to_lowercase()] {
                let json =
                    serde_json::json!({ "error": "invalid_grant", "error_description": text });
                let response = ErrorResponse::from_json(json.to_string().as_bytes()).unwrap();
                assert_eq!(response.rejection(), expected, "{text}");
            }
        }
    }

    #[test]
    fn without_a_text_nothing_is_known() {
        let response = ErrorResponse::from_json(br#"{"error":"invalid_grant"}"#).unwrap();
        assert_eq!(response.rejection(), Rejection::Other);
    }
}
