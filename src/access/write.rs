//! Writes in the name of a caller. The head of a request may be seconds older than its last byte. Each write therefore reads
//! session or token, state and role again inside its transaction, and holds the caller's `members` row until it ends. A revocation
//! locks the same row first: no write is accepted after its acknowledgement.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::{join, try_join};

use super::caller::{Signed, session_ended};
use super::callers::Present;
use super::personal;
use crate::db::schema::members;
use crate::db::{known, transaction};
use crate::error::Error;
use crate::ids::MemberId;
use crate::state::State;
use crate::web::idempotency::{Idempotency, Replay};

impl Signed {
    /// Runs a write in one transaction that no revocation of this caller can overtake. `work` gets the caller as it is now.
    /// Other writes of the caller run at the same time.
    ///
    /// # Errors
    ///
    /// 401 if session or token has ended or the member may not act; 503 if a revocation holds the row for over 2 s; the
    /// errors of `work`.
    pub async fn write<T>(
        &self,
        state: &State,
        mut work: impl AsyncFnMut(&Self, &mut AsyncPgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let conn = &mut state.db.get().await?;
        transaction(conn, async |conn| {
            let caller = self.hold(state.clock.now(), conn).await?;
            work(&caller, conn).await
        })
        .await
    }

    /// Runs a write as `write` does, one round trip faster: its first statements are sent right behind those that lock and read the caller.
    /// `work` gets the caller as known before. If the role has changed since, the transaction is rolled back and begins again with the
    /// present role.
    ///
    /// # Errors
    ///
    /// As `write`.
    pub async fn write_pipelined<T>(
        &self,
        state: &State,
        mut work: impl AsyncFnMut(&Self, &AsyncPgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let conn = &mut state.db.get().await?;
        let mut known = self.clone();
        transaction(conn, async |conn| {
            let conn = &*conn;
            let (present, done) = join!(known.hold(state.clock.now(), conn), work(&known, conn));
            let present = present?;
            if present.role == known.role {
                return done;
            }
            known = present;
            Err(Error::lost_race("the caller's role has changed"))
        })
        .await
    }

    /// Runs a revocation of the caller's own, or another write that runs alone: it waits until all writes of the caller have
    /// ended, and later ones wait for it.
    ///
    /// # Errors
    ///
    /// As `write`; 503 if a write of the caller takes over 2 s, and then nothing is changed.
    pub async fn write_alone<T>(
        &self,
        state: &State,
        mut work: impl AsyncFnMut(&Self, &mut AsyncPgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let conn = &mut state.db.get().await?;
        transaction(conn, async |conn| {
            lock_out_writes(self.member_id, conn).await?;
            let caller = self.reread(state.clock.now(), conn).await?;
            work(&caller, conn).await
        })
        .await
    }

    /// Runs a write that an `Idempotency-Key` makes safe to repeat. `may_replay` checks the caller's present rights before a
    /// stored response is returned again.
    pub async fn write_once<T>(
        &self,
        idempotency: Idempotency,
        state: &State,
        mut work: impl AsyncFnMut(&Self, &mut AsyncPgConnection) -> Result<T, Error>,
        mut show: impl AsyncFnMut(&Self, T, &mut AsyncPgConnection) -> Result<HttpResponse, Error>,
        mut may_replay: impl AsyncFnMut(&Self, Replay, &mut AsyncPgConnection) -> Result<(), Error>,
    ) -> Result<HttpResponse, Error> {
        let once = idempotency.of(self.member_id);
        self.write(state, async |caller, conn| {
            once.run(
                conn,
                async |conn| work(caller, conn).await,
                async |done, conn| show(caller, done, conn).await,
                async |replay, conn| may_replay(caller, replay, conn).await,
            )
            .await
        })
        .await
    }

    /// The caller as it is now, until the transaction ends. Two statements, sent together and run in this order: under READ
    /// COMMITTED a statement that waits for a lock still reads the snapshot taken before it waited.
    async fn hold(&self, now: DateTime<Utc>, conn: &AsyncPgConnection) -> Result<Self, Error> {
        let lock = async { Ok(lock_shared(self.member_id, conn).await?) };
        let ((), caller) = try_join!(lock, self.reread(now, conn))?;
        Ok(caller)
    }

    /// The caller as session or token, state and role are now.
    async fn reread(&self, now: DateTime<Utc>, conn: &AsyncPgConnection) -> Result<Self, Error> {
        let role = match (self.session_id, self.token_id) {
            (Some(session), _) => {
                let present = Present::load(session, self.member_id, conn).await?;
                present.filter(|present| present.is_so(now)).ok_or_else(session_ended)?.role
            }
            (None, Some(token)) => personal::role_of(token, now, conn).await?,
            (None, None) => return Err(Error::internal("a caller has a session or a token")),
        };
        Ok(Self { role, ..self.clone() })
    }
}

/// Lets writes run at the same time, and keeps revocations out. The foreign keys of what a member writes take the same lock.
async fn lock_shared(member: MemberId, mut conn: &AsyncPgConnection) -> QueryResult<()> {
    let row = members::table.find(member).select(members::id).for_key_share();
    known!(row).execute(&mut conn).await?;
    Ok(())
}

/// Locks a member's row for a revocation: waits for the member's writes in flight, 2 s at most, and keeps new ones waiting
/// until the transaction ends. A revocation takes this lock before any other of the member's rows.
pub async fn lock_out_writes(member: MemberId, mut conn: &AsyncPgConnection) -> QueryResult<()> {
    members::table.find(member).select(members::id).for_update().execute(&mut conn).await?;
    Ok(())
}
