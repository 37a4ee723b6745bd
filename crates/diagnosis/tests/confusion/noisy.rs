//! What stands around the evidence in what people paste.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::request::GRANT;

const CERTIFICATE: &str = include_str!("../../../keyfile/testdata/rsa-certificate.pem");
const OTHER_CERTIFICATE: &str = include_str!("../../../keyfile/testdata/p256-certificate.pem");

/// A paste, and the ids of all that is wrong in it; none where it shows no cause at all, and silence is right.
pub(crate) struct Noisy {
    pub(crate) text: String,
    pub(crate) truth: &'static [&'static str],
}

fn noisy(text: impl Into<String>, truth: &'static [&'static str]) -> Noisy {
    Noisy {
        text: text.into(),
        truth,
    }
}

fn jwt(claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let header = json!({"alg": "RS256", "kid": "k"});
    let signature = URL_SAFE_NO_PAD.encode([7; 256]);
    format!("{}.{}.{signature}", part(&header), part(claims))
}

pub(crate) fn pastes() -> Vec<Noisy> {
    let claims = json!({"iss": "client-0123456789", "sub": "ann", "aud": "https://as.example/token",
        "jti": "0123456789abcdef-x", "exp": 1_700_000_000});
    let jwt = jwt(&claims);
    let unsigned = jwt.rsplit_once('.').unwrap().0;
    let mut pastes = vec![
        noisy(
            "* connect to ::1 port 443 from ::1 port 5 failed: Connection refused\n* Connected to api.box.com\n\
             > POST /oauth2/token HTTP/1.1\n> Host: api.box.com\n>\n< HTTP/1.1 400 Bad Request\n<\n\
             {\"error\":\"invalid_grant\",\"error_description\":\"Please check the 'sub' claim.\"}",
            &[],
        ),
        noisy(
            "* SSL certificate verify result: self-signed certificate, continuing anyway.\n< HTTP/1.1 400 Bad\n<\n\
             {\"error\":\"invalid_grant\"}",
            &[],
        ),
        noisy(
            r#"{"error":"invalid_client","error_description":"The client certificate has expired"}"#,
            &[],
        ),
        noisy("java.io.FileNotFoundException: key.pem", &[]),
        noisy("java.nio.file.AccessDeniedException: key.pem", &[]),
        noisy("request 5100394302 failed", &[]),
        noisy("request 394302 failed", &[]),
        noisy(
            "> POST /realms/x/token HTTP/1.1\n> Host: keycloak.example.com\n>\n< HTTP/1.1 400 Bad\n<\n\
             {\"error\":\"invalid_grant\",\"error_description\":\"user is locked by fraud rules\"}",
            &[],
        ),
        noisy(
            "> GET /2.0/folders/0 HTTP/1.1\n> Host: api.box.com\n> Authorization: Bearer abc123\n>\n\
             < HTTP/1.1 401 Unauthorized\n< WWW-Authenticate: Bearer error=\"invalid_token\"\n<\n",
            &["box-api-token"],
        ),
        noisy("curl https://api.box.com/oauth2/token -d @body.txt", &[]),
        noisy(
            "curl https://api.box.com/oauth2/token -d 'grant_type=x' -d assertion=$JWT",
            &["grant-type-wrong", "client-id-missing"],
        ),
        noisy(
            "curl https://api.box.com/oauth2/token --data-urlencode assertion@jwt.txt",
            &[],
        ),
        noisy(
            "curl https://api.box.com/oauth2/token -F assertion=x",
            &["body-not-form"],
        ),
        noisy(
            "curl https://api.box.com/oauth2/token --json '{}'",
            &["body-not-form"],
        ),
        noisy(
            format!("https://api.box.com/oauth2/token\nassertion={jwt}"),
            &[],
        ),
        noisy(
            format!(
                "curl https://api.box.com/oauth2/token -d 'grant_type={GRANT}' -d client_id=client-0123456789 -d client_secret= -d assertion=x.y.z"
            ),
            &["secret-missing"],
        ),
        noisy(format!("{jwt}\nand again {unsigned}."), &[]),
        noisy(claims.to_string(), &[]),
        noisy(
            format!("{{\"access_token\":\"{jwt}\",\"token_type\":\"bearer\"}}"),
            &[],
        ),
        noisy(
            format!("{CERTIFICATE}\n{OTHER_CERTIFICATE}\nassertion={jwt}"),
            &["signature-mismatch"],
        ),
    ];
    pastes.extend(misleading());
    pastes
}

