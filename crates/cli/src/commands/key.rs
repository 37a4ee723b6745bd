//! `jwt-bearer key`, a file a verb.

mod convert;
mod generate;
mod inspect;
mod list;
mod passphrase;
mod public;
mod x509;

use crate::args::KeyCommand;
use crate::error::Failure;

pub(crate) async fn key(command: &KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::Generate(args) => generate::generate(args),
        KeyCommand::Public(args) => public::public(args).await,
        KeyCommand::Certificate(args) => x509::certificate(args).await,
        KeyCommand::Csr(args) => x509::csr(args).await,
        KeyCommand::Inspect(args) => inspect::inspect(args).await,
        KeyCommand::Convert(args) => convert::convert(args),
        KeyCommand::List { .. } => list::list().await,
    }
}
