//! Holds the service to its word while things break: real processes, two nodes over one private PostgreSQL, clients that note
//! each answer, and a checker that reads everything back.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

mod ask;
mod balancer;
mod checker;
mod cluster;
mod faults;
mod frozen;
mod ledger;
mod node;
mod overload;
mod probe;
mod readers;
mod repeats;
mod report;
mod rolling;
mod round;
mod self_test;
mod setup;
mod strike;
mod verdict;
mod world;
mod writers;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use world::World;

/// What fails is told in a sentence.
pub type Tried<T> = Result<T, String>;

/// Breaks a running service on purpose, and proves that nothing was lost.
#[derive(Parser)]
struct Options {
    /// The program under test.
    #[arg(long, global = true, default_value = env!("CARGO_BIN_EXE_folkmoot"), value_name = "FILE")]
    program: PathBuf,
    /// The same seed gives the same faults in the same order. Default: the time.
    #[arg(long, global = true, value_name = "N")]
    seed: Option<u64>,
    /// For how many seconds a node still answers after SIGTERM. The balancer looks four times a second.
    #[arg(long, global = true, default_value_t = 2, value_name = "SECONDS")]
    drain: u8,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Kill, stop, freeze and cut while clients write; then prove that every acknowledged write is there exactly once.
    Faults {
        /// How many faults.
        #[arg(long, default_value_t = 100, value_name = "N")]
        faults: u32,
    },
    /// Falsify a finished run in every way the checker looks for, and see it refused.
    SelfTest,
    /// Restart two nodes behind a balancer, in turn, under load: no request may fail.
    RollingRestart {
        /// How often each node is restarted.
        #[arg(long, default_value_t = 3, value_name = "N")]
        rounds: u32,
    },
    /// Time ordinary clients beside ones that are slow, idle or many.
    Overload {
        /// Fewer clients for a shorter time.
        #[arg(long)]
        short: bool,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let done = run(&options).await;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nFAILED: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Tried<()> {
    let seed = options.seed.unwrap_or_else(now);
    println!("seed {seed} (--seed {seed} gives the same faults again), {}", options.program.display());
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|e| e.to_string())?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
    let mut world = World::new(&options.program, options.drain)?;
    let done = tokio::select! {
        done = scenario(&options.what, seed, &mut world) => done,
        _ = interrupt.recv() => Err("interrupted".to_owned()),
        _ = terminate.recv() => Err("told to stop".to_owned()),
    };
    let ended = world.end(done.is_ok()).await;
    done.and(ended)
}

async fn scenario(what: &What, seed: u64, world: &mut World) -> Tried<()> {
    world.start().await?;
    match what {
        What::Faults { faults } => round::run(*faults, seed, world).await,
        What::SelfTest => self_test::run(seed, world).await,
        What::RollingRestart { rounds } => rolling::run(*rounds, seed, world).await,
        What::Overload { short } => overload::run(*short, world).await,
    }
}

/// Seconds since 1970, a number that can be typed again.
fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs())
}
