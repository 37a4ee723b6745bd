//! The command `jwt-bearer`: reads its arguments, runs one of [`commands`], and tells how it ended.

#![allow(
    clippy::print_stderr,
    reason = "a command talks to people on the standard error stream"
)]
#![allow(missing_docs, reason = "a program has no public items")]

mod args;
mod commands;
mod config;
mod error;
mod interaction;
mod pairs;
mod settings;
mod times;
mod verbose;
mod write;

use std::process::ExitCode;

use clap::FromArgMatches;

use crate::args::{Cli, Command};
use crate::error::Failure;

fn main() -> ExitCode {
    let cli = Cli::from_arg_matches(&Cli::command_line().get_matches());
    match run(cli.unwrap_or_else(|error| error.exit()).command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.code())
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("the program could not be set up: {error}")))?;
    match command {
        Command::Token(args) => runtime.block_on(commands::token(&args)),
        Command::Assertion(args) => runtime.block_on(commands::assertion(&args)),
        Command::Inspect { jwt } => commands::inspect(jwt.as_deref()),
        Command::Profile { command } => runtime.block_on(commands::profile(&command)),
        Command::Sandbox(args) => runtime.block_on(commands::sandbox(&args)),
        Command::Demo => runtime.block_on(commands::demo()),
        Command::Completions { shell } => commands::completions(shell),
        Command::Man => commands::man(),
    }
}
