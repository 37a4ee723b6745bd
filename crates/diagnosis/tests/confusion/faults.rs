//! What goes wrong, one thing at a time, and by which ids it may be called.
//!
//! Two ids are fair only where they name one cause by the same evidence: `alg` with the value `none` is an algorithm that
//! is not allowed and a JWT that is not signed; an EC key is a key that is not RSA and signs by an algorithm that is not
//! allowed; at Box `iss` and `client_id` are two apps, whichever is the wrong one; and the clock that an assertion was
//! made by is `clock-…` where it is this machine's and `signer-clock` where nobody knows whose.

use jwt_bearer_sandbox::Dialect;
use serde_json::json;

use crate::request::{ENDPOINT, Encoding, GRANT, ISSUER, Key, LONG_ID, ORIGIN, Try, now};

/// A way to spoil a request.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) dialects: &'static [Dialect],
    /// The ids that say what is wrong.
    pub(crate) truth: &'static [&'static str],
    pub(crate) spoil: fn(&mut Try),
}

const B: &[Dialect] = &[Dialect::Box];
const S: &[Dialect] = &[Dialect::Salesforce];
const G: &[Dialect] = &[Dialect::Generic];
const BG: &[Dialect] = &[Dialect::Box, Dialect::Generic];
const SG: &[Dialect] = &[Dialect::Salesforce, Dialect::Generic];
const ALL: &[Dialect] = &Dialect::ALL;

macro_rules! fault {
    ($name:literal, $dialects:expr, [$($truth:literal),+], $spoil:expr) => {
        Fault { name: $name, dialects: $dialects, truth: &[$($truth),+], spoil: $spoil }
    };
}

