//! Tests of `src/cli/`: the program, as a process of its own.

mod admin;
mod data_folder;
mod demo_data;
mod file;
mod limits;
mod log;
mod memory;
mod metrics;
mod safety;
mod starts;
mod stop;
mod traces;
