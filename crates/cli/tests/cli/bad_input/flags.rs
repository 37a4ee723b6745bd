//! Flags that cannot be read, and what a provider's rules demand or refuse.

use super::{Case, check};

const FLAGS: &[Case] = &[
    (
        "token --secret x",
        2,
        "unexpected argument '--secret' found",
    ),
    (
        "token --client-secret x",
        2,
        "unexpected argument '--client-secret' found",
    ),
    (
        "token --provider bx",
        2,
        "invalid value 'bx' for '--provider <PROVIDER>'",
    ),
    (
        "token --provider box --enterprise 1 --key rsa.pem --client-secret-env SET --issuer",
        2,
        "a value is required for '--issuer <TEXT>' but none was supplied",
    ),
    (
        "generic --claim team=red",
        2,
        "invalid value 'team=red' for '--claim <NAME=JSON>': the value after `team=` is not JSON; a text stands in quotes, as in 'team=\"text\"'",
    ),
    (
        "generic --claim team",
        2,
        "invalid value 'team' for '--claim <NAME=JSON>': expected NAME=JSON",
    ),
    (
        "generic --claim =1",
        2,
        "invalid value '=1' for '--claim <NAME=JSON>': expected NAME=JSON",
    ),
    (
        "generic --form scope",
        2,
        "invalid value 'scope' for '--form <NAME=VALUE>': expected NAME=VALUE",
    ),
    (
        "generic --lifetime 0",
        2,
        "invalid value '0' for '--lifetime <SECONDS>': expected whole seconds above 0, such as 45, or minutes, such as 3m",
    ),
    (
        "generic --lifetime 1.5",
        2,
        "invalid value '1.5' for '--lifetime <SECONDS>': expected whole seconds above 0, such as 45, or minutes, such as 3m",
    ),
    (
        "generic --timeout x",
        2,
        "invalid value 'x' for '--timeout <SECONDS>': expected whole seconds above 0, such as 45, or minutes, such as 3m",
    ),
    (
        "generic --timeout 99999999999999999999m",
        2,
        "invalid value '99999999999999999999m' for '--timeout <SECONDS>': expected whole seconds above 0, such as 45, or minutes, such as 3m",
    ),
    (
        "generic --output xml",
        2,
        "invalid value 'xml' for '--output <OUTPUT>'",
    ),
    (
        "generic --grant password",
        2,
        "invalid value 'password' for '--grant <GRANT>'",
    ),
    (
        "generic --algorithm RS257",
        2,
        "the algorithm `RS257` is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, ES256K, EdDSA",
    ),
    (
        "generic --algorithm HS256",
        2,
        "the algorithm `HS256` is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, ES256K, EdDSA",
    ),
    (
        "generic --header kid=\"x\"",
        2,
        "the header member `kid` has a setting of its own: --key-id",
    ),
    (
        "generic --header typ=1",
        2,
        "the header member `typ` is not a text, or null to leave it out",
    ),
    (
        "generic --header x5t=\"AAAA\"",
        2,
        "the header member `x5t` is not the base64url of 20 octets, a SHA-1 digest",
    ),
    (
        "generic --header x5t#S256=1",
        2,
        "the header member `x5t#S256` is not the base64url of 32 octets, a SHA-256 digest",
    ),
    (
        "generic --header x5c=\"AAAA\"",
        2,
        "the header member `x5c` is not an array of certificates, each the base64 of DER",
    ),
    (
        "generic --header alg=\"none\"",
        2,
        "the header member `alg` is the signer's algorithm, and cannot be set",
    ),
    (
        "generic --claim iss=\"me\"",
        2,
        "the claim `iss` has a setting of its own, and cannot be set as an extra claim",
    ),
    (
        "generic --claim exp=1",
        2,
        "the claim `exp` has a setting of its own, and cannot be set as an extra claim",
    ),
    (
        "assertion --provider generic --issuer app --key rsa.pem --claim exp=1",
        2,
        "the claim `exp` has a setting of its own, and cannot be set as an extra claim",
    ),
    (
        "generic --header crit=[\"exp\"]",
        2,
        "the header member `crit` would change what the JWT means, and cannot be set",
    ),
    (
        "generic --header b64=false",
        2,
        "the header member `b64` would change what the JWT means, and cannot be set",
    ),
    (
        "assertion --provider generic --issuer app --key rsa.pem --header b64=false",
        2,
        "the header member `b64` would change what the JWT means, and cannot be set",
    ),
    (
        "generic --claim a=1 --claim a=2",
        2,
        "the claim `a` is set twice; set it once",
    ),
    (
        "generic --header a=1 --header a=2",
        2,
        "the header member `a` is set twice; set it once",
    ),
    (
        "profile show",
        2,
        "the following required arguments were not provided:",
    ),
    ("frobnicate", 2, "unrecognized subcommand 'frobnicate'"),
    ("inspect a b", 2, "unexpected argument 'b' found"),
    ("completions tcsh", 2, "invalid value 'tcsh' for '<SHELL>'"),
    (
        "sandbox --provider box",
        2,
        "the following required arguments were not provided:",
    ),
];

