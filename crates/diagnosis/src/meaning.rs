//! What a text means that the catalogue knows, by what the checks saw.

use jwt_bearer_provider::{Check, Entry};

use crate::checks::Case;
use crate::finding::{of_check, of_entry};
use crate::message;
use crate::observed::{Observed, State};
use crate::report::{Certainty, Finding};
use crate::whose::Server;

/// The findings that explain a text: what was seen; if nothing was, what the text proves; else what is left.
pub(crate) fn explain(
    entry: &'static Entry,
    seen: &Observed,
    case: &Case<'_>,
    server: Server,
    findings: &mut Vec<Finding>,
) {
    // An entry of another provider than the one that is known tells less.
    let is_own = server.is_known && server.provider == entry.provider;
    let is_foreign = server.is_known && !is_own && !message::is_for_all(entry);
    let before = findings.len();
    let mut left = Vec::new();
    for &check in entry.shown {
        match seen.state(check) {
            // It is wrong, and changing it did not help.
            Some(State::Failed { .. }) if seen.is_no_cause(check) => {}
            // It is so for most, and does no harm to most.
            Some(State::Failed {
                proof: false,
                lines,
            }) if check == Check::AudLogin && entry.usual != Some(check.id()) => {
                left.push(of_check(
                    check,
                    case.remedies,
                    Certainty::Possible,
                    lines.clone(),
                ));
            }
            Some(State::Failed { proof, lines }) => {
                let certainty = if *proof {
                    Certainty::Certain
                } else {
                    Certainty::Likely
                };
                let finding = of_check(check, case.remedies, certainty, lines.clone());
                push(finding.of_entry(entry), findings);
            }
            Some(State::Passed(_)) => {}
            // They say the same of this machine, and here nobody knows whose clock it is.
            None if matches!(check, Check::ClockAhead | Check::ClockBehind)
                && seen.has_failed(Check::SignerClock) => {}
            None => left.push(of_check(
                check,
                case.remedies,
                Certainty::Possible,
                Vec::new(),
            )),
        }
    }
    let found = &findings[before..];
    let is_proven = found
        .iter()
        .any(|finding| finding.certainty == Certainty::Certain);
    if is_proven && !entry.proves {
        return;
    }
    let said = format!("the text {} means this", quoted(entry, case));
    if entry.proves {
        // Another server may say the same and mean something else.
        let certainty = if is_own || message::is_for_all(entry) {
            Certainty::Certain
        } else {
            Certainty::Likely
        };
        let mut finding = of_entry(entry, certainty);
        finding.evidence.push(said);
        return push(finding, findings);
    }
    if entry.wrapper {
        let mut finding = of_entry(entry, Certainty::Likely);
        finding.evidence.push(said);
        return push(finding, findings);
    }
    for unseen in entry.unseen {
        left.push(Finding {
            id: unseen.id,
            entry: Some(entry.id),
            class: unseen.class,
            certainty: Certainty::Possible,
            explains_reply: true,
            is_tried: false,
            what: unseen.cause.to_owned(),
            evidence: Vec::new(),
            next: unseen.remedy.to_owned(),
            sources: entry.sources.to_vec(),
        });
    }
    let is_hinted = findings.len() > before;
    if is_hinted {
        left.retain(|finding| !is_of_when(finding));
    }
    let is_only = left.len() == 1;
    // What the usual causes are, is known of requests with an assertion to the provider's own server.
    let usual = entry
        .usual
        .filter(|_| !is_foreign && case.other_grant().is_none());
    let told = entry.shown.iter().copied().find_map(|check| {
        let line = of_told_times(check, &case.said)?;
        Some((check.id(), line))
    });
    let usual = usual.filter(|_| told.is_none());
    for finding in &mut left {
        let is_told = told.as_ref().filter(|(id, _)| *id == finding.id);
        let line = is_told.map(|(_, line)| line.clone());
        if let Some(line) = line.or_else(|| of_this_request(finding.id, case)) {
            finding.certainty = Certainty::Likely;
            finding.evidence.push(line);
        } else if !is_hinted && usual == Some(finding.id) {
            finding.certainty = Certainty::Likely;
            finding.evidence.push(format!(
                "the text {}, of which this is the usual cause",
                quoted(entry, case)
            ));
        } else if is_only && !is_hinted {
            finding.evidence.push(format!(
                "the text {}, and its other known causes are ruled out",
                quoted(entry, case)
            ));
        } else {
            finding
                .evidence
                .push(format!("the text {} can mean this", quoted(entry, case)));
        }
    }
    if left.is_empty() && !is_hinted {
        if case.other_grant().is_none() {
            let mut finding = of_entry(entry, Certainty::Possible);
            finding.evidence.push(if entry.shown.is_empty() {
                said
            } else {
                format!("{said}, though nothing in the evidence shows it")
            });
            push(finding, findings);
        }
        return;
    }
    // What a person can do about a dozen possibilities is to read the entry itself.
    let mut rest: Vec<_> = left
        .into_iter()
        .map(|finding| finding.of_entry(entry))
        .collect();
    // What could be looked at, with more evidence, comes behind what nobody can see from here.
    let is_check = |finding: &Finding| Check::ALL.iter().any(|check| check.id() == finding.id);
    rest.sort_by_key(|finding| (std::cmp::Reverse(finding.certainty), is_check(finding)));
    if rest.len() > MOST_POSSIBLE {
        let likely = rest
            .iter()
            .filter(|finding| finding.certainty > Certainty::Possible)
            .count();
        rest.truncate(likely);
        let mut finding = of_entry(entry, Certainty::Possible);
        finding
            .evidence
            .push(format!("the text {} can mean this", quoted(entry, case)));
        rest.push(finding);
    }
    for finding in rest {
        push(finding, findings);
    }
}

