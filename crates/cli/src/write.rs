//! Results on standard output.

use std::io::{ErrorKind, Write};

use crate::error::Failure;

/// Writes a result to standard output, as it is. A reader who left early, such as `head`, is no failure.
pub(crate) fn result(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::other(format!(
            "standard output cannot be written: {error}"
        ))),
        _ => Ok(()),
    }
}
