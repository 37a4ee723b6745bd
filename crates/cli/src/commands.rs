//! What the command does, a file each.

mod demo;
mod inspect;
mod profile;
mod sandbox;
mod token;

use clap_complete::Shell;

use crate::args::Cli;
use crate::error::Failure;
use crate::write;

pub(crate) use demo::demo;
pub(crate) use inspect::inspect;
pub(crate) use profile::profile;
pub(crate) use sandbox::sandbox;
pub(crate) use token::{assertion, token};

pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command_line(), "jwt-bearer", &mut script);
    write::result(&String::from_utf8_lossy(&script))
}

/// The manual page of the command, and after it those of its subcommands.
pub(crate) fn man() -> Result<(), Failure> {
    let mut pages = Vec::new();
    let mut command = Cli::command_line();
    command.build();
    let subcommands: Vec<_> = command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
        .cloned()
        .collect();
    for command in [command].into_iter().chain(subcommands) {
        clap_mangen::Man::new(command)
            .render(&mut pages)
            .map_err(|error| {
                Failure::other(format!("the manual page cannot be written: {error}"))
            })?;
    }
    write::result(&String::from_utf8_lossy(&pages))
}
