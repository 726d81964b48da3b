//! `PUT /api/v1/me/password`: a new password, which ends the other sessions and all personal tokens.

use actix_web::web::Data;
use actix_web::{HttpResponse, put};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{name_and_hash, wrong_password};
use crate::access::{InSession, Passwords, flaw_of_password};
use crate::db::schema::members;
use crate::error::Error;
use crate::ids::MemberId;
use crate::mails::Letter;
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::text::{GivenPassword, Password};
use crate::{mails, sessions, tokens};

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
/// All your other sessions and all your personal tokens end, at once, and links in mails that were sent before lead nowhere. Your
/// verified address is told by mail.
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
    Err(wrong_password())
}

/// False where the hash has changed since it was checked.
async fn check_and_change(
    caller: &InSession,
    body: &ChangePassword,
    state: &State,
    passwords: &Passwords,
) -> Result<bool, Error> {
    let (username, old) = name_and_hash(caller.member_id, state).await?;
    if let Some((flaw, detail)) = flaw_of_password(body.new.as_str(), username.as_deref()) {
        return Err(Error::flaw("/new", flaw, detail));
    }
    if !passwords.verify(body.current.as_str(), old.as_deref()).await? {
        return Err(wrong_password());
    }
    let new = passwords.hash(body.new.as_str()).await?;
    change(caller, old.as_deref(), &new, state).await
}

async fn change(caller: &InSession, old: Option<&str>, new: &str, state: &State) -> Result<bool, Error> {
    let now = state.clock.now();
    let change = async |_: &_, conn: &mut _| {
        if !replace(caller.member_id, old, new, conn).await? {
            return Ok(false);
        }
        sessions::end_others(caller.member_id, caller.session_id, now, conn).await?;
        tokens::end_all(caller.member_id, conn).await?;
        // What was mailed at the wish of someone who knew the old one is void.
        mails::end_tokens(caller.member_id, conn).await?;
        mails::tell(caller.member_id, |to, name| Letter::PasswordChanged { to, name }, state, conn).await?;
        Ok(true)
    };
    caller.write_alone(state, change).await
}

async fn replace(id: MemberId, old: Option<&str>, new: &str, conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let unchanged = members::id.eq(id).and(members::password_hash.is_not_distinct_from(old));
    let member = members::table.filter(unchanged);
    Ok(diesel::update(member).set(members::password_hash.eq(new)).execute(conn).await? > 0)
}
