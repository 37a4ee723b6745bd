//! `jwt-bearer doctor` against servers in known states: what it finds, how sure it is, and the exit code.

use jwt_bearer_sandbox::{Condition, Dialect, Fault, Running, Sandbox};
use serde_json::Value;

use crate::server::{SECRET, public_key, start};
use crate::support::{Folder, Run};

/// Long enough to be masked.
pub(crate) const CLIENT: &str = "7f3aQclientid0123456789abcdefgh";
/// The flags that belong to [`boxed`], but for the key id.
pub(crate) const BOX: &str = "doctor --provider box --issuer 7f3aQclientid0123456789abcdefgh --enterprise 1234567 \
     --key rsa.pem --client-secret-file secret.txt";
/// The flags that belong to [`salesforce`].
pub(crate) const SALESFORCE: &str = "doctor --provider salesforce --issuer 7f3aQclientid0123456789abcdefgh \
     --subject ann@example.com --key rsa.pem";
/// The flags that belong to [`generic`].
pub(crate) const GENERIC: &str = "doctor --provider generic --issuer 7f3aQclientid0123456789abcdefgh --subject ann \
     --key rsa.pem --key-id key-1";

pub(crate) fn boxed() -> Sandbox {
    Sandbox::new(Dialect::Box)
        .client(CLIENT, Some(SECRET))
        .register(Some("key-1"), public_key())
        .enterprise("1234567")
}

pub(crate) fn salesforce() -> Sandbox {
    Sandbox::new(Dialect::Salesforce)
        .client(CLIENT, None)
        .register(None, public_key())
        .user("ann@example.com")
}

pub(crate) fn generic() -> Sandbox {
    Sandbox::new(Dialect::Generic)
        .client(CLIENT, None)
        .register(Some("key-1"), public_key())
        .user("ann")
}

pub(crate) fn folder() -> Folder {
    let folder = Folder::with_keys([
        "keystore.jceks",
        "p256-certificate.pem",
        "p256.pem",
        "rsa-3072.pem",
        "rsa-aes256.pem",
        "rsa-certificate.pem",
        "rsa-public.pem",
        "rsa.pem",
    ]);
    folder.write("secret.txt", SECRET);
    folder
}

/// Runs the command against a server. Whatever the test is about, nothing secret may be shown.
#[track_caller]
pub(crate) fn examine(folder: &Folder, server: &Running, arguments: &str) -> Run {
    let endpoint = server.token_endpoint();
    let command = folder.command(&format!("{arguments} --token-endpoint {endpoint}"));
    let run = command.with_retries().run();
    run.assert_masked(&[SECRET, CLIENT, "ann@example.com"]);
    for request in server.requests() {
        let assertion = request
            .parameter("assertion")
            .or_else(|| request.parameter("client_assertion"));
        let parts: Vec<_> = assertion.iter().flat_map(|jwt| jwt.split('.')).collect();
        run.assert_masked(&parts);
    }
    run
}

/// The same for machines; with the exit code.
#[track_caller]
pub(crate) fn read(folder: &Folder, server: &Running, arguments: &str) -> (Option<i32>, Value) {
    let run = examine(folder, server, &format!("{arguments} --output json"));
    let json = serde_json::from_str(&run.stdout);
    (run.code, json.unwrap_or_else(|_| panic!("{run:?}")))
}

/// The first finding: its id and how sure it is.
pub(crate) fn first(json: &Value) -> (&str, &str) {
    let text = |name: &str| json["findings"][0][name].as_str().unwrap_or_default();
    (text("id"), text("certainty"))
}

/// Every step that was looked at, with its state.
pub(crate) fn steps(json: &Value) -> Vec<(&str, &str)> {
    let steps = json["checked"].as_array().unwrap().iter();
    steps
        .map(|step| {
            (
                step["name"].as_str().unwrap(),
                step["state"].as_str().unwrap(),
            )
        })
        .collect()
}

const WELL: [(&str, &str); 6] = [
    ("settings", "ok"),
    ("key", "ok"),
    ("connection", "ok"),
    ("clock", "ok"),
    ("metadata", "ok"),
    ("token", "ok"),
];

