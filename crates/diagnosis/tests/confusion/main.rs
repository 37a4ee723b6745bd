//! How often the true cause is found: faults made on purpose, sent to a server that refuses them for real.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and this one prints its table"
)]

mod faults;
mod noisy;
mod request;

use std::fmt::Write;

use faults::{FAULTS, PAIRS, fault};
use jwt_bearer_diagnosis::{Certainty, Paste, Report};
use jwt_bearer_sandbox::Dialect;
use noisy::pastes;
use request::Try;

/// What the diagnosis is given.
const EVIDENCE: [&str; 4] = [
    "`doctor --certificate`",
    "`doctor`",
    "a log",
    "the reply alone",
];

/// The evidence of one fault, or of a pair.
type Rows = [Row; EVIDENCE.len()];

#[derive(Default)]
struct Row {
    faults: usize,
    first: usize,
    among_three: usize,
    certain: usize,
    wrongly_certain: usize,
    missed: Vec<String>,
}

impl Row {
    fn add(&mut self, name: &str, truth: &[&str], report: &Report) {
        let ids: Vec<_> = report
            .findings()
            .iter()
            .map(|finding| finding.id())
            .collect();
        self.faults += 1;
        // Where there is no cause to be seen, to name none is right.
        let is_silent = report
            .findings()
            .iter()
            .all(|finding| finding.certainty() == Certainty::Possible);
        let place = match truth {
            [] => is_silent.then_some(0),
            truth => ids.iter().position(|id| truth.contains(id)),
        };
        self.first += usize::from(place == Some(0));
        self.among_three += usize::from(place.is_some_and(|place| place < 3));
        let certain =
            |finding: &&jwt_bearer_diagnosis::Finding| finding.certainty() == Certainty::Certain;
        self.certain += usize::from(
            report
                .findings()
                .first()
                .filter(certain)
                .is_some_and(|first| truth.contains(&first.id())),
        );
        let wrong: Vec<_> = report
            .findings()
            .iter()
            .filter(certain)
            .map(|finding| finding.id())
            .filter(|id| !truth.contains(id))
            .collect();
        self.wrongly_certain += usize::from(!wrong.is_empty());
        if place != Some(0) || !wrong.is_empty() {
            self.missed.push(format!(
                "{name}: {ids:?}, wrongly certain: {wrong:?}\n{report}"
            ));
        }
    }
}

async fn check(t: &Try, name: &str, truth: &[&str], rows: &mut Rows) {
    let sent = t.send().await;
    let spoilt = sent.status() != 200 || t.fault.is_some();
    assert!(spoilt, "{}: {name}: the server took it", t.dialect);
    let reports = [
        sent.as_doctor(true),
        sent.as_doctor(false),
        sent.as_pasted(),
        sent.as_seen(),
    ];
    for ((row, evidence), report) in rows.iter_mut().zip(EVIDENCE).zip(&reports) {
        row.add(&format!("{evidence}, {}, {name}", t.dialect), truth, report);
    }
}

/// The table, and every fault whose true cause was not the first finding.
async fn measure() -> (String, Vec<Row>) {
    let mut table = String::from(
        "| server | evidence | faults | true one first | among the first three | first and certain | wrongly certain |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let mut rows = Vec::new();
    for dialect in Dialect::ALL {
        let mut of = Rows::default();
        for fault in FAULTS
            .iter()
            .filter(|fault| fault.dialects.contains(&dialect))
        {
            let mut t = Try::new(dialect);
            (fault.spoil)(&mut t);
            check(&t, fault.name, fault.truth, &mut of).await;
        }
        push(&mut table, &mut rows, dialect.name(), of);
    }
    let mut of = Rows::default();
    for (one, other) in PAIRS {
        let mut t = Try::new(Dialect::Box);
        (fault(one).spoil)(&mut t);
        (fault(other).spoil)(&mut t);
        let truth: Vec<_> = fault(one)
            .truth
            .iter()
            .chain(fault(other).truth)
            .copied()
            .collect();
        check(&t, &format!("{one} and {other}"), &truth, &mut of).await;
    }
    push(&mut table, &mut rows, "box, two faults", of);
    let mut noise = Row::default();
    for noisy in pastes() {
        let report = Paste::read(&noisy.text).diagnose();
        noise.add(&noisy.text, noisy.truth, &report);
    }
    line(&mut table, "any", "noisy pastes", &noise);
    rows.push(noise);
    let sum = |of: fn(&Row) -> usize| rows.iter().map(of).sum::<usize>();
    line(
        &mut table,
        "all",
        "",
        &Row {
            faults: sum(|row| row.faults),
            first: sum(|row| row.first),
            among_three: sum(|row| row.among_three),
            certain: sum(|row| row.certain),
            wrongly_certain: sum(|row| row.wrongly_certain),
            missed: Vec::new(),
        },
    );
    (table, rows)
}

fn push(table: &mut String, rows: &mut Vec<Row>, server: &str, of: Rows) {
    for (evidence, row) in EVIDENCE.iter().zip(&of) {
        line(table, server, evidence, row);
    }
    rows.extend(of);
}

fn line(table: &mut String, server: &str, evidence: &str, row: &Row) {
    _ = writeln!(
        table,
        "| {server} | {evidence} | {} | {} | {} | {} | {} |",
        row.faults, row.first, row.among_three, row.certain, row.wrongly_certain
    );
}

#[tokio::test]
async fn the_true_cause_is_found_and_no_wrong_one_is_called_certain() {
    let (table, rows) = measure().await;
    println!("{table}");
    for missed in rows.iter().flat_map(|row| &row.missed) {
        println!("{missed}");
    }
    let sum = |of: fn(&Row) -> usize| rows.iter().map(of).sum::<usize>();
    let made = FAULTS
        .iter()
        .map(|fault| fault.dialects.len())
        .sum::<usize>()
        + PAIRS.len();
    assert_eq!(
        sum(|row| row.faults),
        EVIDENCE.len() * made + pastes().len()
    );
    assert!(made >= 150, "only {made} faults");
    assert_eq!(sum(|row| row.wrongly_certain), 0);
    assert!(rows.last().unwrap().faults >= 30);
    let readme = include_str!("../../README.md");
    assert!(
        readme.contains(&table),
        "the README has another table than this:\n{table}"
    );
}

/// A good request is taken, and nothing is found; nor is anything called certain if the server fails all the same.
#[tokio::test]
async fn without_a_fault_nothing_is_found() {
    for dialect in Dialect::ALL {
        let sent = Try::new(dialect).send().await;
        assert_eq!(sent.status(), 200, "{dialect}");
        for report in [sent.as_doctor(true), sent.as_pasted()] {
            let certain = report
                .findings()
                .iter()
                .filter(|finding| finding.certainty() > Certainty::Possible);
            assert_eq!(certain.count(), 0, "{dialect}: {report}");
        }
        let mut failing = Try::new(dialect);
        failing.fault = Some("error=503:server_error:out of order");
        let sent = failing.send().await;
        assert_eq!(sent.status(), 503, "{dialect}");
        for report in [sent.as_doctor(true), sent.as_pasted()] {
            let mut findings = report.findings().iter();
            assert!(
                findings.all(|finding| finding.certainty() < Certainty::Certain),
                "{dialect}: {report}"
            );
        }
    }
}
