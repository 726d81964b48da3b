//! `PUT /api/v1/me/password`: a new password, which ends the other sessions and all personal tokens.

use actix_web::web::Data;
use actix_web::{HttpResponse, put};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::{InSession, Passwords, flaw_of_password};
use crate::db::schema::members;
use crate::db::transaction;
use crate::error::{Code, Error};
use crate::ids::MemberId;
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::text::{GivenPassword, Password};
use crate::{sessions, tokens};

/// A change of password.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"current": "a long sentence of mine", "new": "a longer sentence of mine"}))]
pub struct ChangePassword {
    /// The present password.
    current: GivenPassword,
    /// The new one: anything of 8 characters or more but the username and the most used passwords.
    new: Password,
}

impl Settle for ChangePassword {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text("/current", &mut self.current);
        flaws.text("/new", &mut self.new);
    }
}

/// Change your password.
///
/// All your other sessions and all your personal tokens end, at once.
#[utoipa::path(tag = "me", request_body = ChangePassword,
    responses((status = 204, description = "It is changed")), security(("bearer" = ["profile", "session"])),
    extensions(("x-problems" = json!(["wrong_password"]))))]
#[put("/api/v1/me/password")]
pub async fn change_password(
    caller: InSession,
    body: Body<ChangePassword>,
    state: Data<State>,
    passwords: Data<Passwords>,
) -> Result<HttpResponse, Error> {
    let changed = async || check_and_change(&caller, &body, &state, &passwords).await;
    // A login at the same time may have made the hash of the same password anew: that is seen by checking it once more.
    if changed().await? || changed().await? {
        return Ok(answer::gone());
    }
    Err(wrong())
}

fn wrong() -> Error {
    Error::new(Code::WrongPassword, "the present password is another one")
}

/// False where the hash has changed since it was checked.
async fn check_and_change(
    caller: &InSession,
    body: &ChangePassword,
    state: &State,
    passwords: &Passwords,
) -> Result<bool, Error> {
    let (username, old) = load(caller, state).await?;
    if let Some((flaw, detail)) = flaw_of_password(body.new.as_str(), username.as_deref()) {
        return Err(Error::flaw("/new", flaw, detail));
    }
    if !passwords.verify(body.current.as_str(), old.as_deref()).await? {
        return Err(wrong());
    }
    let new = passwords.hash(body.new.as_str()).await?;
    change(caller, old.as_deref(), &new, state.clock.now(), &mut *state.db.get().await?).await
}

/// Name and hash. The connection is given back before the hash is checked, which takes long.
async fn load(caller: &InSession, state: &State) -> Result<(Option<String>, Option<String>), Error> {
    let conn = &mut state.db.get().await?;
    let member = members::table.find(caller.member_id).select((members::username, members::password_hash));
    Ok(member.first(conn).await?)
}

async fn change(
    caller: &InSession,
    old: Option<&str>,
    new: &str,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> Result<bool, Error> {
    transaction(conn, async |conn| {
        sessions::hold(caller.member_id, caller.session_id, now, conn).await?;
        if !replace(caller.member_id, old, new, conn).await? {
            return Ok(false);
        }
        sessions::end_others(caller.member_id, caller.session_id, now, conn).await?;
        tokens::end_all(caller.member_id, conn).await?;
        Ok(true)
    })
    .await
}

async fn replace(id: MemberId, old: Option<&str>, new: &str, conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let unchanged = members::id.eq(id).and(members::password_hash.is_not_distinct_from(old));
    let member = members::table.filter(unchanged);
    Ok(diesel::update(member).set(members::password_hash.eq(new)).execute(conn).await? > 0)
}
