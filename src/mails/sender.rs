//! Sending what is due: each mail by one node, outside any transaction.

use chrono::Duration;
use diesel_async::AsyncPgConnection;
use futures_util::future::join_all;

use super::letter::Letter;
use super::outbox::{self, Row};
use super::owner::Owner;
use super::tokens::{self, Purpose};
use super::transport::{Mailer, NotSent};
use crate::db::transaction;
use crate::error::Error;
use crate::state::State;
use crate::web::identity::Email;

/// So many are sent at the same time.
const AT_ONCE: usize = 8;
/// So often a mail is tried.
const ATTEMPTS: i16 = 8;
/// The first wait between attempts; it doubles each time. Longer than an attempt takes, so that no other node makes one too.
const FIRST_WAIT: Duration = Duration::minutes(1);
/// So many mails of a kind are written to an address within an hour.
const MOST_AN_HOUR: i32 = 5;

/// A mail whose attempt has begun.
struct Taken {
    row: Row,
    letter: Letter,
}

/// Sends some of the mails that are due; gives how many were looked at. An error is one of the database: what has failed to be
/// sent is tried again later.
pub async fn send_due(mailer: &Mailer, state: &State) -> Result<usize, Error> {
    let (mut looked_at, mut taken) = (0, Vec::new());
    while looked_at < AT_ONCE {
        let Some(mail) = take(state).await? else { break };
        looked_at += 1;
        taken.extend(mail);
    }
    let sent = join_all(taken.iter().map(|mail| send(mail, mailer, state))).await;
    sent.into_iter().collect::<Result<(), _>>()?;
    Ok(looked_at)
}

/// None where nothing is due; an inner none where what was due is not to be sent.
async fn take(state: &State) -> Result<Option<Option<Taken>>, Error> {
    let now = state.clock.now();
    let conn = &mut state.db.get().await?;
    transaction(conn, async |conn| {
        let Some(row) = outbox::lock_due(now, conn).await? else { return Ok(None) };
        let letter = match outbox::open(&row, state)? {
            Some(letter) if row.attempts < ATTEMPTS => to_be_sent(&row, letter, state, conn).await?,
            given_up => {
                let readable = given_up.is_some();
                tracing::error!(mail = %row.id, attempts = row.attempts, readable, "a mail is given up");
                None
            }
        };
        let Some(letter) = letter else {
            outbox::remove(row.id, conn).await?;
            return Ok(Some(None));
        };
        let wait = FIRST_WAIT * 2_i32.pow(row.attempts.unsigned_abs().into());
        outbox::begin_attempt(&row, now + wait, conn).await?;
        Ok(Some(Some(Taken { row, letter })))
    })
    .await
}

/// What is to be said at this moment; none where it has nothing to say any more, or its reader has had enough.
async fn to_be_sent(
    row: &Row,
    letter: Letter,
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<Option<Letter>, Error> {
    let now = state.clock.now();
    let letter = match letter {
        Letter::Verify { to, token } => {
            let Some(member) = tokens::find(&token, Purpose::Verify, now, conn).await? else { return Ok(None) };
            match Owner::find(&to, conn).await? {
                Some(owner) if owner.id != member => {
                    let id = owner.id;
                    let Some(letter) = owner.letter(|to, name| Letter::Taken { to, name }) else { return Ok(None) };
                    outbox::replace(row.id, &letter, id, state, conn).await?;
                    letter
                }
                _ => Letter::Verify { to, token },
            }
        }
        Letter::ResetAsked { email } => {
            // Counted first: one that is too many takes no other's place.
            let Some(owner) = Owner::find(&email, conn).await? else { return Ok(None) };
            if is_enough("reset", &email, state, conn).await? {
                return Ok(None);
            }
            let id = owner.id;
            let token = tokens::give(id, Purpose::Reset, &email, state, conn).await?;
            let Some(letter) = owner.letter(|to, name| Letter::Reset { to, name, token }) else { return Ok(None) };
            outbox::replace(row.id, &letter, id, state, conn).await?;
            return Ok(Some(letter));
        }
        Letter::Reset { token, .. } if tokens::find(&token, Purpose::Reset, now, conn).await?.is_none() => {
            return Ok(None);
        }
        letter => letter,
    };
    let enough = match &letter {
        Letter::Verify { to, .. } if row.attempts == 0 => is_enough("verify", to, state, conn).await?,
        Letter::Taken { to, .. } if row.attempts == 0 => is_enough("taken", to, state, conn).await?,
        _ => false,
    };
    Ok((!enough).then_some(letter))
}

async fn is_enough(kind: &str, to: &str, state: &State, conn: &mut AsyncPgConnection) -> Result<bool, Error> {
    let Some(email) = Email::new(to) else { return Ok(true) };
    Ok(outbox::count(kind, &email.key(), state, conn).await? > MOST_AN_HOUR)
}

/// One attempt. The log has the server's reply code, and nothing of what was written to whom.
async fn send(mail: &Taken, mailer: &Mailer, state: &State) -> Result<(), Error> {
    let Taken { row, letter } = mail;
    let attempt = row.attempts + 1;
    match mailer.send(row.id, row.created_at, letter).await {
        Ok(()) => tracing::info!(mail = %row.id, attempt, "a mail was sent"),
        Err(NotSent { code, reason, permanent }) if permanent || attempt >= ATTEMPTS => {
            tracing::error!(mail = %row.id, attempt, code, reason, "a mail could not be sent and is given up");
        }
        Err(NotSent { code, reason, .. }) => {
            tracing::warn!(mail = %row.id, attempt, code, reason, "a mail could not be sent; it is tried again");
            return Ok(());
        }
    }
    outbox::remove(row.id, &mut *state.db.get().await?).await?;
    Ok(())
}
