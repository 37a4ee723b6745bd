//! What [`RequestBuilder::build`] refuses, and with which words.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use RequestErrorKind::{Invalid, Missing};
use jwt_bearer_provider::{Profile, RequestBuilder, RequestErrorKind, Subject, TokenEndpoint};

fn at_box() -> RequestBuilder {
    Profile::BOX
        .request("client-id")
        .subject(Subject::Enterprise("1234567".into()))
        .client_secret("SECRET".into())
}

fn at_salesforce() -> RequestBuilder {
    Profile::SALESFORCE
        .request("consumer-key")
        .subject(Subject::Name("ann@example.com".into()))
}

fn own_name() -> RequestBuilder {
    Profile::GENERIC
        .client_authentication("client-id")
        .token_endpoint("https://as.example/token")
}

fn generic() -> RequestBuilder {
    Profile::GENERIC
        .request("client-id")
        .token_endpoint("https://as.example/token")
}

#[track_caller]
fn refused(request: RequestBuilder, kind: RequestErrorKind, text: &str) {
    let error = request.build().unwrap_err();
    assert_eq!(error.to_string(), text);
    assert_eq!(error.kind(), kind);
    assert!(!error.is_retryable());
    assert!(!format!("{error:?}").contains("SECRET"));
}

#[test]
fn what_is_complete_is_taken() {
    for request in [at_box(), at_salesforce(), generic()] {
        request.build().unwrap();
    }
}

#[test]
fn issuers() {
    for (profile, text) in [
        (
            Profile::BOX,
            "the issuer is missing (`issuer`): Box's client id",
        ),
        (
            Profile::SALESFORCE,
            "the issuer is missing (`issuer`): Salesforce's consumer key",
        ),
    ] {
        refused(profile.request(""), Missing, text);
    }
    refused(
        Profile::GENERIC
            .request("")
            .token_endpoint("https://as.example/token"),
        Missing,
        "the issuer is missing (`issuer`): the server's client id",
    );
}

#[test]
fn subjects() {
    let needs_one = "the subject is missing: a Box token is for an enterprise (`enterprise`) or for a user (`user`), by id";
    let at_box_without = || {
        Profile::BOX
            .request("client-id")
            .client_secret("SECRET".into())
    };
    refused(at_box_without(), Missing, needs_one);
    refused(
        at_box().subject(Subject::Name("ann".into())),
        Invalid,
        "a plain subject is set, where a Box token is for an enterprise (`enterprise`) or for a user (`user`), by id",
    );
    refused(
        at_box().subject(Subject::Enterprise("0".into())),
        Invalid,
        "the enterprise id is 0: a free account has no enterprise; set a user id (`user`)",
    );
    refused(
        Profile::SALESFORCE.request("consumer-key"),
        Missing,
        "the subject is missing (`subject`): the username, which looks like an e-mail address",
    );
    for subject in [Subject::Enterprise("1".into()), Subject::User("1".into())] {
        for request in [at_salesforce(), generic()] {
            refused(
                request.subject(subject.clone()),
                Invalid,
                "an enterprise or a user is set, which Box alone knows; set the subject (`subject`)",
            );
        }
    }
    for subject in [
        Subject::Name(String::new()),
        Subject::Enterprise(" ".into()),
        Subject::User("\t".into()),
    ] {
        for request in [at_box(), at_salesforce(), generic()] {
            refused(
                request.subject(subject.clone()),
                Invalid,
                "the subject is empty",
            );
        }
    }
}

#[test]
fn subjects_of_client_credentials() {
    let text =
        "a subject is set; with the grant client-credentials, `sub` is the issuer (RFC 7523 §3)";
    for subject in [
        Subject::Name("ann".into()),
        Subject::User("client-id".into()),
        Subject::Enterprise("1".into()),
    ] {
        let request = own_name().subject(subject);
        refused(request, Invalid, text);
    }
    let own = Subject::Name("client-id".into());
    own_name().subject(own).build().unwrap();
}

