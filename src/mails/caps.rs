//! How many mails of a kind are written to an address, so that nobody is flooded.

use chrono::{DateTime, Duration, Utc};
use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db;
use crate::db::schema::mail_times;
use crate::error::Error;
use crate::ids::MemberId;
use crate::state::State;
use crate::web::identity::Email;

/// For so long mails to an address are counted together.
pub(super) const COUNTED: Duration = Duration::hours(1);
/// So many mails of a kind are written for one member to an address in that time,
const MOST_OF_A_MEMBER: i64 = 5;
/// and so many for all: more, so that strangers who give an address do not keep its owner's own mail back.
const MOST_OF_ALL: i64 = 20;

/// Whether there is room for one more mail.
pub(super) enum Room {
    /// There is, and it is counted.
    Yes,
    /// From this time on.
    Later(DateTime<Utc>),
    /// Another node counts mails to this address right now.
    Unknown,
}

/// Counts a mail of a kind for a member to an address, where there is room for it.
pub(super) async fn count(
    mail: Uuid,
    (kind, member, to): (&str, MemberId, &Email),
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<Room, Error> {
    let (now, key, member) = (state.clock.now(), to.key(), member.to_string());
    let hash = |parts: &[&[u8]]| state.secret.mac("folkmoot mail times v1", parts);
    let of_all = hash(&[kind.as_bytes(), b"\n", key.as_bytes()])?;
    let of_member = hash(&[kind.as_bytes(), b"\n", member.as_bytes(), b"\n", key.as_bytes()])?;
    // Two that count at once would both find room for the last one.
    if !db::hold_name(of_all.first_chunk().map_or(0, |first| i64::from_be_bytes(*first)), conn).await? {
        return Ok(Room::Unknown);
    }
    for (hash, most) in [(of_member, MOST_OF_A_MEMBER), (of_all, MOST_OF_ALL)] {
        let young = mail_times::counted_hash.eq(hash.as_slice()).and(mail_times::written_at.gt(now - COUNTED));
        let young = mail_times::table.filter(young).select((count_star(), min(mail_times::written_at)));
        let (count, oldest): (i64, Option<DateTime<Utc>>) = young.first(conn).await?;
        if count >= most {
            return Ok(Room::Later(oldest.unwrap_or(now) + COUNTED));
        }
    }
    let times = [of_member, of_all].map(|hash| {
        (mail_times::counted_hash.eq(hash.to_vec()), mail_times::mail_id.eq(mail), mail_times::written_at.eq(now))
    });
    diesel::insert_into(mail_times::table).values(times.to_vec()).on_conflict_do_nothing().execute(conn).await?;
    Ok(Room::Yes)
}
