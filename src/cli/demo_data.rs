//! `folkmoot demo-data`: fills an empty forum with one that is made up.

use std::io::IsTerminal;

use clap::Args;
use tokio::io::BufReader;

use super::import::BUFFER;
use super::setup::{Database, Folder};
use crate::archive::{self, Demo, Progress, Summary};
use crate::clock::Clock;
use crate::config::Config;
use crate::db;

/// What was filled is made ready for reading; not what else the database has.
const SETTLE: &str = "VACUUM (ANALYZE) archive_ids, forums, likes, members, posts, quotes, threads, username_skeletons";

/// How much is made up.
#[derive(Args, Clone, Debug)]
pub struct DemoData {
    /// How many posts; threads, members and likes go with them.
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=1_000_000_000))]
    posts: u64,
    /// How many of them are in one thread. Default: one in a hundred.
    #[arg(long, value_name = "N")]
    longest_thread: Option<u64>,
    /// The same seed gives the same forum.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

/// Makes it up, and says what there is. Run again it changes nothing, or goes on where it was interrupted.
pub async fn run(config: &Config, demo: &DemoData) -> Result<(), String> {
    let database = Database::open(config, "folkmoot demo-data", Folder::Shared).await?;
    let longest_thread = demo.longest_thread.unwrap_or(demo.posts / 100);
    let summary = take_in(Demo { posts: demo.posts, longest_thread, seed: demo.seed }, &database.url).await;
    database.close().await?;
    eprintln!("{}", summary?);
    Ok(())
}

async fn take_in(demo: Demo, database_url: &str) -> Result<Summary, String> {
    // Made up twice, where somebody wants to see how long it still takes.
    let progress = Progress::on_terminal(std::io::stderr().is_terminal().then(|| demo.size()));
    let input = BufReader::with_capacity(BUFFER, progress.reading(demo.archive()));
    let summary =
        archive::import(input, database_url, &Clock::default(), &progress).await.map_err(|e| e.to_string())?;
    let client = db::connect(database_url).await.map_err(|e| e.to_string())?;
    client.batch_execute(SETTLE).await.map_err(|e| e.to_string())?;
    Ok(summary)
}
