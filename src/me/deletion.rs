//! `POST /api/v1/me/deletion`: deletes the caller's account. Threads, posts and likes of the account stay.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{name_and_hash, wrong_password};
use crate::access::{InSession, Passwords, Role, Signed};
use crate::db::schema::members;
use crate::error::Error;
use crate::events::{Event, What};
use crate::ids::MemberId;
use crate::state::State;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::text::GivenPassword;
use crate::web::{answer, idempotency};
use crate::{mails, sessions, tokens};

/// The confirmation of a deletion.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"password": "a long sentence of mine"}))]
pub struct DeleteMe {
    /// Your current password.
    password: GivenPassword,
}

impl Settle for DeleteMe {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text("/password", &mut self.password);
    }
}

/// Delete your account.
///
/// Deletes the account at once and for good. Your posts, threads and likes stay, and so do your id, dates and counts. Your name,
/// title, country, picture, bio, e-mail and password are removed, all sessions and tokens end, and stored responses to your
/// requests are forgotten. The name is never given again. Needs the password: 403 `wrong_password`. The last administrator
/// cannot leave: 409 `last_admin`.
#[utoipa::path(tag = "me", request_body = DeleteMe,
    responses((status = 204, description = "The account is deleted")), security(("bearer" = ["profile", "session"])),
    extensions(("x-problems" = json!(["wrong_password", "last_admin"]))))]
#[post("/api/v1/me/deletion")]
pub async fn delete_me(
    caller: InSession,
    body: Body<DeleteMe>,
    state: Data<State>,
    passwords: Data<Passwords>,
) -> Result<HttpResponse, Error> {
    let (_, hash) = name_and_hash(caller.member_id, &state).await?;
    if !passwords.verify(body.password.as_str(), hash.as_deref()).await? {
        return Err(wrong_password());
    }
    let now = state.clock.now();
    let delete = async |caller: &Signed, conn: &mut _| delete(caller, now, conn).await;
    caller.write_alone(&state, delete).await?;
    Ok(answer::gone())
}

async fn delete(caller: &Signed, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let id = caller.member_id;
    if caller.is(Role::Admin) {
        crate::members::must_not_be_last_admin(id, now, conn).await?;
    }
    sessions::forget_all(id, conn).await?;
    tokens::end_all(id, conn).await?;
    mails::forget(id, conn).await?;
    idempotency::forget(id, conn).await?;
    Ok(strip(id, now, conn).await?)
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
