use std::error::Error;
use std::iter::successors;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use jwt_bearer::exchange::{TransportError, TransportErrorKind};
use jwt_bearer::keyfile::{KeyFileError, KeyFileErrorKind};
use jwt_bearer::provider::{Check, Class, RequestError, RequestErrorKind};
use jwt_bearer::signer::{SignError, SignErrorKind};
use jwt_bearer::{ExchangeError, ExchangeErrorKind, Profile};
use jwt_bearer_diagnosis::{Certainty, Finding};

use crate::diagnosed;
use crate::interaction::NoPassphrase;
use crate::write::note;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Where they go, if the machine is none of AWS.
const NO_AWS_CREDENTIALS: &str = "if this is no machine of AWS, no AWS credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or run `aws configure`";

/// How a command failed, for programs: each number has one meaning, whatever the command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// None of the others, such as a reply that is no token.
    Other = 1,
    /// The arguments, the settings or the configuration are wrong.
    Configuration = 2,
    /// The key, or what is registered of it.
    Key = 3,
    /// The server refused, and that is all that is known.
    Refused = 4,
    /// The server cannot be reached, did not answer in time, is too busy, or another one answers.
    Network = 5,
    /// The app, the user or a policy: an administrator has to act. `doctor` alone finds it.
    Account = 6,
    /// A clock is wrong. `doctor` alone finds it.
    Clock = 7,
}

impl From<Class> for Code {
    fn from(class: Class) -> Self {
        match class {
            Class::Configuration => Self::Configuration,
            Class::Key => Self::Key,
            Class::Network => Self::Network,
            Class::Account => Self::Account,
            Class::Clock => Self::Clock,
            _ => Self::Refused,
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// How a command failed: the exit code, one sentence, and what may help.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    text: String,
    hints: Vec<(&'static str, String)>,
    /// What it is of in the catalogue, for `doctor`.
    about: Option<Check>,
}

impl Failure {
    pub(crate) fn other(text: impl Into<String>) -> Self {
        Self::new(Code::Other, text)
    }

    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::new(Code::Refused, text)
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Code::Configuration, text)
    }

    pub(crate) fn key(text: impl Into<String>) -> Self {
        Self::new(Code::Key, text)
    }

    fn new(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
            hints: Vec::new(),
            about: None,
        }
    }

    /// Says which check of the catalogue it fails.
    pub(crate) const fn about(mut self, check: Check) -> Self {
        self.about = Some(check);
        self
    }

    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        self.hints.push(("hint", text.into()));
        self
    }

    /// Why there is no token, and what the provider's refusal means.
    pub(crate) fn exchange(error: &ExchangeError, profile: &Profile) -> Self {
        let code = match error.kind() {
            ExchangeErrorKind::Sign => Code::Key,
            ExchangeErrorKind::Server if !error.is_retryable() => Code::Refused,
            ExchangeErrorKind::Server
            | ExchangeErrorKind::Transport
            | ExchangeErrorKind::Timeout => Code::Network,
            _ => Code::Other,
        };
        let mut failure = Self::new(code, chain(error));
        if let Some(attempt) = error
            .attempt()
            .filter(|attempt| matches!(attempt.status(), Some(404 | 405)))
        {
            let text = format!(
                "{} may not be the right address; a token endpoint answers POST",
                attempt.token_endpoint()
            );
            failure.hints.push(("hint", text));
        }
        if let Some(address) = unheard(error) {
            let text = format!(
                "nothing listens on {address}; is the sandbox running, and is the port right?"
            );
            return failure.hint(text);
        }
        if let (ExchangeErrorKind::InvalidResponse, Some(attempt)) = (error.kind(), error.attempt())
        {
            let status = attempt
                .status()
                .map_or_else(String::new, |status| format!("with status {status} "));
            let text = format!(
                "it came {status}from {}; check the path",
                attempt.token_endpoint()
            );
            failure.hints.push(("hint", text));
        }
        if error.kind() == ExchangeErrorKind::Server && error.is_retryable() {
            let text = match error.tries() {
                1 => "wait, and try again".into(),
                tries => format!("{tries} tries failed; wait, and try again later"),
            };
            failure.hints.push(("hint", text));
        }
        if let Some(wait) = error
            .attempt()
            .and_then(|attempt| attempt.header("retry-after"))
        {
            failure.hints.push(("retry-after", wait.into()));
        }
        let report = diagnosed::report(error, profile);
        // A guess about a text that nobody knows helps nobody, and what passes is told above.
        let passes = error.kind() == ExchangeErrorKind::Server && error.is_retryable();
        let is_known = |finding: &&Finding| {
            let is_told = passes && finding.id() == Check::Busy.id();
            !is_told
                && (report.reply_is_known()
                    || (!passes && finding.certainty() > Certainty::Possible))
        };
        if let Some(finding) = report.findings().first().filter(is_known) {
            // Of these, the error has said as much.
            let said = [
                Check::NoReply,
                Check::ConnectionBroken,
                Check::NotHttp,
                Check::ReplyTooLarge,
                Check::NoToken,
            ];
            if !said.iter().any(|check| check.id() == finding.id()) {
                let cause = format!("{} ({})", finding.what(), finding.certainty());
                failure.hints.push(("cause", cause));
            }
            // What the error says already is not said again.
            let facts = finding.entry() != Some(finding.id()) && finding.class() != Class::Network;
            let seen = finding.evidence().iter().find(|_| facts);
            if let Some(seen) = seen.filter(|seen| !seen.starts_with("the text ")) {
                failure.hints.push(("seen", seen.clone()));
            }
            failure.hints.push(("next", finding.next().into()));
        }
        failure
    }

    /// Everything is said already.
    pub(crate) fn told(code: Code) -> Self {
        Self::new(code, "")
    }

    /// Names the command that tells more, where it can.
    pub(crate) fn see_doctor(self, error: &ExchangeError) -> Self {
        let passes = error.kind() == ExchangeErrorKind::Server && error.is_retryable();
        if passes || error.attempt().is_none() {
            return self;
        }
        let text = "`jwt-bearer doctor` with the same settings shows the whole picture";
        let mut failure = self;
        failure.hints.push(("more", text.into()));
        failure
    }

    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn hints(&self) -> &[(&'static str, String)] {
        &self.hints
    }

    /// The check of the catalogue that it fails, if that is known.
    pub(crate) const fn check(&self) -> Option<Check> {
        self.about
    }

    /// The first failure of several things that were checked and told one by one.
    pub(crate) fn among(self, count: usize) -> Self {
        Self::new(
            self.code,
            format!("of {count} profiles, not all are in order"),
        )
    }

    pub(crate) fn print(&self) {
        if self.text.is_empty() {
            return;
        }
        note(&format!("{ERROR}error:{ERROR:#} {}", self.text));
        for (label, text) in &self.hints {
            note(&format!("  {HINT}{label}:{HINT:#} {text}"));
        }
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        let text = error.to_string();
        let names = text.split("(`").skip(1);
        let names = names.filter_map(|rest| Some(rest.split_once("`)")?.0));
        let flags: Vec<_> = names.map(|name| format!("--{name}")).collect();
        let failure = Self::usage(text);
        match (error.kind(), flags.is_empty()) {
            (RequestErrorKind::Missing, false) => {
                let flags = flags.join(" or ");
                failure.hint(format!("{flags} sets it, as a flag or in a profile"))
            }
            _ => failure,
        }
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        let text = chain(&error);
        let about = match error.kind() {
            SignErrorKind::KeyNotFound => Check::KeyNotFound,
            _ if is_of_passphrase(&error) => Check::PassphraseWrong,
            SignErrorKind::AccessDenied | SignErrorKind::InteractionRequired => Check::KeyDenied,
            _ => Check::KeyUnusable,
        };
        let failure = Self::new(Code::Key, text).about(about);
        // The last place where the SDK looks is one that this machine may not have.
        if failure.text.contains("IMDS") {
            return failure.hint(NO_AWS_CREDENTIALS);
        }
        failure
    }
}

