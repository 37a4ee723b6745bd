use std::fmt;
use std::iter;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jwt_bearer_keyfile::{KeyFileErrorKind, PrivateKey};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What a path or a value cannot hold as it is, once there is a scheme.
const RESERVED: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'&').add(b'#');

/// The longest text that can be a path: what is longer may be a key.
const MAX_TEXT: usize = 4096;
/// What is shorter is no key: the shortest is Ed25519's number alone, in base64.
const MIN_KEY: usize = 43;

/// Where a private key is, as a text that fits on a command line. It never holds a secret.
///
/// | text | key |
/// | --- | --- |
/// | `key.pem`, `file:key.pem`, `file:///etc/box/key.pem` | a private key file of any form that [`PrivateKey::read`](jwt_bearer_keyfile::PrivateKey::read) takes |
/// | `file:keys.p12?alias=box` | one of several keys in a PKCS#12 store, a Java keystore or a JWK Set |
/// | `env:NAME` | a key in an environment variable: as text, or base64 of any form |
/// | `awskms:alias/box?region=eu-central-1&endpoint=https://…` | a key in AWS KMS, by key id, alias or ARN; both parameters may be left out |
/// | `piv:9c?serial=12345678` | a key in a PIV token, by slot; the serial number may be left out if there is one token |
///
/// Every text is understood in every build; to open a key in AWS KMS takes the feature `aws-kms`, and one in a PIV token
/// the feature `piv`.
/// Percent-encoding counts after a scheme alone. One letter before a colon is a Windows path. A text with an unknown
/// scheme is a path if such a file exists, and an error if not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyUri {
    /// A file.
    #[non_exhaustive]
    File {
        /// Where it is.
        path: PathBuf,
        /// Which of its keys, if there are several.
        alias: Option<String>,
    },
    /// An environment variable, by name.
    Env(String),
    /// A key in AWS KMS.
    #[non_exhaustive]
    AwsKms {
        /// Key id, `alias/NAME`, or the ARN of either.
        key: String,
        /// The region, if it is set here.
        region: Option<String>,
        /// The URL of the service, if it is not the usual one.
        endpoint: Option<String>,
    },
    /// A key in a PIV token such as a YubiKey.
    #[non_exhaustive]
    Piv {
        /// The number of the slot: 0x9a, 0x9c, 0x9d, 0x9e, or 0x82 to 0x95.
        slot: u8,
        /// The serial number of the token, if it is set here.
        serial: Option<u32>,
    },
}

impl KeyUri {
    /// A file with one key.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::File {
            path: path.into(),
            alias: None,
        }
    }

    /// Makes a relative path one below `directory`.
    #[must_use]
    pub fn relative_to(self, directory: &Path) -> Self {
        match self {
            Self::File { path, alias } => Self::File {
                path: directory.join(path),
                alias,
            },
            other => other,
        }
    }
}

impl FromStr for KeyUri {
    type Err = KeyUriError;

    /// Looks whether a file exists if the scheme is unknown.
    fn from_str(text: &str) -> Result<Self, KeyUriError> {
        if text.is_empty() {
            return Err(KeyUriError(
                "the key is empty; give a file, or `env:NAME`".into(),
            ));
        }
        let behind_scheme = text.split_once(':').map_or("", |(_, rest)| rest);
        if looks_like_a_key(text) || looks_like_a_key(behind_scheme) {
            // The text is not repeated: it may be the key.
            return Err(KeyUriError(
                "this looks like a key itself, where the place of one was expected; put the key into a file or a \
                 variable, and give the file's name or `env:NAME`"
                    .into(),
            ));
        }
        let is_scheme = |scheme: &str| {
            scheme.len() > 1
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        match text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
            None => Ok(Self::file(text)),
            Some(("file", rest)) => file(text, rest),
            Some(("env", "")) => Err(KeyUriError("`env:` has no name; write `env:NAME`".into())),
            Some(("env", name)) if is_variable(name) => Ok(Self::Env(name.into())),
            Some(("env", _)) => Err(KeyUriError(
                "what stands after `env:` is no variable's name (letters, digits and `_`); give the name, not the value"
                    .into(),
            )),
            Some(("awskms", rest)) => aws_kms(text, rest),
            Some(("piv", rest)) => piv(rest),
            Some(_) if Path::new(text).exists() => Ok(Self::file(text)),
            Some((scheme, _)) => Err(KeyUriError(format!(
                "`{scheme}:` is no known kind of key, and there is no file `{text}`; known are `file:`, `env:`, \
                 `awskms:` and `piv:`"
            ))),
        }
    }
}

