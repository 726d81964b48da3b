//! Follows the log: voids what has changed, on this node or another, and gives positions where they are missing.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::ConnectionError;
use tokio::sync::Notify;
use tokio::time::{error::Elapsed, sleep, timeout};
use tokio_postgres::Client;

use super::log::{self, BATCH, CHANNEL, Entry};
use super::{What, things};
use crate::cache::{Changes, Thing};
use crate::db::listen;
use crate::ids::{MemberId, PostId, ThreadId};

/// How often the log is read where nobody says that there is something new.
const POLL: Duration = Duration::from_millis(200);
/// How often it is read at most.
const PAUSE: Duration = Duration::from_millis(10);
/// Without an answer for so long the connection is given up.
const PATIENCE: Duration = Duration::from_secs(2);
/// How soon a new one is made.
const AGAIN: Duration = Duration::from_millis(100);

/// Why following was interrupted.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error(transparent)]
    Connecting(#[from] ConnectionError),
    #[error(transparent)]
    Reading(#[from] tokio_postgres::Error),
    #[error("no answer in time")]
    Late(#[from] Elapsed),
}

/// Follows the log of this database, for as long as the service runs.
pub async fn follow(url: &str, changes: Arc<Changes>) {
    let mut follower = Follower { changes, position: None, early: HashSet::new(), is_interrupted: false };
    loop {
        let Err(interrupted) = follower.run(url).await;
        if std::mem::replace(&mut follower.is_interrupted, true) {
            tracing::debug!(%interrupted, "the log of events still can not be read");
        } else {
            tracing::warn!(%interrupted, "the log of events can not be read; what is kept in memory is not believed until it can");
        }
        sleep(AGAIN).await;
    }
}

struct Follower {
    changes: Arc<Changes>,
    /// All up to here is known; none before the first look.
    position: Option<i64>,
    /// What was seen before it had a position.
    early: HashSet<i64>,
    is_interrupted: bool,
}

impl Follower {
    async fn run(&mut self, url: &str) -> Result<Infallible, Interrupted> {
        let heard = Arc::new(Notify::new());
        let client = timeout(PATIENCE, listen(url, CHANNEL, heard.clone())).await??;
        // It may be another server than before, that has lost what was read last and gives the same positions to other entries.
        self.position = None;
        loop {
            let missing = timeout(PATIENCE, self.look(&client)).await??;
            if std::mem::take(&mut self.is_interrupted) {
                tracing::info!("the log of events is read again");
            }
            if missing {
                timeout(PATIENCE, log::number(&client)).await??;
            }
            sleep(PAUSE).await;
            tokio::select! {
                () = heard.notified() => {}
                () = self.changes.news.notified() => {}
                () = sleep(POLL) => {}
            }
        }
    }

    /// Reads what is new, and voids it. True where entries have no position yet.
    async fn look(&mut self, client: &Client) -> Result<bool, tokio_postgres::Error> {
        loop {
            let from = Instant::now();
            let after = match self.position {
                Some(position) => position,
                // What was kept before anything was known is not to be trusted.
                None => {
                    let last = log::last(client).await?;
                    self.void_all();
                    *self.position.insert(last)
                }
            };
            let (last, entries) = log::read(after, client).await?;
            if last < after {
                tracing::warn!(last, after, "the log of events has gone back");
                self.position = None;
                continue;
            }
            let waiting = entries.iter().filter(|entry| entry.position.is_none()).count();
            self.take(after, &entries);
            if waiting == BATCH {
                // There are more, and nobody knows of what.
                self.void_all();
            }
            if entries.len() - waiting < BATCH {
                if self.early.len() > waiting {
                    tracing::warn!("entries of the log of events are gone");
                    self.void_all();
                }
                self.changes.sure_as_of(from);
                return Ok(waiting > 0);
            }
        }
    }

    fn take(&mut self, mut known: i64, entries: &[Entry]) {
        for entry in entries {
            match entry.position {
                // Some were removed before they were read here.
                Some(position) if position > known + 1 => {
                    self.void_all();
                    known = position;
                }
                Some(position) => known = position,
                None => {}
            }
            let is_new = match entry.position {
                Some(_) => !self.early.remove(&entry.id),
                None => self.early.insert(entry.id),
            };
            if is_new {
                self.void(entry);
            }
        }
        self.position = Some(known);
    }

    fn void(&self, entry: &Entry) {
        let thread = entry.thread_id.map(ThreadId);
        let (post, member) = (entry.post_id.map(PostId), entry.member_id.map(MemberId));
        match What::of(&entry.kind) {
            Some(what) => things(what, thread, post, member).for_each(|thing| self.changes.void(thing)),
            // A newer version's: what it changes is not known here.
            None => self.changes.void(Thing::All),
        }
    }

    /// Something may have been missed: all begins anew.
    fn void_all(&mut self) {
        self.early.clear();
        self.changes.void(Thing::All);
    }
}
