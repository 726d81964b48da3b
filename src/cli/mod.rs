//! The command line: one file for each command.

mod admin;
pub mod check;
mod demo_data;
mod export;
mod file;
mod first_start;
mod health;
mod import;
mod lines;
mod metrics;
mod migrate;
mod openapi;
mod postman;
mod request_lines;
mod rounds;
mod safety;
mod serve;
mod setup;
mod telemetry;

use std::process::ExitCode;

use clap::{FromArgMatches, Parser, Subcommand};

use crate::config::{Config, ServeConfig};

/// A forum as a service with no face of its own: a REST/JSON API for threads, posts, likes and members.
///
/// Every option is a flag, an environment variable (FOLKMOOT_ and the flag's name) and, by --config, a line of a TOML file; flags
/// win over variables, variables over the file.
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
    /// Bring the schema up to date.
    Migrate,
    /// Ask a running service whether it can answer; fails if it can not.
    Health(health::HealthConfig),
    /// Take in an archive: lines of JSON, plain, gzip or zstd. Running it again changes nothing, finishes what was
    /// interrupted, or adds what a grown file has.
    Import(import::Import),
    /// Write the whole forum as an archive.
    Export(export::Export),
    /// Fill an empty forum with one that is made up: to try things out, and to measure.
    DemoData(demo_data::DemoData),
    /// Manage members and keys; hold counters against rows.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Print the OpenAPI document.
    Openapi,
}

/// Runs the command that the program was called with.
pub fn main() -> ExitCode {
    let program = file::program::<Cli>();
    let cli = match file::arguments(program.clone(), std::env::args_os()) {
        Ok(arguments) => Cli::from_arg_matches(&program.get_matches_from(arguments)),
        Err(message) => return fail(&message),
    };
    let cli = cli.unwrap_or_else(|error| error.exit());
    // Kept to the end.
    let telemetry = telemetry::start(&cli.config.log);
    let done = telemetry.as_ref().map_err(String::clone).and_then(|_| {
        actix_web::rt::System::new().block_on(async {
            match cli.command {
                Command::Serve(serve) => serve::run(&cli.config, &serve).await,
                Command::Migrate => migrate::run(&cli.config).await,
                Command::Health(health) => health::run(&health),
                Command::Import(import) => import::run(&cli.config, &import).await,
                Command::Export(export) => export::run(&cli.config, &export).await,
                Command::DemoData(demo) => demo_data::run(&cli.config, &demo).await,
                Command::Admin(admin) => admin::run(&cli.config, admin).await,
                Command::Openapi => openapi::run(),
            }
        })
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("folkmoot: {message}");
    ExitCode::FAILURE
}
