//! Servers with https: whose certificate is taken, and what is said of the others.

use jwt_bearer_sandbox::Running;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CertifiedKey, DnType, IsCa, KeyPair,
    generate_simple_self_signed,
};

use crate::bad_input::first_error;
use crate::server::{generic, start};
use crate::support::{Folder, Run};

const GENERIC: &str =
    "token --provider generic --issuer app --subject ann --key rsa.pem --key-id key-1";

pub(crate) fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server whose certificate the authority signed for this name.
pub(crate) fn server(authority: &CertifiedIssuer<'static, KeyPair>, name: &str) -> Running {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    start(generic().tls(certificate.pem(), key.serialize_pem()))
}

fn run(folder: &Folder, server: &Running, flags: &str) -> Run {
    let endpoint = server.token_endpoint();
    assert!(endpoint.starts_with("https://"));
    folder.run(&format!("{GENERIC} --token-endpoint {endpoint} {flags}"))
}

#[track_caller]
fn check_refused(server: &Running, run: Run, expected: &str) {
    let error = first_error(&run.failure(5)).replace(&server.token_endpoint(), "URL");
    let start = "URL could not be reached: no secure connection: the server's certificate ";
    assert_eq!(error.strip_prefix(start), Some(expected), "{error}");
    assert_eq!(
        server.requests().len(),
        0,
        "nobody untrusted got an assertion"
    );
}

#[test]
fn a_certificate_of_an_authority_that_is_named_is_taken() {
    let folder = Folder::with_keys(["rsa.pem"]);
    let authority = authority("ours");
    folder.write("ca.pem", authority.pem());
    let server = server(&authority, "127.0.0.1");
    run(&folder, &server, "--ca-file ca.pem").token();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    folder.write("itself.pem", cert.pem());
    let server = start(generic().tls(cert.pem(), signing_key.serialize_pem()));
    run(&folder, &server, "--ca-file itself.pem").token();
}

#[test]
fn a_certificate_of_another_authority_is_refused() {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write("other.pem", authority("other").pem());
    let server = server(&authority("ours"), "127.0.0.1");
    // What the system trusts is set too, so that it is not this machine's.
    let by_system = folder
        .command(&format!(
            "{GENERIC} --token-endpoint {}",
            server.token_endpoint()
        ))
        .env("SSL_CERT_FILE", "other.pem")
        .run();
    for run in [by_system, run(&folder, &server, "--ca-file other.pem")] {
        check_refused(
            &server,
            run,
            "is signed by nobody who is trusted here; trust the certificates of your network, or look whether another server answers",
        );
    }
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let folder = Folder::with_keys(["rsa.pem"]);
    let authority = authority("ours");
    folder.write("ca.pem", authority.pem());
    let server = server(&authority, "as.example");
    check_refused(
        &server,
        run(&folder, &server, "--ca-file ca.pem"),
        "is for another name",
    );
}

#[test]
fn an_authority_that_is_its_own_server_is_refused() {
    let folder = Folder::with_keys(["rsa.pem"]);
    let authority = authority("ours");
    folder.write("ca.pem", authority.pem());
    let server = start(generic().tls(authority.pem(), authority.key().serialize_pem()));
    check_refused(
        &server,
        run(&folder, &server, "--ca-file ca.pem"),
        "signs itself; a server's certificate is signed by an authority",
    );
}

#[test]
fn a_certificate_out_of_its_time_is_refused() {
    let folder = Folder::with_keys(["rsa.pem"]);
    let authority = authority("ours");
    folder.write("ca.pem", authority.pem());
    for (years, expected) in [
        (1990..1991, "has expired, or this machine's clock is ahead"),
        (
            2990..2991,
            "is not valid yet, or this machine's clock is behind",
        ),
    ] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(years.start, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.end, 1, 1);
        let certificate = params.signed_by(&key, &authority).unwrap();
        let server = start(generic().tls(certificate.pem(), key.serialize_pem()));
        check_refused(&server, run(&folder, &server, "--ca-file ca.pem"), expected);
    }
}

#[test]
fn a_server_that_speaks_the_other_protocol_is_told() {
    let folder = Folder::with_keys(["rsa.pem"]);
    let authority = authority("ours");
    folder.write("ca.pem", authority.pem());
    let (plain, secure) = (start(generic()), server(&authority, "127.0.0.1"));
    let other = plain.token_endpoint().replace("http:", "https:");
    let another = secure.token_endpoint().replace("https:", "http:");
    for (endpoint, expected) in [
        (
            other,
            "no TLS; for the sandbox, or another server on this machine, write http://",
        ),
        (another, "no HTTP; if it speaks TLS, write https://"),
    ] {
        let flags = format!("{GENERIC} --ca-file ca.pem --token-endpoint {endpoint}");
        let stderr = folder.run(&flags).failure(5);
        assert_eq!(
            first_error(&stderr).replace(&endpoint, "URL"),
            format!(
                "URL could not be reached: the server speaks another protocol on this port: {expected}"
            )
        );
        assert!(!stderr.contains("cause:"), "{stderr}");
        let run = folder.run(&flags.replacen("token", "doctor", 1));
        assert_eq!(run.code, Some(5), "{run:?}");
        let (_, cause) = run.stdout.split_once("\nThe cause\n").unwrap();
        let words: Vec<_> = cause.split_whitespace().collect();
        assert!(words.join(" ").contains(expected), "{run:?}");
    }
}
