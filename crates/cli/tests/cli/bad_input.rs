//! Wrong flags, files and settings: the exit code and the first line, a case a row. Nothing is sent.

mod configs;
mod flags;
mod keys;

use crate::server::SECRET;
use crate::support::Folder;

/// Stand for the flags of a request that is sound but for what follows.
const SHORT: [(&str, &str); 3] = [
    (
        "generic",
        "token --provider generic --token-endpoint https://as.example/token --issuer app --key rsa.pem",
    ),
    ("box", "token --provider box --issuer app --key rsa.pem"),
    (
        "salesforce",
        "token --provider salesforce --issuer consumer --key rsa.pem",
    ),
];

/// Arguments, with a name of [`SHORT`] in place of its flags; the exit code; the error.
type Case = (&'static str, i32, &'static str);

fn check(cases: &[Case]) {
    let folder = folder();
    let wrong: String = cases
        .iter()
        .filter_map(|case| difference(&folder, case))
        .collect();
    assert!(wrong.is_empty(), "{wrong}");
}

/// What a run did other than the case says.
fn difference(folder: &Folder, (arguments, code, error): &Case) -> Option<String> {
    let run = folder
        .command(&long(arguments))
        .env("SET", "7f3aQ-set")
        .env("EMPTY", "")
        .env("WRONG", "7f3aQ-wrong")
        .run();
    // The secrets of this file have it in common.
    let is_so = run.code == Some(*code)
        && run.stdout.is_empty()
        && !run.stderr.contains("7f3aQ")
        && first_error(&run.stderr) == *error;
    (!is_so).then(|| format!("\n{arguments}\n  expected {code}, {error}\n  was {run:?}\n"))
}

/// The first line, without the number that the system gives to an error.
pub(crate) fn first_error(stderr: &str) -> String {
    let mut lines = stderr
        .lines()
        .skip_while(|line| line.starts_with("profile `"));
    let line = lines.next().unwrap_or_default();
    let error = line
        .strip_prefix("error: ")
        .unwrap_or_else(|| panic!("{stderr}"));
    match error.split_once(" (os error ") {
        Some((before, rest)) => format!("{before}{}", rest.split_once(')').unwrap().1),
        None => error.into(),
    }
}

/// `--key` beats the one of [`SHORT`], since a flag may stand once.
fn long(arguments: &str) -> String {
    let (first, rest) = arguments.split_once(' ').unwrap_or((arguments, ""));
    let Some((_, flags)) = SHORT.iter().find(|(name, _)| *name == first) else {
        return arguments.into();
    };
    let flags = match rest.contains("--key ") {
        true => flags.replace(" --key rsa.pem", ""),
        false => (*flags).into(),
    };
    format!("{flags} {rest}")
}

fn folder() -> Folder {
    let folder = Folder::with_keys([
        "ed25519.pem",
        "encrypted-traditional.pem",
        "keystore.jks",
        "openssh",
        "openssh.pub",
        "p256-request.pem",
        "p256.p12",
        "p256.pem",
        "refused-dsa.pem",
        "refused-p521.pem",
        "refused-rsa-1024.pem",
        "rsa-aes256.pem",
        "rsa-certificate.pem",
        "rsa-public.pem",
        "rsa.pem",
    ]);
    std::fs::create_dir(folder.path("folder")).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path(name)).unwrap();
    let (rsa, p256, encrypted) = (read("rsa.pem"), read("p256.pem"), read("rsa-aes256.pem"));
    let certificate = read("rsa-certificate.pem");
    for (name, content) in [
        ("empty.txt", ""),
        ("newlines.txt", "\n\n"),
        ("two-lines.txt", &format!("{SECRET}\nmore\n")),
        ("huge.txt", &"a".repeat(70_000)),
        ("secret.txt", SECRET),
        ("wrong.txt", "7f3aQ-wrong\n"),
        ("notes.txt", "The key is in the safe: 7f3aQ!\n"),
        ("cut.pem", &rsa[..rsa.len() / 2]),
        ("page.html", "<!doctype html><p>Not found</p>"),
        ("two-keys.pem", &format!("{rsa}{p256}")),
        (
            "damaged-certificate.pem",
            &certificate.replacen("MII", "M!I", 1),
        ),
        (
            "not-x509.pem",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ),
    ] {
        folder.write(name, content);
    }
    folder.write("latin1.txt", b"7f3aQ-caf\xe9\n");
    configs::write(&folder);
    configs::write_box(&folder, &encrypted);
    folder
}
