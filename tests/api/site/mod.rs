mod docs;
mod document;
mod health;
mod jwks;
mod problem;