/// Pastes of which a wrong cause was once called certain: other services, other grants, other JWT, cut and broken lines,
/// words in place of values, a time that is legal.
fn misleading() -> Vec<Noisy> {
    let claims = json!({"iss": "abcdefghijklmnop0123", "sub": "1234567", "box_sub_type": "enterprise",
        "aud": "https://api.box.com/oauth2/token", "jti": "Zm9vYmFyYmF6cXV4cXV1eA", "exp": 1_700_000_000});
    let jwt = jwt(&claims);
    let refused =
        |text: &str| json!({"error": "invalid_grant", "error_description": text}).to_string();
    let signature = refused("Signature verification error. The public key identified by \"kid\"");
    let lines = |end: &str| {
        let lines: Vec<_> = jwt
            .as_bytes()
            .chunks(76)
            .map(|line| str::from_utf8(line).unwrap())
            .collect();
        lines.join(end)
    };
    let words = json!({"iss": "client", "sub": "myid", "box_sub_type": "enterprise", "aud": "box url", "jti": "uuid4()", "exp": 1_700_000_000});
    let okta = json!({"iss": "0oa1", "sub": "0oa1", "aud": "https://dev-1.okta.com/oauth2/v1/token",
        "jti": "Zm9vYmFyYmF6cXV4cXV1eA", "iat": 1_700_006_100, "exp": 1_700_009_900});
    let salesforce = "https://login.salesforce.com/services/oauth2/token";
    let urn = "urn:ietf:params:oauth:grant-type";
    vec![
        noisy(
            "DatabaseError: 250001 (08001): Failed to connect to DB: xy.snowflakecomputing.com:443. JWT token is invalid. [0ce9eb56]",
            &[],
        ),
        noisy(
            "ERROR redis connect ECONNREFUSED 127.0.0.1:6379\nBoxOAuthException: Please check the 'sub' claim. https://api.box.com/oauth2/token",
            &[],
        ),
        noisy("redis connect ECONNREFUSED 127.0.0.1:6379", &[]),
        noisy(
            "ERROR smtp: Connection refused\nSalesforceAuthenticationFailed: invalid_grant: user is locked",
            &["salesforce-locked"],
        ),
        noisy(
            format!(
                "curl -d 'grant_type={urn}:saml2-bearer&assertion=PHNhbWw6QXNzZXJ0aW9uIHhtbG5zOnNhbWw9InVybjpvYXNpczpuYW1lczp0YzpTQU1M' {salesforce}\n{}",
                refused("invalid assertion")
            ),
            &[],
        ),
        noisy(
            format!(
                "curl -d 'grant_type={urn}:token-exchange&subject_token={jwt}' https://api.box.com/oauth2/token\n{}",
                refused("expired")
            ),
            &[],
        ),
        noisy(format!("{}\n{signature}", lines("\n")), &["key-mismatch"]),
        noisy(format!("{}\n{signature}", lines("=\n")), &["key-mismatch"]),
        noisy(
            format!("{}\n... (truncated)\n{signature}", &jwt[..150]),
            &["key-mismatch"],
        ),
        noisy(
            format!(
                "X-Amzn-Oidc-Data: {jwt}\ncurl -d @b.txt {salesforce}\n{}",
                refused("user is invalid")
            ),
            &["salesforce-username"],
        ),
        noisy(format!("{words}\n{signature}"), &["key-mismatch"]),
        noisy(
            format!(
                "curl -d 'grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion={}' \
                 https://dev-1.okta.com/oauth2/v1/token\nHTTP/1.1 401 Unauthorized\nDate: Wed, 15 Nov 2023 00:00:00 GMT\n\n{}",
                self::jwt(&okta),
                json!({"error": "invalid_client", "error_description": "The client_assertion signature is invalid."})
            ),
            &[],
        ),
    ]
}
