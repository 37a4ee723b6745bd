use std::fs::File;
use std::io::{IsTerminal, Read, stdin};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use jwt_bearer::assertion::{Clock, Decoded, SystemClock};
use jwt_bearer::keyfile::{Inspection, Thing};
use jwt_bearer_diagnosis::{MAX_PASTE, Paste, Report, diagnose};

use crate::args::{ExplainArgs, PageOutput};
use crate::error::Failure;
use crate::interaction::bounded_file;
use crate::write::{self, note};
use crate::{page, times};
use zeroize::Zeroizing;

/// A certificate or a public key: 1 MiB.
const MAX_REGISTERED: u64 = 1 << 20;

/// Findings from what somebody pasted. Nothing is sent.
pub(crate) fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let registered = args.certificate.as_deref().map(registered).transpose()?;
    let text = text(&read(args.input.as_deref())?)?;
    let paste = Paste::read(&text);
    let mut notes = paste.notes().to_vec();
    let read = paste.assertion().map(was_read);
    let mut evidence = paste.into_evidence();
    if let Some(provider) = args.provider {
        evidence = evidence.profile(provider.profile());
    }
    if let Some(bytes) = registered {
        evidence = evidence.registered(&bytes);
    }
    let report = diagnose(&evidence);
    // Any text can be taken for a reply; one that is known counts more.
    notes.extend(read.filter(|_| !report.reply_is_known()));
    let report = notes.into_iter().fold(report, Report::note);
    match args.output {
        PageOutput::Text => {
            let page = format!(
                "{}Keys, secrets, tokens, ids and addresses that can be told by their form or their\n\
                 name are masked. What a server says in its own words can hold others: read the\n\
                 page before you paste it elsewhere. Never show others what you pasted here.\n",
                page::report(
                    &report,
                    &page::Telling {
                        is_complete: true,
                        ruled_out: Some("--output json"),
                        stopped: None,
                        shown: &str::to_owned,
                    }
                )
            );
            write::result(&page::shown(&page))
        }
        PageOutput::Json => write::result(&write::json(&report)?),
    }
}

/// Reads it. Nobody registers a private key, which is taken for its public one by mistake.
fn registered(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = bounded_file("certificate", path, MAX_REGISTERED)?;
    let parts = Inspection::read(&bytes, None).map_or_else(|_| Vec::new(), |file| file.parts);
    let is_private = |thing: &Thing| matches!(thing, Thing::PrivateKey(_));
    let is_public = |thing: &Thing| matches!(thing, Thing::PublicKey | Thing::Certificate(_));
    if parts.iter().any(|part| is_private(&part.thing))
        && !parts.iter().any(|part| is_public(&part.thing))
    {
        return Err(Failure::usage(format!(
            "{} holds a private key; --certificate takes what is registered of it, a certificate or a public key",
            path.display()
        ))
        .hint("`jwt-bearer key public --key FILE` prints the public key; keep the private one to yourself"));
    }
    Ok(bytes)
}

/// What is told of an assertion that came without a reply that is known.
fn was_read(assertion: &Decoded) -> String {
    let expiry = assertion.claims().get("exp").and_then(|exp| exp.as_f64());
    // It may have a fraction (RFC 7519 §2).
    let expiry = expiry.and_then(|exp| Duration::try_from_secs_f64(exp).ok());
    let expiry = expiry.and_then(|exp| UNIX_EPOCH.checked_add(exp));
    let expiry = match expiry {
        Some(expiry) => format!("`exp` is {}", times::utc(expiry, SystemClock.now())),
        None => "it has no `exp` that is a time".into(),
    };
    format!("The assertion was read: {expiry}. `jwt-bearer inspect` shows all of it.")
}

fn read(input: Option<&Path>) -> Result<Vec<u8>, Failure> {
    // One octet more than is looked at, so that the diagnosis can say that the text is longer.
    let limit = MAX_PASTE as u64 + 1;
    let mut bytes = Vec::new();
    match input {
        Some(path) if path != Path::new("-") => {
            // The name is not repeated: it may be the text itself.
            let file = File::open(path).map_err(|error| {
                Failure::usage(format!("the file cannot be opened: {error}"))
                    .hint("give the name of a file; the text itself goes in by a pipe or is pasted: jwt-bearer explain")
            })?;
            file.take(limit)
                .read_to_end(&mut bytes)
                .map_err(|error| Failure::usage(format!("the file cannot be read: {error}")))?;
        }
        _ => {
            if stdin().is_terminal() {
                let end = if cfg!(windows) {
                    "Ctrl-Z and Enter"
                } else {
                    "Ctrl-D"
                };
                note(&format!(
                    "Paste the error, the assertion, the exception, or all that `curl -v` printed;\n\
                     then press Enter and {end}. Nothing is sent."
                ));
            }
            stdin()
                .take(limit)
                .read_to_end(&mut bytes)
                .map_err(|error| {
                    Failure::usage(format!("standard input cannot be read: {error}"))
                })?;
        }
    }
    Ok(bytes)
}

/// Text in UTF-8, or in the UTF-16 that PowerShell writes into files.
fn text(bytes: &[u8]) -> Result<String, Failure> {
    let wide = |units: &[u8], join: fn([u8; 2]) -> u16| {
        let units = units.chunks_exact(2).map(|pair| join([pair[0], pair[1]]));
        String::from_utf16_lossy(&units.collect::<Vec<_>>())
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        bytes if bytes.contains(&0) => {
            return Err(Failure::usage("this is no text, but a binary file").hint(
                "the error as text goes here; what was registered goes to --certificate FILE",
            ));
        }
        bytes => String::from_utf8_lossy(bytes).into_owned(),
    };
    if text.trim().is_empty() {
        return Err(Failure::usage("the input is empty").hint(
            "paste the error, the assertion, or the output of `curl -v`: jwt-bearer explain <error.txt",
        ));
    }
    Ok(text)
}
