use std::ops::ControlFlow;

use jwt_bearer_signer::SignError;
use pcsc::Disposition;
use yubikey::reader::Context;
use yubikey::{Error, YubiKey};

use crate::error::{held, no_token, not_found, pcsc_failed, unavailable};

/// The token with this serial number, or the only one that there is; then the result of `work` with it.
pub(crate) fn with_token<T>(
    serial: Option<u32>,
    work: impl FnOnce(&mut YubiKey) -> T,
) -> Result<T, SignError> {
    let serial = match serial {
        Some(serial) => serial,
        None => the_only_one()?,
    };
    look_for(serial, None, work)
}

/// The name of the reader with this token; `first` is looked at before the others.
pub(crate) fn reader_of(serial: u32, first: &str) -> Result<String, SignError> {
    look_for(serial, Some(first), |token| token.name().to_owned())
}

/// Opens one token after the other, `first` before the others, until `visit` breaks off. None is reset.
///
/// # Errors
/// If there is no token at all.
pub(crate) fn each_token<T>(
    first: Option<&str>,
    mut visit: impl FnMut(&mut YubiKey) -> ControlFlow<T>,
) -> Result<Visited<T>, SignError> {
    let mut context = Context::open().map_err(not_opened)?;
    let mut readers: Vec<_> = context.iter().map_err(not_opened)?.collect();
    readers.sort_by_key(|reader| first != Some(&*reader.name()));
    let mut visited = Visited {
        result: None,
        serials: Vec::new(),
        held: None,
    };
    for reader in readers {
        let mut token = match reader.open() {
            Ok(token) => token,
            Err(Error::PcscError {
                inner: Some(pcsc::Error::SharingViolation),
            }) => {
                visited.held = Some(reader.name().into_owned());
                continue;
            }
            // Another card, none at all, or a token without the PIV application.
            Err(_) => continue,
        };
        visited.serials.push(token.serial().0);
        let flow = visit(&mut token);
        // Dropped by itself, it would reset the card, which every other program would feel.
        if let Err((token, _)) = token.disconnect(Disposition::LeaveCard) {
            std::mem::forget(token);
        }
        if let ControlFlow::Break(result) = flow {
            visited.result = Some(result);
            return Ok(visited);
        }
    }
    if !visited.serials.is_empty() {
        return Ok(visited);
    }
    Err(unavailable(match visited.held {
        Some(reader) => held(&format!("the card in the reader `{reader}`")),
        None => no_token(),
    }))
}

/// What was seen of the tokens.
pub(crate) struct Visited<T> {
    pub(crate) result: Option<T>,
    serials: Vec<u32>,
    /// A reader whose card another program has for itself.
    held: Option<String>,
}

fn the_only_one() -> Result<u32, SignError> {
    let visited = each_token::<()>(None, |_| ControlFlow::Continue(()))?;
    match visited.serials[..] {
        [serial] => Ok(serial),
        _ => Err(not_found(format!(
            "several tokens are plugged in, with the serial numbers {}; name one of them",
            list(&visited.serials)
        ))),
    }
}

fn look_for<T>(
    serial: u32,
    first: Option<&str>,
    work: impl FnOnce(&mut YubiKey) -> T,
) -> Result<T, SignError> {
    let mut work = Some(work);
    let visited = each_token(first, |token| {
        if token.serial().0 != serial {
            return ControlFlow::Continue(());
        }
        match work.take() {
            Some(work) => ControlFlow::Break(work(token)),
            None => ControlFlow::Continue(()),
        }
    });
    let missing = |more: String| {
        unavailable(format!(
            "YubiKey {serial} is not plugged in; plug it in, or correct its serial number ({more})"
        ))
    };
    match visited {
        Ok(Visited {
            result: Some(result),
            ..
        }) => Ok(result),
        Ok(Visited {
            held: Some(reader), ..
        }) => Err(unavailable(held(&format!(
            "the card in the reader `{reader}`, which may be YubiKey {serial},"
        )))),
        Ok(Visited { serials, .. }) => Err(missing(format!("here is {}", list(&serials)))),
        Err(error) => Err(error),
    }
}

fn list(serials: &[u32]) -> String {
    let serials: Vec<_> = serials.iter().map(u32::to_string).collect();
    serials.join(", ")
}

fn not_opened(error: Error) -> SignError {
    match error {
        Error::PcscError { inner: Some(error) } => pcsc_failed(error, "the reader"),
        error => unavailable(format!("the readers cannot be listed: {error}")),
    }
}
