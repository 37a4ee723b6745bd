//! `jwt-bearer doctor` where the way to the server is not open.

use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;

use crate::doctor::{CLIENT, GENERIC, examine, first, folder, generic, read, steps};
use crate::server::start;
use crate::tls::{authority, server};

#[test]
fn a_port_where_nobody_listens() {
    let folder = folder();
    let server = start(generic());
    let endpoint = server.token_endpoint();
    drop(server);
    let run = folder.run(&format!(
        "{GENERIC} --token-endpoint {endpoint} --output json"
    ));
    assert_eq!(run.code, Some(5), "{run:?}");
    run.assert_masked(&[CLIENT]);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(first(&json), ("unreachable", "certain"));
    let next = json["findings"][0]["next"].as_str().unwrap();
    assert!(next.starts_with("nothing listens on that port"), "{next}");
    assert!(next.contains("`jwt-bearer sandbox`"), "{next}");
    assert_eq!(json["token_requests"], 0, "nothing is signed for nothing");
    assert_eq!(
        steps(&json),
        [
            ("settings", "ok"),
            ("key", "ok"),
            ("connection", "failed"),
            ("token", "skipped")
        ]
    );
}

#[test]
fn a_name_that_does_not_resolve() {
    // Longer than any label of a name: no name server is asked.
    let name = "a".repeat(70);
    let run = folder()
        .command(&format!(
            "{GENERIC} --token-endpoint https://{name}.example/token --output json"
        ))
        .without("HTTPS_PROXY")
        .run();
    assert_eq!(run.code, Some(5), "{run:?}");
    run.assert_masked(&[CLIENT, &name]);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(first(&json), ("dns", "certain"), "{json:#}");
}

#[test]
fn a_name_that_resolves() {
    let server = start(generic());
    let endpoint = server.token_endpoint().replace("127.0.0.1", "localhost");
    let run = folder().run(&format!("{GENERIC} --token-endpoint {endpoint}"));
    assert!(run.stdout.contains("  ✓ name "), "{run:?}");
    assert!(run.stdout.contains("localhost has "), "{run:?}");
}

#[test]
fn a_proxy_in_the_way() {
    let run = folder()
        .command(&format!(
            "{GENERIC} --token-endpoint https://as.example/token"
        ))
        .env("HTTPS_PROXY", "http://user:7f3aQ-word@127.0.0.1:9")
        .run();
    assert_eq!(run.code, Some(5), "{run:?}");
    run.assert_masked(&[CLIENT, "7f3aQ", "user:"]);
    let proxy = "  ! proxy       the way goes through 127.0.0.1:9, by the variable HTTPS_PROXY\n";
    assert!(run.stdout.contains(proxy), "{}", run.stdout);
    assert!(
        run.stdout
            .contains("  ✗ connection  127.0.0.1:9: Connection refused"),
        "{}",
        run.stdout
    );
    let words: Vec<_> = run.stdout.split_whitespace().collect();
    let next = "next HTTPS_PROXY names the proxy 127.0.0.1:9, and nothing listens there";
    assert!(words.join(" ").contains(next), "{}", run.stdout);
    assert!(!run.stdout.contains("sandbox"), "{}", run.stdout);
}

#[test]
fn token_names_the_proxy_that_does_not_answer() {
    // Longer than any label of a name: no name server is asked.
    let unknown = format!("http://{}.example:3128", "a".repeat(70));
    for (proxy, why) in [
        ("http://127.0.0.1:9", "nothing listens there"),
        (&unknown, "its name does not resolve"),
    ] {
        let run = folder()
            .command(&format!(
                "{} --token-endpoint https://as.example/token",
                GENERIC.replacen("doctor", "token", 1)
            ))
            .env("HTTPS_PROXY", proxy)
            .run();
        assert_eq!(run.code, Some(5), "{run:?}");
        let words: Vec<_> = run.stderr.split_whitespace().collect();
        let words = words.join(" ");
        assert!(words.contains("HTTPS_PROXY names the proxy "), "{words}");
        assert!(words.contains(why), "{words}");
    }
}

const TLS: &str = "--ca-file ca.pem";

#[test]
fn a_certificate_that_is_trusted() {
    let folder = folder();
    let ours = authority("ours");
    folder.write("ca.pem", ours.pem());
    let server = start(generic());
    drop(server);
    let server = server_for(&ours);
    let (_, json) = read(&folder, &server, &format!("{GENERIC} {TLS}"));
    assert!(steps(&json).contains(&("TLS", "ok")), "{json:#}");
}

