//! Every entry of the catalogue has a case: what a server or a program really says, and the entry that it leads to.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use jwt_bearer_diagnosis::{Certainty, Evidence, Reply, diagnose};
use jwt_bearer_provider::{Check, Entry};
use serde_json::json;

/// The id, `error` (empty for a text alone), and the text.
const CASES: &[(&str, &str, &str)] = &[
    (
        "box-not-authorized",
        "unauthorized_client",
        "This app is not authorized by the enterprise admin",
    ),
    (
        "box-client-credentials",
        "invalid_client",
        "The client credentials are invalid",
    ),
    (
        "box-app-type",
        "invalid_request",
        "The grant type is unauthorized for this client_id",
    ),
    (
        "box-grant-type",
        "invalid_request",
        "Invalid grant_type parameter or parameter missing",
    ),
    (
        "box-user-token",
        "invalid_request",
        "Cannot obtain user token based on the enterprise configuration for your app",
    ),
    (
        "box-sub",
        "invalid_grant",
        "Please check the 'sub' claim. The 'sub' specified is invalid.",
    ),
    (
        "box-jti",
        "invalid_grant",
        "Please check the 'jti' claim. A unique 'jti' value is required.",
    ),
    (
        "box-iss",
        "invalid_grant",
        "Please check the 'iss' claim. The client_id specified is invalid.",
    ),
    (
        "box-signature",
        "invalid_grant",
        "Signature verification error. The public key identified by \"kid\" must correspond to the private key used for signing.",
    ),
    (
        "box-kid",
        "invalid_grant",
        "kid invalid, unable to lookup correct key",
    ),
    (
        "box-expired",
        "invalid_grant",
        "Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
    ),
    (
        "box-exp-too-far",
        "invalid_grant",
        "Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond the issue time.",
    ),
    (
        "box-exp-integer",
        "invalid_grant",
        "Please check the 'exp' claim. Should be an integer",
    ),
    (
        "box-not-yet",
        "invalid_grant",
        "Current date/time MUST be after or equal to the not-before date/time listed in the 'nbf' or 'iat' claim",
    ),
    ("box-algorithm", "invalid_grant", "Algorithm not allowed"),
    (
        "box-grant-credentials",
        "invalid_grant",
        "Grant credentials are invalid",
    ),
    (
        "box-terms",
        "terms_of_service_required",
        "Terms of service must be accepted",
    ),
    (
        "box-audience",
        "invalid_grant",
        "Please check the 'aud' claim",
    ),
    (
        "box-api-token",
        "invalid_token",
        "The access token provided is invalid.",
    ),
    (
        "box-api-scope",
        "insufficient_scope",
        "The request requires higher privileges than provided by the access token.",
    ),
    (
        "box-api-permissions",
        "access_denied_insufficient_permissions",
        "Access denied - insufficient permission",
    ),
    (
        "box-sdk-expired-auth",
        "",
        "Error: Expired Auth: Auth code or refresh token has expired.",
    ),
    (
        "salesforce-not-approved",
        "invalid_grant",
        "user hasn't approved this consumer",
    ),
    ("salesforce-assertion", "invalid_grant", "invalid assertion"),
    (
        "salesforce-audience",
        "invalid_grant",
        "audience is invalid [audience=https://x login=https://y]",
    ),
    (
        "salesforce-expired",
        "invalid_grant",
        "expired authorization code",
    ),
    (
        "salesforce-app-not-found",
        "app_not_found",
        "External client app is not installed in this org",
    ),
    (
        "salesforce-client-id",
        "invalid_client_id",
        "client identifier invalid",
    ),
    (
        "salesforce-secret",
        "invalid_client",
        "invalid client credentials",
    ),
    (
        "salesforce-app-access",
        "invalid_app_access",
        "user is not admin approved to access this app",
    ),
    (
        "salesforce-grant-type",
        "unsupported_grant_type",
        "grant type not supported",
    ),
    ("salesforce-user", "invalid_grant", "user is invalid"),
    ("salesforce-inactive", "invalid_grant", "inactive user"),
    ("salesforce-locked", "invalid_grant", "user is locked"),
    (
        "salesforce-policy",
        "invalid_grant",
        "authentication failure",
    ),
    (
        "salesforce-rate",
        "",
        "LOGIN_RATE_EXCEEDED: Login Rate Exceeded",
    ),
    (
        "salesforce-session",
        "INVALID_SESSION_ID",
        "Session expired or invalid",
    ),
    (
        "salesforce-cli-key",
        "",
        "Error: secretOrPrivateKey must be an asymmetric key when using RS256",
    ),
    (
        "salesforce-cli-empty",
        "",
        "SyntaxError: Unexpected end of JSON input",
    ),
    (
        "oauth-invalid-client",
        "invalid_client",
        "Client authentication failed",
    ),
    (
        "oauth-grant-type",
        "unsupported_grant_type",
        "no such grant",
    ),
    (
        "oauth-scope",
        "invalid_scope",
        "The requested scope is unknown",
    ),
    (
        "google-times",
        "invalid_grant",
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
    ),
    (
        "google-signature",
        "invalid_grant",
        "Invalid JWT Signature.",
    ),
    (
        "google-account",
        "invalid_grant",
        "Invalid grant: account not found",
    ),
    (
        "google-delegation",
        "unauthorized_client",
        "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
    ),
    ("oauth-invalid-token", "invalid_token", "The token expired"),
    (
        "oauth-insufficient-scope",
        "insufficient_scope",
        "Another scope is needed",
    ),
    ("oauth-consent", "consent_required", "Consent is required"),
    (
        "oauth-dpop",
        "invalid_dpop_proof",
        "The DPoP proof is missing",
    ),
    ("oauth-dpop-nonce", "use_dpop_nonce", "A nonce is required"),
    ("docusign-consent", "consent_required", ""),
    ("docusign-issuer", "invalid_grant", "issuer_not_found"),
    (
        "docusign-key",
        "invalid_grant",
        "no_valid_keys_or_signatures",
    ),
    ("docusign-user", "invalid_grant", "user_not_found"),
    (
        "snowflake-invalid",
        "390144",
        "JWT token is invalid. [0ce9eb56-821d-4ca9-a774-04ae89a0cf5a]",
    ),
    (
        "snowflake-issuer-unknown",
        "394300",
        "JWT_TOKEN_INVALID_USER_IN_ISSUER",
    ),
    ("snowflake-times-missing", "394301", ""),
    (
        "snowflake-received-late",
        "394302",
        "JWT_TOKEN_INVALID_ISSUE_TIME",
    ),
    ("snowflake-expired", "394303", ""),
    (
        "snowflake-fingerprint",
        "394304",
        "JWT_TOKEN_INVALID_PUBLIC_KEY_FINGERPRINT_MISMATCH",
    ),
    ("snowflake-algorithm", "394305", ""),
    ("snowflake-signature", "394306", ""),
    ("snowflake-account", "394307", ""),
    (
        "okta-audience",
        "invalid_client",
        "The audience claim for client_assertion must be the endpoint invoked for the request.",
    ),
    (
        "okta-kid",
        "invalid_client",
        "The client_assertion JWT kid is invalid.",
    ),
    (
        "okta-dpop",
        "invalid_dpop_proof",
        "The DPoP proof JWT header is missing.",
    ),
    (
        "okta-dpop-nonce",
        "use_dpop_nonce",
        "Authorization server requires nonce in DPoP proof.",
    ),
    (
        "entra-key",
        "invalid_client",
        "AADSTS700027: Client assertion contains an invalid signature. [Reason - The key was not found.]",
    ),
    (
        "entra-time",
        "invalid_client",
        "AADSTS700024: Client assertion is not within its valid time range.",
    ),
    (
        "entra-malformed",
        "invalid_client",
        "AADSTS50027: JWT token is invalid or malformed.",
    ),
    (
        "github-decoded",
        "",
        "{\"message\":\"A JSON web token could not be decoded\",\"documentation_url\":\"https://docs.github.com/rest\"}",
    ),
    (
        "github-exp",
        "",
        "{\"message\":\"'Expiration time' claim ('exp') is too far in the future\"}",
    ),
    (
        "github-iat",
        "",
        "{\"message\":\"'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued\"}",
    ),
    ("epic-invalid-client", "invalid_client", ""),
    (
        "key-line-ends",
        "",
        "error:0906D06C:PEM routines:PEM_read_bio:no start line",
    ),
    (
        "key-passphrase",
        "",
        "error:06065064:digital envelope routines:EVP_DecryptFinal_ex:bad decrypt",
    ),
    (
        "key-traditional",
        "",
        "cannot read a key with Proc-Type: 4,ENCRYPTED",
    ),
    (
        "key-ring",
        "",
        "called `Result::unwrap()` on an `Err` value: KeyRejected(\"InvalidEncoding\")",
    ),
    (
        "key-other-form",
        "",
        "Could not read private key from cert.pem",
    ),
    (
        "key-java-form",
        "",
        "java.security.InvalidKeyException: IOException : algid parse error, not a sequence",
    ),
    (
        "key-openssl-3",
        "",
        "Error: error:1E08010C:DECODER routines::unsupported at Sign.sign (node:internal/crypto/sig:131:29)",
    ),
    (
        "java-truststore",
        "",
        "ValidatorException: PKIX path building failed: SunCertPathBuilderException: unable to find valid certification path to requested target",
    ),
    (
        "kms-access",
        "",
        "AccessDeniedException: User is not authorized to perform: kms:Sign",
    ),
    (
        "kms-state",
        "",
        "KMSInvalidStateException: arn is pending deletion.",
    ),
    (
        "kms-usage",
        "",
        "InvalidKeyUsageException: arn:aws:kms key usage is ENCRYPT_DECRYPT",
    ),
    (
        "kms-not-found",
        "",
        "NotFoundException: Alias arn:aws:kms is not found.",
    ),
    (
        "kms-disabled",
        "",
        "DisabledException: arn:aws:kms is disabled.",
    ),
    (
        "yubikey-authentication",
        "",
        "Error { kind: AuthenticationError }",
    ),
];

