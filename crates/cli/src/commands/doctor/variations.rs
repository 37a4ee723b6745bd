//! The request again with one thing changed, to tell causes apart. Each is as harmless as the first.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use jwt_bearer::assertion::{Clock, SystemClock};
use jwt_bearer::exchange::{Client, ExchangeError};
use jwt_bearer::provider::{AudienceRule, Class, RequestBuilder};
use jwt_bearer::signer::{PublicKey, SignError, Signature};
use jwt_bearer::{Algorithm, Signer, TokenRequest};
use jwt_bearer_diagnosis::{Certainty, Probe, Variation, diagnose};

use super::Asking;
use super::case::Case;
use super::metadata::Server;
use crate::error::Failure;
use crate::page::State;
use crate::settings::Settings;
use crate::write::note;

/// Never more than these.
const MOST: usize = 4;

/// A variation that can be sent.
pub(super) struct Planned {
    variation: Variation,
    /// What is changed, for people.
    change: &'static str,
    request: TokenRequest,
    signer: Arc<dyn Signer>,
    clock: Shifted,
}

/// What can tell more about a refusal that is not explained yet.
pub(super) fn plan(
    case: &Case,
    asking: &Asking,
    server: &Server,
    error: &ExchangeError,
) -> Result<Vec<Planned>, Failure> {
    let Asking { builder, signer } = asking;
    let report = diagnose(&case.evidence);
    let first = report.findings().first();
    let is_certain = first
        .is_some_and(|first| first.certainty() == Certainty::Certain && first.explains_reply());
    let assertion = error.attempt().and_then(|attempt| attempt.assertion());
    let (Some(assertion), false) = (assertion, is_certain) else {
        return Ok(Vec::new());
    };
    // Whether it is about this, by the findings; an unknown text can be about anything that it does not name.
    let is_open = |topics: &[&str], ids: &[&str]| {
        let speaks = |topic: &&str| topics.contains(topic);
        let is_unknown = !report.reply_is_known() && report.speaks_of().is_empty();
        is_unknown
            || report.speaks_of().iter().any(speaks)
            || report
                .findings()
                .iter()
                .any(|finding| ids.contains(&finding.id()))
    };
    let mut plan = Vec::new();
    let mut add = |variation, change, request: RequestBuilder, signer, clock| {
        let request = request.build()?;
        plan.push(Planned {
            variation,
            change,
            request,
            signer,
            clock,
        });
        Ok::<_, Failure>(())
    };
    let may_be_time = !report.reply_is_known()
        || report
            .findings()
            .iter()
            .any(|finding| finding.class() == Class::Clock);
    if let Some(ahead) = server.ahead.filter(|_| may_be_time) {
        let clock = Shifted { ahead };
        let change = "with the server's time";
        add(
            Variation::ServerTime,
            change,
            builder.clone(),
            Arc::clone(signer),
            clock,
        )?;
    }
    let now = Shifted { ahead: 0 };
    let is_key_id_open = is_open(&["the key id", "the signature"], &KEY_ID);
    let known = case.key_ids.iter().find(|known| {
        let is_named = known
            .key
            .as_ref()
            .is_none_or(|key| key == signer.public_key());
        is_named && assertion.key_id() != Some(&known.id)
    });
    let known = known.filter(|_| is_key_id_open);
    if let Some(known) = known {
        let request = builder.clone().key_id(&known.id);
        let signer = Arc::clone(signer);
        add(Variation::WithKeyId, known.change, request, signer, now)?;
    }
    if is_key_id_open && assertion.key_id().is_some() {
        let nameless: Arc<dyn Signer> = Arc::new(Nameless(Arc::clone(signer)));
        let request = builder.clone().without_key_id();
        add(
            Variation::WithoutKeyId,
            "without `kid`",
            request,
            nameless,
            now,
        )?;
    }
    let profile = builder.clone().build()?.profile().audience;
    let is_generic = profile == AudienceRule::TokenEndpoint;
    if is_key_id_open && is_generic {
        let thumbprint = signer.public_key().thumbprint();
        let is_tried = known.is_some_and(|known| known.id == thumbprint);
        if assertion.key_id() != Some(&thumbprint) && !is_tried {
            let request = builder.clone().key_id(thumbprint);
            let change = "with the key's thumbprint as `kid`";
            add(
                Variation::ThumbprintKeyId,
                change,
                request,
                Arc::clone(signer),
                now,
            )?;
        }
    }
    // A constant audience has no alternative.
    if is_open(&["the audience"], &AUDIENCE) && !matches!(profile, AudienceRule::Constant(_)) {
        let endpoint = builder
            .clone()
            .build()?
            .token_endpoint()
            .as_str()
            .to_owned();
        let issuer = server.issuer.clone();
        let used = assertion.claims().get("aud").and_then(|aud| aud.as_str());
        let used = used.unwrap_or_default().to_owned();
        // An assertion for another server would be a credential there.
        let issuer = issuer.filter(|issuer| is_same_server(issuer, &endpoint));
        if let Some(issuer) = issuer.filter(|issuer| *issuer != used && *issuer != endpoint) {
            let request = builder.clone().audience(issuer.as_str());
            let change = "with the server's issuer as `aud`";
            add(
                Variation::AudienceIssuer,
                change,
                request,
                Arc::clone(signer),
                now,
            )?;
        }
        if is_generic && endpoint != used {
            let request = builder.clone().audience(endpoint.as_str());
            let change = "with the token endpoint as `aud`";
            add(
                Variation::AudienceEndpoint,
                change,
                request,
                Arc::clone(signer),
                now,
            )?;
        }
    }
    plan.truncate(MOST);
    Ok(plan)
}

