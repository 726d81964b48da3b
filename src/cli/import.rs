//! `folkmoot import`: takes an archive in.

use tokio::fs::File;
use tokio::io::BufReader;

use crate::archive::{self, Progress};
use crate::clock::Clock;

/// What is read at a time.
const BUFFER: usize = 256 * 1024;

/// Takes in a file, or standard input for `-`.
pub async fn run(file: &str, database_url: &str) -> Result<(), String> {
    let clock = Clock::default();
    let summary = if file == "-" {
        let progress = Progress::on_terminal(None);
        archive::import(BufReader::with_capacity(BUFFER, tokio::io::stdin()), database_url, &clock, &progress).await
    } else {
        let unreadable = |e: std::io::Error| format!("{file}: {e}");
        let input = File::open(file).await.map_err(unreadable)?;
        let metadata = input.metadata().await.map_err(unreadable)?;
        let progress = Progress::on_terminal(metadata.is_file().then_some(metadata.len()));
        let input = BufReader::with_capacity(BUFFER, progress.reading(input));
        archive::import(input, database_url, &clock, &progress).await
    };
    match summary {
        Ok(summary) => {
            eprintln!("{summary}");
            Ok(())
        }
        Err(error) => Err(format!("{file}: {error}\nWhat came before is kept; run the import again to go on.")),
    }
}
