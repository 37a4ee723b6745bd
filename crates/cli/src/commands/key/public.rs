use jwt_bearer::Signer;
use jwt_bearer::signer::{Jwk, JwkSet, KeyKind};
use serde::Serialize;

use crate::args::{KeyFormat, PublicArgs};
use crate::error::Failure;
use crate::output;
use crate::settings::named_key;
use crate::write::note;

pub(crate) async fn public(args: &PublicArgs) -> Result<(), Failure> {
    let out = args.out.as_deref();
    if let Some(path) = out {
        output::check_new(path)?;
    }
    if args.format == KeyFormat::Der {
        output::check_binary(out)?;
    }
    if args.key_id.is_some() && !matches!(args.format, KeyFormat::Jwk | KeyFormat::Jwks) {
        return Err(Failure::usage(
            "--key-id is for the formats jwk and jwks; the others hold no `kid`",
        ));
    }
    if args.key_id.as_deref() == Some("") {
        return Err(Failure::usage("--key-id is empty")
            .hint("without it the key's own id or its thumbprint is taken"));
    }
    let signer = named_key(&args.key).await?;
    let key = signer.public_key();
    let bytes = match args.format {
        KeyFormat::Pem => key.to_spki_pem(),
        KeyFormat::Der => return output::public(out, key.as_spki_der()),
        KeyFormat::Jwk => json(&jwk(&*signer, args.key_id.as_deref()))?,
        KeyFormat::Jwks => json(&JwkSet::new(vec![jwk(&*signer, args.key_id.as_deref())]))?,
        KeyFormat::Box => {
            only_rsa("Box", key.kind())?;
            key.to_spki_pem()
        }
        KeyFormat::Snowflake => {
            only_rsa("Snowflake", key.kind())?;
            format!(
                "RSA_PUBLIC_KEY={}\nRSA_PUBLIC_KEY_FP={}\n",
                key.to_spki_base64(),
                key.fingerprint_text()
            )
        }
    };
    output::public(out, bytes.as_bytes())?;
    match args.format {
        KeyFormat::Box => note(
            "Paste all of it into Box's developer console: Configuration, Add and Manage Public Keys. The id that Box \
             then\nshows beside the key is the --key-id.",
        ),
        KeyFormat::Snowflake => note(
            "ALTER USER name SET RSA_PUBLIC_KEY='…' registers it; DESC USER name shows the fingerprint then.\nThe claim \
             `iss` is ACCOUNT.USER.SHA256:…, and `sub` is ACCOUNT.USER, in capitals.",
        ),
        _ => {}
    }
    Ok(())
}

/// The `kid` is the one that was asked for, else the one that the key's file has for it, which assertions have too.
fn jwk(signer: &dyn Signer, key_id: Option<&str>) -> Jwk {
    let key = signer.public_key();
    let mut jwk = key.to_jwk();
    let key_id = key_id.or_else(|| signer.key_id());
    jwk.kid = Some(key_id.map_or_else(|| key.thumbprint(), Into::into));
    jwk.alg = Some(signer.algorithm().name());
    jwk.key_use = Some("sig");
    jwk
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| format!("{text}\n"))
        .map_err(|error| Failure::other(format!("the JSON cannot be written: {error}")))
}

fn only_rsa(provider: &str, kind: KeyKind) -> Result<(), Failure> {
    match kind {
        KeyKind::Rsa { .. } => Ok(()),
        _ => Err(Failure::usage(format!(
            "this key is {kind}, where {provider} takes RSA alone"
        ))
        .hint("`jwt-bearer key generate --out FILE` makes an RSA key")),
    }
}
