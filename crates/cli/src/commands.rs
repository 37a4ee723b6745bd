//! What the command does, a file each.

mod bench;
mod demo;
mod doctor;
mod downscope;
mod explain;
mod inspect;
mod key;
mod profile;
mod revoke;
pub(crate) mod sandbox;
mod token;

use clap_complete::Shell;

use crate::args::Cli;
use crate::error::Failure;
use crate::write;

pub(crate) use bench::bench;
pub(crate) use demo::demo;
pub(crate) use doctor::doctor;
pub(crate) use downscope::downscope;
pub(crate) use explain::explain;
pub(crate) use inspect::inspect;
pub(crate) use key::key;
pub(crate) use profile::profile;
pub(crate) use revoke::revoke;
pub(crate) use sandbox::sandbox;
pub(crate) use token::{assertion, token};

pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command_line(), "jwt-bearer", &mut script);
    write::result(&String::from_utf8_lossy(&script))
}

/// The manual page of the command, and after it those of its subcommands.
pub(crate) fn man() -> Result<(), Failure> {
    let mut command = Cli::command_line();
    command.build();
    let mut pages = Vec::new();
    man_pages(command, &mut pages)
        .map_err(|error| Failure::other(format!("the manual page cannot be written: {error}")))?;
    write::result(&String::from_utf8_lossy(&pages))
}

fn man_pages(command: clap::Command, pages: &mut Vec<u8>) -> std::io::Result<()> {
    let subcommands: Vec<_> = command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
        .cloned()
        .collect();
    clap_mangen::Man::new(command).render(pages)?;
    subcommands
        .into_iter()
        .try_for_each(|subcommand| man_pages(subcommand, pages))
}
