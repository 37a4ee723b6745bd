//! What was checked and found, on a page for people.

use std::fmt::Write;
use std::io::{IsTerminal, stdout};

use anstyle::{AnsiColor, Style};
use jwt_bearer::provider::Class;
use jwt_bearer_diagnosis::{Certainty, Finding, Report};
use serde::Serialize;

const TITLE: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const WARN: Style = AnsiColor::Yellow.on_default().bold();
const LABEL: Style = AnsiColor::Cyan.on_default();
const FAINT: Style = Style::new().dimmed();

/// Columns, as in an issue or a mail.
const WIDTH: usize = 80;

/// One thing that was checked.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) state: State,
    /// Redacted, in one line.
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Ok,
    Failed,
    /// Not as it should be, and not what stops a token.
    Warning,
    Skipped,
}

impl State {
    const fn mark(self) -> (Style, char) {
        match self {
            Self::Ok => (GOOD, '✓'),
            Self::Failed => (BAD, '✗'),
            Self::Warning => (WARN, '!'),
            Self::Skipped => (FAINT, '-'),
        }
    }
}

/// What was checked.
pub(crate) fn steps(steps: &[Step]) -> String {
    let width = steps
        .iter()
        .map(|step| step.name.len())
        .max()
        .unwrap_or_default();
    let mut page = String::new();
    for Step { name, state, text } in steps {
        let (style, mark) = state.mark();
        let text = wrapped(text, width + 6);
        let _ = writeln!(page, "  {style}{mark}{style:#} {name:width$}  {text}");
    }
    page
}

/// How a page tells a report.
pub(crate) struct Telling<'a> {
    /// Of evidence that is not complete, what it rules out and what it lacks tells nothing.
    pub(crate) is_complete: bool,
    /// The flag that lists what was ruled out; `None` if it is to be listed.
    pub(crate) ruled_out: Option<&'static str>,
    /// The step that is the cause whatever else was found, and the class of the findings that tell more of it.
    pub(crate) stopped: Option<(&'a Step, Class)>,
    /// What a text of the server is shown as.
    pub(crate) shown: &'a dyn Fn(&str) -> String,
}

/// What was found.
pub(crate) fn report(report: &Report, telling: &Telling<'_>) -> String {
    let mut page = String::new();
    for note in report.notes() {
        let _ = writeln!(page, "{WARN}!{WARN:#} {}\n", wrapped(note, 2));
    }
    let first = report.findings().first();
    let is_certain = first
        .is_some_and(|first| first.certainty() == Certainty::Certain && first.explains_reply());
    // Of a key that cannot be opened, or a server out of order, the step tells all.
    if let Some(reply) = report.reply().filter(|_| telling.stopped.is_none()) {
        let _ = writeln!(page, "{TITLE}What was said{TITLE:#}");
        let _ = writeln!(page, "  {}", wrapped(&(telling.shown)(reply), 2));
        // A status alone is no text, and beside a certain cause nobody asks.
        let is_text = !reply.starts_with("status ") || reply.contains(", ");
        if is_text && !is_certain && !report.reply_is_known() {
            let topics = report.speaks_of().join(", ");
            let topics = if topics.is_empty() {
                topics
            } else {
                format!("; it speaks of {topics}")
            };
            let text = format!("The catalogue does not know this text{topics}.");
            let _ = writeln!(page, "  {FAINT}{}{FAINT:#}", wrapped(&text, 2));
        }
        page.push('\n');
    }
    if report.is_token() {
        page += "The server gave a token: there is no refusal to explain.\n\n";
    }
    page += &findings(report, telling);
    if report.findings().is_empty() && telling.stopped.is_none() && !report.is_token() {
        page += "Nothing wrong was found in the evidence: the cause is unknown.\n\n";
    }
    let is_open = telling.is_complete && !is_certain && !report.is_token();
    if telling.is_complete && (is_open || telling.ruled_out.is_none()) {
        page += &ruled_out(report, telling);
    }
    if is_open && !report.wanted().is_empty() {
        let _ = writeln!(page, "{TITLE}More would be known with{TITLE:#}");
        for wanted in report.wanted() {
            let flag = if wanted.contains("registered with the provider") {
                " (--certificate FILE)"
            } else {
                ""
            };
            let _ = writeln!(page, "  - {}", wrapped(&format!("{wanted}{flag}"), 4));
        }
        page.push('\n');
    }
    page
}

/// What it is not: by number, or one by one.
fn ruled_out(report: &Report, telling: &Telling<'_>) -> String {
    let count: usize = report.passed().iter().map(|it| it.ids().len()).sum();
    if count == 0 {
        return String::new();
    }
    let title = format!("{TITLE}Ruled out{TITLE:#}");
    if let Some(flag) = telling.ruled_out {
        let causes = if count == 1 { "cause" } else { "causes" };
        return format!("{title}: {count} other {causes} ({flag} lists them).\n\n");
    }
    let mut page = format!("{title}\n");
    for passed in report.passed() {
        let line = (telling.shown)(passed.line());
        let line = format!("{line} [{}]", passed.ids().join(", "));
        let _ = writeln!(page, "  {GOOD}✓{GOOD:#} {}", wrapped(&line, 4));
    }
    page.push('\n');
    page
}

