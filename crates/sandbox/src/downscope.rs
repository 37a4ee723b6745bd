use serde_json::{Value, json};

use crate::reply::Reply;
use crate::state::{Issued, State};
use crate::texts::oauth_error;
use crate::token::{Form, random_token};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Box's token exchange ([RFC 8693](https://www.rfc-editor.org/rfc/rfc8693)): a token for less than another one.
pub(crate) fn exchange(state: &State, form: &Form) -> Reply {
    if let Some(id) = form.value("client_id")
        && id != state.sandbox.client_id
    {
        return refuse(401, "invalid_client", "The client credentials are invalid");
    }
    if form.value("subject_token_type") != Some(ACCESS_TOKEN) {
        return refuse(400, "invalid_request", "Invalid subject_token_type");
    }
    let Some(subject) = form
        .value("subject_token")
        .and_then(|token| state.issued(token))
    else {
        return refuse(400, "invalid_grant", "Invalid subject_token");
    };
    let Some(scope) = form.value("scope") else {
        return refuse(400, "invalid_scope", "The scope parameter is missing");
    };
    let object = match (form.value("resource"), form.value("box_shared_link")) {
        (Some(_), Some(_)) => {
            return refuse(
                400,
                "invalid_request",
                "Both resource and box_shared_link were sent",
            );
        }
        (Some(resource), None) => match item(resource) {
            Some(item) => Some(item),
            None => return refuse(400, "invalid_resource", "The resource is unknown"),
        },
        (None, Some(link)) => Some(json!({ "type": "shared_link", "url": link })),
        (None, None) => None,
    };
    let restricted_to: Vec<Value> = scope
        .split(' ')
        .filter(|scope| !scope.is_empty())
        .map(|scope| match &object {
            Some(object) => json!({ "scope": scope, "object": object }),
            None => json!({ "scope": scope }),
        })
        .collect();
    let Some(token) = random_token() else {
        return Reply::text(500, "the system gave no random numbers\n");
    };
    let body = json!({
        "access_token": token,
        "expires_in": subject.expiry - state.now(),
        "issued_token_type": ACCESS_TOKEN,
        "restricted_to": restricted_to,
        "token_type": "bearer",
    });
    let restricted_to = Value::Array(restricted_to);
    state.add_token(
        token,
        Issued {
            restricted_to: Some(restricted_to),
            ..subject
        },
    );
    Reply::json(200, &body)
}

/// A file or folder by its URL at the API.
fn item(url: &str) -> Option<Value> {
    let (url, id) = url.rsplit_once('/')?;
    let kind = match url.rsplit_once('/')?.1 {
        "files" => "file",
        "folders" => "folder",
        _ => return None,
    };
    (!id.is_empty()).then(|| json!({ "type": kind, "id": id }))
}

/// A refusal whose text is ours.
pub(crate) fn refuse(status: u16, error: &str, description: &str) -> Reply {
    Reply::json(status, &oauth_error(error, description, false)).refusing(error, description)
}
