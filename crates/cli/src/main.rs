//! The command `jwt-bearer`: reads its arguments, runs one of [`commands`], and tells how it ended.

#![allow(missing_docs, reason = "a program has no public items")]

mod args;
mod cache;
mod commands;
mod config;
mod diagnosed;
mod error;
mod help;
mod interaction;
mod layers;
mod output;
mod page;
mod pairs;
mod proxy;
mod session;
mod settings;
mod times;
mod tips;
mod verbose;
mod write;

use std::collections::HashSet;
use std::process::ExitCode;

use clap::FromArgMatches;

use crate::args::{Cli, Command};
use crate::error::Failure;

fn main() -> ExitCode {
    let matches = Cli::command_line().try_get_matches();
    let matches = matches.unwrap_or_else(|error| tips::with_tip(error).exit());
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let variables = matches
        .subcommand()
        .map(|(_, matches)| layers::from_variables(matches));
    match run(cli.command, &variables.unwrap_or_default()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if interaction::is_asking() {
                write::note("\nThe question above was not answered in time.");
            }
            failure.print();
            interaction::wait_for_answer();
            failure.code().into()
        }
    }
}

fn run(command: Command, variables: &HashSet<String>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("the program could not be set up: {error}")))?;
    let result = match command {
        Command::Token(args) => runtime.block_on(commands::token(&args, variables)),
        Command::Downscope(args) => runtime.block_on(commands::downscope(&args, variables)),
        Command::Revoke(args) => runtime.block_on(commands::revoke(&args, variables)),
        Command::Assertion(args) => runtime.block_on(commands::assertion(&args, variables)),
        Command::Doctor(args) => runtime.block_on(commands::doctor(&args, variables)),
        Command::Explain(args) => commands::explain(&args),
        Command::Key { command } => runtime.block_on(commands::key(&command)),
        Command::Bench(args) => runtime.block_on(commands::bench(&args)),
        Command::Inspect { jwt } => commands::inspect(jwt.as_deref()),
        Command::Profile { command } => runtime.block_on(commands::profile(&command)),
        Command::Sandbox(args) => runtime.block_on(commands::sandbox(&args)),
        Command::Demo => runtime.block_on(commands::demo()),
        Command::Completions { shell } => commands::completions(shell),
        Command::Man => commands::man(),
    };
    // A name server that does not answer must not hold up the end.
    runtime.shutdown_background();
    result
}