#[test]
fn a_token_means_that_all_is_well() {
    let folder = folder();
    for (server, flags) in [
        (start(boxed()), format!("{BOX} --key-id key-1")),
        (start(salesforce()), SALESFORCE.into()),
        (start(generic()), GENERIC.into()),
        (
            start(generic()),
            format!("{GENERIC} --grant client-credentials").replace("--subject ann", ""),
        ),
    ] {
        let flags = format!("{flags} --certificate rsa-certificate.pem");
        let (code, json) = read(&folder, &server, &flags);
        assert_eq!(code, Some(0), "{json:#}");
        assert_eq!(json["outcome"], "ok");
        assert_eq!(json["token_requests"], 1);
        assert_eq!(steps(&json), WELL);
        assert_eq!(server.requests().len(), 1, "one request was announced");
        assert_eq!(server.requests()[0].status(), Some(200));
    }
}

/// Server, flags, exit code, first finding and how sure it is.
type Case = (Sandbox, String, i32, (&'static str, &'static str));

#[track_caller]
fn check(cases: Vec<Case>) {
    let folder = folder();
    for (sandbox, flags, code, expected) in cases {
        let server = start(sandbox);
        let (found, json) = read(&folder, &server, &flags);
        assert_eq!(first(&json), expected, "{flags}: {json:#}");
        assert_eq!(found, Some(code), "{flags}: {json:#}");
        let sent = server.requests().len();
        assert_eq!(json["token_requests"], sent, "{flags}");
        assert!(sent <= 5, "{flags}: {sent} requests");
    }
}

#[test]
fn keys_that_do_not_belong_together_are_found() {
    let other = BOX.replace("rsa.pem", "rsa-3072.pem") + " --key-id key-1";
    let by_thumbprint = Sandbox::new(Dialect::Generic)
        .client(CLIENT, None)
        .register(Some(&public_key().thumbprint()), public_key())
        .user("ann");
    // Without a `kid` such a server cannot tell which key it is.
    let other_key = jwt_bearer::signer::PublicKey::from_spki_pem(include_str!(
        "../../../keyfile/testdata/p256-public.pem"
    ));
    let two_keys = || generic().register(Some("key-2"), other_key.clone().unwrap());
    let salesforce_other = SALESFORCE.replace("rsa.pem", "rsa-3072.pem");
    check(vec![
        (
            boxed(),
            format!("{other} --certificate rsa-public.pem"),
            3,
            ("key-mismatch", "certain"),
        ),
        (boxed(), other, 3, ("key-mismatch", "likely")),
        (
            salesforce(),
            format!("{salesforce_other} --registered rsa-certificate.pem"),
            3,
            ("key-mismatch", "certain"),
        ),
        (
            salesforce(),
            salesforce_other,
            3,
            ("key-mismatch", "likely"),
        ),
        (
            boxed(),
            format!("{BOX} --key-id key-2"),
            2,
            ("kid-differs", "certain"),
        ),
        (
            two_keys(),
            GENERIC.replace("--key-id key-1", "--key-id key-7"),
            2,
            ("kid-differs", "likely"),
        ),
        (
            generic(),
            GENERIC.replace("--key-id key-1", ""),
            2,
            ("kid-missing", "likely"),
        ),
        (
            by_thumbprint,
            GENERIC.replace("--key-id key-1", ""),
            2,
            ("kid-missing", "certain"),
        ),
    ]);
}

#[test]
fn a_key_that_is_of_no_use_is_not_asked_with() {
    let with = |key: &str| BOX.replace("rsa.pem", key);
    check(vec![
        (boxed(), with("keystore.jceks"), 3, ("key-file", "certain")),
        (
            boxed(),
            with("rsa-certificate.pem"),
            3,
            ("key-file", "certain"),
        ),
        (boxed(), with("p256.pem"), 3, ("key-not-rsa", "certain")),
        (
            boxed(),
            with("rsa-aes256.pem"),
            3,
            ("passphrase-wrong", "certain"),
        ),
        (
            boxed(),
            with("rsa-aes256.pem") + " --passphrase-file secret.txt",
            3,
            ("passphrase-wrong", "certain"),
        ),
        (
            boxed(),
            with("missing.pem"),
            3,
            ("key-not-found", "certain"),
        ),
        // A sound key with an algorithm that is not for this server.
        (
            boxed(),
            format!("{BOX} --algorithm PS256"),
            3,
            ("alg-not-allowed", "certain"),
        ),
    ]);
}

