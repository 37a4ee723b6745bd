//! Tokens between runs, in a file each.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_bearer::assertion::{Clock, SystemClock};
use jwt_bearer::exchange::AccessToken;
use jwt_bearer::{Algorithm, TokenResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::error::Failure;
use crate::write::note;

/// How long a token is kept whose reply does not say how long it lives.
const UNKNOWN: Duration = Duration::from_secs(600);
/// A token that lives no longer than this is not worth a request.
const MARGIN: Duration = Duration::from_secs(60);

/// The file of one token.
#[derive(Debug)]
pub(crate) struct Cache {
    path: PathBuf,
}

#[derive(Deserialize, Serialize)]
struct Kept {
    /// Seconds since 1970; a clock that stands before this was set since.
    kept_at: u64,
    /// Seconds since 1970.
    expires_at: u64,
    reply: Value,
}

impl Cache {
    /// The file for a token got by these settings, which only give its name. Nothing is read or written.
    pub(crate) fn new(settings: &str) -> Result<Self, Failure> {
        let folder = folder().ok_or_else(|| {
            Failure::usage(
                "there is no folder for --cache; set XDG_CACHE_HOME or HOME to an absolute path",
            )
        })?;
        let digest = Algorithm::Rs256.digest(settings.as_bytes());
        let name = URL_SAFE_NO_PAD.encode(digest.as_ref().map_or(&[][..], AsRef::as_ref));
        Ok(Self {
            path: folder.join(name).with_extension("json"),
        })
    }

    /// The reply that is kept, if its token still has time to live.
    pub(crate) fn read(&self) -> Option<Value> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => {
                note(&format!(
                    "the kept token cannot be read: {}: {error}",
                    self.path.display()
                ));
                return None;
            }
        };
        let kept: Option<Kept> = serde_json::from_slice(&text).ok();
        let is_token = |kept: &Kept| {
            kept.reply["access_token"]
                .as_str()
                .and_then(AccessToken::new)
                .is_some()
        };
        let Some(kept) = kept.filter(is_token) else {
            let aside = self.path.with_extension("damaged");
            let result = fs::rename(&self.path, &aside);
            let place =
                result.map_or_else(|error| error.to_string(), |()| aside.display().to_string());
            note(&format!("a damaged file of --cache was set aside: {place}"));
            return None;
        };
        let now = seconds(SystemClock.now());
        if now < kept.kept_at || kept.expires_at <= now {
            return None;
        }
        let mut reply = kept.reply;
        if let Some(expires_in) = reply["expires_in"].as_u64() {
            reply["expires_in"] = expires_in.saturating_sub(now - kept.kept_at).into();
        }
        Some(reply)
    }

    /// Lets no other run get the same token until the lock is dropped. Waits for another run so long, and then does
    /// without.
    pub(crate) async fn lock(&self, limit: Duration) -> Result<Option<File>, Failure> {
        let unusable = |error: io::Error| {
            Failure::other(format!(
                "the file for --cache, {}, cannot be used: {error}",
                self.path.display()
            ))
        };
        if let Some(folder) = self.path.parent() {
            make_folder(folder).map_err(unusable)?;
        }
        let path = self.path.with_extension("lock");
        let lock = private()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(unusable)?;
        let deadline = Instant::now() + limit;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Some(lock)),
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    note("another run holds the kept token for too long; going on without it");
                    return Ok(None);
                }
                Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Keeps a reply: all of the new file, or none of it.
    pub(crate) fn write(&self, token: &TokenResponse) {
        let life = token.expires_in().unwrap_or(UNKNOWN);
        let used = life.saturating_sub(MARGIN.min(life / 2));
        let kept = Kept {
            kept_at: seconds(SystemClock.now()),
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

/// Forgets a token that was ended, by whatever settings it was got.
pub(crate) fn forget(token: &AccessToken) {
    let files = folder().and_then(|folder| fs::read_dir(folder).ok());
    for file in files.into_iter().flatten().flatten() {
        let kept: Option<Kept> = fs::read(file.path())
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        if kept.is_some_and(|kept| kept.reply["access_token"] == token.expose()) {
            let _ = fs::remove_file(file.path());
        }
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