fn is_same_server(issuer: &str, endpoint: &str) -> bool {
    let origin = |url: &str| Some(url::Url::parse(url).ok()?.origin());
    let own = origin(issuer).filter(url::Origin::is_tuple);
    own.is_some() && own == origin(endpoint)
}

/// Findings that a change of `kid` can tell from others.
const KEY_ID: [&str; 6] = [
    "box-kid",
    "kid-differs",
    "kid-missing",
    "key-mismatch",
    "signature-mismatch",
    "oauth-invalid-client",
];
/// Findings that a change of `aud` can tell from others.
const AUDIENCE: [&str; 5] = [
    "aud-wrong",
    "aud-login",
    "aud-trailing",
    "aud-no-scheme",
    "oauth-invalid-client",
];

/// Announces them, and sends one after the other until one gets a token or the time is over.
pub(super) async fn send(
    case: &mut Case,
    plan: Vec<Planned>,
    settings: &Settings,
) -> Result<(), Failure> {
    if plan.is_empty() {
        return Ok(());
    }
    let changes: Vec<_> = plan.iter().map(|planned| planned.change).collect();
    let count = match plan.len() {
        1 => "1 variation follows, with a signature and a request".into(),
        count => format!("up to {count} variations follow, each with a signature and a request"),
    };
    let changes = changes.join(", ");
    note(&format!(
        "refused; to tell the causes apart, {count} (--no-probe: none): {changes}"
    ));
    let deadline = tokio::time::Instant::now() + settings.timeout();
    for planned in plan {
        let client = Client::new()
            .transport(settings.transport()?)
            .clock(planned.clock);
        let sending = client.token(&planned.request, &planned.signer);
        let Ok(result) = tokio::time::timeout_at(deadline, sending).await else {
            case.step("variation", State::Skipped, "the time is over (--timeout)");
            break;
        };
        let Planned {
            variation, change, ..
        } = planned;
        // Only an answer tells something.
        let accepted = match &result {
            Ok(_) => true,
            Err(error)
                if error
                    .attempt()
                    .is_some_and(|attempt| attempt.status().is_some()) =>
            {
                false
            }
            Err(_) => {
                case.step("variation", State::Skipped, format!("{change}: no answer"));
                break;
            }
        };
        case.sent += 1;
        if accepted {
            let how = told(variation);
            let text = format!("{change}: the server gave a token{how}");
            case.step("variation", State::Ok, text);
        } else {
            let text = format!("{change}: refused too");
            case.step("variation", State::Failed, text);
        }
        case.learn(|evidence| {
            evidence.probe(Probe::Varied {
                variation,
                accepted,
            })
        });
        if accepted {
            break;
        }
    }
    Ok(())
}

/// What to set by that. The value is not on a page that may be shown to others.
const fn told(variation: Variation) -> &'static str {
    match variation {
        Variation::WithKeyId | Variation::ThumbprintKeyId => "; `--key-id` sets that",
        Variation::WithoutKeyId => "; `--key-id` is wrong",
        Variation::AudienceIssuer | Variation::AudienceEndpoint => "; `--audience` sets that",
        _ => "",
    }
}

/// This machine's clock, set right by the server's.
#[derive(Clone, Copy, Debug)]
struct Shifted {
    /// By how many seconds this machine is ahead.
    ahead: i64,
}

impl Clock for Shifted {
    fn now(&self) -> SystemTime {
        let now = SystemClock.now();
        let by = Duration::from_secs(self.ahead.unsigned_abs());
        let right = if self.ahead > 0 {
            now.checked_sub(by)
        } else {
            now.checked_add(by)
        };
        right.unwrap_or(now)
    }
}

/// A signer without its key id.
struct Nameless(Arc<dyn Signer>);

impl fmt::Debug for Nameless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[async_trait]
impl Signer for Nameless {
    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }

    fn key_id(&self) -> Option<&str> {
        None
    }

    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    async fn sign(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
        self.0.sign(signing_input).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_is_for_the_server_that_it_is_sent_to() {
        let endpoint = "https://as.example/token";
        for issuer in [
            "https://as.example",
            "https://as.example/",
            "https://as.example/tenant",
        ] {
            assert!(is_same_server(issuer, endpoint), "{issuer}");
        }
        for issuer in [
            "https://login.salesforce.com",
            "https://as.example.org",
            "https://as.example:8443",
            "http://as.example",
            "https://as.example@other.example",
            "as.example",
            "urn:as.example",
            "",
        ] {
            assert!(!is_same_server(issuer, endpoint), "{issuer}");
        }
    }

    #[test]
    fn a_clock_is_set_right_in_both_directions() {
        let now = SystemClock.now();
        let hour = Duration::from_secs(3600);
        let early = Shifted { ahead: 3600 }.now();
        let late = Shifted { ahead: -3600 }.now();
        let before = now.duration_since(early).unwrap();
        assert!(!before.is_zero() && before <= hour, "{early:?}");
        assert!(late >= now + hour, "{late:?}");
    }
}
