//! `jwt-bearer demo`.

use crate::support::Folder;

#[test]
fn demo_shows_every_step_and_leaves_nothing() {
    let folder = Folder::new();
    let run = folder.command("demo").env("CI", "true").run();
    assert_eq!(run.stderr, "");
    let stdout = run.success();
    let steps: Vec<_> = stdout
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(' '))
        .collect();
    assert_eq!(
        steps,
        [
            "A private key, which only signs",
            "A Box app that knows the public key",
            "A token for the enterprise: the app's service account",
            "A token for one user",
            "A Salesforce app, which knows the key by its certificate",
            "A refusal: Box's clock goes ten minutes ahead of ours",
            "That is all. With your own app it is one command: see `jwt-bearer token --help`.",
        ]
    );
    let count = |start: &str| {
        stdout
            .lines()
            .filter(|line| line.starts_with(start))
            .count()
    };
    assert_eq!(count("  header  {"), 3);
    assert_eq!(count("  claims  {"), 3);
    assert_eq!(count("  POST http://127.0.0.1:"), 3);
    assert_eq!(count("  200  {\"access_token\":\""), 3, "{stdout}");
    assert_eq!(count("  GET http://127.0.0.1:"), 3);
    for subject in [
        r#""id":"1234567""#,
        r#""id":"7654321""#,
        r#""preferred_username":"ann@example.com""#,
    ] {
        assert!(stdout.contains(subject), "{stdout}");
    }
    for line in [
        "  the server refused: invalid_grant: Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
        "  cause: this machine's clock is behind the server's (certain)",
    ] {
        assert!(stdout.lines().any(|other| other == line), "{stdout}");
    }
    assert_eq!(count("  next: "), 1);
    assert_eq!(count("  seen: this machine is at least "), 1);
    assert_eq!(folder.content(), Vec::<std::path::PathBuf>::new());
}
