use crate::error::Failure;

/// Tokens, their keys, and how `--key` names each.
#[cfg(feature = "piv")]
pub(crate) async fn list() -> Result<(), Failure> {
    use crate::write::{harmless, result};

    let tokens = jwt_bearer::piv::tokens().await?;
    let pages: Vec<_> = tokens
        .iter()
        .map(|token| harmless_lines(&page(token), harmless))
        .collect();
    result(&pages.join("\n"))
}

#[cfg(not(feature = "piv"))]
#[expect(clippy::unused_async, reason = "a build with PIV tokens waits here")]
pub(crate) async fn list() -> Result<(), Failure> {
    Err(Failure::key(
        "this build has no PIV tokens in it; build it with `--features piv`",
    ))
}

#[cfg(feature = "piv")]
fn harmless_lines(text: &str, harmless: fn(&str) -> String) -> String {
    text.lines().map(|line| harmless(line) + "\n").collect()
}

#[cfg(feature = "piv")]
fn page(token: &jwt_bearer::piv::Token) -> String {
    use std::fmt::Write;

    let mut page = format!(
        "YubiKey {}, version {}, in {}\n",
        token.serial(),
        token.version(),
        token.reader()
    );
    if token.keys().is_empty() {
        page.push_str(
            "  no key; ykman makes one: ykman piv keys generate --algorithm ECCP256 9a public.pem\n",
        );
    }
    for key in token.keys() {
        let uri = format!("piv:{}?serial={}", key.slot(), token.serial());
        let algorithms: Vec<_> = key.algorithms().iter().map(|a| a.name()).collect();
        let signs = match algorithms.is_empty() {
            true => "signs no JWT".into(),
            false => format!("signs {}", algorithms.join(", ")),
        };
        let policy = |policy: Option<String>| policy.unwrap_or_else(|| "not told".into());
        let _ = write!(
            page,
            "\n  {uri}\n    {}, {signs}\n    PIN {}, touch {}; public key from the {}\n",
            key.kind(),
            policy(key.pin_policy().map(|policy| policy.to_string())),
            policy(key.touch_policy().map(|policy| policy.to_string())),
            key.public_key_source(),
        );
        if let Some(subject) = key.subject() {
            let _ = writeln!(page, "    certificate of {subject}");
        }
    }
    page
}
