//! Tokens between runs, in a file each.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_bearer::assertion::{Clock, SystemClock};
use jwt_bearer::{Algorithm, TokenResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Failure;
use crate::write::note;

/// How long a token is kept whose reply does not say how long it lives.
const UNKNOWN: Duration = Duration::from_secs(600);
/// A token that lives no longer than this is not worth a request.
const MARGIN: Duration = Duration::from_secs(60);

/// The file of one token. Until it is dropped, other runs that want the same token wait.
#[derive(Debug)]
pub(crate) struct Cache {
    path: PathBuf,
    /// A file of its own, since the other one is replaced. Closing it lets the next one in.
    _lock: File,
}

#[derive(Deserialize, Serialize)]
struct Kept {
    /// Seconds since 1970.
    expires_at: u64,
    reply: Value,
}

impl Cache {
    /// The file for a token got by these settings, which only give its name.
    pub(crate) fn open(settings: &str) -> Result<Self, Failure> {
        let folder = folder().ok_or_else(|| {
            Failure::usage(
                "there is no folder for --cache; set XDG_CACHE_HOME or HOME to an absolute path",
            )
        })?;
        let digest = Algorithm::Rs256.digest(settings.as_bytes());
        let name = URL_SAFE_NO_PAD.encode(digest.as_ref().map_or(&[][..], AsRef::as_ref));
        let path = folder.join(name);
        let unusable = |error: io::Error| {
            Failure::other(format!(
                "the folder for --cache, {}, cannot be used: {error}",
                folder.display()
            ))
        };
        make_folder(&folder).map_err(unusable)?;
        let lock = private()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.with_extension("lock"))
            .map_err(unusable)?;
        lock.lock().map_err(unusable)?;
        Ok(Self {
            path: path.with_extension("json"),
            _lock: lock,
        })
    }

    /// The reply that is kept, if its token still has time to live.
    pub(crate) fn read(&self) -> Option<Value> {
        let text = fs::read(&self.path).ok()?;
        let kept: Option<Kept> = serde_json::from_slice(&text).ok();
        let Some(kept) = kept.filter(|kept| kept.reply["access_token"].is_string()) else {
            let aside = self.path.with_extension("damaged");
            if fs::rename(&self.path, &aside).is_ok() {
                note(&format!(
                    "a damaged file of --cache was set aside: {}",
                    aside.display()
                ));
            }
            return None;
        };
        (kept.expires_at > seconds(SystemClock.now())).then_some(kept.reply)
    }

    /// Keeps a reply: all of the new file, or none of it.
    pub(crate) fn write(&self, token: &TokenResponse) {
        let life = token.expires_in().unwrap_or(UNKNOWN);
        let used = life.saturating_sub(MARGIN.min(life / 2));
        let kept = Kept {
            expires_at: seconds(SystemClock.now()).saturating_add(used.as_secs()),
            reply: token.to_json(),
        };
        if let Err(error) = self.replace(&kept) {
            note(&format!(
                "the token was not kept: {}: {error}",
                self.path.display()
            ));
        }
    }

    fn replace(&self, kept: &Kept) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let _ = fs::remove_file(&new);
        let mut file = private().write(true).create_new(true).open(&new)?;
        serde_json::to_writer(&file, kept)?;
        file.flush()?;
        fs::rename(&new, &self.path)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the user's folder is named by the environment"
)]
fn folder() -> Option<PathBuf> {
    let folder = |variable| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let caches = folder("XDG_CACHE_HOME")
        .or_else(|| folder("LOCALAPPDATA"))
        .or_else(|| Some(folder("HOME")?.join(".cache")))?;
    Some(caches.join("jwt-bearer"))
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(folder)
}

/// Files that nobody but the user can read.
#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    File::options()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
