//! What the benchmark holds the service against.

mod answer;
mod clock;
mod hold;

use std::process::ExitCode;

use clap::Parser;

/// A server that only answers, a client that only keeps connections, and a clock.
#[derive(Parser)]
enum Command {
    /// Answer every request with the same status, fields and bytes, from memory. Prints its URL.
    Answer(answer::Answer),
    /// Keep many connections open, and ask on all of them in turn.
    Hold(hold::Hold),
    /// Print the milliseconds that a command takes, and the most kilobytes that it had resident.
    Time(clock::Run),
    /// Print the milliseconds from the start of a service until it says that it is ready, and end it.
    Start(clock::Run),
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Answer(answer) => answer.run(),
        Command::Hold(hold) => hold.run(),
        Command::Time(run) => run.time(),
        Command::Start(run) => run.start(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("yardstick: {error}");
            ExitCode::FAILURE
        }
    }
}
