use jwt_bearer_provider::{Check, Entry};

use crate::checks::request::shown_grant;
use crate::checks::{self, Case, jwt};
use crate::finding::{busy, next_of_unreachable, of_check, of_profile};
use crate::meaning::{MOST_POSSIBLE, explain, is_of_when};
use crate::observed::{Observed, State};
use crate::report::{Certainty, Finding, Passed, Report};
use crate::said::Said;
use crate::whose::{guessed, profile, server};
use crate::{Evidence, message};

/// Finds what is wrong. Reads nothing but the evidence, and sends nothing.
///
/// Findings are ranked by the evidence: first those that explain what the server said, and among them those that the
/// evidence proves; then those that have to be mended all the same. `Certain` is only what the evidence proves. What
/// the server said and the catalogue does not know, is called unknown, with a list of what was ruled out.
#[must_use]
pub fn diagnose(evidence: &Evidence) -> Report {
    let said = Said::of(evidence);
    let server = server(evidence);
    let entries = said.entries(server.whose());
    let topics = if entries.is_empty() {
        message::topics(&said.text())
    } else {
        Vec::new()
    };
    let provider = match server.provider {
        "generic" => guessed(&entries),
        known => known,
    };
    let case = Case {
        evidence,
        provider: server.provider,
        remedies: provider,
        profile: profile(evidence, server.provider),
        said: jwt_bearer_provider::normal(&said.text()),
    };
    let seen = checks::run(&case);
    let is_token = said.is_token(evidence);
    let is_success = is_token
        || evidence
            .reply
            .as_ref()
            .is_some_and(|reply| matches!(reply.status, Some(200..300)) && said.refusal.is_none());

    let mut findings = Vec::new();
    for entry in &entries {
        explain(entry, &seen, &case, server, &mut findings);
    }
    if let Some(finding) = of_profile(evidence, &said, entries.is_empty()) {
        findings.push(finding);
    }
    if entries.is_empty() {
        findings.extend(busy(evidence, provider));
    }
    for (check, state) in seen.states() {
        let State::Failed { proof, lines } = state else {
            continue;
        };
        if let Some(known) = findings.iter_mut().find(|finding| finding.id == check.id()) {
            known.is_tried = seen.is_cause(check);
            continue;
        }
        let is_topic = topics.iter().any(|(_, checks)| checks.contains(&check));
        let is_reply = OF_REPLIES.contains(&check);
        let mut suspected = evidence.suspected.iter();
        let is_suspected = suspected.any(|(suspected, _)| *suspected == check);
        let certainty = match (proof, is_topic || is_suspected) {
            (true, _) if is_success && !is_reply => Certainty::Possible,
            (true, _) => Certainty::Certain,
            (false, true) => Certainty::Likely,
            (false, false) => Certainty::Possible,
        };
        let mut finding = of_check(check, provider, certainty, lines.clone());
        finding.is_tried = seen.is_cause(check);
        if matches!(check, Check::Dns | Check::Unreachable)
            && let Some(next) = next_of_unreachable(evidence)
        {
            finding.next = next;
        }
        let may_explain = is_topic && !seen.is_no_cause(check);
        finding.explains_reply =
            finding.is_tried || may_explain || is_suspected || (is_reply && *proof);
        findings.push(finding);
    }
    if !findings.iter().any(|finding| finding.explains_reply) {
        findings.extend(open_questions(&topics, &seen, &case));
    }
    // What cannot be the cause of a reply that is known, and may well be harmless, is noise.
    let is_explained = findings
        .iter()
        .any(|finding| finding.explains_reply && finding.certainty > Certainty::Possible);
    findings.retain(|finding| {
        !is_explained || finding.explains_reply || finding.certainty > Certainty::Possible
    });
    // What an unknown text speaks of is told by its words alone; what is proven weighs more.
    let is_known = !entries.is_empty();
    // Behind a cause, what is only possible comes last; in a paste it does anyway: there, a defect that was seen is more
    // than what a text can mean.
    let is_last = is_explained || evidence.is_pasted;
    findings.sort_by_key(|finding| {
        let explains = finding.explains_reply;
        let is_cause = explains && (finding.certainty > Certainty::Possible || !is_last);
        std::cmp::Reverse((
            finding.is_tried,
            is_known && is_cause,
            finding.certainty,
            explains,
            !is_of_when(finding),
        ))
    });

    weigh(&mut findings, evidence);
    let of_algorithm = findings
        .iter_mut()
        .find(|finding| finding.id == Check::AlgNotAllowed.id());
    if let (Some(finding), Some(next)) = (of_algorithm, jwt::next_of_algorithm(&case)) {
        finding.next = next;
    }

    // A reply that is no text of a server: a redirect, an empty one, a token.
    let is_told = findings.first().is_some_and(|first| {
        let is_of_reply = OF_REPLIES.iter().any(|check| check.id() == first.id);
        first.explains_reply && (is_of_reply || first.id == Check::Busy.id())
    });
    let mut notes = Vec::new();
    if let Some(grant) = case.other_grant() {
        notes.push(format!(
            "The request is of the grant {} and has no JWT as its assertion; the catalogue is about the JWT bearer grant.",
            shown_grant(grant)
        ));
    }
    Report {
        provider,
        reply: said.line(evidence, &entries),
        reply_is_known: !entries.is_empty() || is_told || is_token,
        is_token,
        speaks_of: topics.iter().map(|(name, _)| *name).collect(),
        passed: passed(&seen),
        wanted: if is_token {
            Vec::new()
        } else {
            wanted(&case, &entries, &findings)
        },
        findings,
        notes,
    }
}