/// What a file holds is nothing to a key that is in none.
#[test]
fn a_key_that_is_in_no_file_has_a_next_step_of_its_own() {
    let server = start(boxed());
    let flags = format!("{} --no-probe", BOX.replace("rsa.pem", "piv:9c"));
    let (code, json) = read(&folder(), &server, &flags);
    assert_eq!(code, Some(3), "{json:#}");
    let next = json["findings"][0]["next"].as_str().unwrap();
    assert!(!next.contains("key inspect"), "{next}");
}

#[test]
fn clocks_that_disagree_are_found() {
    check(vec![
        (
            boxed().skew(600),
            format!("{BOX} --key-id key-1"),
            7,
            ("clock-behind", "certain"),
        ),
        (
            boxed().skew(-600),
            format!("{BOX} --key-id key-1"),
            7,
            ("clock-ahead", "certain"),
        ),
        (
            salesforce().skew(600),
            SALESFORCE.into(),
            7,
            ("clock-behind", "certain"),
        ),
        (
            generic().skew(600),
            GENERIC.into(),
            7,
            ("clock-behind", "certain"),
        ),
        (
            generic().skew(-600),
            GENERIC.into(),
            7,
            ("clock-ahead", "certain"),
        ),
    ]);
}

#[test]
fn a_clock_that_the_server_does_not_mind_is_told_all_the_same() {
    let server = start(salesforce().skew(-600));
    let run = examine(&folder(), &server, SALESFORCE);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("  ! clock "), "{}", run.stdout);
    let clock = run
        .stdout
        .lines()
        .find(|line| line.starts_with("  ! clock "));
    let is_told =
        |line: &str| line.contains("about 10 min") && line.ends_with("ahead of the server");
    assert!(clock.is_some_and(is_told), "{}", run.stdout);
    assert!(run.stdout.contains("\nWorth a look\n"), "{}", run.stdout);
}

#[test]
fn a_file_that_cannot_be_registered_is_told_even_with_a_token() {
    let server = start(boxed());
    let flags = format!("{BOX} --key-id key-1");
    for (file, id) in [
        ("rsa-3072.pem", "[registered-unreadable]"),
        ("p256-certificate.pem", "[key-mismatch]"),
    ] {
        let run = examine(&folder(), &server, &format!("{flags} --certificate {file}"));
        assert_eq!(run.code, Some(0), "{run:?}");
        let (_, remarks) = run.stdout.split_once("\nWorth a look\n").unwrap();
        assert!(remarks.contains(id), "{remarks}");
    }
    let run = examine(
        &folder(),
        &server,
        &format!("{flags} --certificate rsa-public.pem"),
    );
    assert!(!run.stdout.contains("Worth a look"), "{run:?}");
}

#[test]
fn what_nobody_authorised_is_found() {
    check(vec![
        (
            boxed().unauthorized(),
            format!("{BOX} --key-id key-1"),
            6,
            ("box-not-authorized", "certain"),
        ),
        (
            salesforce().unauthorized(),
            SALESFORCE.into(),
            6,
            ("salesforce-not-preauthorized", "likely"),
        ),
        (
            salesforce().condition(Condition::UserInactive),
            SALESFORCE.into(),
            6,
            ("salesforce-inactive", "certain"),
        ),
    ]);
}

#[test]
fn another_name_of_the_same_server_is_tried_as_audience() {
    let server = start(generic().audience("http://127.0.0.1"));
    // The one that the metadata tells is not the one that it takes.
    let (code, json) = read(&folder(), &server, GENERIC);
    assert_eq!(code, Some(4), "{json:#}");
    assert_eq!(json["reply_is_known"], false);
    let mut tried = json["checked"].as_array().unwrap().iter();
    assert!(
        tried.any(|step| step["text"] == "with the server's issuer as `aud`: refused too"),
        "{json:#}"
    );
    for request in server.requests() {
        let jwt = request.parameter("assertion").unwrap();
        let claims = jwt_bearer::assertion::Assertion::decode(&jwt).unwrap();
        let audience = claims.claims()["aud"].as_str().unwrap().to_owned();
        assert!(
            audience.starts_with(server.url()),
            "{audience} is another server"
        );
    }
}