const REQUESTS: &[Case] = &[
    (
        "token --issuer app --key rsa.pem",
        2,
        "no provider is set: use --provider box, salesforce or generic, or name a profile",
    ),
    (
        "token --provider generic --issuer app --key rsa.pem",
        2,
        "the token endpoint is missing (`token-endpoint`)",
    ),
    (
        "token --provider generic --token-endpoint https://as.example/token --key rsa.pem",
        2,
        "the issuer is missing (`issuer`): the server's client id",
    ),
    (
        "token --provider generic --token-endpoint https://as.example/token --issuer app",
        2,
        "no key is set: use --key FILE, or --key env:NAME for a variable with PEM in it",
    ),
    (
        "token --provider generic --token-endpoint as.example/token --issuer app --key rsa.pem",
        2,
        "the token endpoint `as.example/token` is no URL; it looks like https://as.example/oauth2/token",
    ),
    (
        "token --provider generic --token-endpoint http://as.example/token --issuer app --key rsa.pem",
        2,
        "the token endpoint `http://as.example/token` is not encrypted; http is for this machine alone, use https",
    ),
    (
        "token --provider generic --token-endpoint ftp://as.example/token --issuer app --key rsa.pem",
        2,
        "the token endpoint `ftp://as.example/token` has another scheme than https",
    ),
    (
        "token --provider generic --token-endpoint https://as.example/token#x --issuer app --key rsa.pem",
        2,
        "the token endpoint `https://as.example/token#x` has a fragment (#…); leave it out",
    ),
    (
        "token --provider generic --token-endpoint https://ann:hunter2@as.example/ --issuer app --key rsa.pem",
        2,
        "the token endpoint has a user name or password in it; leave them out",
    ),
    (
        "token --provider generic --host login --issuer app --key rsa.pem",
        2,
        "a host (`login`) is set, and this provider has none to choose; set the token endpoint",
    ),
    (
        "generic --host login",
        2,
        "both a host and a token endpoint are set; set one of them",
    ),
    (
        "generic --user 7654321",
        2,
        "an enterprise or a user is set, which Box alone knows; set the subject (`subject`)",
    ),
    (
        "generic --enterprise 1234567",
        2,
        "an enterprise or a user is set, which Box alone knows; set the subject (`subject`)",
    ),
    (
        "generic --subject ann --user 7654321",
        2,
        "more than one of --subject, --enterprise and --user is set; set one",
    ),
    (
        "generic --grant client-credentials --subject ann",
        2,
        "a subject is set; with the grant client-credentials, `sub` is the issuer (RFC 7523 §3)",
    ),
    (
        "generic --grant client-credentials --client-secret-env SET",
        2,
        "a client secret is set besides the client assertion; a client proves who it is in one way (RFC 6749 §2.3)",
    ),
    (
        "generic --grant client-credentials --client-id other",
        2,
        "the client id is not the issuer; a client assertion is the client's own (RFC 7523 §3)",
    ),
    (
        "box --grant client-credentials",
        2,
        "Box does not take the grant `client-credentials`",
    ),
    (
        "box --user 7654321 --grant client-credentials --client-secret-env SET",
        2,
        "Box does not take the grant `client-credentials`",
    ),
    (
        "generic --form grant_type=x",
        2,
        "the form parameter `grant_type` has a setting of its own, and cannot be set as an extra one",
    ),
    (
        "generic --form client_secret=x",
        2,
        "the form parameter `client_secret` has a setting of its own, and cannot be set as an extra one",
    ),
    (
        "generic --form a=1 --form a=2",
        2,
        "the form parameter `a` is set twice; set it once",
    ),
    (
        "generic --scope a --form scope=b",
        2,
        "the form parameter `scope` is set twice; each stands once (RFC 6749 §3.2)",
    ),
    (
        "box",
        2,
        "the subject is missing: a Box token is for an enterprise (`enterprise`) or for a user (`user`), by id",
    ),
    (
        "box --subject ann",
        2,
        "a plain subject is set, where a Box token is for an enterprise (`enterprise`) or for a user (`user`), by id",
    ),
    (
        "box --enterprise 0",
        2,
        "the enterprise id is 0: a free account has no enterprise; set a user id (`user`)",
    ),
    (
        "box --enterprise 1 --user 2",
        2,
        "more than one of --subject, --enterprise and --user is set; set one",
    ),
    (
        "box --enterprise 1 --lifetime 61",
        2,
        "a lifetime of 61 s, where Box takes at most 60 s",
    ),
    (
        "box --enterprise 1 --lifetime 2m",
        2,
        "a lifetime of 120 s, where Box takes at most 60 s",
    ),
    (
        "box --enterprise 1 --host login",
        2,
        "a host (`login`) is set, and this provider has none to choose; set the token endpoint",
    ),
    (
        "token --provider box --issuer app --enterprise 1 --key rsa.pem",
        2,
        "the client secret is missing: Box wants it besides the assertion",
    ),
    (
        "salesforce",
        2,
        "the subject is missing (`subject`): the username, which looks like an e-mail address",
    ),
    (
        "salesforce --subject ann@example.com --client-secret-env SET",
        2,
        "a client secret is set; with the JWT bearer grant, Salesforce wants no secret, and checks one that is sent",
    ),
    (
        "salesforce --subject ann@example.com --lifetime 4m",
        2,
        "a lifetime of 240 s, where Salesforce takes at most 180 s",
    ),
    (
        "salesforce --subject ann@example.com --host example.lightning.force.com",
        2,
        "the host `example.lightning.force.com` has no token endpoint; use example.my.salesforce.com",
    ),
    (
        "salesforce --subject ann@example.com --host example.my.salesforce.com/services",
        2,
        "the host `example.my.salesforce.com/services` is more than a host, or none; it looks like login.salesforce.com",
    ),
    (
        "salesforce --subject ann@example.com --host login --token-endpoint https://login.salesforce.com/services/oauth2/token",
        2,
        "both a host and a token endpoint are set; set one of them",
    ),
];

