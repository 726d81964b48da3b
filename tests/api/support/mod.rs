//! What tests are written in: an app, people who call it, and answers that are held against the document.

mod answer;
mod app;
mod contract;
mod counters;
pub mod database;
mod forger;
mod given;
mod mail;
mod person;
mod refusals;
mod service;

pub use answer::Answer;
pub use app::{App, CACHE, PATIENCE, SECRET, Setup};
pub use database::{TWO_WAIT, eventually, until, who_waits};
pub use forger::Forger;
pub use given::PASSWORD;
pub use mail::{Mail, send_due};
pub use person::Person;
pub use service::Service;