impl fmt::Display for KeyUri {
    /// Writes a text that is read back as the same key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, alias } => {
                let path = path.display().to_string();
                write!(f, "file:{}", utf8_percent_encode(&path, RESERVED))?;
                write_parameters(f, [("alias", alias)])
            }
            Self::Env(name) => write!(f, "env:{name}"),
            Self::AwsKms {
                key,
                region,
                endpoint,
            } => {
                write!(f, "awskms:{}", utf8_percent_encode(key, RESERVED))?;
                write_parameters(f, [("region", region), ("endpoint", endpoint)])
            }
            Self::Piv { slot, serial } => {
                write!(f, "piv:{slot:x}")?;
                serial.map_or(Ok(()), |serial| write!(f, "?serial={serial}"))
            }
        }
    }
}

fn write_parameters<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    parameters: [(&str, &Option<String>); N],
) -> fmt::Result {
    let set = parameters
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)));
    for ((name, value), separator) in set.zip(iter::once('?').chain(iter::repeat('&'))) {
        write!(
            f,
            "{separator}{name}={}",
            utf8_percent_encode(value, RESERVED)
        )?;
    }
    Ok(())
}

/// What is wrong with the text of a key URI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyUriError(String);

/// Whether this is a key or a piece of one, and not where one is: PEM, base64 of DER, or JSON, which are the forms that
/// fit into a variable. A key that cannot be read is one too.
fn looks_like_a_key(text: &str) -> bool {
    let is_json = text
        .trim_start_matches([' ', '"', '\'', '['])
        .starts_with('{');
    if is_json || text.contains("-----BEGIN") || text.contains('\n') || text.len() > MAX_TEXT {
        return true;
    }
    if text.len() < MIN_KEY || Path::new(text).exists() {
        return false;
    }
    let is_key = PrivateKey::read(text.as_bytes(), None).map_or_else(
        |error| error.kind() != KeyFileErrorKind::NotAPrivateKey,
        |_| true,
    );
    is_key || is_base64(text)
}

/// Base64 by its looks: a piece out of the middle of a key cannot be decoded.
fn is_base64(text: &str) -> bool {
    let has = |kind: fn(&char) -> bool| text.chars().any(|c| kind(&c));
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "+/-_= ".contains(c))
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
}

fn is_variable(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn file(text: &str, rest: &str) -> Result<KeyUri, KeyUriError> {
    let (path, [alias]) = parts(text, rest, ["alias"])?;
    let path = match path.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(_) => {
            return Err(KeyUriError(format!(
                "`{text}` names another machine; write `file:///` and the path"
            )));
        }
        None => &path,
    };
    if path.is_empty() {
        return Err(KeyUriError("`file:` has no path".into()));
    }
    Ok(KeyUri::File {
        path: path.into(),
        alias,
    })
}

fn aws_kms(text: &str, rest: &str) -> Result<KeyUri, KeyUriError> {
    let (key, [region, endpoint]) = parts(text, rest, ["region", "endpoint"])?;
    if key.is_empty() {
        return Err(KeyUriError(
            "`awskms:` has no key; write a key id, `alias/NAME`, or the ARN of either".into(),
        ));
    }
    Ok(KeyUri::AwsKms {
        key,
        region,
        endpoint,
    })
}

