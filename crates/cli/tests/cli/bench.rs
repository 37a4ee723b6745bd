//! `jwt-bearer bench`.

use serde_json::Value;

use crate::support::Folder;

const QUICK: &str = "--concurrency 1,2 --count 12 --seconds 30";

fn json(folder: &Folder, arguments: &str) -> Value {
    let run = folder.run(&format!("bench --output json {arguments}"));
    serde_json::from_str(&run.success()).unwrap()
}

#[test]
fn a_round_makes_as_many_signatures_as_it_may() {
    let folder = Folder::with_keys(["ed25519.pem"]);
    let report = json(&folder, &format!("--key ed25519.pem {QUICK}"));
    assert_eq!(report["key"], "ed25519.pem");
    assert_eq!(report["kind"], "Ed25519");
    assert_eq!(report["algorithm"], "EdDSA");
    assert_eq!(report["interrupted"], false);
    let rounds = report["rounds"].as_array().unwrap();
    assert_eq!(rounds.len(), 2);
    for (round, concurrency) in rounds.iter().zip([1, 2]) {
        assert_eq!(round["concurrency"], concurrency);
        assert_eq!(round["signatures"], 12);
        assert_eq!(round["failures"], 0);
        // All of them together take no less than one after the other by so many at once.
        let seconds = round["seconds"].as_f64().unwrap();
        let rate = round["per_second"].as_f64().unwrap();
        assert!(
            (rate * seconds - 12.0).abs() < 1e-6,
            "{rate}/s in {seconds} s"
        );
        let least = round["latency_us"]["p50"].as_f64().unwrap() / 1e6;
        let halves = 6.0 / f64::from(concurrency);
        assert!(seconds > least * halves, "{seconds} s at {least} s each");
        let latency = |name: &str| round["latency_us"][name].as_f64().unwrap();
        let times = ["p50", "p90", "p99", "max"].map(latency);
        assert!(times[0] > 0.0 && times.is_sorted(), "{times:?}");
        let bars = round["histogram"].as_array().unwrap();
        let counts = bars.iter().map(|bar| bar["signatures"].as_u64().unwrap());
        assert_eq!((bars.len(), counts.sum::<u64>()), (8, 12));
        assert!(
            bars.is_sorted_by_key(|bar| bar["up_to_us"].as_f64()),
            "{bars:?}"
        );
    }
}

#[test]
fn time_ends_a_round_too() {
    let folder = Folder::with_keys(["rsa-4096.pem"]);
    let arguments = "--key rsa-4096.pem --concurrency 1 --count 1000000000 --seconds 1";
    let report = json(&folder, arguments);
    let signatures = report["rounds"][0]["signatures"].as_u64().unwrap();
    assert!((1..1_000_000_000).contains(&signatures), "{signatures}");
}

#[test]
fn what_will_happen_is_told_first_and_nothing_of_a_bar_is_in_a_pipe() {
    let folder = Folder::with_keys(["p256.pem"]);
    let run = folder.run(&format!("bench --key p256.pem {QUICK}"));
    let [first, second] = run.stderr.lines().collect::<Vec<_>>()[..] else {
        panic!("{run:?}");
    };
    assert_eq!(
        first,
        "one signature to try the key, then rounds with 1, 2 at once, each with 12 signatures or for 30 s, whichever \
         ends first: at most 24 signatures in 60 s or so"
    );
    assert!(
        second.starts_with("one signature with ES256, P-256, in ")
            && second.ends_with(" and verified"),
        "{second}"
    );
    let stdout = run.success();
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!(lines[0], "ES256 with p256.pem, P-256");
    assert!(
        lines[2].ends_with("p50       p90       p99       max"),
        "{stdout}"
    );
    assert!(
        lines[5].is_empty() && lines[6].starts_with("how long they took, "),
        "{stdout}"
    );
    assert_eq!(lines[7..].len(), 8);
    assert!(
        lines[7..].iter().all(|line| line.starts_with("up to ")),
        "{stdout}"
    );
    assert!(!stdout.contains('\u{1b}'), "{stdout}");
}

