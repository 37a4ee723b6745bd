//! `--login`: a Box user by e-mail address.

use jwt_bearer_sandbox::{Running, Sandbox};

use crate::bad_input::first_error;
use crate::server::{BOX, SECRET, boxed, call, start};
use crate::support::{Folder, Run};

const UNKNOWN: &str = "\
error: Box knows no user who logs in as `ann@example.co` in this enterprise\n\
\x20 hint: the app needs the scope \"Manage users\" to see users; the address is the one to log in with\n";

fn folder() -> Folder {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write("secret.txt", SECRET);
    folder
}

fn with_logins() -> Sandbox {
    boxed()
        .login("55", "ann@example.com.au")
        .login("56", "Ann@Example.com")
}

fn run(folder: &Folder, server: &Running, flags: &str) -> Run {
    let endpoint = server.token_endpoint();
    folder.run(&format!("{BOX} --token-endpoint {endpoint} {flags}"))
}

#[test]
fn the_user_is_found_by_address() {
    let (folder, server) = (folder(), start(with_logins()));
    for (login, id) in [
        ("ann@example.com", "56"),
        ("ANN@EXAMPLE.COM", "56"),
        ("ann@example.com.au", "55"),
    ] {
        let flags = format!("--enterprise 1234567 --login {login}");
        let token = run(&folder, &server, &flags).token();
        let reply = call(&server, &token);
        assert!(reply.contains(&format!("\"{id}\"")), "{login}: {reply}");
    }
    assert_eq!(server.requests().len(), 6, "enterprise and user each time");
}

#[test]
fn a_user_whom_nobody_knows_is_refused() {
    let (folder, server) = (folder(), start(with_logins()));
    let flags = "--enterprise 1234567 --login ann@example.co";
    assert_eq!(run(&folder, &server, flags).failure(4), UNKNOWN);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_enterprise_alone_stands_beside_it() {
    let (folder, server) = (folder(), start(with_logins()));
    let beside = "--login is set besides another user; it needs the enterprise alone, to look the user up in";
    for (flags, expected) in [
        ("--login ann@example.com --user 7654321", beside),
        ("--login ann@example.com --subject 7654321", beside),
        (
            "--login ann@example.com --user 7654321 --enterprise 1234567",
            "more than one of --subject, --enterprise and --user is set; set one",
        ),
    ] {
        let stderr = run(&folder, &server, flags).failure(2);
        assert_eq!(first_error(&stderr), expected, "{flags}");
    }
    let alone = run(&folder, &server, "--login ann@example.com").failure(2);
    assert_eq!(
        first_error(&alone),
        "--login needs --enterprise, to look the user up in"
    );
}

#[test]
fn a_flag_replaces_another_user_of_the_profile() {
    let (folder, server) = (folder(), start(with_logins()));
    let settings = format!(
        "provider = 'box'\nissuer = 'app'\nkey = 'rsa.pem'\nkey-id = 'key-1'\n\
         client-secret-file = 'secret.txt'\ntoken-endpoint = '{}'\n",
        server.token_endpoint()
    );
    folder.write(
        "jwt-bearer.toml",
        format!(
            "[profiles.ann]\nlogin = 'ann@example.com'\nenterprise = '1234567'\n{settings}\n\
             [profiles.user]\nuser = '7654321'\n{settings}"
        ),
    );
    for (arguments, id) in [
        ("token ann", "56"),
        ("token ann --user 7654321", "7654321"),
        ("token ann --login ann@example.com.au", "55"),
        (
            "token user --enterprise 1234567 --login ann@example.com",
            "56",
        ),
    ] {
        let token = folder.run(arguments).success();
        let reply = call(&server, token.trim_end());
        assert!(reply.contains(&format!("\"{id}\"")), "{arguments}: {reply}");
    }
}

#[test]
fn it_is_for_tokens_of_box_alone() {
    let folder = folder();
    for (arguments, expected) in [
        (
            "token --provider salesforce --issuer consumer --subject ann --key rsa.pem --login ann@example.com",
            "--login is for --provider box alone",
        ),
        (
            "token --provider generic --issuer app --key rsa.pem --login ann@example.com \
             --token-endpoint http://127.0.0.1:9/token",
            "--login is for --provider box alone",
        ),
        (
            "assertion --provider box --issuer app --key rsa.pem --enterprise 1234567 --login ann@example.com",
            "--login is set, and nobody is asked for the user's id; set --user ID",
        ),
    ] {
        let stderr = folder.run(arguments).failure(2);
        assert_eq!(first_error(&stderr), expected, "{arguments}");
    }
}

#[test]
fn a_clock_that_is_wrong_is_told_once() {
    let (folder, server) = (folder(), start(with_logins().skew(90)));
    let endpoint = server.token_endpoint();
    let run = folder
        .command(&format!(
            "{BOX} --token-endpoint {endpoint} --enterprise 1234567 --login ann@example.com"
        ))
        .with_retries()
        .run();
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    assert!(
        run.stderr
            .contains(" behind the server's, whose time was used; "),
        "{run:?}"
    );
    let token = run.success();
    assert!(call(&server, token.trim_end()).contains("\"56\""));
}

#[test]
fn verbose_shows_the_look_up_without_secrets() {
    let (folder, server) = (folder(), start(with_logins()));
    let run = run(
        &folder,
        &server,
        "--enterprise 1234567 --login ann@example.com -v",
    );
    let sent: Vec<_> = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("> POST ") || line.starts_with("> GET "))
        .collect();
    let [first, look_up, last] = sent[..] else {
        panic!("{}", run.stderr);
    };
    let post = format!("> POST {}", server.token_endpoint());
    assert_eq!((first, last), (&*post, &*post));
    assert!(
        look_up.starts_with(&format!(
            "> GET {}/2.0/users?filter_term=ann%40example.com&",
            server.url()
        )),
        "{look_up}"
    );
    assert!(!run.stderr.to_lowercase().contains("bearer "), "{run:?}");
    for request in server.requests() {
        let assertion = request.parameter("assertion").unwrap();
        for secret in [SECRET, &assertion, run.stdout.trim_end()] {
            assert!(
                secret.len() > 10 && !run.stderr.contains(secret),
                "{}",
                run.stderr
            );
        }
    }
}
