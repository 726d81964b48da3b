//! The program: reads the command line and runs the command.

use std::process::ExitCode;

/// Checking a password takes 19 MiB for a moment. The system's allocator keeps such blocks, one after the other; this one gives
/// them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    folkmoot::cli::main()
}
