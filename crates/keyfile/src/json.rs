//! JSON with a private key in it: JWK and JWK Sets, Box's configuration, Google's service accounts.

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::form::{Form, Wanted};
use crate::key_file::{Entry, Item};
use crate::{KeyFileError, jwk, key_file, pem, recognise};

/// The members of all of them. Texts that hold keys stay where they are, so that no copy is made.
#[derive(Deserialize)]
struct File<'a> {
    kty: Option<&'a RawValue>,
    #[serde(borrow)]
    keys: Option<Vec<&'a RawValue>>,
    #[serde(borrow, rename = "boxAppSettings")]
    box_app_settings: Option<BoxAppSettings<'a>>,
    private_key: Option<&'a RawValue>,
    private_key_id: Option<String>,
}

#[derive(Deserialize)]
struct BoxAppSettings<'a> {
    #[serde(borrow, rename = "appAuth")]
    app_auth: Option<AppAuth<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppAuth<'a> {
    #[serde(rename = "publicKeyID")]
    public_key_id: Option<String>,
    #[serde(borrow)]
    private_key: Option<&'a RawValue>,
    passphrase: Option<&'a RawValue>,
}

/// What the file is, and the private keys in it.
pub(crate) fn entries(text: &[u8]) -> Result<(Form, Vec<Entry>), KeyFileError> {
    let form = recognise::form_of_json(text);
    let file: File<'_> = match serde_json::from_slice(text) {
        Ok(file) => file,
        Err(_) if form == Form::Json => return Ok((form, Vec::new())),
        // Its text is not shown: it can quote the file.
        Err(error) => {
            return Err(KeyFileError::malformed(format!(
                "{} was found, and its JSON is damaged at line {} column {}; take a fresh copy of the file",
                form.name(),
                error.line(),
                error.column()
            )));
        }
    };
    let entries = if let Some(auth) = file.box_app_settings.and_then(|settings| settings.app_auth) {
        let passphrase = auth.passphrase.map(text_of).transpose()?;
        let key = auth.private_key.map(|key| {
            let passphrase = passphrase.filter(|passphrase| !passphrase.is_empty());
            of_pem(key, auth.public_key_id, passphrase)
        });
        key.transpose()?.unwrap_or_default()
    } else if let Some(keys) = file.keys {
        key_file::check_count(keys.len())?;
        keys.into_iter().filter_map(jwk::entry).collect()
    } else if file.kty.is_some() {
        let jwk = std::str::from_utf8(text).ok();
        let jwk = jwk.and_then(|text| serde_json::from_str(text).ok());
        jwk.and_then(jwk::entry).into_iter().collect()
    } else if let Some(key) = file.private_key {
        of_pem(key, file.private_key_id, None)?
    } else {
        Vec::new()
    };
    Ok((form, entries))
}

/// The private keys of the PEM in a JSON text.
fn of_pem(
    text: &RawValue,
    key_id: Option<String>,
    passphrase: Option<Zeroizing<String>>,
) -> Result<Vec<Entry>, KeyFileError> {
    let no_pem = || KeyFileError::found(Form::Text, Wanted::PrivateKey);
    let text: Zeroizing<String> = match serde_json::from_str(text.get()) {
        Ok(text) => Zeroizing::new(text),
        Err(_) => return Err(no_pem()),
    };
    // Beside JSON's own escapes there can be others, of a text that was escaped twice.
    let pem = pem::unescape(text.as_bytes());
    let blocks = pem::blocks(&pem)?;
    if blocks.is_empty() && !text.is_empty() {
        return Err(no_pem());
    }
    let mut entries = key_file::of_blocks(&blocks)?;
    entries.retain(|entry| matches!(entry.item(), Item::PrivateKey(_)));
    let named = |entry: Entry| {
        entry.named(
            key_id.as_deref(),
            passphrase.as_ref().map(|own| own.as_str()),
        )
    };
    Ok(entries.into_iter().map(named).collect())
}

fn text_of(value: &RawValue) -> Result<Zeroizing<String>, KeyFileError> {
    serde_json::from_str(value.get())
        .map(Zeroizing::new)
        .map_err(|_| {
            KeyFileError::malformed(
                "the passphrase in Box's configuration file is no text; write it in quotes",
            )
        })
}