#[test]
fn flags_are_refused() {
    check(FLAGS);
}

#[test]
fn requests_are_refused() {
    check(REQUESTS);
}

#[test]
fn what_many_try_gets_a_tip() {
    let secret = |name: &str| {
        vec![
            format!("some similar arguments exist: '--{name}-env', '--{name}-file'"),
            "others can see arguments, so a secret is none: these name where it is".into(),
        ]
    };
    let form =
        |name: &str, tip: &str| vec![format!("a similar value exists: '{name}'"), tip.to_owned()];
    let folder = crate::support::Folder::new();
    for (arguments, expected) in [
        ("token --passphrase 7f3aQ-x", secret("passphrase")),
        ("token --passphrase=7f3aQ-x", secret("passphrase")),
        ("doctor --client-secret 7f3aQ-x", secret("client-secret")),
        ("bench --key a --pin 7f3aQ-x", secret("pin")),
        ("key inspect a --passphrase 7f3aQ-x", secret("passphrase")),
        (
            "key convert --key a --out b --to pkcs8 --new-passphrase 7f3aQ-x",
            secret("new-passphrase"),
        ),
        (
            "key convert --key a --out b --to pem",
            form("pkcs8", "pkcs8 is PEM, and what nearly everything reads"),
        ),
        (
            "key convert --key a --out b --to JKS",
            form(
                "pkcs12",
                "of a PKCS#12 store Java's keytool makes a JKS: keytool -importkeystore -srckeystore NEW.p12 \
                 -srcstoretype PKCS12 -destkeystore NEW.jks -deststoretype JKS",
            ),
        ),
        (
            "key convert --key a --out b --to pkcs9",
            vec!["a similar value exists: 'pkcs1'".into()],
        ),
        (
            "token --isuer a",
            vec!["a similar argument exists: '--issuer'".into()],
        ),
    ] {
        let stderr = folder.run(arguments).failure(2);
        let tips: Vec<_> = stderr
            .lines()
            .filter_map(|line| line.trim().strip_prefix("tip:"))
            .map(str::trim)
            .collect();
        assert_eq!(tips, expected, "{arguments}: {stderr}");
        assert!(!stderr.contains("7f3aQ"), "{stderr}");
        assert!(!stderr.contains("-fd"), "{stderr}");
    }
}
