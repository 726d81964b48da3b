//! The command line: one file for each command.

pub mod export;
pub mod import;
mod openapi;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ServeConfig};

/// A forum as a service with no face of its own: a REST/JSON API for threads, posts, likes and members.
#[derive(Parser)]
#[command(name = "folkmoot", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    config: Config,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the schema up to date, then serve the API.
    Serve(ServeConfig),
    /// Print the OpenAPI document.
    Openapi,
}

/// Runs the command that the program was called with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(_) => Ok(()),
        Command::Openapi => openapi::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("folkmoot: {message}");
            ExitCode::FAILURE
        }
    }
}
