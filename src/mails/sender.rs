//! Sending what is due: each mail by one node, outside any transaction.

use chrono::Duration;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::due::{self, Due};
use super::letter::Letter;
use super::outbox::{self, Opened, Row};
use super::transport::{Mailer, NotSent};
use crate::db::transaction;
use crate::error::Error;
use crate::state::State;

/// So many are sent at the same time.
const AT_ONCE: usize = 8;
/// The first wait between attempts; it doubles each time. Longer than an attempt takes, so that no other node makes one too.
const FIRST_WAIT: Duration = Duration::minutes(1);
/// The longest wait between attempts.
const LONGEST_WAIT: Duration = Duration::hours(4);

/// A mail whose attempt has begun.
struct Taken {
    row: Row,
    letter: Letter,
}

/// What a look for mails found.
enum Look {
    Nothing,
    /// One that is not sent now.
    Settled,
    Taken(Taken),
}

/// The mails that a node has in hand. Each goes its own way: one that takes long holds up none of the others.
pub struct Post<'a> {
    mailer: &'a Mailer,
    state: &'a State,
    in_hand: FuturesUnordered<LocalBoxFuture<'a, Result<(), Error>>>,
    /// What came of those that ended while others were taken.
    over: Vec<Result<(), Error>>,
}

impl<'a> Post<'a> {
    /// Nothing in hand.
    pub fn new(mailer: &'a Mailer, state: &'a State) -> Self {
        Self { mailer, state, in_hand: FuturesUnordered::new(), over: Vec::new() }
    }

    /// Takes what is due in hand, as far as there is room, and until the service stops; gives how many were looked at. What was taken
    /// before an error stays in hand.
    pub async fn take_due(&mut self) -> Result<usize, Error> {
        let mut looked_at = 0;
        while self.in_hand.len() < AT_ONCE && !self.state.stopping.is_so() {
            match self.take_one().await? {
                Look::Nothing => break,
                Look::Settled => {}
                Look::Taken(mail) => self.in_hand.push(Box::pin(send(mail, self.mailer, self.state))),
            }
            looked_at += 1;
        }
        Ok(looked_at)
    }

    /// Those in hand go on meanwhile: one of them may have what this waits for, a connection to the database.
    async fn take_one(&mut self) -> Result<Look, Error> {
        let mut taking = std::pin::pin!(take(self.mailer, self.state));
        loop {
            tokio::select! {
                look = &mut taking => return look,
                Some(ended) = self.in_hand.next() => self.over.push(ended),
            }
        }
    }

    /// Waits until the attempt for one of those in hand has ended; none where there is none. An error is one of the database: what
    /// could not be sent is tried again later.
    pub async fn ended(&mut self) -> Option<Result<(), Error>> {
        match self.over.pop() {
            Some(ended) => Some(ended),
            None => self.in_hand.next().await,
        }
    }
}

/// The mail that has been due for the longest time. Its next attempt is noted before this one begins.
async fn take(mailer: &Mailer, state: &State) -> Result<Look, Error> {
    let now = state.clock.now();
    let conn = &mut state.db.get().await?;
    transaction(conn, async |conn| {
        let Some(row) = outbox::lock_due(now, conn).await? else { return Ok(Look::Nothing) };
        let due = match outbox::open(&row, state)? {
            _ if row.created_at + outbox::KEPT <= now => Due::Drop { reason: Some("it could not be sent for days") },
            Opened::Letter(letter) => due::decide(&row, letter, state, conn).await?,
            // A node that runs a later version can.
            Opened::Unknown => Due::PutOff { until: now + FIRST_WAIT, reason: "this version can not read it" },
            Opened::Shut => Due::Drop { reason: Some("it was sealed with another secret") },
        };
        match due {
            Due::Send(letter) => {
                let wait = FIRST_WAIT * 2_i32.pow(row.attempts.clamp(0, 8).unsigned_abs().into());
                outbox::begin_attempt(&row, now + wait.min(LONGEST_WAIT), conn).await?;
                return Ok(Look::Taken(Taken { row, letter }));
            }
            Due::PutOff { until, reason } => {
                outbox::put_off(row.id, until, conn).await?;
                tracing::info!(mail = %row.id, reason, "a mail is put off");
                mailer.counts.put_off();
            }
            Due::Drop { reason } => {
                outbox::remove(row.id, conn).await?;
                if let Some(reason) = reason {
                    tracing::warn!(mail = %row.id, attempts = row.attempts, reason, "a mail is given up");
                    mailer.counts.given_up();
                }
            }
        }
        Ok(Look::Settled)
    })
    .await
}

/// One attempt. The log has the server's reply code, and nothing of what was written to whom.
async fn send(mail: Taken, mailer: &Mailer, state: &State) -> Result<(), Error> {
    let Taken { row, letter } = mail;
    let attempt = row.attempts + 1;
    match mailer.send(row.id, row.created_at, &letter).await {
        Ok(()) => {
            tracing::info!(mail = %row.id, attempt, "a mail was sent");
            mailer.counts.sent();
        }
        // No `error`: whoever registers chooses the address.
        Err(NotSent { code, reason, permanent: true }) => {
            tracing::warn!(mail = %row.id, attempt, code, reason, "a mail could not be sent and is given up");
            mailer.counts.given_up();
        }
        Err(NotSent { code, reason, permanent: false }) => {
            tracing::warn!(mail = %row.id, attempt, code, reason, "a mail could not be sent; it is tried again");
            mailer.counts.put_off();
            return Ok(());
        }
    }
    outbox::remove(row.id, &mut *state.db.get().await?).await?;
    Ok(())
}
