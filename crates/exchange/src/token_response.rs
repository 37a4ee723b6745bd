use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

/// The successful reply of a token endpoint ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
///
/// `Debug` shows the names of unknown members and not their values.
#[derive(Clone)]
pub struct TokenResponse {
    access_token: AccessToken,
    expires_in: Option<Duration>,
    members: Map<String, Value>,
}

impl TokenResponse {
    /// Reads the JSON of a reply; the error says what is there instead, and nothing that could be secret.
    pub(crate) fn from_json(body: &[u8]) -> Result<Self, String> {
        let mut members: Map<String, Value> =
            serde_json::from_slice(body).map_err(|error| describe(body, &error))?;
        let token = match members.remove("access_token") {
            Some(Value::String(token)) => token,
            Some(_) => return Err("JSON whose `access_token` is not a string".into()),
            None => {
                let names: Vec<_> = members.keys().map(String::as_str).collect();
                let names = if names.is_empty() {
                    "no members".into()
                } else {
                    names.join(", ")
                };
                return Err(format!("JSON without `access_token`; it has {names}"));
            }
        };
        if token.is_empty() {
            return Err("JSON whose `access_token` is empty".into());
        }
        if !is_token(&token) {
            return Err("JSON whose `access_token` has characters that no header can carry".into());
        }
        if let Some(kind) = members.get("token_type").and_then(Value::as_str)
            && !kind.eq_ignore_ascii_case("bearer")
        {
            return Err(format!(
                "a token of the type {kind:?}, where `Bearer` was expected"
            ));
        }
        let expires_in = match members.get("expires_in") {
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(value) => value.as_f64(),
            None => None,
        };
        Ok(Self {
            access_token: AccessToken(token.into()),
            expires_in: expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            members,
        })
    }

    /// What stands where there is no token yet.
    pub(crate) fn none() -> Self {
        Self {
            access_token: AccessToken(SecretString::default()),
            expires_in: None,
            members: Map::new(),
        }
    }

    /// The access token.
    #[must_use]
    pub const fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    /// How long the token lives from the time of the reply on; `None` if the server does not say, as Salesforce.
    #[must_use]
    pub const fn expires_in(&self) -> Option<Duration> {
        self.expires_in
    }

    /// The scope granted: names with a space between.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.text("scope")
    }

    /// Where Salesforce's API is to be called with this token.
    #[must_use]
    pub fn instance_url(&self) -> Option<&str> {
        self.text("instance_url")
    }

    /// Any other member, such as `id` or `restricted_to`. It may be secret.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// The whole reply as JSON, **with the token**.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut members = self.members.clone();
        members.insert("access_token".into(), self.access_token.expose().into());
        Value::Object(members)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("access_token", &self.access_token)
            .field("expires_in", &self.expires_in)
            .field("members", &self.members.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// An access token: visible ASCII characters. `Debug` shows none of them. This copy is wiped when it is dropped.
#[derive(Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// A token from elsewhere; `None` if it is empty or has other than visible ASCII characters.
    #[must_use]
    pub fn new(token: impl Into<SecretString>) -> Option<Self> {
        let token = token.into();
        is_token(token.expose_secret()).then_some(Self(token))
    }

    /// The token itself, for the header `Authorization: Bearer …` ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken({} octets)", self.expose().len())
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic())
}

/// What a body is that is not a JSON object.
fn describe(body: &[u8], error: &serde_json::Error) -> String {
    let start = body.trim_ascii_start();
    if start.is_empty() {
        return "an empty reply".into();
    }
    if start.starts_with(b"<") {
        return "an HTML or XML page; another service answered, or a proxy".into();
    }
    if error.is_eof() {
        return format!(
            "JSON that ends after {} octets, before it is whole",
            body.len()
        );
    }
    if error.is_data() {
        return "JSON that is not an object".into();
    }
    format!("{} octets that are not JSON", body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> TokenResponse {
        TokenResponse::from_json(json.as_bytes()).unwrap()
    }

    #[test]
    fn what_servers_send_is_read() {
        let token = read(
            r#"{"access_token":"T1","expires_in":4123,"restricted_to":[],"token_type":"bearer"}"#,
        );
        assert_eq!(token.access_token().expose(), "T1");
        assert_eq!(token.expires_in(), Some(Duration::from_secs(4123)));
        assert_eq!(
            token.member("restricted_to"),
            Some(&Value::Array(Vec::new()))
        );

        let token = read(
            r#"{"access_token":"00D!x","scope":"api web","instance_url":"https://x.my.salesforce.com",
                "id":"https://login.salesforce.com/id/1/2","token_type":"Bearer","issued_at":"1700000000000"}"#,
        );
        assert_eq!(token.expires_in(), None);
        assert_eq!(token.scope(), Some("api web"));
        assert_eq!(token.instance_url(), Some("https://x.my.salesforce.com"));
        assert_eq!(token.to_json()["access_token"], "00D!x");
        assert_eq!(token.to_json()["issued_at"], "1700000000000");
    }

    #[test]
    fn expires_in_comes_in_many_forms() {
        for (text, seconds) in [
            ("3600", Some(3600.0)),
            ("\"3600\"", Some(3600.0)),
            ("59.5", Some(59.5)),
            ("0", Some(0.0)),
            ("-1", None),
            ("\"soon\"", None),
            ("null", None),
            ("1e300", None),
        ] {
            let token = read(&format!(r#"{{"access_token":"T","expires_in":{text}}}"#));
            assert_eq!(
                token.expires_in(),
                seconds.map(Duration::from_secs_f64),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_token_is_named() {
        let cases = [
            ("", "an empty reply"),
            (" \r\n", "an empty reply"),
            (
                "<!DOCTYPE html><html>",
                "an HTML or XML page; another service answered, or a proxy",
            ),
            (
                r#"{"access_token":"T"#,
                "JSON that ends after 18 octets, before it is whole",
            ),
            ("[]", "JSON that is not an object"),
            ("\"T\"", "JSON that is not an object"),
            ("access_token=T", "14 octets that are not JSON"),
            ("{}", "JSON without `access_token`; it has no members"),
            (
                r#"{"token":"T","expires_in":1}"#,
                "JSON without `access_token`; it has expires_in, token",
            ),
            (
                r#"{"access_token":null}"#,
                "JSON whose `access_token` is not a string",
            ),
            (
                r#"{"access_token":""}"#,
                "JSON whose `access_token` is empty",
            ),
            (
                r#"{"access_token":"a\r\nX: y"}"#,
                "JSON whose `access_token` has characters that no header can carry",
            ),
            (
                r#"{"access_token":"T","token_type":"mac"}"#,
                "a token of the type \"mac\", where `Bearer` was expected",
            ),
        ];
        for (body, text) in cases {
            assert_eq!(
                TokenResponse::from_json(body.as_bytes()).unwrap_err(),
                text,
                "{body}"
            );
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let token =
            read(r#"{"access_token":"SECRET1","refresh_token":"SECRET2","id_token":"SECRET3"}"#);
        let debug = format!("{token:?} {:?}", token.access_token());
        assert!(
            !debug.contains("SECRET") && debug.contains("refresh_token"),
            "{debug}"
        );
    }
}
