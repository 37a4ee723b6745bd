//! A virtual YubiKey for the tests. The package's README tells how to use it.

mod apdu;
mod card;
mod chaining;
mod control;
mod piv;
mod tlv;
mod transport;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use card::{Card, Identity, Version};
use control::{Controls, socket};
use piv::ManagementKind;

const USAGE: &str = "\
usage: virtual-piv --port PORT --serial NUMBER --version X.Y.Z [--mgm 3des|aes192] [--control SOCKET]
       virtual-piv tell SOCKET COMMAND...";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &arguments[..] {
        [word, path, commands @ ..] if word == "tell" && !commands.is_empty() => {
            tell(Path::new(path), commands)
        }
        options => run(options),
    };
    let Err(error) = done else {
        return ExitCode::SUCCESS;
    };
    // Nobody is left to tell that standard error is closed.
    let _ = writeln!(io::stderr(), "virtual-piv: {error}");
    ExitCode::FAILURE
}

fn tell(path: &Path, commands: &[String]) -> Result<(), String> {
    let replies =
        socket::tell(path, commands).map_err(|error| format!("{}: {error}", path.display()))?;
    io::stdout()
        .write_all(replies.as_bytes())
        .map_err(|error| error.to_string())
}

fn run(options: &[String]) -> Result<(), String> {
    let options = read(options)?;
    let option = |name: &str| options.get(name).copied();
    let needed = |name: &str| option(name).ok_or_else(|| format!("{name} is missing\n{USAGE}"));
    let port = number(needed("--port")?)?;
    let version = needed("--version")?;
    let version = Version::parse(version).ok_or_else(|| format!("no version: {version}"))?;
    let identity = Identity {
        serial: number(needed("--serial")?)?,
        version,
        management: match option("--mgm") {
            None => ManagementKind::of(version),
            Some("3des") => ManagementKind::Tdes,
            Some("aes192") => ManagementKind::Aes192,
            Some(other) => return Err(format!("--mgm is 3des or aes192, not {other}")),
        },
    };
    let controls = Arc::new(Controls::new());
    let card = Card::new(identity, Arc::clone(&controls))
        .map_err(|_| "OpenSSL makes no key".to_owned())?;
    let card = Arc::new(Mutex::new(card));
    if let Some(path) = option("--control") {
        socket::serve(Path::new(path), Arc::clone(&controls), Arc::clone(&card))
            .map_err(|error| format!("{path}: {error}"))?;
    }
    transport::serve(port, &card, &controls)
}

/// Options, each with its value.
fn read(arguments: &[String]) -> Result<BTreeMap<&str, &str>, String> {
    let known = ["--port", "--serial", "--version", "--mgm", "--control"];
    let mut options = BTreeMap::new();
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if known.contains(&name.as_str()) => {
                options.insert(name.as_str(), value.as_str())
            }
            other => return Err(format!("not understood: {}\n{USAGE}", other.join(" "))),
        };
    }
    Ok(options)
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse()
        .map_err(|_| format!("no number, or too large: {text}"))
}
