//! What comes back from a server, or does not: the exit code and what is said, a case a row.

use jwt_bearer_sandbox::{Fault, Running};

use crate::bad_input::first_error;
use crate::server::{BOX, SECRET, boxed, generic, salesforce, start};
use crate::support::Folder;

fn folder() -> Folder {
    let folder = Folder::with_keys(["p256.pem", "rsa-3072.pem", "rsa.pem"]);
    folder.write("secret.txt", SECRET);
    folder.write("wrong.txt", "7f3aQ-wrong");
    folder
}

/// Runs the command against a server, which stands in the expected text as `URL`.
#[track_caller]
fn check(folder: &Folder, server: &Running, arguments: &str, code: i32, expected: &str) {
    let endpoint = server.token_endpoint();
    let run = folder.run(&format!("{arguments} --token-endpoint {endpoint}"));
    let stderr = run.failure(code);
    assert!(!stderr.contains("7f3aQ"), "{stderr}");
    assert_eq!(
        first_error(&stderr).replace(&endpoint, "URL"),
        expected,
        "{arguments}"
    );
}

#[test]
fn replies_that_are_no_token_are_told_apart() {
    let folder = folder();
    let server = start(boxed());
    let cases = [
        (
            "html",
            1,
            "the server answered an HTML or XML page; another service answered, or a proxy",
        ),
        ("empty", 1, "the server answered an empty reply"),
        (
            "no-token",
            1,
            "the server answered JSON without `access_token`; it has expires_in, token_type",
        ),
        (
            "oversize",
            1,
            "URL answered something that is no token: the reply is too large: more than 1 MiB",
        ),
        (
            "truncate",
            5,
            "URL could not be reached: the connection broke before the whole reply was there: end of file before message length reached",
        ),
        (
            "reset",
            5,
            "URL could not be reached: the connection broke before the whole reply was there: Connection reset by peer",
        ),
        (
            "reset-mid",
            5,
            "URL could not be reached: the connection broke before the whole reply was there: Connection reset by peer",
        ),
        ("status=503", 5, "the server refused: status 503"),
        ("status=500", 5, "the server refused: status 500"),
        ("status=408", 5, "the server refused: status 408"),
        ("status=429", 5, "the server refused: status 429"),
        ("status=401", 4, "the server refused: status 401"),
        ("status=403", 4, "the server refused: status 403"),
        ("status=404", 4, "the server refused: status 404"),
        ("status=400", 4, "the server refused: status 400"),
        (
            "redirect=http://127.0.0.1:9/elsewhere",
            4,
            "the server refused: status 307, a redirect to http://127.0.0.1:9/elsewhere, which is not followed: an assertion goes to the configured URL alone",
        ),
        ("status=204", 1, "the server answered an empty reply"),
    ];
    for (fault, code, expected) in cases {
        server.inject(fault.parse::<Fault>().unwrap());
        check(
            &folder,
            &server,
            &format!("{BOX} --user 7654321"),
            code,
            expected,
        );
    }
    assert_eq!(
        server.requests().len(),
        cases.len(),
        "nothing is sent twice"
    );
}

#[test]
fn the_server_says_when_to_come_again() {
    let folder = folder();
    let server = start(boxed());
    let arguments = format!(
        "{BOX} --user 7654321 --token-endpoint {}",
        server.token_endpoint()
    );
    for (fault, code, expected) in [
        (
            "status=429,retry-after=7",
            5,
            "error: the server refused: status 429\n  hint: wait, and try again\n  retry-after: 7\n",
        ),
        (
            "status=503,retry-after=Wed, 21 Oct 2065 07:28:00 GMT",
            5,
            "error: the server refused: status 503\n  hint: wait, and try again\n  retry-after: Wed, 21 Oct 2065 07:28:00 GMT\n",
        ),
        (
            "status=503",
            5,
            "error: the server refused: status 503\n  hint: wait, and try again\n",
        ),
    ] {
        server.inject(fault.parse::<Fault>().unwrap());
        assert_eq!(folder.run(&arguments).failure(code), expected);
    }
}

#[test]
fn a_server_without_an_answer_is_left_in_time() {
    let server = start(boxed());
    server.inject(Fault::hang());
    check(
        &folder(),
        &server,
        &format!("{BOX} --user 7654321 --timeout 1"),
        5,
        "URL did not answer in time: no reply in time: operation timed out",
    );
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let folder = folder();
    let server = start(boxed());
    let endpoint = server.token_endpoint();
    drop(server);
    let run = folder.run(&format!("{BOX} --user 7654321 --token-endpoint {endpoint}"));
    let stderr = run.failure(5);
    let error = first_error(&stderr).replace(&endpoint, "URL");
    assert_eq!(
        error,
        "URL could not be reached: no connection: Connection refused"
    );
    let (address, _) = endpoint[7..].split_once('/').unwrap();
    let hint = format!(
        "  hint: nothing listens on {address}; is the sandbox running, and is the port right?\n"
    );
    assert!(stderr.contains(&hint), "{stderr}");
    assert!(!stderr.contains("firewall"), "{stderr}");
}

