//! Takes an archive in: lines are read and rendered on all cores while the batch before them is written; each batch is one
//! transaction.

mod batch;
mod bodies;
mod counters;
mod ground;
mod ids;
mod kept;
mod parse;
mod plan;
mod rows;
mod scout;
mod source;
mod totals;

use std::fmt::{self, Display, Formatter};

use tokio::io::AsyncBufRead;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use self::batch::Importer;
use self::parse::{Parsed, parse, read_bodies};
use self::scout::Scout;
use self::source::Source;
use super::error::{BadLine, ImportError};
use super::line::Line;
use super::progress::Progress;
use super::reader::{RawBatch, Reader};
use crate::clock::Clock;

/// Rows that were added, by the type of their lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Ranks.
    pub ranks: u64,
    /// Forums and categories.
    pub forums: u64,
    /// Members.
    pub members: u64,
    /// Threads.
    pub threads: u64,
    /// Posts.
    pub posts: u64,
    /// Earlier bodies of posts.
    pub revisions: u64,
    /// Likes.
    pub likes: u64,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lines of the file, blank ones included.
    pub lines: u64,
    /// What was new.
    pub added: Added,
    /// Lines that said nothing new.
    pub known: u64,
}

/// Takes in an archive: plain, gzip or zstd, seen by its first bytes. Running it again finishes what was interrupted, adds what a
/// grown file has, and else changes nothing.
///
/// # Errors
///
/// At the first line that is wrong, with its number; the batches before it stay.
pub async fn import(
    input: impl AsyncBufRead + Unpin + Send,
    database_url: &str,
    clock: &Clock,
    progress: &Progress,
) -> Result<Summary, ImportError> {
    let client = connect(database_url).await?;
    let mut reader = Reader::new(input).await?;
    let batch = reader.batch().await?;
    let source = Source::find(first_line(&batch)?, &client).await?;
    let scout = Scout::new(connect(database_url).await?, &source);
    let importer = Importer::new(client, source, clock.clone());
    let (sender, receiver) = channel(1);
    let reading = read(batch, reader, scout, sender);
    let (summary, ()) = futures_util::future::join(write(importer, receiver, progress), reading).await;
    progress.finish();
    summary
}

/// The first line says which format this is, and where it is from.
fn first_line(batch: &RawBatch) -> Result<String, BadLine> {
    let bad = |line, field: Option<&str>, reason: &str| {
        Err(BadLine { line, field: field.map(str::to_owned), reason: reason.to_owned() })
    };
    let Some((number, text)) = batch.lines().next() else {
        return bad(1, None, "the file is empty: an archive begins with a line of type \"archive\"");
    };
    match Line::read(text).map_err(|flaw| flaw.at(number))? {
        Line::Archive(line) => Ok(line.source),
        _ => bad(number, Some("type"), "an archive begins with a line of type \"archive\""),
    }
}

async fn connect(database_url: &str) -> Result<tokio_postgres::Client, ImportError> {
    let connected = crate::db::connect(database_url).await;
    let client = connected.map_err(|e| ImportError::Database(e.to_string()))?;
    crate::db::look_up_by_key(&client).await?;
    Ok(client)
}

/// Reads on until the end, a bad line, or nobody listens any more.
async fn read(first: RawBatch, mut reader: Reader<'_>, scout: Scout, to: Sender<Result<Parsed, ImportError>>) {
    let mut batch = Ok(first);
    let mut skip = 1;
    loop {
        let parsed = read_one(batch, skip, &scout).await;
        let stops = parsed.as_ref().map_or(true, |(_, ends)| *ends);
        if to.send(parsed.map(|(parsed, _)| parsed)).await.is_err() || stops {
            return;
        }
        batch = reader.batch().await;
        skip = 0;
    }
}

/// Reads one batch; `true` with the last.
async fn read_one(
    batch: Result<RawBatch, ImportError>,
    skip: usize,
    scout: &Scout,
) -> Result<(Parsed, bool), ImportError> {
    let batch = batch?;
    let ends = batch.ends;
    let mut parsed = parse(batch, skip).await;
    let known_posts = scout.known_posts(&parsed.lines).await?;
    parsed.lines = read_bodies(parsed.lines, known_posts, scout.keeps_ids).await;
    let stops = ends || parsed.bad_line.is_some();
    Ok((parsed, stops))
}

async fn write(
    mut importer: Importer,
    mut from: Receiver<Result<Parsed, ImportError>>,
    progress: &Progress,
) -> Result<Summary, ImportError> {
    let mut summary = Summary::default();
    while let Some(parsed) = from.recv().await {
        let Parsed { lines, last, bad_line } = parsed?;
        let count = lines.len() as u64;
        let added = importer.write(lines).await?;
        // The last batch is empty where the file ends with the one before.
        summary.lines = summary.lines.max(last);
        summary.known += count - added.all();
        summary.added.add(added);
        progress.lines(summary.lines);
        if let Some(bad_line) = bad_line {
            return Err(bad_line.into());
        }
    }
    importer.finish().await?;
    Ok(summary)
}

impl Added {
    fn all(self) -> u64 {
        self.ranks + self.forums + self.members + self.threads + self.posts + self.revisions + self.likes
    }

    fn add(&mut self, more: Self) {
        self.ranks += more.ranks;
        self.forums += more.forums;
        self.members += more.members;
        self.threads += more.threads;
        self.posts += more.posts;
        self.revisions += more.revisions;
        self.likes += more.likes;
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Added { ranks, forums, members, threads, posts, revisions, likes } = self.added;
        write!(
            f,
            "{} lines; new: {ranks} ranks, {forums} forums, {members} members, {threads} threads, {posts} posts, \
             {revisions} revisions, {likes} likes; already there: {}",
            self.lines, self.known
        )
    }
}
