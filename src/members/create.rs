//! `POST /api/v1/members`: registration.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MemberView, NewMember};
use crate::access::{Passwords, Role, flaw_of_password, flaw_of_username};
use crate::db::transaction;
use crate::error::{Error, OrNotFound};
use crate::mails;
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::etag::Etag;
use crate::web::idempotency::Idempotency;
use crate::web::identity::{CountryCode, Email};
use crate::web::text::{Password, Username};

/// A registration.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"username": "no smoking", "password": "a long sentence of mine", "country": "IN"}))]
pub struct CreateMember {
    /// Unique without regard to case and compatibility forms; neither reserved nor like another's to the eye.
    username: Username,
    /// Anything of 8 characters or more but the username and the most used passwords.
    password: Password,
    /// Not shown to others. It signs in once it is verified.
    email: Option<Email>,
    /// Shown as a flag.
    country: Option<CountryCode>,
}

impl Settle for CreateMember {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text("/username", &mut self.username);
        flaws.text("/password", &mut self.password);
        flaws.text_if_any("/email", &mut self.email);
        flaws.text_if_any("/country", &mut self.country);
        if !flaws.has("/username")
            && let Some((flaw, detail)) = flaw_of_username(self.username.as_str())
        {
            flaws.add("/username", flaw, detail);
        }
        if let Some((flaw, detail)) = flaw_of_password(self.password.as_str(), Some(self.username.as_str())) {
            flaws.add("/password", flaw, detail);
        }
    }
}

/// Register a member.
///
/// Anyone may. `Authorization` is ignored. 409 where the name is taken or looks like a taken one. To an e-mail address a mail is
/// sent, with a token for `POST /auth/verify-email` that is good for a day; where it is another member's, only that member is told,
/// by mail.
#[utoipa::path(tag = "members", request_body = CreateMember,
    responses((status = 201, description = "The new member", body = MemberView)), security(()),
    extensions(("x-problems" = json!(["username_taken", "username_looks_taken"]))))]
#[post("/api/v1/members")]
pub async fn create_member(
    body: Body<CreateMember>,
    idempotency: Idempotency,
    state: Data<State>,
    passwords: Data<Passwords>,
) -> Result<HttpResponse, Error> {
    let once = idempotency.of_guest(&state)?;
    // A repeat costs no hash.
    if let Some(answer) = once.replayed(&state.db).await? {
        return Ok(answer);
    }
    let hash = passwords.hash(body.password.as_str()).await?;
    let (conn, now) = (&mut state.db.get().await?, state.clock.now());
    let show = async |id, conn: &mut _| {
        let member = MemberView::find(id, now, conn).await?.or_not_found()?;
        Ok(answer::created(format!("/api/v1/members/{id}"), &Etag::of(&member)?, &member))
    };
    let work = async |conn: &mut _| {
        let id = super::create(&body.with(&hash, now), conn).await?;
        if let Some(email) = &body.email {
            mails::ask_to_verify(id, email, &state, conn).await?;
        }
        Ok(id)
    };
    // A registration's response is its sender's: the key holds the whole body, and is forgotten with the account.
    let may_replay = async |_, _: &mut _| Ok(());
    transaction(conn, async |conn| once.run(conn, &work, &show, may_replay).await).await
}

impl CreateMember {
    fn with<'a>(&'a self, password_hash: &'a str, joined_at: DateTime<Utc>) -> NewMember<'a> {
        NewMember {
            username: self.username.as_str(),
            password_hash,
            email: self.email.as_ref(),
            country: self.country.as_ref().map(CountryCode::as_str),
            role: Role::Member,
            joined_at,
        }
    }
}
