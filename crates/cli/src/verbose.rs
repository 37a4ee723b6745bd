//! Shows what goes over the wire, without secrets.

use async_trait::async_trait;
use jwt_bearer::assertion::Assertion;
use jwt_bearer::exchange::{HttpTransport, Method, Reply, Request, Transport, TransportError};
use serde_json::Value;
use url::form_urlencoded;

use crate::error::chain;
use crate::write::{harmless, note};

/// The form parameters that are known to be no secret.
const PLAIN: [&str; 6] = [
    "audience",
    "client_assertion_type",
    "client_id",
    "grant_type",
    "resource",
    "scope",
];

/// A transport that prints the requests and the heads of the replies to standard error.
#[derive(Debug)]
pub(crate) struct Verbose(pub(crate) HttpTransport);

#[async_trait]
impl Transport for Verbose {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let method = match request.method {
            Method::Get => "GET",
            _ => "POST",
        };
        note(&format!("> {method} {}", request.url));
        for (name, value) in form_urlencoded::parse(request.body().as_bytes()) {
            if PLAIN.contains(&&*name) {
                note(&format!(">   {name} = {}", harmless(&value)));
                continue;
            }
            note(&format!(
                ">   {} = [{} characters]",
                harmless(&name),
                value.len()
            ));
            if let Ok(decoded) = Assertion::decode(&value) {
                let parts = [("header", decoded.header()), ("claims", decoded.claims())];
                for (part, members) in parts {
                    note(&format!(
                        ">     {part} {}",
                        harmless(&Value::from(members.clone()).to_string())
                    ));
                }
            }
        }
        let result = self.0.send(request).await;
        match &result {
            Ok(reply) => {
                note(&format!("< {}", reply.status));
                for (name, value) in &reply.headers {
                    let value = if name == "set-cookie" {
                        "[masked]"
                    } else {
                        value
                    };
                    note(&format!("<   {name}: {}", harmless(value)));
                }
            }
            Err(error) => note(&format!("< {}", chain(error))),
        }
        result
    }
}
