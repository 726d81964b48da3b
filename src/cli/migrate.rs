//! `folkmoot migrate`: brings the schema up to date.

use super::setup::{Database, Folder};
use crate::config::Config;

/// Opening a database migrates it.
pub async fn run(config: &Config) -> Result<(), String> {
    Database::open(config, "folkmoot migrate", Folder::Shared).await?.close().await
}
