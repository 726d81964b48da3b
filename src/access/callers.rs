//! Sessions as they were found a moment ago: a token carries neither role nor state, and to ask for them at each read would cost as
//! much as what is read. What changes something asks anew.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quick_cache::sync::Cache;

use super::token_guard::TokenGuard;
use super::{Role, is_suspended};
use crate::cache::{Stamp, Thing};
use crate::db::schema::{members, sessions};
use crate::db::{Lookup, fixed, known};
use crate::error::Error;
use crate::ids::{MemberId, SessionId};
use crate::state::State;

/// So many sessions are kept, about.
const MOST: usize = 16_384;
/// For so long one is believed: what was changed on another node counts after 5 s at most.
const BELIEVED: Duration = Duration::from_secs(4);

/// The sessions that were found, with their members.
pub struct Callers {
    sessions: Cache<(SessionId, MemberId), Found>,
    pub(super) tokens: TokenGuard,
}

#[derive(Clone)]
struct Found {
    /// None where there is no such session (any longer).
    present: Option<Present>,
    stamp: Stamp,
    until: Duration,
}

/// Session and member as they are: a token carries neither role nor state.
#[derive(Clone, Queryable)]
pub(super) struct Present {
    expires_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    #[diesel(deserialize_as = Vec<String>)]
    pub scopes: Arc<[String]>,
    pub role: Role,
    suspended_at: Option<DateTime<Utc>>,
    suspended_until: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
}

impl Present {
    /// Whether the session goes on.
    pub fn is_so(&self, now: DateTime<Utc>) -> bool {
        let is_there = self.ended_at.is_none() && self.deleted_at.is_none() && self.expires_at > now;
        is_there && !is_suspended(self.suspended_at, self.suspended_until, now)
    }
}

impl Present {
    /// Session and member in the snapshot of this statement.
    pub async fn load(session: SessionId, member: MemberId, mut conn: &AsyncPgConnection) -> QueryResult<Option<Self>> {
        let found = sessions::table.inner_join(members::table).select((
            sessions::expires_at,
            sessions::ended_at,
            sessions::scopes,
            members::role,
            members::suspended_at,
            members::suspended_until,
            members::deleted_at,
        ));
        let found = found.filter(sessions::id.eq(session).and(sessions::member_id.eq(member)));
        known!(found).get_result(&mut conn).await.optional()
    }
}

impl Lookup for Present {
    type Key = (SessionId, MemberId);
    type Found = Option<Self>;

    async fn find(keys: &[Self::Key], mut conn: &AsyncPgConnection) -> Result<Vec<Option<Self>>, Error> {
        let found = sessions::table.inner_join(members::table).select((
            sessions::id,
            sessions::member_id,
            (
                sessions::expires_at,
                sessions::ended_at,
                sessions::scopes,
                members::role,
                members::suspended_at,
                members::suspended_until,
                members::deleted_at,
            ),
        ));
        // By the member too, with which a session would be found among shards.
        let by_key = fixed::<Bool>("(sessions.id, sessions.member_id) IN (SELECT * FROM unnest(?, ?))")
            .with_numbers(keys.iter().map(|(session, _)| *session))
            .with_numbers(keys.iter().map(|(_, member)| *member));
        let rows: Vec<(SessionId, MemberId, Self)> = known!(found.filter(by_key)).load(&mut conn).await?;
        let of = |key: &Self::Key| rows.iter().find(|(session, member, _)| (*session, *member) == *key);
        Ok(keys.iter().map(|key| of(key).map(|(.., present)| present.clone())).collect())
    }
}

impl Default for Callers {
    fn default() -> Self {
        Self { sessions: Cache::new(MOST), tokens: TokenGuard::default() }
    }
}

impl Callers {
    /// Session and member as they were a moment ago. A write reads them again in its transaction.
    pub(super) fn known(&self, session: SessionId, member: MemberId, state: &State) -> Option<Present> {
        let (changes, now) = (&state.store.changes, state.clock.elapsed());
        let found = self.sessions.get(&(session, member))?;
        found.present.filter(|_| now < found.until && changes.holds(&found.stamp))
    }

    /// Whether a session is known to have ended for good. That never changes, so a token of it costs one statement, however
    /// often it is sent.
    pub(super) fn has_ended(&self, session: SessionId, member: MemberId) -> bool {
        let has_ended = |present: Present| present.ended_at.is_some() || present.deleted_at.is_some();
        self.sessions.get(&(session, member)).is_some_and(|found| found.present.is_none_or(has_ended))
    }

    /// Session and member as they are now.
    pub(super) async fn find(
        &self,
        session: SessionId,
        member: MemberId,
        state: &State,
    ) -> Result<Option<Present>, Error> {
        let (changes, now) = (&state.store.changes, state.clock.elapsed());
        let stamp = changes.stamp(Thing::Member(member));
        let present = state.db.look_up::<Present>((session, member)).await?;
        self.sessions.insert((session, member), Found { present: present.clone(), stamp, until: now + BELIEVED });
        Ok(present)
    }
}
