use crate::args::{KeyCommand, KeyFormat};
use crate::error::Failure;
use crate::settings::named_key;
use crate::write;

pub(crate) async fn key(command: &KeyCommand) -> Result<(), Failure> {
    let KeyCommand::Public {
        key,
        format,
        key_id,
    } = command;
    let signer = named_key(key).await?;
    let public_key = signer.public_key();
    match format {
        KeyFormat::Pem => write::result(&public_key.to_spki_pem()),
        KeyFormat::Jwk => {
            let mut jwk = public_key.to_jwk();
            jwk.kid = Some(key_id.clone().unwrap_or_else(|| public_key.thumbprint()));
            jwk.alg = Some(signer.algorithm().name());
            jwk.key_use = Some("sig");
            let jwk = serde_json::to_string_pretty(&jwk);
            let jwk =
                jwk.map_err(|error| Failure::other(format!("the JWK cannot be written: {error}")))?;
            write::result(&format!("{jwk}\n"))
        }
    }
}
