//! `PUT /api/v1/me/email`: another e-mail address, once it is shown to be one's own.

use actix_web::web::Data;
use actix_web::{HttpResponse, put};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{name_and_hash, wrong_password};
use crate::access::{InSession, Passwords, Signed};
use crate::db::schema::members;
use crate::error::Error;
use crate::ids::MemberId;
use crate::mails;
use crate::mails::Letter;
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::identity::Email;
use crate::web::text::GivenPassword;

/// A change of e-mail address.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "anna@example.org", "password": "a long sentence of mine"}))]
pub struct ChangeEmail {
    /// The new address; null for none.
    // Without a function of its own, a field that may be null may be absent too.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    email: Option<Email>,
    /// Your password.
    password: GivenPassword,
}

impl Settle for ChangeEmail {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text_if_any("/email", &mut self.email);
        flaws.text("/password", &mut self.password);
    }
}

/// Change your e-mail address.
///
/// A mail is sent to the new one, with a token for `POST /auth/verify-email` that is good for a day; until then the old one stays.
/// The answer is the same where the address is another member's: then only that member is told, by mail. Asking again replaces the
/// token; to an address go 5 such mails an hour at most. Null removes the address at once. A verified address that is given up is
/// told so by mail.
#[utoipa::path(tag = "me", request_body = ChangeEmail,
    responses((status = 202, description = "A mail is on its way"), (status = 204, description = "There is no address")),
    security(("bearer" = ["profile", "session"])), extensions(("x-problems" = json!(["wrong_password"]))))]
#[put("/api/v1/me/email")]
pub async fn change_email(
    caller: InSession,
    body: Body<ChangeEmail>,
    state: Data<State>,
    passwords: Data<Passwords>,
) -> Result<HttpResponse, Error> {
    let (_, hash) = name_and_hash(caller.member_id, &state).await?;
    if !passwords.verify(body.password.as_str(), hash.as_deref()).await? {
        return Err(wrong_password());
    }
    let change = async |caller: &Signed, conn: &mut _| match &body.email {
        Some(email) => mails::ask_to_verify(caller.member_id, email, &state, conn).await,
        None => remove(caller.member_id, &state, conn).await,
    };
    caller.write_alone(&state, change).await?;
    Ok(if body.email.is_some() { answer::accepted() } else { answer::gone() })
}

async fn remove(id: MemberId, state: &State, conn: &mut AsyncPgConnection) -> Result<(), Error> {
    mails::tell(id, |to, name| Letter::EmailChanged { to, name }, state, conn).await?;
    mails::end_tokens(id, conn).await?;
    let none =
        (members::email.eq(None::<&str>), members::email_key.eq(None::<&str>), members::email_verified.eq(false));
    diesel::update(members::table.find(id)).set(none).execute(conn).await?;
    Ok(())
}
