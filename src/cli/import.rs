//! `folkmoot import`: takes an archive in.

use clap::Args;
use tokio::fs::File;
use tokio::io::BufReader;

use super::setup::{Database, Folder};
use crate::archive::{self, ImportError, Progress, Summary};
use crate::clock::Clock;
use crate::config::Config;

/// What is read at a time.
pub(super) const BUFFER: usize = 256 * 1024;

/// What to take in.
#[derive(Args, Clone, Debug)]
pub struct Import {
    /// The archive; `-` for standard input.
    file: String,
}

/// Takes it in, and says what was new.
pub async fn run(config: &Config, import: &Import) -> Result<(), String> {
    let database = Database::open(config, "folkmoot import", Folder::Shared).await?;
    let summary = take_in(&import.file, &database.url).await;
    database.close().await?;
    eprintln!("{}", summary?);
    Ok(())
}

async fn take_in(file: &str, database_url: &str) -> Result<Summary, String> {
    let stopped =
        |error: ImportError| format!("{file}: {error}\nThe batches before it are kept: run the import again to go on.");
    let clock = Clock::default();
    if file == "-" {
        let input = BufReader::with_capacity(BUFFER, tokio::io::stdin());
        return archive::import(input, database_url, &clock, &Progress::on_terminal(None)).await.map_err(stopped);
    }
    let unreadable = |e: std::io::Error| format!("{file}: {e}");
    let input = File::open(file).await.map_err(unreadable)?;
    let metadata = input.metadata().await.map_err(unreadable)?;
    let progress = Progress::on_terminal(metadata.is_file().then_some(metadata.len()));
    let input = BufReader::with_capacity(BUFFER, progress.reading(input));
    archive::import(input, database_url, &clock, &progress).await.map_err(stopped)
}
