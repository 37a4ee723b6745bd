use jwt_bearer_signer::{SignError, SignErrorKind};

/// What to do where no PC/SC service answers.
const START: &str = if cfg!(target_os = "linux") {
    "install it (package pcscd) and start it with `systemctl start pcscd`"
} else {
    "it is a part of this system, and starts when a reader is plugged in"
};

pub(crate) fn unavailable(text: impl Into<String>) -> SignError {
    SignError::new(SignErrorKind::Unavailable, text.into())
}

pub(crate) fn denied(text: impl Into<String>) -> SignError {
    SignError::new(SignErrorKind::AccessDenied, text.into())
}

pub(crate) fn not_found(text: impl Into<String>) -> SignError {
    SignError::new(SignErrorKind::KeyNotFound, text.into())
}

pub(crate) fn invalid_key(text: impl Into<String>) -> SignError {
    SignError::new(SignErrorKind::InvalidKey, text.into())
}

pub(crate) fn other(text: impl Into<String>) -> SignError {
    SignError::new(SignErrorKind::Other, text.into())
}

/// What PC/SC says, as an error that tells what to do; `what` names the token or the reader.
pub(crate) fn pcsc_failed(error: pcsc::Error, what: &str) -> SignError {
    use pcsc::Error as E;
    unavailable(match error {
        E::NoService | E::ServiceStopped | E::Shutdown | E::InvalidHandle => {
            format!("the PC/SC service does not run; {START}")
        }
        E::NoReadersAvailable => no_token(),
        E::SharingViolation => held(what),
        E::NoSmartcard
        | E::RemovedCard
        | E::UnpoweredCard
        | E::ReaderUnavailable
        | E::UnknownReader
        | E::NotTransacted => format!("{what} is not there any more; plug it in again"),
        E::ResetCard => format!("{what} was reset by another program meanwhile"),
        E::SecurityViolation | E::NoAccess => {
            return denied(
                "the PC/SC service does not let this user in; allow it org.debian.pcsc-lite.access_card by a \
                 polkit rule",
            );
        }
        error => format!("{what} does not answer: {error}"),
    })
}

pub(crate) fn no_token() -> String {
    "no YubiKey with a PIV application is plugged in; plug it in, and hand its USB device over if this is a container \
     or a virtual machine"
        .into()
}

pub(crate) fn held(what: &str) -> String {
    format!("another program has {what} for itself; end it (for GnuPG: `gpgconf --kill scdaemon`)")
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn each_state_has_its_text() {
        let cases = [
            (pcsc::Error::NoService, "the PC/SC service does not run; "),
            (pcsc::Error::NoReadersAvailable, "no YubiKey with a PIV"),
            (
                pcsc::Error::SharingViolation,
                "another program has YubiKey 7 for itself; ",
            ),
            (
                pcsc::Error::RemovedCard,
                "YubiKey 7 is not there any more; ",
            ),
            (pcsc::Error::ResetCard, "YubiKey 7 was reset by another"),
            (
                pcsc::Error::CommError,
                "YubiKey 7 does not answer: An internal communications error",
            ),
        ];
        for (error, text) in cases {
            let error = pcsc_failed(error, "YubiKey 7");
            assert_eq!(error.kind(), SignErrorKind::Unavailable);
            let source = error.source().unwrap().to_string();
            assert!(source.starts_with(text), "{source}");
        }
        let error = pcsc_failed(pcsc::Error::SecurityViolation, "YubiKey 7");
        assert_eq!(error.kind(), SignErrorKind::AccessDenied);
    }
}
