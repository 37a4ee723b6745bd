//! Looks at everything that a token needs, in the order in which it is needed, and says what is wrong.

mod attempt;
mod connection;
mod metadata;
mod proxy;
mod variations;
mod witness;

use std::collections::HashSet;
use std::sync::Arc;

use jwt_bearer::exchange::HttpTransport;
use jwt_bearer::{KeyUri, Profile, Signer, TokenRequest};
use jwt_bearer_diagnosis::{Evidence, Report, diagnose, masked, masked_host, scrubbed};
use serde::Serialize;

use crate::args::{DoctorArgs, PageOutput};
use crate::diagnosed;
use crate::error::{Failure, chain};
use crate::interaction::bounded_file;
use crate::page::{self, State, Step};
use crate::settings::Settings;
use crate::write::{self, note};

/// A certificate, a public key or a key file: 1 MiB.
const MAX_FILE: u64 = 1 << 20;

pub(crate) async fn doctor(args: &DoctorArgs, variables: &HashSet<String>) -> Result<(), Failure> {
    let settings = Settings::new(
        &args.request,
        variables,
        args.profile.as_deref(),
        &args.config,
    )?;
    // What is incomplete cannot be looked at; it is said as `token` says it.
    let trial = settings.trial_request()?.build()?;
    let transport = settings.transport()?;
    let mut case = Case::new(&trial, settings.names());
    case.settings(&settings)?;
    case.registered(args)?;
    let signer = case.key(&settings, &trial).await?;
    let builder = match &signer {
        Some(_) => Some(settings.request()?),
        None => None,
    };
    let send_once = args.no_probe || settings.retry().is_none();
    let server = if args.no_probe {
        metadata::Server::default()
    } else {
        case.look(&settings, &trial, &transport).await
    };
    if let (Some(signer), Some(builder)) = (signer, builder) {
        if case.outcome == Outcome::Unreachable {
            case.step(
                "token",
                State::Skipped,
                "not asked for: there is no way to the server",
            );
        } else {
            let error = attempt::attempt(&mut case, builder.clone(), &signer, transport).await?;
            if let Some(error) = error {
                let plan = variations::plan(
                    &diagnose(&case.evidence),
                    &builder,
                    &signer,
                    &server,
                    &error,
                )?;
                if send_once {
                    case.variations_are_off(&plan, args.no_probe);
                } else {
                    variations::send(&mut case, plan, &settings).await?;
                }
            }
        }
    }
    if settings.login().is_some() {
        let text =
            "the user behind --login is not looked up: the token asked for is the enterprise's";
        case.step("login", State::Skipped, text);
    }
    case.finish(&trial, args.output)
}

/// What was looked at so far.
struct Case {
    steps: Vec<Step>,
    evidence: Evidence,
    outcome: Outcome,
    /// How many token requests were sent.
    sent: usize,
    /// Ids and names that a server may repeat.
    names: Vec<String>,
}

/// How it ended, and with it the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    /// The server gave a token.
    Ok,
    Other,
    /// The key cannot be opened or does not sign.
    Key,
    Refused,
    /// No reply, or one that says to come later.
    Unreachable,
    CauseFound,
}

impl Outcome {
    const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Other => 1,
            Self::Key => 3,
            Self::Refused => 4,
            Self::Unreachable => 5,
            Self::CauseFound => 6,
        }
    }
}

impl Case {
    fn new(trial: &TokenRequest, names: Vec<String>) -> Self {
        Self {
            steps: Vec::new(),
            evidence: Evidence::new().profile(*trial.profile()),
            outcome: Outcome::Other,
            sent: 0,
            names,
        }
    }

    fn step(&mut self, name: &'static str, state: State, text: impl Into<String>) {
        let text = write::harmless(&text.into());
        self.steps.push(Step { name, state, text });
    }

    fn learn(&mut self, learn: impl FnOnce(Evidence) -> Evidence) {
        self.evidence = learn(std::mem::take(&mut self.evidence));
    }

    fn settings(&mut self, settings: &Settings) -> Result<(), Failure> {
        let text = match provider(&settings.rules()?) {
            Some(title) => format!("complete, by the rules of {title}"),
            None => "complete".into(),
        };
        self.step("settings", State::Ok, text);
        if let Some(json) = settings.box_config_text()? {
            self.learn(|evidence| evidence.box_config(&json));
        }
        Ok(())
    }

    /// What the user says is registered with the provider.
    fn registered(&mut self, args: &DoctorArgs) -> Result<(), Failure> {
        if let Some(path) = &args.certificate {
            let bytes = bounded_file("certificate", path, MAX_FILE)?;
            self.learn(|evidence| evidence.registered(&bytes));
        }
        Ok(())
    }

    /// Opens the key; `None` if it is of no use.
    async fn key(
        &mut self,
        settings: &Settings,
        trial: &TokenRequest,
    ) -> Result<Option<Arc<dyn Signer>>, Failure> {
        let signer = match settings.signer().await {
            Ok(signer) => signer,
            // A setting that is missing is no matter of the key.
            Err(failure) if failure.code() != 3 => return Err(failure),
            Err(failure) => {
                self.outcome = Outcome::Key;
                self.learn_of_key(settings.key(), failure.text());
                let report = diagnose(&self.evidence);
                let is_told = report
                    .findings()
                    .iter()
                    .any(|finding| finding.id() == "key-file");
                let text = match is_told {
                    true => "it cannot be opened; see below".into(),
                    false => scrubbed(&without_folder(failure.text(), settings.key())),
                };
                self.step("key", State::Failed, text);
                return Ok(None);
            }
        };
        let key = signer.public_key().clone();
        let thumbprint: String = key.thumbprint().chars().take(8).collect();
        let described = format!("{}, thumbprint {thumbprint}…", key.kind());
        let algorithm = signer.algorithm();
        self.learn(|evidence| evidence.signing_key(key));
        if let Err(error) = trial.assertion_request().check_algorithm(algorithm) {
            self.outcome = Outcome::Key;
            self.step(
                "key",
                State::Failed,
                format!("{described}: {}", chain(&error)),
            );
            return Ok(None);
        }
        self.step("key", State::Ok, format!("{described}, signs {algorithm}"));
        Ok(Some(signer))
    }