#[test]
fn refusals_come_with_cause_and_remedy() {
    let folder = folder();
    let server = start(boxed());
    let unauthorized = start(boxed().unauthorized());
    let cases = [
        (
            &server,
            BOX.to_owned() + " --enterprise 7",
            "\
error: the server refused: invalid_grant: Please check the 'sub' claim. The 'sub' specified is invalid.\n\
\x20 cause: no such user or enterprise: the id is mistyped or of another enterprise, or it is a user's where `box_sub_type` says enterprise, or the reverse (possible)\n\
\x20 next: check `--user` or `--enterprise` against the Admin Console: Account & Billing shows the enterprise id; the Content Manager shows a user's id in the address, `/master/content/USER_ID`\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
        (
            &server,
            BOX.to_owned() + " --user 7",
            "\
error: the server refused: invalid_grant: Please check the 'sub' claim. The 'sub' specified is invalid.\n\
\x20 cause: no such user or enterprise: the id is mistyped or of another enterprise, or it is a user's where `box_sub_type` says enterprise, or the reverse (possible)\n\
\x20 next: check `--user` or `--enterprise` against the Admin Console: Account & Billing shows the enterprise id; the Content Manager shows a user's id in the address, `/master/content/USER_ID`\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
        (
            &server,
            BOX.replace("key-1", "key-2") + " --user 7654321",
            "\
error: the server refused: invalid_grant: kid invalid, unable to lookup correct key\n\
\x20 cause: the `kid` in the header is not the id of the registered key (likely)\n\
\x20 next: copy the key id that stands beside the public key at the provider (`--key-id`)\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
        (
            &server,
            BOX.replace("rsa.pem", "rsa-3072.pem") + " --user 7654321",
            "\
error: the server refused: invalid_grant: Signature verification error. The public key identified by \"kid\" must correspond to the private key used for signing.\n\
\x20 cause: the registered key or certificate is not that of the signing key (likely)\n\
\x20 next: register the public key of the key that signs: `jwt-bearer key public` prints it; or sign with the key that is registered\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
        (
            &server,
            BOX.replace("secret.txt", "wrong.txt") + " --user 7654321",
            "\
error: the server refused: invalid_client: The client credentials are invalid\n\
\x20 cause: the client secret is not that of this client id, or was reset (likely)\n\
\x20 next: in the Developer Console open the app, Configuration > OAuth 2.0 Credentials, and copy the client id; take the client secret that goes with it, or reset it\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
        (
            &server,
            BOX.replace("app", "other") + " --user 7654321",
            "\
error: the server refused: invalid_client: The client credentials are invalid\n\
\x20 cause: the client secret is not that of this client id, or was reset (likely)\n\
\x20 next: in the Developer Console open the app, Configuration > OAuth 2.0 Credentials, and copy the client id; take the client secret that goes with it, or reset it\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
        (
            &server,
            BOX.to_owned() + " --user 7654321 --audience https://as.example",
            "\
error: the server refused: invalid_grant: Please check the 'aud' claim\n\
\x20 cause: `aud` is not this server (certain)\n\
\x20 seen: `aud` is https://as….example, where https://api.box.com/oauth2/token is expected\n\
\x20 next: set `aud` to https://api.box.com/oauth2/token, letter by letter, whatever host the request goes to\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
        (
            &unauthorized,
            BOX.to_owned() + " --user 7654321",
            "\
error: the server refused: unauthorized_client: This app is not authorized by the enterprise admin\n\
\x20 cause: an administrator never authorised the app, or the app changed since (certain)\n\
\x20 next: in the Admin Console under Platform > Platform Apps > Server Authentication Apps, authorise the client id; do so again after each change of scopes or access level\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
    ];
    for (server, arguments, expected) in &cases {
        let endpoint = server.token_endpoint();
        let run = folder.run(&format!("{arguments} --token-endpoint {endpoint}"));
        let stderr = run.failure(4);
        assert!(!stderr.contains("7f3aQ"), "{stderr}");
        assert_eq!(stderr, *expected, "{arguments}");
    }
}

#[test]
fn refusals_by_salesforce_and_others_are_explained_too() {
    let folder = folder();
    let salesforce = start(salesforce());
    let generic = start(generic());
    let cases = [
        (
            &salesforce,
            "token --provider salesforce --issuer consumer --subject bob@example.com --key rsa.pem",
            "\
error: the server refused: invalid_grant: user is invalid\n\
\x20 cause: there is no such username in the org that answered (likely)\n\
\x20 next: Setup > Users: copy the username, not the e-mail address; in a sandbox it ends with a dot and the sandbox's name\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
        (
            &salesforce,
            "token --provider salesforce --issuer consumer --subject ann@example.com --key rsa-3072.pem",
            "\
error: the server refused: invalid_grant: invalid assertion\n\
\x20 cause: the registered key or certificate is not that of the signing key (likely)\n\
\x20 next: upload a certificate of the key that signs: `jwt-bearer key certificate` makes it; or sign with the key whose certificate is uploaded\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
        (
            &salesforce,
            "token --provider salesforce --issuer other --subject ann@example.com --key rsa.pem",
            "\
error: the server refused: invalid_client_id: client identifier invalid\n\
\x20 cause: the org that answered does not know the consumer key: it is wrong, of another org, or too new (likely)\n\
\x20 next: copy the consumer key from the settings of the Connected App or External Client App; after making an app wait up to ten minutes; use the org's My Domain as host\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
        (
            &generic,
            "token --provider generic --issuer app --subject bob --key rsa.pem --key-id key-1",
            "\
error: the server refused: invalid_grant: the claim 'sub' names nobody who may be a subject\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
        (
            &generic,
            "token --provider generic --issuer other --grant client-credentials --key rsa.pem --key-id key-1",
            "\
error: the server refused: invalid_client: the claim 'iss' must be the client id\n\
\x20 cause: the server does not know the client, or cannot verify how it proves who it is (possible)\n\
\x20 next: compare client id, `kid` and the public key registered with the server; for client authentication, `aud` is the token endpoint or the issuer, by server\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
    ];
    for (server, arguments, expected) in cases {
        let endpoint = server.token_endpoint();
        let run = folder.run(&format!("{arguments} --token-endpoint {endpoint}"));
        assert_eq!(
            run.failure(4).replace(&endpoint, "URL"),
            expected,
            "{arguments}"
        );
    }
}

/// Three days and a half hour.
const SKEW: i64 = 3 * 86_400 + 1800;

/// The time that a run takes is in what it says.
fn without_seconds(stderr: &str) -> String {
    let (before, rest) = stderr.split_once(" at least ").unwrap();
    let (seconds, after) = rest.split_once(" s ").unwrap();
    let seconds: i64 = seconds.parse().unwrap();
    assert!((SKEW - 120..=SKEW + 120).contains(&seconds), "{stderr}");
    format!("{before} at least N s {after}")
}

#[test]
fn a_clock_that_is_wrong_is_told() {
    let folder = folder();
    for (skew, expected) in [
        (
            SKEW,
            "\
error: the server refused: invalid_grant: Current date/time MUST be before the expiration date/time listed in the 'exp' claim\n\
\x20 cause: this machine's clock is behind the server's (certain)\n\
\x20 seen: this machine is at least N s behind the server's `Date`\n\
\x20 next: set it by NTP: `timedatectl set-ntp true`, on Windows `w32tm /resync`; in a virtual machine also the host's\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
        (
            -SKEW,
            "\
error: the server refused: invalid_grant: Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond the issue time.\n\
\x20 cause: this machine's clock is ahead of the server's (certain)\n\
\x20 seen: this machine is at least N s ahead of the server's `Date`\n\
\x20 next: set it by NTP: `timedatectl set-ntp true`, on Windows `w32tm /resync`; in a virtual machine also the host's\n\
\x20 more: `jwt-bearer doctor` with the same settings shows the whole picture\n",
        ),
    ] {
        let server = start(boxed().skew(skew));
        let endpoint = server.token_endpoint();
        let run = folder.run(&format!("{BOX} --user 7654321 --token-endpoint {endpoint}"));
        assert_eq!(without_seconds(&run.failure(4)), expected);
    }
}

#[test]
fn a_reply_that_is_no_token_is_told_with_its_place() {
    let server = start(boxed());
    server.inject("no-token".parse::<Fault>().unwrap());
    let endpoint = server.token_endpoint();
    let run = folder().run(&format!("{BOX} --user 7654321 --token-endpoint {endpoint}"));
    let stderr = run.failure(1);
    let hint = format!("  hint: it came with status 200 from {endpoint}; check the path\n");
    assert!(stderr.contains(&hint), "{stderr}");
}

#[test]
fn a_setting_that_is_missing_is_named_as_a_flag() {
    for (arguments, hint) in [
        (
            "token --provider salesforce --issuer consumer --key rsa.pem",
            "--subject sets it, as a flag or in a profile",
        ),
        (
            "token --provider box --issuer app --key rsa.pem",
            "--enterprise or --user sets it, as a flag or in a profile",
        ),
    ] {
        let stderr = folder().run(arguments).failure(2);
        assert!(stderr.contains(&format!("  hint: {hint}\n")), "{stderr}");
    }
}