#[test]
fn a_certificate_that_is_not() {
    let folder = folder();
    let ours = authority("ours");
    folder.write("ca.pem", ours.pem());
    folder.write("other.pem", authority("other").pem());
    let expired = {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(1990, 1, 1);
        params.not_after = rcgen::date_time_ymd(1991, 1, 1);
        let certificate = params.signed_by(&key, &ours).unwrap();
        start(generic().tls(certificate.pem(), key.serialize_pem()))
    };
    for (server, flags, expected) in [
        (
            server_for(&ours),
            "--ca-file other.pem",
            "is signed by nobody who is trusted here",
        ),
        (server(&ours, "as.example"), TLS, "is for another name"),
        (expired, TLS, "has expired"),
    ] {
        let flags = format!("{GENERIC} {flags}");
        let (code, json) = read(&folder, &server, &flags);
        assert_eq!(code, Some(5), "{json:#}");
        assert_eq!(first(&json), ("tls", "certain"), "{json:#}");
        let seen = json["findings"][0]["evidence"][0].as_str().unwrap();
        assert!(seen.contains(expected), "{seen}");
        let next = json["findings"][0]["next"].as_str().unwrap();
        assert!(
            next.contains("proxy of your company") && next.contains("--ca-file"),
            "{next}"
        );
        assert_eq!(
            server.requests().len(),
            0,
            "nobody untrusted got an assertion"
        );
        let page = examine(&folder, &server, &flags).stdout;
        assert!(page.contains("  ✗ TLS "), "{page}");
    }
}

fn server_for(authority: &rcgen::CertifiedIssuer<'static, KeyPair>) -> jwt_bearer_sandbox::Running {
    server(authority, "127.0.0.1")
}

#[test]
fn without_probes_the_attempt_tells() {
    let folder = folder();
    let ours = authority("ours");
    folder.write("ca.pem", ours.pem());
    let named = server(&ours, "as.example");
    let gone = start(generic());
    let closed = gone.token_endpoint();
    drop(gone);
    for (endpoint, flags, id) in [
        (closed, "", "unreachable"),
        (named.token_endpoint(), TLS, "tls"),
    ] {
        let run = folder.run(&format!(
            "{GENERIC} {flags} --no-probe --token-endpoint {endpoint} --output json"
        ));
        assert_eq!(run.code, Some(5), "{run:?}");
        run.assert_masked(&[CLIENT]);
        let json: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(first(&json), (id, "certain"), "{json:#}");
        assert_eq!(json["token_requests"], 0, "none went out");
        assert_eq!(
            steps(&json),
            [("settings", "ok"), ("key", "ok"), ("token", "failed")]
        );
    }
    assert_eq!(named.requests().len(), 0);
}

#[test]
fn what_is_no_cause_of_it_stands_below() {
    let folder = folder();
    let gone = start(generic());
    let endpoint = gone.token_endpoint();
    drop(gone);
    let flags = "--certificate p256-certificate.pem";
    let run = folder.run(&format!("{GENERIC} {flags} --token-endpoint {endpoint}"));
    assert_eq!(run.code, Some(5), "{run:?}");
    let page = run.stdout;
    let (above, below) = page.split_once("\nTo be mended as well\n").unwrap();
    assert!(above.contains("\nThe cause\n"), "{page}");
    assert!(above.contains("[unreachable]"), "{page}");
    assert!(below.contains("[key-mismatch]"), "{page}");
}

#[test]
fn a_redirect_is_told_and_not_followed() {
    let folder = folder();
    let other = start(generic());
    let server = start(generic());
    let fault = format!("redirect={}?session=7f3aQ*", other.token_endpoint());
    server.inject(fault.parse().unwrap());
    let run = examine(&folder, &server, GENERIC);
    assert_eq!(run.code, Some(2), "{run:?}");
    run.assert_masked(&["7f3aQ", "session"]);
    let to = other.token_endpoint();
    let line = format!("refused with status 307, a redirect to {to}; it");
    let words: Vec<_> = run.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains(&line), "{}", run.stdout);
    assert_eq!(server.requests().len(), 1);
    assert_eq!(other.requests().len(), 0, "an assertion was sent on");
}
