//! `POST /api/v1/auth/login`: a new session for a name and a password.

use actix_web::http::header::USER_AGENT;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::{DateTime, SecondsFormat, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{SignedIn, Tokens};
use crate::access::{Keys, Passwords, SCOPES, is_suspended, make_opaque, username_key};
use crate::db::schema::members;
use crate::db::transaction;
use crate::error::{Code, Error, OrNotFound};
use crate::ids::{MemberId, SessionId};
use crate::me::Me;
use crate::sessions;
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::identity::Email;
use crate::web::text;

/// The most characters that are kept of what a client calls itself.
const USER_AGENT_MAX: usize = 200;

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"login": "no smoking", "password": "a long sentence of mine"}))]
pub struct Login {
    /// The username, or the verified e-mail address.
    login: text::LoginName,
    /// The password, exactly as it was set.
    password: text::GivenPassword,
}

impl Settle for Login {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text("/login", &mut self.login);
        flaws.text("/password", &mut self.password);
    }
}

/// Sign in.
///
/// Opens a session. It lives for 30 days from its last refresh, and for 180 days at most. An unknown name and a wrong password are
/// told alike. 403 where the password is right and the member suspended.
#[utoipa::path(tag = "auth", request_body = Login,
    responses((status = 200, description = "The new session", body = SignedIn)), security(()),
    extensions(("x-problems" = json!(["invalid_credentials", "account_suspended"]))))]
#[post("/api/v1/auth/login")]
pub async fn login(
    request: HttpRequest,
    body: Body<Login>,
    state: Data<State>,
    keys: Data<Keys>,
    passwords: Data<Passwords>,
) -> Result<HttpResponse, Error> {
    let token = make_opaque(&state)?;
    let user_agent = user_agent(&request);
    let opened = async || open(&body, user_agent.as_deref(), &token, &state, &passwords).await;
    // A login at the same time may have made the hash of the same password anew: that is seen by checking it once more.
    let (session, me) = match opened().await? {
        Some(opened) => opened,
        None => opened().await?.ok_or_else(refused)?,
    };
    let access_token = keys.sign(me.id, session, state.clock.now())?;
    let mut answer = HttpResponse::Ok().json(Tokens::new(access_token, token).of(me));
    answer::keep_out_of_stores(&mut answer);
    Ok(answer)
}

/// A new session of the member whose password it is; none where the member has changed since the password was checked.
async fn open(
    body: &Login,
    user_agent: Option<&str>,
    token: &str,
    state: &State,
    passwords: &Passwords,
) -> Result<Option<(SessionId, Me)>, Error> {
    let (found, rehashed) = check(body, state, passwords).await?;
    let now = state.clock.now();
    transaction(&mut *state.db.get().await?, async |conn| {
        if !found.is_the_same(now, conn).await? {
            return Ok(None);
        }
        if let Some(new) = &rehashed {
            crate::members::set_password(found.id, new, conn).await?;
        }
        let session = sessions::open(found.id, user_agent, token, now, conn).await?;
        let scopes = SCOPES.map(str::to_owned).to_vec();
        let me = Me::find(found.id, scopes, now, conn).await?.or_not_found()?;
        Ok(Some((session, me)))
    })
    .await
}

fn refused() -> Error {
    Error::new(Code::InvalidCredentials, "no member has this name with this password")
}

/// Who wants to sign in.
#[derive(Queryable, Selectable)]
#[diesel(table_name = members, check_for_backend(Pg))]
struct Found {
    id: MemberId,
    password_hash: Option<String>,
    suspended_at: Option<DateTime<Utc>>,
    suspended_until: Option<DateTime<Utc>>,
    suspend_reason: Option<String>,
}

impl Found {
    /// Whether the member still has the password that was checked. It stays so until the transaction ends: no session outlives a
    /// suspension, or a change of password, that came between.
    async fn is_the_same(&self, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> Result<bool, Error> {
        let present = members::table.filter(members::id.eq(self.id).and(members::deleted_at.is_null()));
        let present = present.select(Self::as_select()).for_no_key_update().first(conn).await.optional()?;
        let Some(present) = present.filter(|present| present.password_hash == self.password_hash) else {
            return Ok(false);
        };
        present.must_not_be_suspended(now)?;
        Ok(true)
    }

    fn must_not_be_suspended(&self, now: DateTime<Utc>) -> Result<(), Error> {
        if !is_suspended(self.suspended_at, self.suspended_until, now) {
            return Ok(());
        }
        let reason = self.suspend_reason.as_deref().unwrap_or("no reason is given");
        let end = self.suspended_until.map(|end| end.to_rfc3339_opts(SecondsFormat::Secs, true));
        let end = end.map_or("it has no end".to_owned(), |end| format!("it ends at {end}"));
        Err(Error::new(Code::AccountSuspended, format!("The account is suspended: {reason} ({end}).")))
    }
}

/// The member whose password it is; and the password's hash made anew, where the present one is weaker than those made today.
async fn check(body: &Login, state: &State, passwords: &Passwords) -> Result<(Found, Option<String>), Error> {
    let found = {
        // Given back before the hash is checked, which takes long.
        let conn = &mut state.db.get().await?;
        find(body.login.as_str(), conn).await?
    };
    let hash = found.as_ref().and_then(|found| found.password_hash.as_deref());
    let right = passwords.verify(body.password.as_str(), hash).await?;
    let weak = right && hash.is_some_and(Passwords::needs_rehash);
    let rehashed = if weak { Some(passwords.hash(body.password.as_str()).await?) } else { None };
    found.filter(|_| right).map(|found| (found, rehashed)).ok_or_else(refused)
}

async fn find(given: &str, conn: &mut AsyncPgConnection) -> QueryResult<Option<Found>> {
    let present = members::table.filter(members::deleted_at.is_null()).select(Found::as_select());
    // A name from an archive may look like an address. Both are asked for in any case: the time does not tell which is known.
    let by_email = match Email::stored(given) {
        Some(email) => {
            let verified = members::email_verified.and(members::email_key.eq(email.key()));
            present.filter(verified).first(conn).await.optional()?
        }
        None => None,
    };
    let by_name = present.filter(members::username_key.eq(username_key(given))).first(conn).await.optional()?;
    Ok(by_email.or(by_name))
}

fn user_agent(request: &HttpRequest) -> Option<String> {
    let field = request.headers().get(USER_AGENT)?;
    let text = String::from_utf8_lossy(field.as_bytes());
    Some(text.chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX).collect())
}
