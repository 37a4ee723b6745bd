//! `jwt-bearer inspect`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jwt_bearer::assertion::{Clock, SystemClock};

use crate::support::Folder;

const HEADER: &str = r#"{"alg":"EdDSA","kid":"key-1","typ":"JWT"}"#;
const CLAIMS: &str = r#"{"iss":"app","sub":"ann","aud":"https://as.example/token","iat":999999940,"exp":1000000000,"jti":"4yXbW8rWx0aG0nJv"}"#;

/// A JWT of these parts; nothing is verified, so the signature is zeros.
fn jwt(header: &str, claims: &str, signature: &[u8]) -> String {
    [header.as_bytes(), claims.as_bytes(), signature]
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".")
}

fn sound() -> String {
    jwt(HEADER, CLAIMS, &[0; 64])
}

/// Without how long ago it was, which changes by the day.
fn lasting(output: &str) -> String {
    let lines = output
        .lines()
        .map(|line| match line.split_once(" local), ") {
            Some((before, distance)) => {
                assert!(distance.ends_with(" ago"), "{line}");
                format!("{before} local), [long] ago\n")
            }
            None => format!("{line}\n"),
        });
    lines.collect()
}

fn inspected(jwt: &str) -> String {
    let run = Folder::new().command("inspect").arg(jwt).run();
    assert_eq!(run.stderr, "");
    lasting(&run.success())
}

