use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use crate::{Profile, RequestBuilder, Subject};

/// The JSON configuration file that Box's developer console gives out, with or without its key.
///
/// Whoever keeps the private key elsewhere removes `privateKey` and `passphrase` from the file.
#[derive(Clone)]
pub struct BoxConfig {
    client_id: String,
    client_secret: SecretString,
    key_id: Option<String>,
    private_key: Option<SecretString>,
    passphrase: Option<SecretString>,
    enterprise: Option<String>,
    user: Option<String>,
}

impl BoxConfig {
    /// Reads the text of the file. Members that are empty count as missing.
    ///
    /// # Errors
    /// If it is not this file. The error shows nothing of the file's values.
    pub fn from_json(json: &str) -> Result<Self, BoxConfigError> {
        let json = json.trim_start_matches('\u{feff}');
        let file: File = serde_json::from_str(json).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            BoxConfigError(match error.classify() {
                serde_json::error::Category::Data => format!("a member of Box's configuration file is missing or of the wrong kind ({place}); download the file anew from the app's configuration page"),
                _ => format!("not the JSON of Box's configuration file ({place})"),
            })
        })?;
        let Some(app) = file.box_app_settings else {
            return Err(BoxConfigError(
                "not Box's configuration file: `boxAppSettings` is missing; download it from the app's configuration page, under \"App Settings\"".into(),
            ));
        };
        let missing = |name| {
            BoxConfigError(format!(
                "`boxAppSettings.{name}` is missing or empty in Box's configuration file"
            ))
        };
        let auth = app.app_auth.unwrap_or_default();
        Ok(Self {
            client_id: app.client_id.ok_or_else(|| missing("clientID"))?,
            client_secret: app.client_secret.ok_or_else(|| missing("clientSecret"))?,
            key_id: auth.public_key_id,
            private_key: auth.private_key,
            passphrase: auth.passphrase,
            enterprise: file.enterprise_id,
            user: file.user_id,
        })
    }

    /// The app's client id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The id of the public key, which goes into `kid`.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The private key in PEM, usually encrypted.
    #[must_use]
    pub const fn private_key(&self) -> Option<&SecretString> {
        self.private_key.as_ref()
    }

    /// The passphrase of the private key.
    #[must_use]
    pub const fn passphrase(&self) -> Option<&SecretString> {
        self.passphrase.as_ref()
    }

    /// Begins a request with client id, client secret, key id and subject: the enterprise if there is one, else the
    /// user.
    #[must_use]
    pub fn request(&self) -> RequestBuilder {
        let mut request = Profile::BOX
            .request(&self.client_id)
            .client_secret(self.client_secret.clone());
        if let Some(key_id) = &self.key_id {
            request = request.key_id(key_id);
        }
        match (&self.enterprise, &self.user) {
            // A free account's file has the enterprise 0, which is none.
            (Some(zero), Some(id)) if zero == "0" => request.subject(Subject::User(id.clone())),
            (Some(id), _) => request.subject(Subject::Enterprise(id.clone())),
            (None, Some(id)) => request.subject(Subject::User(id.clone())),
            (None, None) => request,
        }
    }
}

impl fmt::Debug for BoxConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxConfig")
            .field("client_id", &self.client_id)
            .field("key_id", &self.key_id)
            .field("private_key", &self.private_key.is_some())
            .field("enterprise", &self.enterprise)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Why a text is not Box's configuration file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BoxConfigError(String);

#[derive(Deserialize)]
struct File {
    #[serde(rename = "boxAppSettings")]
    box_app_settings: Option<AppSettings>,
    #[serde(default, rename = "enterpriseID", deserialize_with = "not_empty")]
    enterprise_id: Option<String>,
    #[serde(default, rename = "userID", deserialize_with = "not_empty")]
    user_id: Option<String>,
}

#[derive(Deserialize)]
struct AppSettings {
    #[serde(default, rename = "clientID", deserialize_with = "not_empty")]
    client_id: Option<String>,
    #[serde(default, rename = "clientSecret", deserialize_with = "secret")]
    client_secret: Option<SecretString>,
    #[serde(rename = "appAuth")]
    app_auth: Option<AppAuth>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppAuth {
    #[serde(default, rename = "publicKeyID", deserialize_with = "not_empty")]
    public_key_id: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    private_key: Option<SecretString>,
    #[serde(default, deserialize_with = "secret")]
    passphrase: Option<SecretString>,
}

fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.trim().is_empty()))
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let secret = Option::<SecretString>::deserialize(deserializer)?;
    Ok(secret.filter(|secret| !secret.expose_secret().trim().is_empty()))
}
