use jwt_bearer_assertion::Assertion;
use serde_json::Value;

use crate::checks::host_of;
use crate::curl;
use crate::failure;
use crate::jwts::{self, Found, Place};
use crate::mark::{self, Hidden, is_mark};
use crate::message::Whose;
use crate::paste::{self, Line};
use crate::refusal::Refusal;
use crate::repeated::without;
use crate::secrets::{without_named, without_private_members};
use crate::{Evidence, Reply, Report, Request, diagnose, message, whose};

/// The most octets of a paste that are looked at: 1 MiB.
pub const MAX_PASTE: usize = 1 << 20;

/// What somebody pasted, and what was found in it.
#[derive(Clone, Debug, Default)]
pub struct Paste {
    evidence: Evidence,
    notes: Vec<String>,
}

impl Paste {
    /// Looks for evidence in any text: the body of an error, an assertion, the output of `curl -v`, a program's
    /// exception, a certificate. What it does not know it leaves. Of a longer text only the first [`MAX_PASTE`] octets
    /// are looked at.
    ///
    /// What is masked, such as `<id>`, `***` or `CLIENT_ID`, is neither known nor missing, and what is cut proves nothing.
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
        let (text, secrets) = without_named(&text);
        if !secrets.is_empty() {
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

    fn evidence(&mut self, change: impl FnOnce(Evidence) -> Evidence) {
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

    /// The request: what curl shows of it, and its command line.
    fn request(&mut self, lines: &[Line<'_>]) {
        let mut request = Request::new();
        let mut is_there = false;
        let (mut path, mut host) = (None, None);
        let mut form = String::new();
        let mut length = None;
        let mut is_connect = false;
        // Whether all of the form can be seen.
        let (mut is_sent, mut is_hidden) = (false, false);
        let mut in_query = false;
        for line in lines {
            match line {
                Line::Sent(text) => {
                    if let Some((method, target)) = paste::request_line(text) {
                        (path, host, length) = (None, None, None);
                        is_connect = method == "CONNECT";
                        if is_connect {
                            continue;
                        }
                        request = request.method(method);
                        path = Some(target.to_owned());
                        is_there = true;
                    } else if let Some((name, value)) = paste::header(text)
                        && !is_connect
                    {
                        match name.to_ascii_lowercase().as_str() {
                            "host" | ":authority" => host = Some(value.to_owned()),
                            ":path" => path = Some(value.to_owned()),
                            "content-type" => request = request.content_type(value),
                            "content-length" => length = value.parse().ok(),
                            _ => {}
                        }
                    }
                }
                Line::Other(text) => {
                    if paste::is_form(text) {
                        form = (*text).trim().to_owned();
                        is_sent |= is_there;
                    } else if let Some(command) = curl::curl(text) {
                        is_there |= command.url.is_some();
                        is_sent |= !command.data.is_empty();
                        is_hidden |= command.is_hidden;
                        if let Some(url) = &command.url {
                            request = request.url(url);
                        }
                        in_query |= command.in_query;
                        if let Some(method) = &command.method {
                            request = request.method(method);
                        }
                        if let Some(content_type) = &command.content_type {
                            request = request.content_type(content_type);
                        }
                        for data in &command.data {
                            if !form.is_empty() {
                                form.push('&');
                            }
                            form.push_str(data);
                        }
                    }
                }
                Line::Received(_) => {}
            }
        }
        if let (Some(path), Some(host)) = (&path, &host) {
            let url = match path.strip_prefix('/') {
                Some(_) => format!("{}://{host}{path}", paste::scheme(host)),
                None => path.clone(),
            };
            request = request.url(url);
        }
        request.in_query |= in_query;
        if !form.is_empty() {
            let parameters: Vec<_> = paste::parameters(&form);
            if let Some(assertion) = paste::value(&parameters, &["assertion", "client_assertion"])
                && paste::may_be_assertion(assertion)
                && !jwts::is_sample(assertion)
            {
                self.evidence(|evidence| evidence.assertion_text(assertion));
                self.evidence.is_in_request = true;
            }
            let has_grant = form.contains("grant_type=") && is_sent;
            if !is_hidden && (has_grant || length == Some(form.len())) {
                is_there = true;
                request = request.parameters(parameters);
            }
        }
        if is_there {
            self.evidence(|evidence| evidence.request(request));
        }
    }

    /// The reply: what curl or an HTTP library shows of it.
    fn reply(&mut self, lines: &[Line<'_>]) {
        let mut reply = None;
        let mut body = String::new();
        let mut in_body = false;
        for line in lines {
            match line {
                Line::Received(text) => {
                    if let Some(status) = paste::status_line(text) {
                        reply = Some(Reply::new().status(status));
                        body.clear();
                        in_body = false;
                    } else if text.trim().is_empty() {
                        in_body = true;
                    } else if let (Some((name, value)), Some(old)) =
                        (paste::header(text), reply.take())
                    {
                        reply = Some(old.header(name, value));
                    }
                }
                Line::Other(text) if paste::is_body(line, in_body) => {
                    body.push_str(text);
                    body.push('\n');
                }
                // A reply that was copied without curl's marks.
                Line::Other(text) if !in_body => match (paste::header(text), reply.take()) {
                    (Some((name, value)), Some(old)) => reply = Some(old.header(name, value)),
                    (None, old) if text.trim().is_empty() => {
                        in_body = old.is_some();
                        reply = old;
                    }
                    (_, old) => reply = old,
                },
                _ => {}
            }
        }
        if let Some(reply) = reply {
            let body = body.trim();
            let is_chunked = reply
                .first("transfer-encoding")
                .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
            let joined = paste::unchunked(body).filter(|_| is_chunked);
            let body = joined.as_deref().unwrap_or(body);
            let reply = if in_body { reply.body(body) } else { reply };
            self.evidence(|evidence| evidence.reply(reply));
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
            evidence.hidden = mark::take(&mut header, &mut claims);
            if !evidence.hidden.is_empty() {
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
            let is_masked = |name| request.parameter(name).is_some_and(is_mark);
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
