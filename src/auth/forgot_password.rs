//! `POST /api/v1/auth/forgot-password`: a mail by which a new password can be set.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::mails::{self, Letter};
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::identity::Email;

/// Whose password is forgotten.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "anna@example.org"}))]
pub struct ForgotPassword {
    /// A verified address.
    email: Email,
}

impl Settle for ForgotPassword {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text("/email", &mut self.email);
    }
}

/// Ask for a new password.
///
/// Where the address is verified, a mail is sent to it, with a token for `POST /auth/reset-password` that is good for an hour and
/// takes the place of an earlier one; 5 an hour at most. The answer is the same, and takes the same time, where nobody has this
/// address.
#[utoipa::path(tag = "auth", request_body = ForgotPassword,
    responses((status = 202, description = "A mail is on its way, if there is such a member")), security(()))]
#[post("/api/v1/auth/forgot-password")]
pub async fn forgot_password(body: Body<ForgotPassword>, state: Data<State>) -> Result<HttpResponse, Error> {
    // Nobody is looked up here: that takes a time which would tell.
    let letter = Letter::ResetAsked { email: body.email.as_str().to_owned() };
    mails::write(&letter, None, &state, &mut *state.db.get().await?).await?;
    Ok(answer::accepted())
}
