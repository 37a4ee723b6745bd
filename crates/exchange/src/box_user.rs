use jwt_bearer_provider::TokenEndpoint;
use serde_json::Value;

use crate::{AccessToken, Client, ExchangeError, Request};

/// A user at Box.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoxUser {
    /// The id, which a user token is asked for by.
    pub id: String,
    /// The e-mail address that the user logs in with.
    pub login: String,
    /// The name for people.
    pub name: String,
}

impl Client {
    /// Finds the Box user who logs in with this e-mail address, by one GET; case does not matter.
    ///
    /// `api` is the base URL, `https://api.box.com`. The token is that of the enterprise, and the app needs the scope
    /// "Manage users".
    ///
    /// # Errors
    /// `Transport`, `Timeout`, `Server`, and `InvalidResponse` if the reply is no list of users.
    pub async fn box_user(
        &self,
        api: &TokenEndpoint,
        token: &AccessToken,
        login: &str,
    ) -> Result<Option<BoxUser>, ExchangeError> {
        let mut url = api.url().clone();
        let path = format!("{}/2.0/users", url.path().trim_end_matches('/'));
        url.set_path(&path);
        // The filter takes beginnings of names and addresses; what is wanted is picked out below.
        url.query_pairs_mut()
            .clear()
            .append_pair("filter_term", login)
            .append_pair("fields", "id,login,name")
            .append_pair("limit", "1000");
        let endpoint = url.to_string();
        let secrets = [token.expose()];
        let users = self
            .send(Request::get(url, token), &endpoint, None, &secrets, users)
            .await?;
        Ok(users
            .into_iter()
            .find(|user| user.login.to_lowercase() == login.to_lowercase()))
    }
}

/// Reads a list of users.
fn users(body: &[u8]) -> Result<Vec<BoxUser>, String> {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let entries = body
        .as_ref()
        .and_then(|body| body.get("entries")?.as_array())
        .ok_or("something that is no list of users")?;
    let text = |user: &Value, name| user.get(name)?.as_str().map(str::to_owned);
    let user = |user| {
        Some(BoxUser {
            id: text(user, "id")?,
            login: text(user, "login")?,
            name: text(user, "name").unwrap_or_default(),
        })
    };
    Ok(entries.iter().filter_map(user).collect())
}
