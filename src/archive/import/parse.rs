//! From the text of a batch to its lines, on all cores: JSON, limits, and the Markdown of bodies as far as it can be read before
//! the database was asked.

use std::collections::HashSet;
use std::num::NonZero;

use super::bodies::Reading;
use crate::archive::error::{BadLine, Flaw};
use crate::archive::line::Line;
use crate::archive::reader::RawBatch;

/// A line with its number, and its body read where it has one.
pub struct Numbered {
    pub number: u64,
    pub line: Line,
    pub reading: Reading,
}

/// The good lines of a batch, up to the first bad one.
pub struct Parsed {
    pub lines: Vec<Numbered>,
    /// The number of the last line that was looked at.
    pub last: u64,
    pub bad_line: Option<BadLine>,
}

/// Parses a batch but for its first `skip` lines.
pub async fn parse(batch: RawBatch, skip: usize) -> Parsed {
    blocking(move || {
        let raw: Vec<_> = batch.lines().skip(skip).collect();
        let last = batch.lines().last().map_or(0, |(number, _)| number);
        let mut parsed = Parsed { lines: Vec::with_capacity(raw.len()), last, bad_line: None };
        for result in on_all_cores(raw, |(number, text)| read(number, text).map_err(|flaw| flaw.at(number))) {
            match result {
                Ok(line) => parsed.lines.push(line),
                Err(bad_line) => {
                    parsed.last = bad_line.line;
                    parsed.bad_line = Some(bad_line);
                    break;
                }
            }
        }
        parsed
    })
    .await
}

fn read(number: u64, text: &[u8]) -> Result<Numbered, Flaw> {
    Ok(Numbered { number, line: Line::read(text)?, reading: Reading::Nothing })
}

/// Reads the bodies, but those of known posts.
pub async fn read_bodies(lines: Vec<Numbered>, known_posts: HashSet<String>, keeps_ids: bool) -> Vec<Numbered> {
    blocking(move || {
        on_all_cores(lines, |mut numbered| {
            numbered.reading = match &numbered.line {
                Line::Post(post) if known_posts.contains(&post.id) => Reading::Nothing,
                Line::Post(post) => Reading::of_post(&post.body, keeps_ids),
                Line::Revision(revision) => Reading::of_revision(&revision.body, keeps_ids),
                _ => Reading::Nothing,
            };
            numbered
        })
    })
    .await
}

/// Runs work that keeps a core busy, beside the runtime. A panic in it is a panic here.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => std::panic::resume_unwind(Box::new(error)),
        },
    }
}

/// Does the same to each, in order, on all cores.
pub fn on_all_cores<T: Send, R: Send>(mut items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(cores).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let mut shares = Vec::new();
        while items.len() > share {
            let rest = items.split_off(share);
            let first = std::mem::replace(&mut items, rest);
            shares.push(scope.spawn(move || first.into_iter().map(work).collect::<Vec<_>>()));
        }
        let last: Vec<R> = items.into_iter().map(work).collect();
        let mut done = Vec::new();
        for share in shares {
            done.extend(share.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done.extend(last);
        done
    })
}
