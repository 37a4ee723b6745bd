use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jwt_bearer_signer::SignError;
use pcsc::{Context, Disposition, Scope};
use yubikey::{Error, YubiKey};

use crate::apdu::Broken;
use crate::caller::Caller;
use crate::card::Handle;
use crate::error::{no_token, not_found, other, pcsc_failed, unavailable};
use crate::protocol::{self, SUCCESS};

/// A token that was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) serial: u32,
    pub(crate) reader: String,
}

impl Found {
    /// Reads from the token by the crate `yubikey`, which meets no other cards: it panics at some malformed replies.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&mut YubiKey) -> Result<T, SignError>,
    ) -> Result<T, SignError> {
        let name = format!("YubiKey {}", self.serial);
        let failed = |error| match error {
            Error::PcscError { inner: Some(error) } => pcsc_failed(error, &name),
            error => unavailable(format!("{name} cannot be read: {error}")),
        };
        let mut context = yubikey::reader::Context::open().map_err(failed)?;
        let mut readers = context.iter().map_err(failed)?;
        let reader = readers.find(|reader| reader.name() == self.reader);
        let reader = reader.ok_or_else(|| failed(pcsc::Error::UnknownReader.into()))?;
        let mut token = reader.open().map_err(failed)?;
        let is_it = token.serial().0 == self.serial;
        let result = catch_unwind(AssertUnwindSafe(|| work(&mut token)));
        // Dropped by itself, it would reset the card, which every other program would feel.
        if let Err((token, _)) = token.disconnect(Disposition::LeaveCard) {
            std::mem::forget(token);
        }
        if !is_it {
            return Err(failed(pcsc::Error::RemovedCard.into()));
        }
        result.unwrap_or_else(|_| Err(other(format!("{name} answers in a form that is not PIV's"))))
    }
}

/// The token with this serial number, or the only one that there is. The reader `first` is looked into before the
/// others.
pub(crate) fn one(
    serial: Option<u32>,
    first: &str,
    caller: Caller<'_>,
) -> Result<Found, SignError> {
    let Search { mut found, unclear } = search(serial, first, caller)?;
    let index = match serial {
        Some(serial) => found.iter().position(|token| token.serial == serial),
        None if found.len() == 1 && unclear.is_none() => Some(0),
        None => None,
    };
    if let Some(index) = index {
        return Ok(found.swap_remove(index));
    }
    let serials: Vec<_> = found.iter().map(|token| token.serial.to_string()).collect();
    let list = serials.join(", ");
    Err(match (serial, unclear, &found[..]) {
        (Some(serial), Some((reader, error)), _) => pcsc_failed(
            error,
            &format!("the card in the reader `{reader}`, which may be YubiKey {serial},"),
        ),
        (None, Some((reader, error)), []) => {
            pcsc_failed(error, &format!("the card in the reader `{reader}`"))
        }
        (_, None, []) => unavailable(no_token()),
        (Some(serial), None, _) => unavailable(format!(
            "YubiKey {serial} is not plugged in; plug it in, or correct its serial number (here is {list})"
        )),
        (None, Some((reader, error)), [token, ..]) => not_found(format!(
            "the card in the reader `{reader}` cannot be looked at ({error}), and may be a token too, beside {list}; \
             name the one that is meant (`?serial={}` in a key URI)",
            token.serial
        )),
        (None, None, [token, ..]) => not_found(format!(
            "several tokens are plugged in, with the serial numbers {list}; name one of them (`?serial={}` in a key \
             URI)",
            token.serial
        )),
    })
}

/// Every token that can be looked at.
///
/// # Errors
/// If there is none.
pub(crate) fn all(caller: Caller<'_>) -> Result<Vec<Found>, SignError> {
    let Search { found, unclear } = search(None, "", caller)?;
    match unclear {
        _ if !found.is_empty() => Ok(found),
        Some((reader, error)) => Err(pcsc_failed(
            error,
            &format!("the card in the reader `{reader}`"),
        )),
        None => Err(unavailable(no_token())),
    }
}

struct Search {
    found: Vec<Found>,
    /// A reader whose card may be a token, and why that is not known.
    unclear: Option<(String, pcsc::Error)>,
}

/// Looks into one reader after the other, until the serial number that is wanted is found.
fn search(wanted: Option<u32>, first: &str, caller: Caller<'_>) -> Result<Search, SignError> {
    let failed = |error| pcsc_failed(error, "the reader");
    let context = Context::establish(Scope::User).map_err(failed)?;
    let mut readers: Vec<_> = context
        .list_readers_owned()
        .map_err(failed)?
        .into_iter()
        .map(|reader| (reader.to_string_lossy().into_owned(), reader))
        .collect();
    // Other cards forget their PINs too when they are looked at.
    let is_yubikey = |(name, _): &(String, CString)| name.to_ascii_lowercase().contains("yubi");
    if readers.iter().any(is_yubikey) {
        readers.retain(is_yubikey);
    }
    readers.sort_by_key(|(name, _)| name != first);
    let mut search = Search {
        found: Vec::new(),
        unclear: None,
    };
    for (reader, name) in readers {
        caller.still_waits()?;
        match serial_in(&context, &name, caller) {
            Ok(Some(serial)) => {
                search.found.push(Found { serial, reader });
                if wanted == Some(serial) {
                    break;
                }
            }
            Ok(None) => {}
            Err(error) => search.unclear = Some((reader, error)),
        }
    }
    Ok(search)
}

/// The serial number of the token in a reader; `None` if there is no card, or another one.
fn serial_in(
    context: &Context,
    reader: &CString,
    caller: Caller<'_>,
) -> Result<Option<u32>, pcsc::Error> {
    let serial = Handle::connect(context, reader, caller).and_then(|mut card| {
        let mut channel = caller.begin(&mut card)?;
        // Where PIV is selected already it need not be selected anew, which makes the token forget the PIN.
        let mut look = || match protocol::serial_of_5(&mut *channel) {
            Ok(None) | Err(Broken::Reply) => match protocol::select(&mut *channel)? {
                SUCCESS => protocol::serial(&mut *channel),
                _ => Ok(None),
            },
            result => result,
        };
        match look() {
            Ok(serial) => Ok(serial),
            Err(Broken::Reply) => Ok(None),
            Err(Broken::Pcsc(error)) => Err(error),
        }
    });
    match serial {
        Err(
            pcsc::Error::NoSmartcard
            | pcsc::Error::RemovedCard
            | pcsc::Error::UnpoweredCard
            | pcsc::Error::ReaderUnavailable
            | pcsc::Error::UnknownReader,
        ) => Ok(None),
        result => result,
    }
}