/// Those of one kind under one heading.
fn findings(report: &Report, telling: &Telling<'_>) -> String {
    let mut page = String::new();
    let mut last = "";
    let mut findings: Vec<_> = report.findings().iter().collect();
    if let Some((step, class)) = telling.stopped {
        findings.sort_by_key(|finding| finding.class() != class);
        last = "The cause";
        let _ = writeln!(page, "{TITLE}{last}{TITLE:#}");
        if findings.first().is_none_or(|it| it.class() != class) {
            let _ = writeln!(page, "  {BAD}✗{BAD:#} {}", wrapped(&step.text, 4));
            page.push('\n');
        }
    }
    for (number, finding) in findings.into_iter().enumerate() {
        let title = match telling.stopped {
            Some((_, class)) if finding.class() == class => "The cause",
            Some(_) if finding.certainty() == Certainty::Certain => "To be mended as well",
            _ => title(report, finding, number == 0),
        };
        if title != last {
            let _ = writeln!(page, "{TITLE}{title}{TITLE:#}");
            last = title;
        }
        page += &explained(finding, telling.shown);
    }
    page
}

fn title(report: &Report, finding: &Finding, is_first: bool) -> &'static str {
    if report.is_token() {
        return "Worth a look";
    }
    let is_explained = report.findings().iter().any(Finding::explains_reply);
    let is_silent = report.reply().is_none() && !is_explained;
    // What a known reply is not about, is its cause only if nothing else is.
    let may_explain =
        |finding: &Finding| finding.explains_reply() || !report.reply_is_known() || !is_explained;
    let is_solved = report.findings().first().is_some_and(|first| {
        first.certainty() == Certainty::Certain && (first.explains_reply() || is_silent)
    });
    match finding.certainty() {
        Certainty::Certain if finding.explains_reply() || is_silent => "The cause",
        Certainty::Likely if may_explain(finding) && !is_solved => {
            let likely = report
                .findings()
                .iter()
                .filter(|finding| finding.certainty() == Certainty::Likely && may_explain(finding));
            match likely.count() {
                1 => "The likely cause",
                _ => "The likely causes",
            }
        }
        Certainty::Likely if may_explain(finding) => "It can also be",
        Certainty::Certain | Certainty::Likely if is_first => "To be mended",
        Certainty::Certain | Certainty::Likely => "To be mended as well",
        _ if report.class().is_some() => "It can also be",
        _ => "It can be one of these",
    }
}

/// Whether two findings or more are likely, and explain the reply.
pub(crate) fn has_rival(report: &Report) -> bool {
    let findings = report.findings().iter();
    let likely = findings
        .filter(|finding| finding.certainty() == Certainty::Likely && finding.explains_reply());
    likely.count() > 1
}

/// What a server that gave a token did not mind, and what has to be mended all the same.
pub(crate) fn remarks(report: &Report) -> String {
    let mut page = String::new();
    for finding in report.findings() {
        let is_of_registered = matches!(finding.id(), "key-mismatch" | "registered-unreadable");
        if finding.class() == Class::Clock || is_of_registered {
            let _ = writeln!(page, "{TITLE}Worth a look{TITLE:#}");
            page += &explained(finding, &str::to_owned);
        }
    }
    page
}

fn explained(finding: &Finding, shown: &dyn Fn(&str) -> String) -> String {
    let (style, mark) = match finding.certainty() {
        Certainty::Certain => (BAD, '✗'),
        Certainty::Likely => (WARN, '✗'),
        _ => (FAINT, '?'),
    };
    let certainty = finding.certainty();
    let what = format!("{} ({certainty})", finding.what());
    let mut page = format!("  {style}{mark}{style:#} {}\n", wrapped(&what, 4));
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(page, "    {LABEL}{label}{LABEL:#}  {}", wrapped(text, 10));
    };
    for seen in finding.evidence() {
        line("seen", &shown(seen));
    }
    line("next", finding.next());
    let id = format!("[{}]", finding.id());
    match finding.sources() {
        [] => line("id  ", &id),
        sources => line("see ", &format!("{} {id}", sources.join(" "))),
    }
    page.push('\n');
    page
}

/// The page as the terminal can show it.
pub(crate) fn shown(page: &str) -> String {
    if stdout().is_terminal() && !is_unicode() {
        in_ascii(page)
    } else {
        page.into()
    }
}

/// Whether the locale has Unicode, where terminals depend on it.
#[expect(
    clippy::disallowed_methods,
    reason = "the locale is in the environment"
)]
fn is_unicode() -> bool {
    let mut locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .filter(|value| !value.is_empty());
    let locale = locale.next().unwrap_or_default().to_ascii_lowercase();
    cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8")
}

fn in_ascii(page: &str) -> String {
    let mut plain = String::with_capacity(page.len());
    for c in page.chars() {
        match c {
            '✓' => plain.push('+'),
            '✗' => plain.push('x'),
            '…' => plain.push_str("..."),
            '“' | '”' => plain.push('"'),
            '§' => plain.push_str("section "),
            c if c.is_ascii() => plain.push(c),
            _ => plain.push('?'),
        }
    }
    plain
}

/// Breaks a text at white space, with an indent from the second line on; the first begins there too.
fn wrapped(text: &str, indent: usize) -> String {
    let mut wrapped = String::new();
    let mut column = indent;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            let _ = write!(wrapped, "\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_the_width_and_words_stay_whole() {
        let long = "x".repeat(WIDTH);
        let text = wrapped(&format!("{} {long} end", "word ".repeat(40)), 4);
        for line in text.lines() {
            assert!(
                line.chars().count() <= WIDTH || line.trim() == long,
                "{line}"
            );
        }
        assert!(text.contains(&format!("\n    {long}\n    end")), "{text}");
        assert_eq!(wrapped(" a\n b ", 4), "a b");
    }

    #[test]
    fn a_terminal_without_unicode_gets_ascii() {
        let plain = in_ascii("✓ ✗ abc… “text” RFC 7523 §3 é");
        assert_eq!(plain, "+ x abc... \"text\" RFC 7523 section 3 ?");
    }
}
