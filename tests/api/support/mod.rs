//! What tests are written in: an app, people who call it, and answers that are held against the document.

mod answer;
mod app;
mod contract;
pub mod database;
mod given;
mod person;

pub use answer::Answer;
pub use app::App;
pub use person::Person;