#[test]
fn secrets() {
    let without = Profile::BOX
        .request("client-id")
        .subject(Subject::User("1".into()));
    refused(
        without,
        Missing,
        "the client secret is missing: Box wants it besides the assertion",
    );
    refused(
        at_salesforce().client_secret("SECRET".into()),
        Invalid,
        "a client secret is set; with the JWT bearer grant, Salesforce wants no secret, and checks one that is sent",
    );
}

/// A client that proves who it is by an assertion has neither a secret nor another name.
#[test]
fn client_credentials() {
    let request = || own_name();
    refused(
        request().client_secret("SECRET".into()),
        Invalid,
        "a client secret is set besides the client assertion; a client proves who it is in one way (RFC 6749 §2.3)",
    );
    refused(
        request().client_id("another"),
        Invalid,
        "the client id is not the issuer; a client assertion is the client's own (RFC 7523 §3)",
    );
    request().client_id("client-id").build().unwrap();
    for profile in [Profile::BOX, Profile::SALESFORCE] {
        let (request, title) = (profile.client_authentication("id"), profile.title);
        let text = format!("{title} does not take the grant `client-credentials`");
        refused(request, Invalid, &text);
    }
}

#[test]
fn lifetimes() {
    let seconds = Duration::from_secs;
    refused(
        at_box().lifetime(seconds(61)),
        Invalid,
        "a lifetime of 61 s, where Box takes at most 60 s",
    );
    refused(
        at_salesforce().lifetime(seconds(181)),
        Invalid,
        "a lifetime of 181 s, where Salesforce takes at most 180 s",
    );
    at_box().lifetime(seconds(60)).build().unwrap();
    at_salesforce().lifetime(seconds(180)).build().unwrap();
    generic().lifetime(seconds(86_400)).build().unwrap();
}

#[test]
fn form_parameters() {
    for name in [
        "grant_type",
        "assertion",
        "client_assertion",
        "client_assertion_type",
        "client_id",
        "client_secret",
    ] {
        refused(
            generic().form(name, "SECRET"),
            Invalid,
            &format!(
                "the form parameter `{name}` has a setting of its own, and cannot be set as an extra one"
            ),
        );
    }
    let twice = |name: &str| {
        format!("the form parameter `{name}` is set twice; each stands once (RFC 6749 §3.2)")
    };
    refused(
        generic().form("a", "1").form("b", "1").form("a", "2"),
        Invalid,
        &twice("a"),
    );
    refused(
        generic().scope("api").form("scope", "web"),
        Invalid,
        &twice("scope"),
    );
}

#[test]
fn missing_endpoints() {
    refused(
        Profile::GENERIC.request("client-id"),
        Missing,
        "the token endpoint is missing (`token-endpoint`)",
    );
    for request in [at_box(), Profile::GENERIC.request("client-id")] {
        refused(
            request.host("as.example"),
            Invalid,
            "a host (`as.example`) is set, and this provider has none to choose; set the token endpoint",
        );
    }
    for request in [at_box(), at_salesforce(), generic()] {
        refused(
            request
                .host("login")
                .token_endpoint("https://as.example/token"),
            Invalid,
            "both a host and a token endpoint are set; set one of them",
        );
    }
}

#[test]
fn wrong_hosts() {
    for (host, instead) in [
        ("example.lightning.force.com", "example.my.salesforce.com"),
        (
            "https://example.lightning.force.com/",
            "https://example.my.salesforce.com",
        ),
        (
            "example.my.salesforce-setup.com",
            "example.my.salesforce.com",
        ),
    ] {
        let error = at_salesforce().host(host).build().unwrap_err().to_string();
        let instead = instead.trim_start_matches("https://");
        assert_eq!(
            error,
            format!("the host `{host}` has no token endpoint; use {instead}")
        );
    }
    for host in [
        "",
        "example.my.salesforce.com/services/oauth2/token",
        "https://example.my.salesforce.com/x",
        "example.my.salesforce.com?a=b",
        "example my salesforce com",
        "[::1",
    ] {
        refused(
            at_salesforce().host(host),
            Invalid,
            &format!(
                "the host `{host}` is more than a host, or none; it looks like login.salesforce.com"
            ),
        );
    }
    for (host, url) in [
        (
            "http://example.my.salesforce.com",
            "http://example.my.salesforce.com/services/oauth2/token",
        ),
        ("http://10.0.0.1", "http://10.0.0.1/services/oauth2/token"),
    ] {
        refused(
            at_salesforce().host(host),
            Invalid,
            &format!(
                "the token endpoint `{url}` is not encrypted; http is for this machine alone, use https"
            ),
        );
    }
    for (host, what) in [
        ("ann:SECRET@example.my.salesforce.com", "token endpoint"),
        ("ann@as.example", "token endpoint"),
        ("ann:SECRET@as.example/x", "host"),
        ("ann:SECRET@as example", "host"),
        ("as.example/@x", "host"),
    ] {
        let text = format!("the {what} has a user name or password in it; leave them out");
        refused(at_salesforce().host(host), Invalid, &text);
    }
}