pub(crate) const FAULTS: &[Fault] = &[
    // The form of the JWT.
    fault!("padding", ALL, ["jwt-padding"], |t| {
        t.encoding = Encoding::Padded;
        t.set("x", "pad");
        while t.claims.to_string().len().is_multiple_of(3) {
            t.set("x", format!("{}d", t.claims["x"].as_str().unwrap()));
        }
    }),
    fault!("standard alphabet", ALL, ["jwt-alphabet"], |t| {
        t.encoding = Encoding::Standard;
        t.set("x", "???>>>~~~???>>>~~~");
    }),
    fault!("two parts", ALL, ["jwt-unsigned"], |t| {
        t.finish = |text| text.rsplit_once('.').unwrap().0.to_owned();
    }),
    fault!("a key in place of the assertion", ALL, ["jwt-parts"], |t| {
        t.finish = |_| "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ".to_owned();
    }),
    fault!("alg none", ALL, ["jwt-unsigned", "alg-not-allowed"], |t| {
        t.header["alg"] = "none".into();
    }),
    fault!("alg HS256", ALL, ["alg-not-allowed"], |t| t.header["alg"] =
        "HS256".into()),
    fault!("alg missing", ALL, ["alg-missing"], |t| {
        t.header.as_object_mut().unwrap().remove("alg");
    }),
    fault!("alg PS256", B, ["alg-not-allowed"], |t| t.header["alg"] =
        "PS256".into()),
    fault!("alg PS256", S, ["alg-not-allowed"], |t| t.header["alg"] =
        "PS256".into()),
    fault!("alg RS512", S, ["alg-not-allowed"], |t| t.header["alg"] =
        "RS512".into()),
    fault!("ES256 with DER", G, ["signature-der"], |t| {
        t.key = Key::Ec;
        t.registered = Key::Ec;
        t.der = true;
        t.header["alg"] = "ES256".into();
    }),
    fault!("too long a signature", ALL, ["signature-length"], |t| {
        t.finish = |text| {
            let (input, signature) = text.rsplit_once('.').unwrap();
            format!("{input}.{}{signature}", &signature[..100])
        };
    }),
    fault!("a cut signature", ALL, ["signature-length"], |t| {
        t.finish = |text| text[..text.len() - 60].to_owned();
    }),
    // Keys.
    fault!("another key signs", ALL, ["key-mismatch"], |t| t.key =
        Key::OtherRsa),
    fault!("another key is registered", ALL, ["key-mismatch"], |t| {
        t.registered = match t.dialect {
            Dialect::Salesforce => Key::Ec,
            _ => Key::OtherRsa,
        };
    }),
    fault!("an EC key", B, ["alg-not-allowed", "key-not-rsa"], |t| {
        t.key = Key::Ec;
        t.registered = Key::Ec;
        t.header["alg"] = "ES256".into();
    }),
    fault!("an EC key", S, ["alg-not-allowed", "key-not-rsa"], |t| {
        t.key = Key::Ec;
        t.registered = Key::Ec;
        t.header["alg"] = "ES256".into();
    }),
    // The key id.
    fault!("kid in the claims", BG, ["kid-in-claims"], |t| {
        t.two_keys = true;
        t.header.as_object_mut().unwrap().remove("kid");
        t.set("kid", "key0001x");
    }),
    fault!("no kid", BG, ["kid-missing"], |t| {
        t.two_keys = true;
        t.header.as_object_mut().unwrap().remove("kid");
    }),
    fault!("another kid", BG, ["kid-differs"], |t| t.header["kid"] =
        "key9999x".into()),
    fault!("the other key's kid", BG, ["kid-differs"], |t| {
        t.two_keys = true;
        t.header["kid"] = "key0002x".into();
    }),
    fault!(
        "kid is a number",
        BG,
        ["kid-not-text"],
        |t| t.header["kid"] = 1.into()
    ),
    // Issuer and subject.
    fault!(
        "another issuer",
        B,
        ["iss-differs", "client-id-differs"],
        |t| t.set("iss", "client-fedcba9876543210")
    ),
    fault!("another issuer", S, ["salesforce-consumer-key"], |t| t
        .set("iss", "client-fedcba9876543210")),
    fault!("another issuer", G, ["iss-differs"], |t| t
        .set("iss", "client-fedcba9876543210")),
    fault!("no issuer", ALL, ["iss-missing"], |t| t.unset("iss")),
    fault!("sub is a number", B, ["sub-not-text"], |t| t
        .set("sub", 12_345_678)),
    fault!("sub is 0", B, ["sub-zero"], |t| t.set("sub", "0")),
    fault!("sub is an address", B, ["sub-form"], |t| t
        .set("sub", "ann@example.com")),
    fault!("no sub", ALL, ["sub-missing"], |t| t.unset("sub")),
    fault!("a user's id as enterprise", B, ["box-subject-kind"], |t| t
        .set("sub", "98765432")),
    fault!("an unknown enterprise", B, ["box-subject-kind"], |t| t
        .set("sub", "11111111")),
    fault!("no box_sub_type", B, ["sub-type-missing"], |t| t
        .unset("box_sub_type")),
    fault!("box_sub_type in capitals", B, ["sub-type-wrong"], |t| t
        .set("box_sub_type", "Enterprise")),
    fault!("box_sub_type app", B, ["sub-type-wrong"], |t| t
        .set("box_sub_type", "app")),
    fault!("an unknown username", S, ["salesforce-username"], |t| t
        .set("sub", "ann@example.com.dev")),
    fault!("no username", S, ["sub-form"], |t| t.set("sub", "ann")),
    // The audience.
    fault!("another audience", B, ["aud-wrong"], |t| t
        .set("aud", "https://proxy.example/oauth2/token")),
    fault!("another audience", S, ["aud-wrong"], |t| t
        .set("aud", "https://as.other.example")),
    fault!("another audience", G, ["aud-wrong"], |t| t
        .set("aud", "https://as.other.example/token")),
    fault!("audience as a list", B, ["aud-list"], |t| {
        t.set("aud", json!(["https://api.box.com/oauth2/token"]));
    }),
    fault!("audience as a list", S, ["aud-list"], |t| t
        .set("aud", json!([ORIGIN]))),
    fault!("a slash behind the audience", B, ["aud-trailing"], |t| {
        t.set("aud", "https://api.box.com/oauth2/token/");
    }),
    fault!("a slash behind the audience", S, ["aud-trailing"], |t| t
        .set("aud", format!("{ORIGIN}/"))),
    fault!("a slash behind the audience", G, ["aud-trailing"], |t| t
        .set("aud", format!("{ENDPOINT}/"))),
    fault!("the endpoint as audience", S, ["aud-trailing"], |t| t
        .set("aud", format!("{ORIGIN}/services/oauth2/token"))),
    fault!("audience without scheme", B, ["aud-no-scheme"], |t| t
        .set("aud", "api.box.com")),
    fault!("audience without scheme", S, ["aud-no-scheme"], |t| t
        .set("aud", "login.salesforce.com")),
    fault!("the audience of sandboxes", S, ["aud-login"], |t| t
        .set("aud", "https://test.salesforce.com")),
    fault!("no audience", ALL, ["aud-missing"], |t| t.unset("aud")),
    // Times.
    fault!("exp in milliseconds", BG, ["exp-milliseconds"], |t| t
        .set("exp", (now() + 40) * 1000)),
    fault!(
        "exp and iat in milliseconds",
        BG,
        ["exp-milliseconds"],
        |t| {
            t.set("iat", now() * 1000);
            t.set("exp", (now() + 40) * 1000);
        }
    ),
    fault!("exp is a string", BG, ["exp-string"], |t| t
        .set("exp", (now() + 40).to_string())),
    fault!("exp has a fraction", BG, ["exp-fraction"], |t| {
        t.set(
            "exp",
            json!(40.5 + f64::from(u32::try_from(now()).unwrap())),
        );
    }),
    fault!("no exp", ALL, ["exp-missing"], |t| t.unset("exp")),
    fault!("a life of five minutes", B, ["life-too-long"], |t| t
        .set("exp", now() + 300)),
    fault!(
        "a life of five minutes, with iat",
        B,
        ["life-too-long"],
        |t| {
            t.set("iat", now());
            t.set("exp", now() + 300);
        }
    ),
    fault!("a life of 90 seconds", B, ["life-too-long"], |t| t
        .set("exp", now() + 90)),
    fault!("a life of five hours", G, ["life-too-long"], |t| {
        t.set("exp", now() + 5 * 3600 + 400);
    }),
    fault!("an old assertion", ALL, ["expired"], |t| {
        t.set("iat", now() - 400);
        t.set("exp", now() - 355);
    }),
    fault!("an old assertion without iat", ALL, ["expired"], |t| {
        t.unset("iat");
        t.set("exp", now() - 100);
    }),
    fault!("a life of 5 seconds", ALL, ["life-too-short"], |t| {
        t.set("iat", now() - 8);
        t.set("exp", now() - 3);
    }),
    fault!("a life of 2 seconds", ALL, ["life-too-short"], |t| {
        t.set("iat", now() - 4);
        t.set("exp", now() - 2);
    }),
    fault!("iat ahead", BG, ["not-yet"], |t| {
        t.set("iat", now() + 30);
        t.set("exp", now() + 55);
    }),
    fault!("nbf ahead", BG, ["not-yet"], |t| t.set("nbf", now() + 30)),
    fault!("an hour west", ALL, ["local-time"], |t| {
        t.set("iat", now() - 3600);
        t.set("exp", now() - 3600 + 45);
    }),
    fault!("seven hours west", ALL, ["local-time"], |t| {
        t.unset("iat");
        t.set("exp", now() - 7 * 3600 + 45);
    }),
    fault!("two hours east", BG, ["local-time"], |t| {
        t.set("iat", now() + 7200);
        t.set("exp", now() + 7245);
    }),
    fault!("five and a half hours east", B, ["local-time"], |t| {
        t.set("exp", now() + 19_800 + 45);
    }),
    // Clocks: the server's is right, so ours is wrong by the opposite.
    fault!(
        "clock 100 s behind",
        B,
        ["clock-behind", "signer-clock"],
        |t| {
            t.skew = 100;
        }
    ),
    fault!(
        "clock 1,000 s behind",
        ALL,
        ["clock-behind", "signer-clock"],
        |t| t.skew = 1000
    ),
    fault!(
        "clock five minutes behind",
        ALL,
        ["clock-behind", "signer-clock"],
        |t| t.skew = 300
    ),
    fault!(
        "clock a day behind",
        ALL,
        ["clock-behind", "signer-clock"],
        |t| t.skew = 86_400
    ),
    fault!(
        "clock 40 s ahead",
        B,
        ["clock-ahead", "signer-clock"],
        |t| {
            t.skew = -40;
        }
    ),
    fault!(
        "clock 40 s ahead, with iat",
        BG,
        ["clock-ahead", "signer-clock"],
        |t| {
            t.set("iat", now());
            t.skew = -40;
        }
    ),
    fault!(
        "clock 8 s ahead, with iat",
        BG,
        ["clock-ahead", "signer-clock"],
        |t| {
            t.set("iat", now());
            t.skew = -8;
        }
    ),
    fault!(
        "clock ten minutes ahead",
        BG,
        ["clock-ahead", "signer-clock"],
        |t| t.skew = -600
    ),
    fault!(
        "clock 5,000 s ahead",
        BG,
        ["clock-ahead", "signer-clock"],
        |t| t.skew = -5000
    ),
    // jti.
    fault!("jti is the user's id", B, ["jti-constant"], |t| {
        t.set("sub", LONG_ID);
        t.set("jti", LONG_ID);
        t.again = true;
    }),
    fault!("jti is the client id, again", BG, ["jti-constant"], |t| {
        t.set("jti", ISSUER);
        t.again = true;
    }),
    fault!("jti again", BG, ["jti-reused"], |t| t.again = true),
    fault!("jti too short", B, ["jti-length"], |t| t.set("jti", "aB3x")),
    fault!("jti too long", B, ["jti-length"], |t| t
        .set("jti", "xY7-".repeat(40))),
    fault!("no jti", BG, ["jti-missing"], |t| t.unset("jti")),
    fault!("jti is a number", BG, ["jti-not-text"], |t| t
        .set("jti", 1_234_567_890)),
    // The form.
    fault!("no secret", B, ["secret-missing"], |t| t
        .without("client_secret")),
    fault!("an empty secret", B, ["secret-missing"], |t| t
        .parameter("client_secret")
        .clear()),
    fault!("a wrong secret", B, ["box-wrong-secret"], |t| {
        *t.parameter("client_secret") = "a-wrong-secret-9876".into();
    }),
    fault!("a wrong secret", S, ["secret-sent"], |t| {
        t.form.push(("client_secret", "a-wrong-secret-9876".into()));
    }),
    fault!("no client id", B, ["client-id-missing"], |t| t
        .without("client_id")),
    fault!("another client id", B, ["client-id-differs"], |t| {
        *t.parameter("client_id") = "client-fedcba9876543210".into();
    }),
    fault!("JSON", ALL, ["body-not-form"], |t| t.content_type =
        "application/json"),
    fault!("plain text", ALL, ["body-not-form"], |t| t.content_type =
        "text/plain"),
    fault!("parameters in the URL", ALL, ["parameters-in-query"], |t| {
        t.in_query = true;
    }),
    fault!("no grant type", ALL, ["grant-type-missing"], |t| t
        .without("grant_type")),
    fault!("a misspelt grant type", ALL, ["grant-type-wrong"], |t| {
        *t.parameter("grant_type") = "urn:ietf:params:oauth:grant_type:jwt-bearer".into();
    }),
    fault!(
        "a grant type encoded twice",
        ALL,
        ["grant-type-wrong"],
        |t| {
            *t.parameter("grant_type") = GRANT.replace(':', "%3A");
        }
    ),
    fault!("the grant type of codes", ALL, ["grant-type-wrong"], |t| {
        *t.parameter("grant_type") = "authorization_code".into();
    }),
    fault!("no assertion", SG, ["assertion-missing"], |t| t
        .without("assertion")),
    fault!("PUT", ALL, ["method-not-post"], |t| t.method = "PUT"),
    fault!("a parameter twice", ALL, ["parameter-twice"], |t| t
        .form
        .push(("grant_type", GRANT.into()))),
    // The app, and the way.
    fault!(
        "nobody authorised the app",
        B,
        ["box-not-authorized"],
        |t| t.authorized = false
    ),
    fault!(
        "nobody authorised the app",
        S,
        ["salesforce-not-preauthorized"],
        |t| t.authorized = false
    ),
    fault!(
        "a page in place of a reply",
        ALL,
        ["reply-not-oauth"],
        |t| t.fault = Some("html")
    ),
    fault!("nothing in place of a reply", ALL, ["reply-empty"], |t| t
        .fault =
        Some("empty")),
    fault!("a redirect", ALL, ["redirect"], |t| t.fault =
        Some("redirect=https://app.box.com/login")),
];

