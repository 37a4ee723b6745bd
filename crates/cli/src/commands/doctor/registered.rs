//! What is registered with the provider.

use jwt_bearer::keyfile::{Inspection, Part, Thing};

use super::case::{Case, KeyId};

/// A certificate or a public key; of a JWK or a set of them, the key ids too.
pub(super) fn look(case: &mut Case, bytes: &[u8]) {
    let keys = public_jwks(bytes);
    if keys.is_empty() {
        return case.learn(|evidence| evidence.registered(bytes));
    }
    for part in keys {
        let Ok(key) = part.public_key else {
            continue;
        };
        let pem = key.to_spki_pem();
        case.learn(|evidence| evidence.registered(pem.as_bytes()));
        if let Some(id) = part.key_id {
            case.mask(id.clone());
            case.key_ids.push(KeyId {
                id,
                change: "with the `kid` of the registered key",
                key: Some(key),
            });
        }
    }
}

fn public_jwks(bytes: &[u8]) -> Vec<Part> {
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Vec::new();
    }
    let mut parts = Inspection::read(bytes, None).map_or_else(|_| Vec::new(), |file| file.parts);
    parts.retain(|part| part.thing == Thing::PublicKey && part.public_key.is_ok());
    parts
}
