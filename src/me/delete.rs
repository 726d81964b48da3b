//! `DELETE /api/v1/me`: the end of an account. What it wrote stays.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::access::{InSession, Role, session_ended};
use crate::db::schema::members;
use crate::db::transaction;
use crate::error::{Code, Error};
use crate::events::{Event, What};
use crate::ids::MemberId;
use crate::state::State;
use crate::web::{answer, idempotency};
use crate::{mails, sessions, tokens};

/// Delete your account.
///
/// At once, and for good. What you wrote stays, and so do your id, likes, dates and counts; your name, title, country, picture,
/// bio, e-mail and password are removed, and all sessions and tokens end. The name is never given again. 409 where you are
/// the last administrator.
#[utoipa::path(tag = "me", responses((status = 204, description = "The account is gone")),
    security(("bearer" = ["profile", "session"])), extensions(("x-problems" = json!(["last_admin"]))))]
#[delete("/api/v1/me")]
pub async fn delete_me(caller: InSession, state: Data<State>) -> Result<HttpResponse, Error> {
    let (id, now) = (caller.member_id, state.clock.now());
    let conn = &mut state.db.get().await?;
    transaction(conn, async |conn| {
        crate::members::hold_to_change(id, Role::Member, conn).await.map_err(gone_meanwhile)?;
        sessions::hold(id, caller.session_id, now, conn).await?;
        sessions::forget_all(id, conn).await?;
        tokens::end_all(id, conn).await?;
        mails::forget(id, conn).await?;
        idempotency::forget(id, conn).await?;
        Ok(strip(id, now, conn).await?)
    })
    .await?;
    Ok(answer::gone())
}

/// A session of it that was good a moment ago has ended with it.
fn gone_meanwhile(error: Error) -> Error {
    match error.code() {
        Code::NotFound => session_ended(),
        _ => error,
    }
}

/// Takes everything off that tells who it was. The key of its name stays, and what looks like it: nobody follows it there.
async fn strip(id: MemberId, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::update(members::table.find(id))
        .set((
            (
                members::deleted_at.eq(now),
                members::role.eq(Role::Member),
                members::username.eq(None::<&str>),
                members::custom_title.eq(None::<&str>),
                members::country.eq(None::<&str>),
                members::avatar_url.eq(None::<&str>),
                members::bio.eq(None::<&str>),
            ),
            (
                members::email.eq(None::<&str>),
                members::email_key.eq(None::<&str>),
                members::email_verified.eq(false),
                members::password_hash.eq(None::<&str>),
                members::suspended_at.eq(None::<DateTime<Utc>>),
                members::suspended_until.eq(None::<DateTime<Utc>>),
                members::suspend_reason.eq(None::<&str>),
                members::suspended_by.eq(None::<MemberId>),
            ),
        ))
        .execute(conn)
        .await?;
    Event::of_member(What::MemberDeleted, id).by(id).record(conn).await
}
