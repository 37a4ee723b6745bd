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
    vec![
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
    ]
}
