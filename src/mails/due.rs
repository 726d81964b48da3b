//! What is to be done with a mail whose time has come.

use chrono::{DateTime, Duration, Utc};
use diesel_async::AsyncPgConnection;

use super::caps::{self, Room};
use super::letter::Letter;
use super::outbox::{self, Row};
use super::owner::{self, Found, Owner};
use super::tokens::{self, Purpose};
use crate::error::Error;
use crate::state::State;
use crate::web::identity::Email;

/// For so long a mail waits whose member another transaction is about to change.
const SHORTLY: Duration = Duration::seconds(5);
const BUSY: &str = "its member is being changed";
const ENOUGH: &str = "too many of its kind go to this address";

/// What is to be done with a mail.
pub(super) enum Due {
    /// It is sent, with these words.
    Send(Letter),
    /// It waits.
    PutOff { until: DateTime<Utc>, reason: &'static str },
    /// It is not sent. What has nothing to say any more needs no reason.
    Drop { reason: Option<&'static str> },
}

const SILENT: Due = Due::Drop { reason: None };

/// What is to be said at this moment. The member that it is about stays locked, and is not waited for: who deletes an account has
/// locked it, and waits for its mails, of which this one is locked already.
pub(super) async fn decide(
    row: &Row,
    letter: Letter,
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<Due, Error> {
    match letter {
        Letter::Verify { to, token } => verify(row, to, &token, state, conn).await,
        Letter::ResetAsked { email } => reset_asked(row, &email, state, conn).await,
        Letter::Reset { to, name, token } => reset(row, (to, name), &token, state, conn).await,
        told @ (Letter::Taken { .. } | Letter::EmailChanged { .. } | Letter::PasswordChanged { .. }) => {
            Ok(Due::Send(told))
        }
    }
}

fn busy(state: &State) -> Due {
    Due::PutOff { until: state.clock.now() + SHORTLY, reason: BUSY }
}

/// The token is a new one each time, so that it is good for as long as its mail says, however late that comes.
async fn verify(row: &Row, to: String, token: &str, state: &State, conn: &mut AsyncPgConnection) -> Result<Due, Error> {
    let (Some(member), Some(email)) = (row.member_id, Email::stored(&to)) else { return Ok(SILENT) };
    if !owner::hold(member, conn).await? {
        return Ok(busy(state));
    }
    if !tokens::is_open(token, Purpose::Verify, conn).await? {
        return Ok(SILENT);
    }
    match Owner::hold(&to, conn).await? {
        Found::Busy => return Ok(busy(state)),
        Found::One(owner) if owner.id != member => return taken(row, owner, &email, state, conn).await,
        Found::One(_) | Found::Nobody => {}
    }
    if row.attempts == 0 {
        match caps::count(row.id, ("verify", member, &email), state, conn).await? {
            Room::Yes => {}
            // Others may have used the address up. It is the only one of its member: an earlier one has no token any more.
            Room::Later(until) => return Ok(Due::PutOff { until, reason: ENOUGH }),
            Room::Unknown => return Ok(busy(state)),
        }
    }
    let Some(token) = tokens::renew(token, Purpose::Verify, state, conn).await? else { return Ok(SILENT) };
    let letter = Letter::Verify { to, token };
    outbox::replace(row.id, &letter, member, state, conn).await?;
    Ok(Due::Send(letter))
}

/// Tells the owner of an address that it was given again.
async fn taken(
    row: &Row,
    owner: Owner,
    email: &Email,
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<Due, Error> {
    let id = owner.id;
    match caps::count(row.id, ("taken", id, email), state, conn).await? {
        Room::Yes => {}
        Room::Later(_) => return Ok(Due::Drop { reason: Some(ENOUGH) }),
        Room::Unknown => return Ok(busy(state)),
    }
    let Some(letter) = owner.letter(|to, name| Letter::Taken { to, name }) else { return Ok(SILENT) };
    outbox::replace(row.id, &letter, id, state, conn).await?;
    Ok(Due::Send(letter))
}

/// Looks up who has forgotten a password. One that is too many takes no earlier token's place, and is not sent later either: the
/// earlier ones do.
async fn reset_asked(row: &Row, email: &str, state: &State, conn: &mut AsyncPgConnection) -> Result<Due, Error> {
    let owner = match Owner::hold(email, conn).await? {
        Found::One(owner) => owner,
        Found::Busy => return Ok(busy(state)),
        Found::Nobody => return Ok(SILENT),
    };
    let (id, Some(address)) = (owner.id, Email::stored(email)) else { return Ok(SILENT) };
    match caps::count(row.id, ("reset", id, &address), state, conn).await? {
        Room::Yes => {}
        Room::Later(_) => return Ok(Due::Drop { reason: Some(ENOUGH) }),
        Room::Unknown => return Ok(busy(state)),
    }
    let token = tokens::give(id, Purpose::Reset, email, state, conn).await?;
    let Some(letter) = owner.letter(|to, name| Letter::Reset { to, name, token }) else { return Ok(SILENT) };
    outbox::replace(row.id, &letter, id, state, conn).await?;
    Ok(Due::Send(letter))
}

/// One more attempt, with a new token as for verifying.
async fn reset(
    row: &Row,
    (to, name): (String, String),
    token: &str,
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<Due, Error> {
    let Some(member) = row.member_id else { return Ok(SILENT) };
    if !owner::hold(member, conn).await? {
        return Ok(busy(state));
    }
    let Some(token) = tokens::renew(token, Purpose::Reset, state, conn).await? else { return Ok(SILENT) };
    let letter = Letter::Reset { to, name, token };
    outbox::replace(row.id, &letter, member, state, conn).await?;
    Ok(Due::Send(letter))
}
