//! Whatever is pasted, however large or damaged: no panic, and an end in good time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use jwt_bearer_diagnosis::{MAX_PASTE, Paste};
use proptest::prelude::*;

const CURL: &str = include_str!("pastes/curl-http2.txt");

/// Reads it all, to the page and the JSON.
fn read(text: &str) -> String {
    let report = Paste::read(text).diagnose();
    serde_json::to_string(&report).unwrap();
    report.to_string()
}

/// An eighth of the most: what takes time with the square of its length takes minutes already.
fn repeated(piece: &str) -> String {
    piece.repeat(MAX_PASTE / 8 / piece.len())
}

/// Each of these took time with the square of its length, or could: what opens and never closes, what is looked for again
/// at each place, what stands on one line.
#[test]
fn much_of_anything() {
    for piece in [
        "{",
        "[{",
        "{\"",
        "{\"\":",
        "{\"a\":[",
        "{\"a\":1}",
        "{\"a\":{},",
        "[ ",
        "\\\"{",
        "eyJ.",
        "eyJhbGciOiJSUzI1NiJ9.eyJhbGciOiJSUzI1NiJ9.eyJh ",
        "bearer eyJhbGciOi ",
        "token:a ",
        "password='{ ",
        "a://b:c@d ",
        "a=&",
        "-----BEGIN X-----",
        "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n",
        "> POST /token HTTP/1.1\n",
        "> POST /token HTTP/1.1\n> Host: a\n< HTTP/1.1 400 x\n<\n{\"error\":\"x\"}\n",
        "< a: b\n",
        "HTTP/1.1 400\n",
        "curl -d a=b\n",
        "grant_type=a&assertion=b\n",
        "error=a\n",
        "<error>",
        "/home/a:",
        "1::2:",
        "\u{1b}[",
        "x",
        " ",
        "\n",
        "é",
    ] {
        read(&repeated(piece));
    }
    read(&"x".repeat(2 * MAX_PASTE));
    let names: String = (0..100_000).map(|number| format!("{number}=&")).collect();
    read(&format!("> POST /token HTTP/1.1\n>\ngrant_type=x&{names}"));
    let tail = "eyJa.eyJ".repeat(8_000);
    read(&format!(
        "{}{tail}",
        "eyJhbGciOiJSUzI1NiJ9.eyJhbGciOiJSUzI1NiJ9.eyJh ".repeat(1_000)
    ));
}

#[test]
fn many_lines_and_deep_nesting() {
    let log = "2023-11-15T00:00:00Z INFO [main] still here\n".repeat(100_000);
    let page = read(&format!("{CURL}\n{log}"));
    assert!(page.contains("jti-constant"), "{page}");
    for depth in [100, 1000, 100_000] {
        let nested = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        read(&nested);
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        read(&format!("{{\"error\":{nested}}}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A paste as people have it, with octets cut out, doubled and turned over.
    #[test]
    fn a_damaged_paste(edits in prop::collection::vec((0..4_u8, any::<prop::sample::Index>(), 0..60_usize, any::<u8>()), 1..8)) {
        let mut octets = CURL.as_bytes().to_vec();
        for (kind, at, length, octet) in edits {
            if octets.is_empty() {
                break;
            }
            let at = at.index(octets.len());
            let end = (at + length).min(octets.len());
            match kind {
                0 => drop(octets.drain(at..end)),
                1 => {
                    let part = octets[at..end].to_vec();
                    octets.splice(at..at, part);
                }
                2 => octets[at] = octet,
                _ => octets.truncate(at),
            }
        }
        let page = read(&String::from_utf8_lossy(&octets));
        prop_assert!(!page.contains(|c: char| c.is_control() && c != '\n'));
        prop_assert!(!page.contains("geheimnis"));
    }
}