/// Whether a passphrase is missing or wrong.
fn is_of_passphrase(error: &SignError) -> bool {
    let mut sources = successors(error.source(), |&error| error.source());
    sources.any(|source| {
        let kind = source
            .downcast_ref()
            .map(|error: &KeyFileError| error.kind());
        source.is::<NoPassphrase>()
            || matches!(
                kind,
                Some(KeyFileErrorKind::PassphraseNeeded | KeyFileErrorKind::WrongPassphrase)
            )
    })
}

/// The port of this machine where nobody listens. Other refusals may be those of a firewall or a proxy.
fn unheard(error: &ExchangeError) -> Option<String> {
    let transport: &TransportError = error.source()?.downcast_ref()?;
    let endpoint = error.attempt()?.token_endpoint();
    // Plain HTTP is for this machine alone.
    let is_refused = transport.kind() == TransportErrorKind::Connect
        && transport.source()?.to_string().contains("refused");
    (is_refused && endpoint.starts_with("http://")).then(|| diagnosed::host(endpoint))
}

/// An error and its sources in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        next = error.source();
        let text = error.to_string();
        // Some libraries repeat the source in their own text.
        if texts.last().is_none_or(|last| !last.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use jwt_bearer::read_key;
    use jwt_bearer::signer::SignErrorKind;

    use super::*;
    use crate::interaction::Secrets;

    #[test]
    fn a_machine_without_credentials_of_aws_is_told_where_they_go() {
        for (text, hints) in [
            ("failed to load IMDS session token", 1),
            ("the key is disabled", 0),
        ] {
            let failure = Failure::from(SignError::new(SignErrorKind::AccessDenied, text));
            assert_eq!(failure.hints().len(), hints, "{text}");
        }
    }

    /// A path, a variable and an alias can have the word too.
    #[test]
    fn a_passphrase_is_told_by_the_error_and_not_by_a_word() {
        for (kind, check) in [
            (SignErrorKind::AccessDenied, Check::KeyDenied),
            (SignErrorKind::InteractionRequired, Check::KeyDenied),
            (SignErrorKind::KeyNotFound, Check::KeyNotFound),
            (SignErrorKind::InvalidKey, Check::KeyUnusable),
        ] {
            let text = "/keys/passphrase.pem may not be read by this user";
            let failure = Failure::from(SignError::new(kind, text));
            assert_eq!(failure.check(), Some(check));
        }
        let encrypted = include_bytes!("../../keyfile/testdata/rsa-aes256.pem");
        let secrets = |passphrase: Option<&str>| Secrets {
            passphrase: passphrase.map(Into::into),
            ..Secrets::default()
        };
        let error = read_key("key.pem", encrypted, None, &secrets(Some("wrong"))).unwrap_err();
        let failure = Failure::from(error);
        assert_eq!(failure.check(), Some(Check::PassphraseWrong));
        assert!(
            failure
                .text()
                .starts_with("the use of the key was denied: key.pem: ")
        );
        let failure = Failure::from(NoPassphrase::error("key.pem is encrypted"));
        assert_eq!(failure.check(), Some(Check::PassphraseWrong));
    }
}