#[test]
fn variations_are_announced_before_they_are_sent() {
    let server = start(generic());
    let run = examine(&folder(), &server, &GENERIC.replace("key-1", "key-2"));
    assert_eq!(run.code, Some(2), "{run:?}");
    let lines: Vec<_> = run.stderr.lines().collect();
    let endpoint = server.token_endpoint();
    assert_eq!(
        lines,
        [
            format!("looking at {endpoint}"),
            format!("asking {endpoint} for a token: one signature, one request"),
            "refused; to tell the causes apart, up to 2 variations follow, each with a signature and a request \
             (--no-probe: none): without `kid`, with the key's thumbprint as `kid`"
                .to_owned(),
        ]
    );
}

#[test]
fn one_request_is_sent_where_no_more_are_wanted() {
    let folder = folder();
    for flag in ["--no-probe", "--no-retry"] {
        let server = start(generic());
        let flags = format!("{} {flag}", GENERIC.replace("key-1", "key-2"));
        let (code, json) = read(&folder, &server, &flags);
        assert_eq!(code, Some(2), "{json:#}");
        assert_eq!(server.requests().len(), 1, "{flag}");
        assert_eq!(json["token_requests"], 1);
        let last = json["checked"].as_array().unwrap().last().unwrap();
        assert_eq!(last["text"], format!("not sent, because of {flag}"));
    }
}

#[test]
fn without_probes_the_way_is_not_looked_at() {
    let server = start(boxed());
    let (code, json) = read(
        &folder(),
        &server,
        &format!("{BOX} --key-id key-1 --no-probe"),
    );
    assert_eq!(code, Some(0), "{json:#}");
    let expected = [WELL[0], WELL[1], WELL[3], WELL[5]];
    assert_eq!(
        steps(&json),
        expected,
        "the token's own reply tells the time"
    );
}

#[test]
fn a_server_that_is_busy_or_strange_is_told_apart() {
    let folder = folder();
    let server = start(boxed());
    for (fault, code, outcome, id) in [
        ("status=503", 5, "unreachable", ""),
        ("status=429,retry-after=7", 5, "unreachable", ""),
        ("hang", 5, "unreachable", ""),
        ("no-token", 5, "cause-found", "no-token"),
        ("oversize", 5, "cause-found", "reply-too-large"),
        ("html", 5, "cause-found", "reply-not-oauth"),
        ("empty", 5, "cause-found", "reply-empty"),
        (
            "redirect=https://login.example/token",
            2,
            "cause-found",
            "redirect",
        ),
        ("status=400", 4, "refused", ""),
    ] {
        server.clear_faults();
        server.inject(format!("{fault}*").parse::<Fault>().unwrap());
        let timeout = if fault == "hang" { "2" } else { "30" };
        let flags = format!("{BOX} --key-id key-1 --timeout {timeout}");
        let (found, json) = read(&folder, &server, &flags);
        assert_eq!(json["outcome"], outcome, "{fault}: {json:#}");
        assert_eq!(found, Some(code), "{fault}");
        if !id.is_empty() {
            assert_eq!(first(&json), (id, "certain"), "{fault}: {json:#}");
        }
    }
}

#[test]
fn a_profile_is_looked_at_by_its_name() {
    let folder = folder();
    let server = start(boxed());
    folder.write(
        "jwt-bearer.toml",
        format!(
            "[profiles.prod]\nprovider = 'box'\nissuer = '{CLIENT}'\nenterprise = '1234567'\nkey = 'rsa.pem'\n\
             key-id = 'key-1'\nclient-secret-file = 'secret.txt'\ntoken-endpoint = '{}'\n",
            server.token_endpoint()
        ),
    );
    let run = folder.run("doctor prod");
    run.assert_masked(&[SECRET, CLIENT]);
    assert!(run.success().contains("All is well"));
}

#[test]
fn metadata_that_name_another_endpoint_are_told() {
    let server = start(boxed().condition(Condition::ForeignMetadata));
    let flags = format!("{BOX} --key-id key-1 --enterprise 1234567");
    let run = examine(&folder(), &server, &flags);
    assert_eq!(run.code, Some(2), "a flag stands once: {run:?}");
    let run = examine(&folder(), &server, &format!("{BOX} --key-id key-1"));
    assert!(
        run.success().contains(
            "  ! metadata    it names another token endpoint, https://el….example/token\n"
        )
    );
    let server = start(boxed().condition(Condition::NoMetadata));
    let run = examine(&folder(), &server, &format!("{BOX} --key-id key-1"));
    assert!(
        run.success()
            .contains("  - metadata    the server has none, which is no fault\n")
    );
}