/// What shows a cause that nobody sees from outside, in the request itself.
fn of_this_request(id: &str, case: &Case<'_>) -> Option<String> {
    let request = case.evidence.request.as_ref()?;
    let host = case.host()?;
    let is_login = matches!(
        host.as_str(),
        "login.salesforce.com" | "test.salesforce.com"
    );
    match id {
        "salesforce-instance-url" if is_login && !request.is_for_token() => {
            Some(format!("the API was called at {host}, which has none"))
        }
        "salesforce-password-flow" if case.other_grant() == Some("password") => {
            Some("`grant_type` is password".to_owned())
        }
        _ => None,
    }
}

/// What the server itself says of its time and of the assertion's, as Entra ID does; in UTC and one form, which sorts as
/// times do.
fn of_told_times(check: Check, said: &str) -> Option<String> {
    let time = |name: &str| {
        let (_, rest) = said.split_once(name)?;
        let rest = rest.trim_start_matches([':', ' ']);
        let time = rest.get(..19)?;
        let is_time = time.as_bytes().get(10) == Some(&b't')
            && time
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b"-:t".contains(&byte));
        is_time.then_some(time)
    };
    let now = time("current time")?;
    match check {
        Check::ClockAhead if now < time("valid from")? => {
            Some("the server says that its time is before the assertion's begin".to_owned())
        }
        Check::Expired if now > time("expiry time of assertion")? => {
            Some("the server says that its time is after the assertion's end".to_owned())
        }
        _ => None,
    }
}

/// Whether it says what was wrong by the server's clock, and not why: then who does comes first.
pub(crate) fn is_of_when(finding: &Finding) -> bool {
    [Check::Expired, Check::ExpTooFar, Check::NotYet]
        .iter()
        .any(|check| check.id() == finding.id)
}

/// More possibilities than this are told in short.
pub(crate) const MOST_POSSIBLE: usize = 6;

/// The longest of the entry's texts that was said.
fn quoted(entry: &Entry, case: &Case<'_>) -> String {
    let texts = entry.texts.iter().copied();
    let said = texts.clone().filter(|text| case.is_said(&[text]));
    let code = entry.error.filter(|error| case.is_said(&[error]));
    let text = said
        .max_by_key(|text| text.len())
        .or(code)
        .or_else(|| texts.clone().next())
        .or(entry.error);
    let text = text.unwrap_or_default().trim_end_matches(['[', ' ']);
    format!("“{text}”")
}

fn push(finding: Finding, findings: &mut Vec<Finding>) {
    match findings.iter_mut().find(|other| other.id == finding.id) {
        Some(other) if other.certainty < finding.certainty => *other = finding,
        Some(_) => {}
        None => findings.push(finding),
    }
}
