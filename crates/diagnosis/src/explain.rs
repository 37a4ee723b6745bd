use jwt_bearer_assertion::{Assertion, Decoded};
use serde_json::Value;

use crate::checks::host_of;
use crate::failure;
use crate::jwts::{self, Found, Place};
use crate::mark::{self, Hidden, is_mark, is_mask};
use crate::message::Whose;
use crate::paste::{self, Line};
use crate::refusal::Refusal;
use crate::repeated::without;
use crate::said::has_token;
use crate::secrets::{Plain, without_named, without_private_members};
use crate::{Evidence, Reply, Report, diagnose, message, whose};

/// The most octets of a paste that are looked at: 1 MiB.
pub const MAX_PASTE: usize = 1 << 20;

/// What somebody pasted, and what was found in it.
#[derive(Clone, Debug, Default)]
pub struct Paste {
    pub(crate) evidence: Evidence,
    notes: Vec<String>,
}

impl Paste {
    /// Looks for evidence in any text: the body of an error, an assertion, the output of `curl -v`, a program's
    /// exception, a certificate. What it does not know it leaves. Of a longer text only the first [`MAX_PASTE`] octets
    /// are looked at.
    ///
    /// What is masked, such as `<id>` or `***`, is neither known nor missing, and so is a name from an example, such as
    /// `CLIENT_ID`, unless it stands in an assertion with its signature. What is cut proves nothing.
    /// A JWT that was broken into lines is joined. It is taken for the assertion only where a request has one, or if its
    /// claims are like those of one, or if it stands alone.
    ///
    /// Of two assertions, the first is the earlier one. Of two replies, the last counts.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut reading = Self::default();
        let mut text = paste::plain(text, MAX_PASTE, &mut reading.notes);
        if let Some(decoded) = paste::decoded(&text) {
            text = decoded;
        }
        let mut text = jwts::joined(&text);
        reading.keys(&mut text);
        let Plain {
            text,
            secrets,
            is_warned,
        } = without_named(&text);
        if is_warned {
            reading.notes.push(
                "A client secret or a token is in what was pasted. It was not kept; if it was ever shown to others, \
                 reset it."
                    .into(),
            );
        }
        let text = without(text, &secrets);
        let all: Vec<_> = text.lines().map(Line::of).collect();
        let lines = paste::exchange(&all);
        reading.evidence.is_pasted = true;
        reading.request(lines);
        reading.reply(lines);
        reading.json(&text);
        // JSON within a string of JSON.
        if text.contains(r#"{\""#) {
            reading.json(&text.replace(r#"\""#, "\""));
        }
        reading.evidence.mentioned = whose::mentioned(&text);
        reading.assertions(&text, paste::requests(&all));
        reading.message(&text, lines);
        reading.marks();
        reading
    }

    /// The evidence; the caller can add to it.
    #[must_use]
    pub fn into_evidence(self) -> Evidence {
        self.evidence
    }

    /// The assertion that was found, if there is one.
    #[must_use]
    pub const fn assertion(&self) -> Option<&Decoded> {
        self.evidence.assertion.as_ref()
    }

    /// What the reader should know before anything else, such as that a private key was pasted. Nothing of the paste is
    /// repeated.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The findings, with the notes.
    #[must_use]
    pub fn diagnose(&self) -> Report {
        let report = diagnose(&self.evidence);
        self.notes.iter().fold(report, Report::note)
    }

    pub(crate) fn evidence(&mut self, change: impl FnOnce(Evidence) -> Evidence) {
        self.evidence = change(std::mem::take(&mut self.evidence));
    }

    /// Takes the PEM blocks out of the text. Private keys are forgotten at once.
    fn keys(&mut self, text: &mut String) {
        let mut is_private = false;
        for block in paste::take_pem(text) {
            if block.is_private {
                is_private = true;
            } else {
                self.evidence(|evidence| evidence.registered(block.text.as_bytes()));
            }
        }
        if let Some(plain) = without_private_members(text) {
            is_private = true;
            *text = plain;
        }
        if is_private {
            self.warn_of_key();
        }
    }

    fn warn_of_key(&mut self) {
        let note = "A private key is in what was pasted. It was not looked at; if it was ever shown to others, \
             make a new one and take this one off the app.";
        if !self.notes.iter().any(|other| other == note) {
            self.notes.push(note.into());
        }
    }

    /// JSON anywhere: an error, a configuration file, or the header and claims of a JWT.
    fn json(&mut self, text: &str) {
        let (mut header, mut claims) = (None, None);
        for (value, source) in paste::json_values(text) {
            let members = match &value {
                Value::Object(members) => members,
                Value::Array(_) if Refusal::of_value(&value).is_some() => {
                    self.set_body(source);
                    continue;
                }
                _ => continue,
            };
            let has = |name: &str| members.contains_key(name);
            if has("kty") && (has("d") || has("k")) {
                self.warn_of_key();
            } else if let Some(inner) = paste::inner_refusal(&value) {
                self.set_body(&inner);
            } else if has("boxAppSettings") {
                self.evidence(|evidence| evidence.box_config(source));
            } else if has("iss") || has("aud") && has("exp") {
                claims = Some(value.clone());
            } else if has("alg") {
                header = Some(value.clone());
            } else if has("error")
                || has("error_description")
                || Refusal::of_value(&value).is_some()
            {
                self.set_body(source);
            }
        }
        if let Some(claims) = claims {
            self.evidence.is_claims_alone = header.is_none();
            self.evidence.is_taken_apart = true;
            let header = header.unwrap_or_else(|| serde_json::json!({}));
            let compact = paste::compact(&header, &claims);
            if let Ok(decoded) = Assertion::decode(&compact) {
                self.evidence(|evidence| evidence.assertion(decoded));
            }
        }
    }

    fn set_body(&mut self, body: &str) {
        self.evidence(|mut evidence| {
            let reply = evidence.reply.take().unwrap_or_default();
            let has_body = Refusal::of(&reply).is_some();
            evidence.reply(if has_body { reply } else { reply.body(body) })
        });
    }

    /// Assertions anywhere. The last is the one in question, with its signature if that is somewhere.
    fn assertions(&mut self, text: &str, requests: usize) {
        let found = jwts::jwts(text);
        let one = found.first().map(|found| jwts::signed_part(&found.text));
        let is_same = |other: &Found| Some(jwts::signed_part(&other.text)) == one;
        let is_alone = self.evidence.request.is_none() && found.iter().all(is_same);
        let provider = whose::server(&self.evidence).provider;
        let own = found
            .iter()
            .filter(|found| found.is_assertion(provider, is_alone));
        let place = own.clone().next_back().map(|found| found.place);
        let found: Vec<_> = own.map(|found| found.text.clone()).collect();
        let known = self.evidence.compact.clone();
        let Some(last) = known.as_ref().or(found.last()) else {
            return;
        };
        self.evidence.is_in_request |= place.is_some_and(Place::is_of_request);
        // Of several requests nobody knows which one the reply is to.
        self.evidence.is_in_request &= requests <= 1;
        let own = jwts::signed_part(last);
        let is_same = |other: &&String| jwts::signed_part(other) == own;
        let same = found.iter().chain(&known).filter(is_same);
        let fullest = same.max_by_key(|text| text.len()).unwrap_or(last);
        let earlier = found.iter().rev().find(|other| !is_same(other));
        // In two requests the same one: what was sent before is this one itself.
        let times = text.matches(&format!("assertion={last}")).count();
        let earlier = earlier.or(Some(last).filter(|_| requests > 1 && times > 1));
        let earlier = earlier.and_then(|earlier| Assertion::decode(earlier).ok());
        self.evidence(|evidence| evidence.assertion_text(fullest));
        if self.evidence.compact.is_some() {
            self.evidence.is_claims_alone = false;
            self.evidence.is_taken_apart = false;
        }
        if let Some(earlier) = earlier {
            self.evidence(|evidence| evidence.earlier_assertion(earlier));
        }
    }

    /// What is masked is neither known nor missing. An assertion with a mask was put together anew, so its form and its
    /// signature tell nothing.
    fn marks(&mut self) {
        let evidence = &mut self.evidence;
        if let Some(assertion) = &evidence.assertion {
            let (mut header, mut claims) = (assertion.header().clone(), assertion.claims().clone());
            let is_signed = evidence.compact.as_deref().is_some_and(jwts::is_full);
            evidence.hidden = mark::take(&mut header, &mut claims, is_signed);
            evidence.has_example = is_signed && mark::has_example(&header, &claims);
            if !evidence.hidden.is_empty() {
                evidence.is_signature_lost =
                    evidence.compact.is_some() && !assertion.signature().is_empty();
                let compact = paste::compact(&header.into(), &claims.into());
                evidence.assertion = Assertion::decode(&compact).ok();
                evidence.compact = None;
                evidence.is_taken_apart = true;
            }
        }
        if let Some(config) = &mut evidence.config {
            evidence.hidden.extend(config.take_marks());
        }
        if let Some(request) = &evidence.request {
            // Who tries it out with names from examples has them in the form too.
            let is_hidden: fn(&str) -> bool = if evidence.has_example {
                is_mask
            } else {
                is_mark
            };
            let is_masked = |name| request.parameter(name).is_some_and(is_hidden);
            let parameters = [Hidden::ClientId, Hidden::GrantType];
            let masked = parameters
                .into_iter()
                .filter(|hidden| is_masked(hidden.name()));
            evidence.hidden.extend(masked);
        }
    }

    /// If there was no reply in a form that is known: the text itself.
    fn message(&mut self, text: &str, lines: &[Line<'_>]) {
        let reply = self.evidence.reply.as_ref();
        if reply.and_then(Refusal::of).is_some() {
            return;
        }
        let whole = text.trim();
        if let Some(refusal) =
            Refusal::of_xml(whole).or_else(|| lines.iter().find_map(Line::form_error))
        {
            let json =
                serde_json::json!({ "error": refusal.error, "error_description": refusal.text });
            return self.set_body(&json.to_string());
        }
        let is_page = whole
            .get(..9)
            .is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"))
            || whole
                .get(..5)
                .is_some_and(|start| start.eq_ignore_ascii_case("<html"));
        if is_page && reply.is_none() {
            return self.evidence(|evidence| evidence.reply(Reply::new().body(whole)));
        }
        if reply.is_none() && has_token(whole) {
            return self.evidence(|evidence| evidence.reply(Reply::new().body(whole)));
        }
        let rest = paste::words(lines);
        let is_told = !message::entries_in(Whose::Anybodys, &rest).is_empty();
        let request = self.evidence.request.as_ref();
        let endpoint = request.and_then(|request| host_of(request.url.as_deref()?));
        let mut has_failed = false;
        // What curl tried before there was a reply, is no failure; nor is another connection's, where a server said no.
        if reply.is_none() && !is_told {
            for failure in failure::failures(lines, endpoint.as_deref()) {
                has_failed |= failure.is_of_endpoint;
                if failure.is_of_endpoint {
                    self.evidence.probes.push(failure.probe);
                } else {
                    self.evidence.doubtful.push(failure.probe);
                }
            }
        }
        let reply = self.evidence.reply.as_ref();
        // Where no server was reached, none said anything.
        if !rest.is_empty() && !has_failed && reply.is_none_or(|reply| reply.body.is_none()) {
            self.evidence(|evidence| evidence.message(rest));
        }
    }
}