    /// What a file holds in place of a key is known by looking at it; of other keys, what their software says.
    fn learn_of_key(&mut self, uri: Option<&str>, error: &str) {
        let file = match uri.map(str::parse) {
            Some(Ok(KeyUri::File { path, .. })) => bounded_file("key", &path, MAX_FILE).ok(),
            _ => None,
        };
        let error = error.to_owned();
        self.learn(|evidence| match file {
            Some(bytes) => evidence.key_file(&bytes),
            None => evidence.message(error),
        });
    }

    /// The way to the server, without any secret.
    async fn look(
        &mut self,
        settings: &Settings,
        trial: &TokenRequest,
        transport: &HttpTransport,
    ) -> metadata::Server {
        let url = trial.token_endpoint().url();
        note(&format!("looking at {}", masked_host(url.as_str())));
        let limit = settings.timeout().min(connection::LIMIT);
        let proxy = proxy::look(self, url);
        if proxy.is_none() && !connection::look(self, url, limit).await {
            self.outcome = Outcome::Unreachable;
            return metadata::Server::default();
        }
        // The first stop on the way is what cannot be reached.
        let stop = proxy.unwrap_or_else(|| diagnosed::host(url.as_str()));
        metadata::look(self, url, &stop, transport, limit).await
    }

    fn variations_are_off(&mut self, plan: &[variations::Planned], no_probe: bool) {
        if !plan.is_empty() {
            let flag = if no_probe { "--no-probe" } else { "--no-retry" };
            let text = format!("not sent, because of {flag}");
            self.step("variations", State::Skipped, text);
        }
    }

    fn finish(mut self, trial: &TokenRequest, output: PageOutput) -> Result<(), Failure> {
        let report = diagnose(&self.evidence);
        if matches!(self.outcome, Outcome::Refused | Outcome::Other) && report.class().is_some() {
            self.outcome = Outcome::CauseFound;
        }
        let text = match output {
            PageOutput::Text => page::shown(&self.page(trial, &report)),
            PageOutput::Json => write::json(&Machine {
                outcome: self.outcome,
                token_requests: self.sent,
                checked: &self.steps,
                report: &report,
            })?,
        };
        write::result(&without_names(&text, &self.names))?;
        match self.outcome {
            Outcome::Ok => Ok(()),
            outcome => Err(Failure::told(outcome.code())),
        }
    }

    fn page(&self, trial: &TokenRequest, report: &Report) -> String {
        let provider = provider(trial.profile()).map_or_else(String::new, |it| format!("{it}: "));
        let endpoint = masked_host(trial.token_endpoint().as_str());
        let verdict = match self.outcome {
            Outcome::Ok => "All is well: the server gave a token.",
            Outcome::Other => "The server answered something that is no token.",
            Outcome::Key => "The key is of no use here, so no token was asked for.",
            Outcome::Refused => "The server refused, and the cause is not known.",
            Outcome::Unreachable => "The server gave no answer to build on.",
            Outcome::CauseFound => "No token, and here is why.",
        };
        let is_complete = !matches!(self.outcome, Outcome::Key | Outcome::Unreachable);
        let findings = match self.outcome {
            Outcome::Ok => page::remarks(report),
            _ => page::report(report, is_complete),
        };
        format!(
            "{provider}POST {endpoint}\n\n{}\n{verdict}\n\n{findings}\
             No key, secret, token or signature is on this page; ids and names are masked.\n\
             It can be pasted into a public issue.\n",
            page::steps(&self.steps),
        )
    }
}

/// The name of a provider that has one.
fn provider(profile: &Profile) -> Option<&'static str> {
    (profile.name != Profile::GENERIC.name).then_some(profile.title)
}

/// For machines.
#[derive(Serialize)]
struct Machine<'a> {
    outcome: Outcome,
    token_requests: usize,
    checked: &'a [Step],
    #[serde(flatten)]
    report: &'a Report,
}

/// The text with ids and names masked. Short ones, and plain words, tell nothing and stand in other sentences too.
fn without_names(text: &str, names: &[String]) -> String {
    let is_telling =
        |name: &&String| name.len() >= 6 && name.contains(|c: char| c.is_ascii_digit() || c == '@');
    let names = names.iter().filter(is_telling);
    names.fold(text.to_owned(), |text, name| {
        text.replace(name.as_str(), &masked(name))
    })
}

/// Where a key lies in the user's folders is nobody's business.
fn without_folder(text: &str, uri: Option<&str>) -> String {
    let path = uri.map_or("", |uri| uri.strip_prefix("file:").unwrap_or(uri));
    match path.rfind(['/', '\\']) {
        Some(end) if end > 0 => text.replace(&path[..=end], "…/"),
        _ => text.into(),
    }
}
