//! `jwt-bearer doctor` where replies of one server tell different times.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::doctor::{GENERIC, first, folder};
use crate::support::{BOUND, Folder};

/// The seconds by which the `Date` of a reply is ahead of this machine, and another header.
type Told = (i64, &'static str);

/// Serves until the tests end: to GET there is nothing, to POST a refusal of unknown words.
fn serve(get: Told, post: Told) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            answer(&stream.unwrap(), get, post);
        }
    });
    format!("http://{address}/token")
}

fn answer(stream: &TcpStream, get: Told, post: Told) {
    stream.set_read_timeout(Some(BOUND)).unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        // A look at the port sends nothing.
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.parse::<u64>().unwrap())
    });
    let mut body = Vec::new();
    let _ = reader.take(length.unwrap_or(0)).read_to_end(&mut body);
    let (status, (ahead, header), body) = if head.starts_with("POST") {
        ("400 Bad Request", post, r#"{"error":"server_says_no"}"#)
    } else {
        ("404 Not Found", get, "")
    };
    let by = Duration::from_secs(ahead.unsigned_abs());
    #[expect(clippy::disallowed_methods, reason = "a server has a clock")]
    let now = SystemTime::now();
    let date = if ahead < 0 { now - by } else { now + by };
    let _ = write!(
        &mut &*stream,
        "HTTP/1.1 {status}\r\ndate: {}\r\n{header}content-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        httpdate::fmt_http_date(date),
        body.len()
    );
}

/// What is said of the clocks, and the findings.
fn told(folder: &Folder, get: Told, post: Told, flags: &str) -> (Vec<Value>, Value) {
    let endpoint = serve(get, post);
    let command = folder.command(&format!(
        "{GENERIC} {flags} --token-endpoint {endpoint} --output json"
    ));
    let run = command.with_retries().run();
    let json: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let steps = json["checked"].as_array().unwrap().iter();
    let clocks = steps.filter(|step| step["name"] == "clock").cloned();
    (clocks.collect(), json)
}

#[test]
fn the_reply_to_the_request_tells_the_time_if_it_can() {
    let folder = folder();
    for (get, post, expected) in [
        ((0, ""), (0, ""), "agrees with"),
        // A page that stands before the server can have another clock than the server.
        ((-600, ""), (0, ""), "agrees with"),
        ((0, ""), (600, ""), "behind the server"),
        ((0, ""), (-600, ""), "ahead of the server"),
        // A reply that was kept has the time of then.
        ((-600, "age: 600\r\n"), (0, ""), "agrees with"),
        ((0, ""), (-600, "age: 600\r\n"), "agrees with"),
        ((0, ""), (-600, "x-cache: HIT\r\n"), "agrees with"),
        ((600, ""), (-600, "age: 1200\r\n"), "behind the server"),
        (
            (0, ""),
            (600, "x-cache: MISS\r\nage: 0\r\n"),
            "behind the server",
        ),
        (
            (-600, "age: 600\r\n"),
            (-600, "age: 600\r\n"),
            "comes from a cache",
        ),
    ] {
        let (clocks, json) = told(&folder, get, post, "");
        let [clock] = &clocks[..] else {
            panic!("{get:?}, {post:?}: {json:#}");
        };
        let text = clock["text"].as_str().unwrap();
        assert!(text.contains(expected), "{get:?}, {post:?}: {text}");
        let id = match expected {
            "behind the server" => "clock-behind",
            "ahead of the server" => "clock-ahead",
            _ => "",
        };
        let found = json["findings"].as_array().unwrap().iter();
        let mut clocks = found.filter(|finding| finding["class"] == "clock");
        let is_found = clocks.any(|finding| finding["id"] == id);
        assert_eq!(is_found, !id.is_empty(), "{get:?}, {post:?}: {json:#}");
        let mut steps = json["checked"].as_array().unwrap().iter();
        let tried = steps.any(|step| {
            let text = step["text"].as_str().unwrap();
            text.starts_with("with the server's time")
        });
        assert_eq!(tried, !id.is_empty(), "{get:?}, {post:?}: {json:#}");
    }
}

#[test]
fn without_probes_the_reply_alone_tells_the_time() {
    let folder = folder();
    let (clocks, json) = told(&folder, (0, ""), (600, ""), "--no-probe");
    assert_eq!(clocks.len(), 1, "{json:#}");
    assert_eq!(first(&json).0, "clock-behind", "{json:#}");
    let (clocks, json) = told(&folder, (0, ""), (600, "age: 9\r\n"), "--no-probe");
    assert_eq!(clocks, Vec::<Value>::new(), "{json:#}");
}
