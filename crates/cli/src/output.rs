//! What is written to files of the user's, all of them new.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write, stdout};
use std::path::Path;

use crate::error::Failure;
use crate::write::{self, harmless};

/// Refuses a file that there is already, and a folder that there is not, before any work is done.
pub(crate) fn check_new(path: &Path) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        return Err(
            Failure::usage("--out is `-`, where the name of a new file was expected").hint(
                "what may go to standard output goes there without --out; a private key may not",
            ),
        );
    }
    if path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(Failure::usage(format!(
            "{} cannot be written: there is no folder {}",
            path.display(),
            folder.display()
        ))),
        _ => Ok(()),
    }
}

/// Writes a new file that, on Unix, nobody but the user can read: the whole of it, or nothing.
pub(crate) fn private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    create(path, bytes, owner_only())
}

/// Writes a result that is no secret: to a new file if one is named, else to standard output.
pub(crate) fn public(out: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    match (out, std::str::from_utf8(bytes)) {
        (Some(path), _) => create(path, bytes, File::options()),
        (None, Ok(text)) => write::result(text),
        (None, Err(_)) => binary(bytes),
    }
}

/// Refuses to show DER on a terminal, before any work is done.
pub(crate) fn check_binary(out: Option<&Path>) -> Result<(), Failure> {
    if out.is_none() && stdout().is_terminal() {
        return Err(Failure::usage("DER is nothing for a terminal")
            .hint("name a file with --out, or pipe it into another program"));
    }
    Ok(())
}

/// A path as a shell reads it back, and as no command takes it for a flag.
pub(crate) fn shell_word(path: &Path) -> String {
    let mut text = harmless(&path.display().to_string());
    if text.starts_with('-') {
        text.insert_str(0, "./");
    }
    let is_plain = |c: char| c.is_alphanumeric() || "-_./+,:@%".contains(c);
    match text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

fn binary(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::other(format!(
            "standard output cannot be written: {error}"
        ))),
        _ => Ok(()),
    }
}

fn create(path: &Path, bytes: &[u8], mut options: OpenOptions) -> Result<(), Failure> {
    let unwritable = |error: io::Error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => Failure::usage(format!("{} cannot be written: {error}", path.display())),
    };
    let mut file = options
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(unwritable)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // It is ours, and half a key is worse than none.
        let _ = fs::remove_file(path);
        unwritable(error)
    })
}

fn exists(path: &Path) -> Failure {
    let text = format!(
        "{} is there already, and is not overwritten",
        path.display()
    );
    Failure::usage(text).hint("name another file with --out, or move this one away")
}

#[cfg(unix)]
fn owner_only() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn owner_only() -> OpenOptions {
    File::options()
}
