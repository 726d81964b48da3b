mod docs;
mod document;
mod health;
mod problem;