/// Of a paste nobody knows what was left out, cut, changed, or taken from elsewhere. So a finding is certain there only if
/// the server's own words agree with it, or if whole things were compared and the result can have no other reason.
fn weigh(findings: &mut [Finding], evidence: &Evidence) {
    if !evidence.is_pasted {
        return;
    }
    let is_of = |checks: &[Check], id| checks.iter().any(|check| check.id() == id);
    for finding in findings {
        let is_agreed = finding.entry.is_some();
        let is_compared = is_of(&OF_REPLIES, finding.id)
            || is_of(&OF_KEYS, finding.id)
            || is_of(&OF_TIMES, finding.id) && evidence.is_in_request;
        if !is_agreed && !is_compared {
            finding.certainty = finding.certainty.min(Certainty::Likely);
        }
    }
}

/// A key against a key, a signature against a key.
const OF_KEYS: [Check; 2] = [Check::KeyMismatch, Check::SignatureMismatch];

/// A time against the `Date` of the reply.
const OF_TIMES: [Check; 2] = [Check::ExpTooFar, Check::LifeTooLong];

/// What an unknown text speaks of and nobody could look at: possible, if they are few.
fn open_questions(topics: &[(&str, &[Check])], seen: &Observed, case: &Case<'_>) -> Vec<Finding> {
    let mut open = Vec::new();
    for (name, checks) in topics {
        let unseen = checks.iter().filter(|check| {
            seen.state(**check).is_none() && message::concerns(**check, case.provider)
        });
        open.extend(unseen.map(|check| {
            let line = format!("the text speaks of {name}, and there is no evidence about this");
            let mut finding = of_check(*check, case.remedies, Certainty::Possible, vec![line]);
            finding.explains_reply = true;
            finding
        }));
    }
    if open.len() > MOST_POSSIBLE {
        open.clear();
    }
    // Of a `kid` that is there, as it should be, only the server can say that it names no key.
    if let ([_], [only]) = (topics, &mut open[..])
        && only.id == Check::KidDiffers.id()
    {
        only.certainty = Certainty::Likely;
    }
    open
}

/// What explains a reply, or that there is none, whatever its text.
const OF_REPLIES: [Check; 14] = [
    Check::Redirect,
    Check::ProxyLogin,
    Check::ReplyEmpty,
    Check::ReplyNotOauth,
    Check::ReplyTooLarge,
    Check::NoToken,
    Check::Dns,
    Check::Unreachable,
    Check::Tls,
    Check::NoReply,
    Check::ConnectionBroken,
    Check::NotHttp,
    Check::LoginUnknown,
    Check::UsersUnreadable,
];

fn passed(seen: &Observed) -> Vec<Passed> {
    let mut passed: Vec<Passed> = Vec::new();
    for (check, state) in seen.states() {
        let State::Passed(line) = state else {
            continue;
        };
        match passed.iter_mut().find(|passed| passed.line == *line) {
            Some(passed) => passed.ids.push(check.id()),
            None => passed.push(Passed {
                ids: vec![check.id()],
                line: line.clone(),
            }),
        }
    }
    passed
}

/// The evidence that is not there and would tell more.
fn wanted(case: &Case<'_>, entries: &[&Entry], findings: &[Finding]) -> Vec<&'static str> {
    let evidence = case.evidence;
    let is_certain = findings
        .first()
        .is_some_and(|first| first.explains_reply && first.certainty == Certainty::Certain);
    // What the caller saw by itself, no reply and no assertion tells more of.
    let is_seen = !evidence.failed.is_empty() || !evidence.suspected.is_empty();
    if is_certain || is_seen {
        return Vec::new();
    }
    let is_key_open = findings
        .iter()
        .any(|finding| finding.class == jwt_bearer_provider::Class::Key);
    let mut wanted = Vec::new();
    let is_elsewhere = evidence.request.is_some() && case.provider == "generic";
    if is_elsewhere && guessed(entries) != "generic" {
        wanted.push("whose server it is (`--provider`)");
    }
    if evidence.reply.is_none() && evidence.message.is_none() {
        wanted.push("the reply: its status, its headers and its body");
    }
    let request = evidence.request.as_ref();
    let is_for_token = request.is_none_or(crate::Request::is_for_token);
    if evidence.assertion.is_none() && is_for_token && case.other_grant().is_none() {
        wanted.push("the assertion that was sent; its signature can be left out");
    }
    let assertion = evidence.assertion.as_ref();
    let is_unsigned = assertion.is_some_and(|assertion| assertion.signature().is_empty());
    if is_key_open && evidence.is_signature_lost {
        wanted.push(
            "the assertion as it was sent: with a value masked in it, its signature tells nothing",
        );
    } else if is_key_open && evidence.is_pasted && is_unsigned {
        wanted.push("the signature of the assertion, which was left out");
    }
    if is_key_open && evidence.registered.is_empty() {
        wanted.push("the certificate or the public key that is registered with the provider");
    }
    if is_key_open && evidence.signing_key.is_none() && evidence.compact.is_none() {
        wanted.push("the public key of the key that signs");
    }
    if evidence
        .reply
        .as_ref()
        .is_some_and(|reply| reply.date().is_none())
    {
        wanted.push("the header `Date` of the reply, which tells the server's time");
    }
    wanted
}
