//! `POST /api/v1/auth/reset-password`: a new password for a token from a mail.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::{Passwords, flaw_of_password, lock_out_writes};
use crate::db::schema::members;
use crate::db::transaction;
use crate::error::{Error, Flaw, OrNotFound};
use crate::mails::{self, Letter, Purpose};
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::text::{MailToken, Password};
use crate::{sessions, tokens};

/// A token from a mail, and the new password.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "token": "n3gCiSX6JOxJYbgXnSNxlRO7Ns1K2GDCTKaVkoMMZkY", "password": "a longer sentence of mine",
}))]
pub struct ResetPassword {
    /// What the link in the mail holds behind `#token=`.
    token: MailToken,
    /// Anything of 8 characters or more but the username and the most used passwords.
    password: Password,
}

impl Settle for ResetPassword {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text("/token", &mut self.token);
        flaws.text("/password", &mut self.password);
        if let Some((flaw, detail)) = flaw_of_password(self.password.as_str(), None) {
            flaws.add("/password", flaw, detail);
        }
    }
}

/// Set a new password.
///
/// All sessions and personal tokens of the member end, at once, and its address is told by mail. Nobody is signed in by it, and a
/// suspended member stays suspended. The token is good for one use, for an hour; a refused password does not spend it.
#[utoipa::path(tag = "auth", request_body = ResetPassword,
    responses((status = 204, description = "The password is set")), security(()),
    extensions(("x-problems" = json!(["invalid_mail_token"]))))]
#[post("/api/v1/auth/reset-password")]
pub async fn reset_password(
    body: Body<ResetPassword>,
    state: Data<State>,
    passwords: Data<Passwords>,
) -> Result<HttpResponse, Error> {
    if let Some((flaw, detail)) = flaw(&body, &state).await? {
        return Err(Error::flaw("/password", flaw, detail));
    }
    let hash = passwords.hash(body.password.as_str()).await?;
    let (conn, now) = (&mut state.db.get().await?, state.clock.now());
    transaction(conn, async |conn| {
        let owner = mails::owner_of(body.token.as_str(), Purpose::Reset, now, conn).await?;
        lock_out_writes(owner, conn).await?;
        let id = mails::spend(body.token.as_str(), Purpose::Reset, now, conn).await?.id;
        crate::members::set_password(id, &hash, conn).await?;
        sessions::end_all(id, now, conn).await?;
        tokens::end_all(id, conn).await?;
        mails::end_tokens(id, conn).await?;
        mails::tell(id, |to, name| Letter::PasswordChanged { to, name }, &state, conn).await
    })
    .await?;
    Ok(answer::gone())
}

/// What keeps it from being this member's password. A token that is not good is told first: it costs no hash.
async fn flaw(body: &ResetPassword, state: &State) -> Result<Option<(Flaw, &'static str)>, Error> {
    let conn = &mut state.db.get().await?;
    let id = mails::owner_of(body.token.as_str(), Purpose::Reset, state.clock.now(), conn).await?;
    let username = members::table.find(id).select(members::username).first::<Option<String>>(conn).await.optional()?;
    Ok(flaw_of_password(body.password.as_str(), username.or_not_found()?.as_deref()))
}