fn piv(rest: &str) -> Result<KeyUri, KeyUriError> {
    // Nothing of the text is repeated: it may have a PIN in it.
    let (slot, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let is_slot = |slot: &u8| matches!(slot, 0x82..=0x95 | 0x9a | 0x9c..=0x9e);
    let slot = match slot.len() {
        2 => u8::from_str_radix(slot, 16).ok().filter(is_slot),
        _ => None,
    };
    let Some(slot) = slot else {
        return Err(KeyUriError(
            "what stands behind `piv:` is no slot that holds a key; write 9a, 9c, 9d, 9e, or one of 82 to 95, and then \
             `?serial=` and the number of the token if there are several"
                .into(),
        ));
    };
    if parameters.is_empty() {
        return Ok(KeyUri::Piv { slot, serial: None });
    }
    let Some(serial) = parameters.strip_prefix("serial=") else {
        return Err(KeyUriError(
            "behind `piv:` and the slot stands `?serial=` and the number of the token, or nothing; a PIN does not stand \
             there, where other people can read it, but is asked for when it is needed"
                .into(),
        ));
    };
    let serial = serial.parse().map_err(|_| {
        KeyUriError(
            "what stands behind `serial=` is no serial number; `jwt-bearer key list --piv` shows it, and it is printed on \
             the token"
                .into(),
        )
    })?;
    Ok(KeyUri::Piv {
        slot,
        serial: Some(serial),
    })
}

/// What stands before the `?`, and the values of the parameters behind it, percent-decoded.
fn parts<const N: usize>(
    text: &str,
    rest: &str,
    names: [&str; N],
) -> Result<(String, [Option<String>; N]), KeyUriError> {
    let decoded = |encoded: &str| match percent_decode_str(encoded).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(KeyUriError(format!(
            "`{text}` is not UTF-8 after percent-decoding"
        ))),
    };
    let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let mut values = [const { None }; N];
    for parameter in parameters
        .split('&')
        .filter(|parameter| !parameter.is_empty())
    {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let Some(index) = names.iter().position(|known| *known == name) else {
            let known = names.join(" and ");
            return Err(KeyUriError(format!(
                "`{text}` has the parameter `{name}`; known here: {known}. A `?` in a name is written %3F"
            )));
        };
        if value.is_empty() || values[index].replace(decoded(value)?).is_some() {
            return Err(KeyUriError(format!(
                "`{text}` has the parameter `{name}` twice, or without a value"
            )));
        }
    }
    Ok((decoded(place)?, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written_back() {
        let cases = [
            ("key.pem", KeyUri::file("key.pem"), "file:key.pem"),
            (
                "a b%20?.pem",
                KeyUri::file("a b%20?.pem"),
                "file:a b%2520%3F.pem",
            ),
            ("file:a%20b.pem", KeyUri::file("a b.pem"), "file:a b.pem"),
            (
                "file:///etc/k.pem",
                KeyUri::file("/etc/k.pem"),
                "file:/etc/k.pem",
            ),
            ("/etc/k.pem", KeyUri::file("/etc/k.pem"), "file:/etc/k.pem"),
            (
                r"C:\keys\k.pem",
                KeyUri::file(r"C:\keys\k.pem"),
                r"file:C:\keys\k.pem",
            ),
            ("./box:key", KeyUri::file("./box:key"), "file:./box:key"),
            (
                "file:a.p12?alias=box%20%26%20co",
                KeyUri::File {
                    path: "a.p12".into(),
                    alias: Some("box & co".into()),
                },
                "file:a.p12?alias=box %26 co",
            ),
            ("env:BOX_KEY", KeyUri::Env("BOX_KEY".into()), "env:BOX_KEY"),
            (
                "awskms:alias/box?region=eu-central-1&endpoint=http%3A//127.0.0.1:1",
                KeyUri::AwsKms {
                    key: "alias/box".into(),
                    region: Some("eu-central-1".into()),
                    endpoint: Some("http://127.0.0.1:1".into()),
                },
                "awskms:alias/box?region=eu-central-1&endpoint=http://127.0.0.1:1",
            ),
            (
                "awskms:arn:aws:kms:eu-central-1:1234:key/abcd",
                KeyUri::AwsKms {
                    key: "arn:aws:kms:eu-central-1:1234:key/abcd".into(),
                    region: None,
                    endpoint: None,
                },
                "awskms:arn:aws:kms:eu-central-1:1234:key/abcd",
            ),
            (
                "piv:9C?serial=12345678",
                KeyUri::Piv {
                    slot: 0x9c,
                    serial: Some(12_345_678),
                },
                "piv:9c?serial=12345678",
            ),
            (
                "piv:82",
                KeyUri::Piv {
                    slot: 0x82,
                    serial: None,
                },
                "piv:82",
            ),
        ];
        for (text, uri, written) in cases {
            assert_eq!(text.parse(), Ok(uri.clone()), "{text}");
            assert_eq!(uri.to_string(), written);
            assert_eq!(written.parse(), Ok(uri));
        }
    }

    #[test]
    fn wrong_texts_are_refused() {
        const NO_SLOT: &str = "what stands behind `piv:` is no slot that holds a key; write 9a, 9c, 9d, 9e, or one of 82 \
                               to 95, and then `?serial=` and the number of the token if there are several";
        const NO_SERIAL: &str = "what stands behind `serial=` is no serial number; `jwt-bearer key list --piv` shows \
                                 it, and it is printed on the token";
        const NO_PIN: &str = "behind `piv:` and the slot stands `?serial=` and the number of the token, or nothing; a \
                              PIN does not stand there, where other people can read it, but is asked for when it is \
                              needed";
        let cases = [
            ("", "the key is empty; give a file, or `env:NAME`"),
            ("env:", "`env:` has no name; write `env:NAME`"),
            ("file:", "`file:` has no path"),
            (
                "file://host/k.pem",
                "`file://host/k.pem` names another machine; write `file:///` and the path",
            ),
            (
                "file:k.p12?name=box",
                "`file:k.p12?name=box` has the parameter `name`; known here: alias. A `?` in a name is written %3F",
            ),
            (
                "file:k.p12?alias=",
                "`file:k.p12?alias=` has the parameter `alias` twice, or without a value",
            ),
            ("file:%ff", "`file:%ff` is not UTF-8 after percent-decoding"),
            (
                "awskms:",
                "`awskms:` has no key; write a key id, `alias/NAME`, or the ARN of either",
            ),
            (
                "awskms:k?zone=1",
                "`awskms:k?zone=1` has the parameter `zone`; known here: region and endpoint. A `?` in a name is written %3F",
            ),
            (
                "awskms:k?region=a&region=b",
                "`awskms:k?region=a&region=b` has the parameter `region` twice, or without a value",
            ),
            (
                "awskms:k?region",
                "`awskms:k?region` has the parameter `region` twice, or without a value",
            ),
            ("piv:9b", NO_SLOT),
            ("piv:+9c", NO_SLOT),
            ("piv:", NO_SLOT),
            ("piv:9c?serial=YK5", NO_SERIAL),
            ("piv:9c?serial=1&serial=2", NO_SERIAL),
            ("piv:9c?serial=", NO_SERIAL),
            ("piv:9c?serial=1&pin=123456", NO_SERIAL),
            ("piv:9c?pin=123456", NO_PIN),
            ("piv:9c?pin-value=123456", NO_PIN),
            ("piv:9c?123456", NO_PIN),
            ("piv:9c;pin-value=123456", NO_SLOT),
            ("piv:9c:123456", NO_SLOT),
            (
                "vault:box",
                "`vault:` is no known kind of key, and there is no file `vault:box`; known are `file:`, `env:`, `awskms:` and `piv:`",
            ),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<KeyUri>().unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn a_key_in_place_of_its_place_is_not_repeated() {
        let pem = include_str!("../../keyfile/testdata/p256.pem");
        let encrypted = include_str!("../../keyfile/testdata/p256-aes256.pem");
        let [base64, encrypted] = [pem, encrypted].map(|pem| {
            let body = pem.lines().filter(|line| !line.starts_with('-'));
            body.collect::<String>()
        });
        let body = |pem: &str| {
            let body = pem.lines().filter(|line| !line.starts_with('-'));
            body.map(Into::into).collect::<Vec<String>>()
        };
        let small = body(include_str!("../../keyfile/testdata/refused-rsa-1024.pem")).concat();
        let p521 = body(include_str!("../../keyfile/testdata/refused-p521.pem")).concat();
        let rsa = body(include_str!("../../keyfile/testdata/rsa.pem"));
        let jwk = include_str!("../../keyfile/testdata/ed25519.jwk").replace('\n', "");
        let long = "M".repeat(5000);
        for text in [
            pem,
            &base64,
            &encrypted,
            &long,
            "MII and more\nMII and more",
            &format!("env:{base64}"),
            &small,
            &p521,
            &rsa[..3].concat(),
            &rsa[7],
            &rsa[8..11].join(" "),
            &rsa[8..11].concat()[..101],
            &jwk,
            &format!("file:{jwk}"),
            &format!("{{\"keys\": [{jwk}, {jwk}]}}"),
        ] {
            let error = text.parse::<KeyUri>().unwrap_err().to_string();
            assert!(
                error.contains("key itself") || error.contains("no variable's name"),
                "{error}"
            );
            assert!(!error.contains(&text[5..15]), "{error}");
        }
    }

    #[test]
    fn a_long_path_is_no_key() {
        for text in [
            "/srv/clients/example-corporation/Production2/box-private-key.pem",
            "home/ann/clients/example/production/keys/box-private-key",
            "MIIEvQIBADANBgkqhkiG",
        ] {
            assert_eq!(text.parse(), Ok(KeyUri::file(text)));
        }
    }

    #[test]
    fn a_relative_path_follows_the_directory() {
        let directory = Path::new("/etc/jwt");
        let cases = [
            ("k.pem", "file:/etc/jwt/k.pem"),
            ("/k.pem", "file:/k.pem"),
            ("file:k.p12?alias=a", "file:/etc/jwt/k.p12?alias=a"),
            ("env:K", "env:K"),
        ];
        for (text, expected) in cases {
            assert_eq!(
                text.parse::<KeyUri>()
                    .unwrap()
                    .relative_to(directory)
                    .to_string(),
                expected
            );
        }
    }
}