#[test]
fn wrong_token_endpoints() {
    for (url, why) in [
        (
            "as.example/token",
            "is no URL; it looks like https://as.example/oauth2/token",
        ),
        (
            "",
            "is no URL; it looks like https://as.example/oauth2/token",
        ),
        (
            "https://",
            "is no URL; it looks like https://as.example/oauth2/token",
        ),
        (
            "http://as.example/token",
            "is not encrypted; http is for this machine alone, use https",
        ),
        (
            "http://127.0.0.1.nip.io/token",
            "is not encrypted; http is for this machine alone, use https",
        ),
        (
            "http://192.168.0.1/token",
            "is not encrypted; http is for this machine alone, use https",
        ),
        (
            "http://[2001:db8::1]/token",
            "is not encrypted; http is for this machine alone, use https",
        ),
        (
            "http://localhost.example/token",
            "is not encrypted; http is for this machine alone, use https",
        ),
        ("ftp://as.example/token", "has another scheme than https"),
        ("file:///etc/passwd", "has another scheme than https"),
        ("data:text/plain,a", "has another scheme than https"),
        (
            "https://as.example/token#here",
            "has a fragment (#…); leave it out",
        ),
    ] {
        let text = format!("the token endpoint `{url}` {why}");
        refused(generic().token_endpoint(url), Invalid, &text);
    }
    for url in [
        "https://ann:SECRET@as.example/token",
        "https://:SECRET@as.example/token",
        "https://ann@as.example/token",
        "https://ann:SECRET@",
        "https://ann:SECRET@[::/token",
    ] {
        refused(
            generic().token_endpoint(url),
            Invalid,
            "the token endpoint has a user name or password in it; leave them out",
        );
    }
}

#[test]
fn white_space_in_token_endpoints() {
    for url in [
        " https://as.example/token",
        "https://as.example/token\n",
        "https://as.example/to\tken",
        "https://ann:SECRET@as example/token",
        " ",
    ] {
        refused(
            generic().token_endpoint(url),
            Invalid,
            "the token endpoint has white space in it or around it; take it out",
        );
    }
}

#[test]
fn endpoints_on_this_machine_need_no_tls() {
    for url in [
        "http://127.0.0.1:1/token",
        "http://127.9.9.9/token",
        "http://[::1]:8080/token",
        "http://localhost:1/token",
        "https://as.example:8443/token?tenant=a",
    ] {
        let endpoint = TokenEndpoint::new(url).unwrap();
        assert_eq!(endpoint.as_str(), url);
        assert_eq!(endpoint.to_string(), url);
        let request = generic().token_endpoint(url).build().unwrap();
        assert_eq!(request.token_endpoint(), &endpoint);
    }
}

#[test]
fn an_assertion_alone_needs_no_endpoint_and_no_secret() {
    Profile::GENERIC
        .request("client-id")
        .build_assertion()
        .unwrap();
    Profile::BOX
        .request("client-id")
        .subject(Subject::User("1".into()))
        .build_assertion()
        .unwrap();
    let error = generic()
        .token_endpoint("http://as.example/token")
        .build_assertion()
        .unwrap_err();
    assert_eq!(error.kind(), Invalid);
    let error = Profile::SALESFORCE
        .request("consumer-key")
        .build_assertion()
        .unwrap_err();
    assert_eq!(error.kind(), Missing);
}