/// What is wrong, a line each.
fn wrong(jwt: &str) -> Vec<String> {
    let output = inspected(jwt);
    let lines = output.lines();
    lines
        .filter_map(|line| line.strip_prefix("wrong: "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_sound_jwt_is_taken_apart() {
    insta::assert_snapshot!(inspected(&sound()), @r#"
    Header
      alg  "EdDSA"
      kid  "key-1"
      typ  "JWT"

    Claims
      aud  "https://as.example/token"
      exp  1000000000  2001-09-09 01:46:40 UTC (01:46:40 local), [long] ago
      iat  999999940  2001-09-09 01:45:40 UTC (01:45:40 local), [long] ago
      iss  "app"
      jti  "4yXbW8rWx0aG0nJv"
      sub  "ann"

    Signature  EdDSA, 64 octets; not verified
    Lifetime   1 min
    "#);
}

#[test]
fn a_broken_jwt_is_shown_as_far_as_it_goes() {
    let claims =
        r#"{"iss":7,"kid":"key-1","exp":"1000000000","iat":999999940000,"nbf":999999940.5}"#;
    insta::assert_snapshot!(inspected(&jwt(r#"{"alg":"HS256","alg":"HS512"}"#, claims, b"")), @r#"
    Header
      alg  "HS512"

    Claims
      exp  "1000000000"  2001-09-09 01:46:40 UTC (01:46:40 local), [long] ago
      iat  999999940000  2001-09-09 01:45:40 UTC (01:45:40 local), [long] ago
      iss  7
      kid  "key-1"
      nbf  999999940.5  2001-09-09 01:45:40 UTC (01:45:40 local), [long] ago

    Signature  an unknown algorithm, 0 octets; not verified
    Lifetime   1 min

    wrong: the header part has `alg` twice
    wrong: `alg` is `HS512`, which signs with a shared secret and not with a private key
    wrong: `kid` stands among the claims: it belongs in the header
    wrong: `iss` is not a string: put the value in quotes
    wrong: `iat` is in milliseconds: it belongs in seconds
    wrong: `nbf` has a fraction: Box and others take whole seconds only
    wrong: `exp` is a string: it belongs as a number
    "#);
}

#[test]
fn times_are_local_and_utc_with_the_date_if_it_is_another() {
    let folder = Folder::new();
    let jwt = jwt(HEADER, r#"{"exp":1000000000}"#, &[0; 64]);
    for (zone, expected) in [
        ("UTC", "2001-09-09 01:46:40 UTC (01:46:40 local), "),
        (
            "EST5",
            "2001-09-09 01:46:40 UTC (2001-09-08 20:46:40 local), ",
        ),
    ] {
        let run = folder.command("inspect").arg(&jwt).env("TZ", zone).run();
        let output = run.success();
        assert!(output.contains(expected), "{output}");
    }
}

#[test]
fn a_time_to_come_is_told_as_such() {
    let now = SystemClock.now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    // Ten years and half a day: ten years are told for half a day.
    let exp = now + 10 * 31_557_600 + 43_200;
    let run = Folder::new()
        .command("inspect")
        .arg(&jwt(
            HEADER,
            &format!(r#"{{"iat":{now},"exp":{exp}}}"#),
            &[0; 64],
        ))
        .run();
    let output = run.success();
    assert!(output.contains(" local), in 10 years\n"), "{output}");
    assert!(output.contains("Lifetime   10 years\n"), "{output}");
}

#[test]
fn it_comes_from_an_argument_a_file_or_standard_input() {
    let folder = Folder::new();
    folder.write("assertion.txt", sound() + "\n");
    let expected = inspected(&sound());
    let input = sound();
    for run in [
        folder.command("inspect assertion.txt").run(),
        folder.command("inspect -").stdin(&input).run(),
        folder.command("inspect").stdin(&input).run(),
        folder
            .command("inspect")
            .stdin(&format!("{input}\r\n"))
            .run(),
    ] {
        assert_eq!(run.stderr, "");
        assert_eq!(lasting(&run.success()), expected);
    }
}

#[test]
fn what_people_copy_along_is_taken_off_and_told() {
    let told = "something stands around or within the JWT: quotes, `Bearer`, white space";
    let sound = sound();
    let (first, second) = sound.split_at(60);
    for text in [
        format!("Bearer {sound}"),
        format!("Authorization: Bearer {sound}"),
        format!("\"{sound}\","),
        format!("assertion={sound}"),
        format!("{first}\n  {second}"),
    ] {
        assert_eq!(wrong(&text), [told], "{text}");
    }
}

#[test]
fn each_defect_is_told() {
    let signature = [0; 64];
    let with = |name: &str, value: &str| {
        let claims = CLAIMS.replacen('{', &format!("{{\"{name}\":{value},"), 1);
        jwt(HEADER, &claims, &signature)
    };
    let without_exp = CLAIMS.replace(r#""exp":1000000000,"#, "");
    let [header, claims, _] = [HEADER, CLAIMS, ""].map(|part| URL_SAFE_NO_PAD.encode(part));
    let zeros = URL_SAFE_NO_PAD.encode(signature);
    // In the standard alphabet `?>` makes `/` and `+`.
    let standard = STANDARD_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"??>>??>>1"}"#);
    assert!(standard.contains(['+', '/']));
    let cases: [(String, &[&str]); 20] = [
        (sound(), &[]),
        (
            jwt(HEADER, CLAIMS, b""),
            &["there is no signature: a JWT has three parts, each not empty"],
        ),
        (
            format!("{header}.{claims}"),
            &["there is no signature: a JWT has three parts, each not empty"],
        ),
        (
            format!("{header}.{claims}.{zeros}=="),
            &["the signature part ends with `=`: a JWT has base64url without padding"],
        ),
        (
            format!("{standard}.{claims}.{zeros}"),
            &["the header part has `+` or `/`: base64url has `-` and `_` in their place"],
        ),
        (
            format!("{header}.{claims}.!"),
            &["the signature part is not base64url"],
        ),
        (
            format!("{header}.!.{zeros}"),
            &["the claims part is not base64url"],
        ),
        (
            jwt(HEADER, "[]", &signature),
            &["the claims part is not a JSON object: "],
        ),
        (
            jwt(HEADER, r#"{"exp":1"#, &signature),
            &["the claims part is not a JSON object: "],
        ),
        (
            jwt(HEADER, &without_exp, &signature),
            &["`exp` is missing: an assertion must expire (RFC 7523 §3)"],
        ),
        (with("exp", "7"), &["the claims part has `exp` twice"]),
        (
            with("kid", "\"key-1\""),
            &["`kid` stands among the claims: it belongs in the header"],
        ),
        (
            with("nbf", "999999940000"),
            &["`nbf` is in milliseconds: it belongs in seconds"],
        ),
        (
            with("nbf", "\"999999940\""),
            &["`nbf` is a string: it belongs as a number"],
        ),
        (
            with("nbf", "999999940.5"),
            &["`nbf` has a fraction: Box and others take whole seconds only"],
        ),
        (with("nbf", "null"), &["`nbf` is not a number"]),
        (
            jwt(r#"{"typ":"JWT"}"#, CLAIMS, &signature),
            &["the header has no `alg`"],
        ),
        (
            jwt(r#"{"alg":"none"}"#, CLAIMS, b""),
            &["`alg` is `none`: the JWT is not signed"],
        ),
        (
            jwt(r#"{"alg":"RS1"}"#, CLAIMS, &signature),
            &["`alg` is `RS1`, which is unknown"],
        ),
        (
            jwt(r#"{"alg":"ES256"}"#, CLAIMS, &[0; 63]),
            &["a signature of 63 octets, where ES256 has 64"],
        ),
    ];
    for (jwt, expected) in cases {
        let told = wrong(&jwt);
        let all = told.len() == expected.len();
        // The beginnings: the crate `assertion` tests its texts itself.
        let begin = told
            .iter()
            .zip(expected)
            .all(|(told, start)| told.starts_with(start));
        assert!(all && begin, "{jwt}: {told:?}, {expected:?}");
    }
}

#[test]
fn what_a_terminal_would_obey_is_written_out() {
    let hostile = "\u{9b}2J\u{7f}\u{85}\u{202e}\u{200f}\u{2066}";
    let header = format!(r#"{{"alg":"{hostile}","\u001b[31m":1}}"#);
    let claims =
        format!(r#"{{"iss":"a\u001b]0;b\u0007{hostile}","{hostile}":1,"exp":1000000000}}"#);
    let output = inspected(&jwt(&header, &claims, &[0; 64]));
    let is_obeyed = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!output.contains(is_obeyed), "{output:?}");
    let written = r"\u{9b}2J\u{7f}\u{85}\u{202e}\u{200f}\u{2066}";
    for expected in [
        format!(r#"  alg   "{written}""#),
        r"  \u{1b}[31m  1".into(),
        format!(r#""a\u001b]0;b\u0007{written}""#),
        format!("\n  {written}  1\n"),
        format!("\nwrong: `alg` is `{written}`, which is unknown"),
    ] {
        let spaced = |text: &str| {
            text.split(' ')
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert!(
            spaced(&output).contains(&spaced(&expected)),
            "{expected}: {output}"
        );
    }
}

#[test]
fn an_access_token_given_by_mistake_is_not_repeated() {
    let token = "1!7f3aQopaqueAccessToken";
    let run = Folder::new().command("inspect").arg(token).run();
    assert!(!run.failure(1).contains("7f3aQ"));
}

#[test]
fn what_is_no_jwt_is_refused() {
    let folder = Folder::new();
    folder.write("notes.txt", "nothing here");
    folder.write("empty.txt", "");
    std::fs::create_dir(folder.path("folder")).unwrap();
    let header = URL_SAFE_NO_PAD.encode("[]");
    let encrypted = format!("{}.a.b.c.d", URL_SAFE_NO_PAD.encode(r#"{"alg":"dir"}"#));
    let not_object = format!("{header}.{header}.");
    let cases = [
        (
            "missing.txt",
            1,
            "error: this is no JWT: the header part is not a JSON object: it is damaged, at line 1 column 1\n  hint: there is no file of that name either\n",
        ),
        (
            "notes.txt",
            1,
            "error: this is no JWT: it has 1 part, where a JWT has three\n  hint: a JWT is three texts of letters, digits, - and _ with dots between, and starts with eyJ\n",
        ),
        (
            "empty.txt",
            1,
            "error: the input is empty, where a JWT was expected\n  hint: a JWT is three texts of letters, digits, - and _ with dots between, and starts with eyJ\n",
        ),
        (
            "folder",
            2,
            "error: folder cannot be read: Is a directory\n",
        ),
        (
            encrypted.as_str(),
            1,
            "error: this is an encrypted JWT (JWE, five parts), which only its recipient can read\n  hint: a JWT is three texts of letters, digits, - and _ with dots between, and starts with eyJ\n",
        ),
        (
            &not_object,
            1,
            "error: this is no JWT: the header part is not a JSON object: it is something else, at line 1 column 0\n  hint: there is no file of that name either\n",
        ),
        (
            "",
            1,
            "error: the input is empty, where a JWT was expected\n  hint: a JWT is three texts of letters, digits, - and _ with dots between, and starts with eyJ\n",
        ),
    ];
    for (argument, code, expected) in cases {
        let run = folder.command("inspect").arg(argument).run();
        let stderr = run.failure(code).replace(" (os error 21)", "");
        assert_eq!(stderr, expected, "{argument}");
    }
    let run = folder.command("inspect -").stdin("").run();
    assert_eq!(
        run.failure(1),
        "error: the input is empty, where a JWT was expected\n  hint: a JWT is three texts of letters, digits, - and _ with dots between, and starts with eyJ\n"
    );
}
