//! What tests are written in: an app, people who call it, and answers that are held against the document.

mod answer;
mod app;
mod contract;
mod counters;
pub mod database;
mod forger;
mod given;
mod person;
mod refusals;

pub use answer::Answer;
pub use app::{App, PATIENCE};
pub use database::{TWO_WAIT, until, who_waits};
pub use forger::Forger;
pub use given::PASSWORD;
pub use person::Person;