#[test]
fn a_few_signatures_have_no_histogram() {
    let folder = Folder::with_keys(["p256.pem"]);
    let stdout = folder
        .run("bench --key p256.pem --concurrency 4 --count 2")
        .success();
    assert_eq!(stdout.lines().count(), 4, "{stdout}");
}

#[test]
fn a_dry_run_tells_the_plan_and_signs_nothing() {
    let folder = Folder::with_keys(["p256.pem", "rsa-public.pem"]);
    let run = folder.run(&format!("bench --key p256.pem --dry-run {QUICK}"));
    let [first, second] = run.stderr.lines().collect::<Vec<_>>()[..] else {
        panic!("{run:?}");
    };
    assert!(
        first.ends_with("at most 24 signatures in 60 s or so"),
        "{first}"
    );
    assert_eq!(second, "a dry run: nothing was signed");
    assert_eq!(run.success(), "");
    folder
        .run("bench --key rsa-public.pem --dry-run")
        .failure(3);
}

#[test]
fn the_algorithm_and_a_passphrase_are_given_as_elsewhere() {
    let folder = Folder::with_keys(["rsa-aes256.pem"]);
    folder.write("passphrase.txt", "secret\n");
    let report = json(
        &folder,
        &format!("--key rsa-aes256.pem --passphrase-file passphrase.txt --algorithm ps256 {QUICK}"),
    );
    assert_eq!(report["algorithm"], "PS256");
}

#[test]
fn a_key_that_does_not_sign_is_no_benchmark() {
    let folder = Folder::with_keys(["p256.pem", "rsa-public.pem", "rsa-aes256.pem"]);
    for (key, code) in [
        ("missing.pem", 3),
        ("rsa-public.pem", 3),
        ("rsa-aes256.pem", 3),
        ("p256.pem --algorithm RS256", 3),
        ("p256.pem --algorithm HS256", 2),
        ("nowhere:key", 2),
    ] {
        let stderr = folder.run(&format!("bench --key {key}")).failure(code);
        assert!(stderr.starts_with("error: "), "{key}: {stderr}");
    }
}

#[test]
fn numbers_out_of_bounds_are_refused_with_the_bounds() {
    let folder = Folder::with_keys(["p256.pem"]);
    for (arguments, text) in [
        ("--concurrency 0", "0 is not in 1..=256"),
        ("--concurrency 1,257", "257 is not in 1..=256"),
        ("--concurrency 1,,2", "invalid value ''"),
        ("--concurrency two", "invalid value 'two'"),
        ("--count 0", "invalid value '0'"),
        ("--count -1", "unexpected argument '-1'"),
        ("--count 1e3", "invalid value '1e3'"),
        ("--seconds 0", "expected whole seconds"),
        ("--seconds 86401", "a round of more than a day"),
        (
            "--seconds 18446744073709551615",
            "a round of more than a day",
        ),
        ("--seconds soon", "expected whole seconds"),
        ("--output table", "[possible values: text, json]"),
    ] {
        let stderr = folder
            .run(&format!("bench --key p256.pem {arguments}"))
            .failure(2);
        assert!(stderr.contains(text), "{arguments}: {stderr}");
    }
    let stderr = folder.run("bench").failure(2);
    assert!(stderr.contains("--key <URI>"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn an_interruption_prints_what_was_measured() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};

    let folder = Folder::with_keys(["rsa.pem"]);
    let mut child = folder
        .process(
            "bench --key rsa.pem --concurrency 1,2 --count 1000000000 --seconds 50 --output json",
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    for _ in 0..2 {
        stderr.read_line(&mut String::new()).unwrap();
    }
    // The handler is there a moment after the plan was told.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let mut kill = Command::new("kill");
    folder.isolate(&mut kill);
    let pid = child.id().to_string();
    assert!(kill.args(["-INT", &pid]).status().unwrap().success());
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "interrupted; this is what was measured\n");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["interrupted"], true);
    assert_eq!(report["rounds"].as_array().unwrap().len(), 1);
    assert!(report["rounds"][0]["signatures"].as_u64().unwrap() > 0);
}
