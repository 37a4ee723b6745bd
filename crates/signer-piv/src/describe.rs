use der::Encode;
use jwt_bearer_signer::{PublicKey, SignError};
use yubikey::piv::{self, SlotId};
use yubikey::{Error, YubiKey};

use crate::caller::Caller;
use crate::error::pcsc_failed;
use crate::find;
use crate::token::{PinPolicy, SlotKey, TouchPolicy};
use crate::{PublicKeySource, Slot, Token, certificate};

/// Describes every token, but for those that are pulled out meanwhile.
pub(crate) fn every_token(caller: Caller<'_>) -> Result<Vec<Token>, SignError> {
    let mut tokens = Vec::new();
    let mut failed = None;
    for found in find::all(caller)? {
        match found.read(|yubikey| token(yubikey, caller)) {
            Ok(token) => tokens.push(token),
            Err(error) => failed = Some(error),
        }
    }
    caller.still_waits()?;
    match failed {
        Some(error) if tokens.is_empty() => Err(error),
        _ => Ok(tokens),
    }
}

/// Describes the key in a slot: by its metadata, or else by its attestation, or else by its certificate; `None` if
/// there is none.
pub(crate) fn key(yubikey: &mut YubiKey, slot: Slot) -> Result<Option<SlotKey>, SignError> {
    let Ok(id) = SlotId::try_from(slot.number()) else {
        return Ok(None);
    };
    let serial = yubikey.serial();
    let lost = |error| pcsc_failed(error, &format!("YubiKey {serial}"));
    let mut pin_policy = None;
    let mut touch_policy = None;
    let mut spki = None;
    match piv::metadata(yubikey, id) {
        Ok(metadata) => {
            if let Some((pin, touch)) = metadata.policy {
                pin_policy = PinPolicy::from_octet(pin.into());
                touch_policy = TouchPolicy::from_octet(touch.into());
            }
            spki = metadata
                .public
                .and_then(|public| public.to_der().ok())
                .map(|der| (der, PublicKeySource::Metadata));
        }
        Err(Error::NotFound) => return Ok(None),
        Err(Error::PcscError { inner: Some(error) }) => return Err(lost(error)),
        // Before version 5.3 there is none, and a later version may have kinds and policies that are not known here.
        Err(_) => {}
    }
    if spki.is_none() {
        match piv::attest(yubikey, id) {
            Ok(der) => {
                if let Some((pin, touch)) = certificate::policies(&der) {
                    pin_policy = Some(pin);
                    touch_policy = Some(touch);
                }
                spki = certificate::public_key(&der).map(|der| (der, PublicKeySource::Attestation));
            }
            Err(Error::PcscError { inner: Some(error) }) => return Err(lost(error)),
            Err(_) => {}
        }
    }
    let certificate = match yubikey.fetch_object(slot.certificate_object()) {
        Ok(object) => certificate::from_object(&object),
        Err(Error::PcscError { inner: Some(error) }) => return Err(lost(error)),
        Err(_) => None,
    };
    if spki.is_none() {
        spki = certificate
            .as_ref()
            .and_then(|one| certificate::public_key(&one.der))
            .map(|der| (der, PublicKeySource::Certificate));
    }
    Ok(spki.map(|(der, source)| {
        let (kind, public_key) = match PublicKey::from_spki_der(&der) {
            Ok(key) => (key.kind().to_string(), Some(key)),
            Err(error) => (error.to_string(), None),
        };
        SlotKey {
            slot,
            kind,
            public_key,
            source,
            pin_policy,
            touch_policy,
            certificate,
        }
    }))
}

fn token(yubikey: &mut YubiKey, caller: Caller<'_>) -> Result<Token, SignError> {
    let mut keys = Vec::new();
    for slot in Slot::all() {
        caller.still_waits()?;
        keys.extend(key(yubikey, slot)?);
    }
    Ok(Token {
        serial: yubikey.serial().0,
        version: yubikey.version().to_string(),
        reader: yubikey.name().to_owned(),
        keys,
    })
}
