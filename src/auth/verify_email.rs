//! `POST /api/v1/auth/verify-email`: an address is shown to be a member's own.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::db::schema::members;
use crate::db::transaction;
use crate::error::{Code, Error, OnConstraint};
use crate::mails::{self, Letter, Purpose, Spent};
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::identity::Email;
use crate::web::text::MailToken;

/// A token from a mail.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"token": "n3gCiSX6JOxJYbgXnSNxlRO7Ns1K2GDCTKaVkoMMZkY"}))]
pub struct VerifyEmail {
    /// What the link in the mail holds behind `#token=`.
    token: MailToken,
}

impl Settle for VerifyEmail {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text("/token", &mut self.token);
    }
}

/// Verify an e-mail address.
///
/// From now on it is the member's: it signs in, and a forgotten password can be set anew by it. A verified address that it takes
/// the place of is told so by mail. The token is good for one use, for a day. 409 where another member has verified the same
/// address meanwhile.
#[utoipa::path(tag = "auth", request_body = VerifyEmail,
    responses((status = 204, description = "The address is verified")), security(()),
    extensions(("x-problems" = json!(["invalid_mail_token", "email_taken"]))))]
#[post("/api/v1/auth/verify-email")]
pub async fn verify_email(body: Body<VerifyEmail>, state: Data<State>) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    transaction(conn, async |conn| {
        let spent = mails::spend(body.token.as_str(), Purpose::Verify, state.clock.now(), conn).await?;
        let email = Email::stored(&spent.sent_to).ok_or_else(|| Error::internal("a token is for an address"))?;
        if spent.email_key.as_ref() != Some(&email.key()) {
            mails::tell(spent.id, |to, name| Letter::EmailChanged { to, name }, &state, conn).await?;
        }
        // A link to set a new password that went to the old address leads nowhere.
        mails::end_tokens(spent.id, conn).await?;
        let taken = || Error::new(Code::EmailTaken, "another member has verified this address");
        set(&spent, &email, conn).await.on_constraint("members_email_key", taken)
    })
    .await?;
    Ok(answer::gone())
}

async fn set(spent: &Spent, email: &Email, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    let verified =
        (members::email.eq(email.as_str()), members::email_key.eq(email.key()), members::email_verified.eq(true));
    diesel::update(members::table.find(spent.id)).set(verified).execute(conn).await
}
