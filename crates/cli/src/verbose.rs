//! Shows what goes over the wire, without secrets.

use async_trait::async_trait;
use jwt_bearer::TokenRequest;
use jwt_bearer::assertion::Assertion;
use jwt_bearer::exchange::{HttpTransport, Reply, Request, Transport, TransportError};
use url::form_urlencoded;

use crate::error::chain;

/// A transport that prints the requests and the heads of the replies to standard error.
#[derive(Debug)]
pub(crate) struct Verbose(pub(crate) HttpTransport);

#[async_trait]
impl Transport for Verbose {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        eprintln!("> POST {}", request.url);
        for (name, value) in form_urlencoded::parse(request.body().as_bytes()) {
            if !TokenRequest::SECRET_PARAMETERS.contains(&&*name) {
                eprintln!(">   {name} = {value}");
                continue;
            }
            eprintln!(">   {name} = [{} characters]", value.len());
            if let Ok(decoded) = Assertion::decode(&value) {
                eprintln!(
                    ">     header {}",
                    serde_json::Value::from(decoded.header().clone())
                );
                eprintln!(
                    ">     claims {}",
                    serde_json::Value::from(decoded.claims().clone())
                );
            }
        }
        let result = self.0.send(request).await;
        match &result {
            Ok(reply) => {
                eprintln!("< {}", reply.status);
                for (name, value) in &reply.headers {
                    let value = if name == "set-cookie" {
                        "[masked]"
                    } else {
                        value
                    };
                    eprintln!("<   {name}: {value}");
                }
            }
            Err(error) => eprintln!("< {}", chain(error)),
        }
        result
    }
}