/// The host whose provider's text it is.
fn url(entry: &Entry) -> Option<&'static str> {
    Some(match entry.provider {
        "box" => "https://api.box.com/oauth2/token",
        "salesforce" => "https://acme.my.salesforce.com/services/oauth2/token",
        "google" => "https://oauth2.googleapis.com/token",
        "docusign" => "https://account.docusign.com/oauth/token",
        "snowflake" => "https://acme.snowflakecomputing.com/api/v2/statements",
        "okta" => "https://acme.okta.com/oauth2/v1/token",
        "entra" => "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        "github" => "https://api.github.com/app",
        "epic" => "https://fhir.epic.com/interconnect-fhir-oauth/oauth2/token",
        _ => return None,
    })
}

#[test]
fn every_entry_has_a_case_that_leads_to_it() {
    for entry in Entry::all() {
        let (_, error, text) = CASES
            .iter()
            .find(|(id, ..)| *id == entry.id)
            .unwrap_or_else(|| panic!("the entry {} has no case", entry.id));
        let mut evidence = Evidence::new();
        if let Some(url) = url(entry) {
            evidence = evidence.request(jwt_bearer_diagnosis::Request::new().url(url));
        }
        evidence = match (*error, *text) {
            ("", text) if text.starts_with('{') => {
                evidence.reply(Reply::new().status(401).body(text))
            }
            ("", text) => evidence.message(text),
            (error, "") => evidence.reply(
                Reply::new()
                    .status(400)
                    .body(json!({ "error": error, "error_description": null }).to_string()),
            ),
            (error, text) => evidence.reply(
                Reply::new()
                    .status(400)
                    .body(json!({ "error": error, "error_description": text }).to_string()),
            ),
        };
        let report = diagnose(&evidence);
        assert!(report.reply_is_known(), "{}: {report}", entry.id);
        let of_entry = report
            .findings()
            .iter()
            .filter(|finding| finding.entry() == Some(entry.id));
        assert_eq!(
            of_entry.count(),
            report.findings().len(),
            "{}: {report}",
            entry.id
        );
        let first = report
            .findings()
            .first()
            .unwrap_or_else(|| panic!("{}: nothing", entry.id));
        assert_eq!(
            first.certainty() == Certainty::Certain,
            entry.proves,
            "{}: {report}",
            entry.id
        );
    }
    assert_eq!(CASES.len(), Entry::all().count());
}

/// Where the text is unmistakable, the provider need not be known.
#[test]
fn texts_alone_tell_the_provider() {
    for entry in Entry::all().filter(|entry| url(entry).is_some() && !entry.texts.is_empty()) {
        let case = CASES.iter().find(|(id, ..)| *id == entry.id);
        let (_, error, text) = case.unwrap_or_else(|| panic!("no case"));
        let report = diagnose(
            &Evidence::new().message(format!("{} failed: {error}: {text}", entry.provider)),
        );
        let found = report
            .findings()
            .iter()
            .any(|finding| finding.entry() == Some(entry.id));
        assert!(found, "{}: {report}", entry.id);
    }
}

/// A check that no entry names is found without a reply: by looking. Each must have its words.
#[test]
fn every_check_says_what_and_what_next() {
    for check in Check::ALL {
        assert!(
            !check.what().is_empty() && !check.next("generic").is_empty(),
            "{check}"
        );
        assert!(
            check
                .sources("generic")
                .iter()
                .all(|source| source.starts_with("https://")),
            "{check}"
        );
    }
    assert!(Check::ALL.len() >= 60);
}
