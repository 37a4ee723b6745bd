//! Help, completions and the manual page.

use std::collections::BTreeSet;

use crate::support::Folder;

const COMMANDS: [&str; 9] = [
    "token",
    "assertion",
    "key",
    "inspect",
    "profile",
    "sandbox",
    "demo",
    "completions",
    "man",
];

/// The long flags that help names.
fn flags(help: &str) -> BTreeSet<String> {
    help.lines()
        .filter_map(|line| {
            let line = line.trim_start();
            let line = line
                .strip_prefix("-v, ")
                .or(line.strip_prefix("-h, "))
                .unwrap_or(line);
            let flag = line.strip_prefix("--")?;
            let end = flag.find(|c: char| !c.is_ascii_lowercase() && c != '-');
            Some(format!("--{}", &flag[..end.unwrap_or(flag.len())]))
        })
        .collect()
}

#[test]
fn help_is_there_for_every_command() {
    let folder = Folder::new();
    let help = folder.run("--help").success();
    assert!(help.contains("jwt-bearer demo"), "{help}");
    assert!(
        help.contains("Exit codes: 0 ok, 1 other, 2 usage"),
        "{help}"
    );
    assert!(help.contains("7 clock.\n"), "{help}");
    for command in COMMANDS {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command}: {help}"
        );
        let run = folder.run(&format!("{command} --help"));
        assert_eq!(run.stderr, "", "{command}");
        assert!(run.success().contains("Usage: jwt-bearer "), "{command}");
    }
    assert_eq!(folder.run("").failure(2), help);
}

/// What stands behind the options.
fn after_help(help: &str) -> Vec<&str> {
    let (_, options) = help.split_once("\nOptions:\n").unwrap();
    let is_option = |line: &&str| line.is_empty() || line.starts_with(' ');
    options.lines().skip_while(is_option).collect()
}

#[test]
fn examples_fit_a_terminal_and_have_flags_that_there_are() {
    let folder = Folder::new();
    let mut seen = 0;
    for command in [
        "",
        "token",
        "assertion",
        "key certificate",
        "key convert",
        "key csr",
        "key generate",
        "key public",
        "inspect",
        "sandbox",
        "completions",
        "man",
    ] {
        let help = folder.run(&format!("{command} --help")).success();
        let lines = after_help(&help);
        assert!(!lines.is_empty(), "{command}");
        for line in &lines {
            assert!(line.chars().count() <= 80, "{command}: {line}");
        }
        let whole = lines.join("\n").replace("\\\n", "");
        for example in whole.split(['\n', '|']) {
            let Some(arguments) = example.trim().strip_prefix("jwt-bearer ") else {
                continue;
            };
            let named = arguments
                .split_whitespace()
                .take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
            let named: Vec<_> = named
                .take(if arguments.starts_with("key ") { 2 } else { 1 })
                .collect();
            let known = flags(&folder.run(&format!("{} --help", named.join(" "))).success());
            for flag in arguments
                .split_whitespace()
                .filter(|word| word.starts_with("--"))
            {
                assert!(known.contains(flag), "{command}: {example}");
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "the examples were read: {seen}");
}

#[test]
fn the_examples_of_the_sandbox_are_not_broken_within() {
    let help = Folder::new().run("sandbox --help").success();
    let lines = after_help(&help).join("\n").replace(" \\\n   ", "");
    for command in [
        "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem",
        "openssl pkey -in key.pem -pubout -out public.pem",
        "export BOX_SECRET=sandbox",
        "jwt-bearer sandbox --provider box --client-id app --client-secret-env BOX_SECRET --register key-1=public.pem --enterprise 1234567",
        "jwt-bearer token --provider box --issuer app --enterprise 1234567 --token-endpoint http://127.0.0.1:8099/oauth2/token --client-secret-env BOX_SECRET --key key.pem --key-id key-1",
    ] {
        assert!(lines.contains(&format!("\n  {command}\n")), "{lines}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = concat!("jwt-bearer ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(Folder::new().run("--version").success(), version);
}

#[test]
fn completions_name_the_flags_for_every_shell() {
    let folder = Folder::new();
    for (shell, flag) in [
        ("bash", "--box-config"),
        ("elvish", "--box-config"),
        ("fish", "-l box-config"),
        ("powershell", "--box-config"),
        ("zsh", "--box-config"),
    ] {
        let run = folder.run(&format!("completions {shell}"));
        assert_eq!(run.stderr, "");
        let script = run.success();
        assert!(script.contains(flag), "{shell}: {script}");
    }
}

#[test]
fn the_manual_page_names_every_flag() {
    let folder = Folder::new();
    let run = folder.run("man");
    assert_eq!(run.stderr, "");
    let page = run.success().replace("\\-", "-");
    assert!(page.contains(".TH jwt-bearer"), "{page}");
    let mut seen = 0;
    for command in [
        "token",
        "assertion",
        "key certificate",
        "key convert",
        "key csr",
        "key generate",
        "key public",
        "inspect",
        "profile list",
        "profile show",
        "profile check",
        "sandbox",
        "demo",
        "completions",
        "man",
    ] {
        for flag in flags(&folder.run(&format!("{command} --help")).success()) {
            assert!(page.contains(&flag), "{command} {flag}");
            seen += 1;
        }
    }
    assert!(seen > 60, "the help was read: {seen}");
}