/// Pairs of faults in one request, by their names at Box.
pub(crate) const PAIRS: &[(&str, &str)] = &[
    ("padding", "jti is the user's id"),
    ("padding", "no box_sub_type"),
    ("kid in the claims", "no box_sub_type"),
    ("kid in the claims", "exp in milliseconds"),
    ("another kid", "sub is a number"),
    ("another key signs", "exp is a string"),
    ("another key is registered", "clock five minutes behind"),
    ("another issuer", "jti too short"),
    ("sub is 0", "nobody authorised the app"),
    ("no box_sub_type", "exp in milliseconds"),
    ("another audience", "a life of five minutes"),
    ("a slash behind the audience", "sub is an address"),
    ("no secret", "exp has a fraction"),
    ("a wrong secret", "clock ten minutes ahead"),
    ("JSON", "no secret"),
    ("no grant type", "jti too long"),
    ("alg HS256", "kid in the claims"),
    ("clock five minutes behind", "jti is the user's id"),
    ("clock 40 s ahead", "no box_sub_type"),
    ("exp is a string", "no jti"),
    ("iat ahead", "nobody authorised the app"),
    ("sub is a number", "audience as a list"),
];

/// The fault of this name at Box.
pub(crate) fn fault(name: &str) -> &'static Fault {
    let found = FAULTS
        .iter()
        .find(|fault| fault.name == name && fault.dialects.contains(&Dialect::Box));
    found.unwrap_or_else(|| panic!("there is no fault {name}"))
}
