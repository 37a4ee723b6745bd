//! The request and the reply that a log shows, as that of `curl -v`.

use crate::paste::{self, Line};
use crate::{Paste, Reply, Request, curl, jwts};

impl Paste {
    /// The request: what curl shows of it, and its command line.
    pub(crate) fn request(&mut self, lines: &[Line<'_>]) {
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
    pub(crate) fn reply(&mut self, lines: &[Line<'_>]) {
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
}
