//! `POST /api/v1/me/tokens`: a new personal token.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Duration, SubsecRound, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::TokenView;
use super::model::Token;
use super::view::NewTokenView;
use crate::access::{InSession, PersonalToken, SCOPES, Scope, Signed};
use crate::db::schema::tokens;
use crate::error::{Code, Error, Flaw};
use crate::ids::MemberId;
use crate::state::State;
use crate::web::answer;
use crate::web::body::{self, Body, Flaws, Settle};
use crate::web::etag::Etag;
use crate::web::text::TokenName;

/// The most that a member may have.
const MOST: i64 = 100;
/// The latest end: a hundred years from now. A token without an end is for what is longer.
const LONGEST: Duration = Duration::days(36_525);

/// A token to be.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"name": "backup script", "scopes": ["read"], "expires_at": "2039-04-02T00:00:00Z"}))]
pub struct CreateToken {
    /// For you to know it by.
    name: TokenName,
    /// What it may do: one scope at least, each once. Your role is looked at apart, at each request.
    #[schema(min_items = 1, max_items = 6, value_type = HashSet<Scope>)]
    scopes: Vec<Scope>,
    /// When it ends by itself, within a hundred years; absent or null: it does not.
    #[serde(default, deserialize_with = "body::any_time")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    expires_at: Option<DateTime<Utc>>,
}

impl Settle for CreateToken {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text("/name", &mut self.name);
        if self.scopes.is_empty() {
            flaws.add("/scopes", Flaw::TooShort, "a token has one scope at least");
        }
        for (n, scope) in self.scopes.iter().enumerate().take(2 * SCOPES.len()) {
            if self.scopes[..n].contains(scope) {
                flaws.add(&format!("/scopes/{n}"), Flaw::Duplicate, "this scope stands there twice");
            }
        }
        self.expires_at = self.expires_at.map(|at| at.trunc_subsecs(6));
    }
}

/// Make a personal token.
///
/// For a program of yours: it is sent as `Authorization: Bearer fm_...`. This answer alone shows it. It ends when you delete it,
/// change your password, or its time comes; a suspension ends it too. A member may have 100.
#[utoipa::path(tag = "tokens", request_body = CreateToken,
    responses((status = 201, description = "The new token", body = NewTokenView)),
    security(("bearer" = ["profile", "session"])), extensions(("x-problems" = json!(["too_many_tokens"]))))]
#[post("/api/v1/me/tokens")]
pub async fn create_token(
    caller: InSession,
    body: Body<CreateToken>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let now = state.clock.now();
    if body.expires_at.is_some_and(|at| at <= now || at > now + LONGEST) {
        return Err(Error::flaw("/expires_at", Flaw::Invalid, "the end lies in the future, within a hundred years"));
    }
    let token = PersonalToken::make(&state)?;
    // Alone: two at once must not pass the limit together.
    let create = async |caller: &Signed, conn: &mut _| {
        if count(caller.member_id, conn).await? >= MOST {
            return Err(Error::new(Code::TooManyTokens, format!("a member may have {MOST} personal tokens")));
        }
        Ok(insert(caller.member_id, &body, &token.hash, now, conn).await?)
    };
    let row = caller.write_alone(&state, create).await?;
    let etag = Etag::of(&TokenView::from(row.clone()))?;
    let location = format!("/api/v1/me/tokens/{}", row.id);
    let mut answer = answer::created(location, &etag, &NewTokenView::new(row, token.text));
    answer::keep_out_of_stores(&mut answer);
    Ok(answer)
}

async fn count(member: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<i64> {
    tokens::table.filter(tokens::member_id.eq(member)).count().get_result(conn).await
}

async fn insert(
    member: MemberId,
    new: &CreateToken,
    hash: &[u8],
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<Token> {
    let scopes: Vec<_> = new.scopes.iter().map(|scope| scope.name()).collect();
    let row = (
        tokens::member_id.eq(member),
        tokens::name.eq(new.name.as_str()),
        tokens::token_hash.eq(hash),
        tokens::scopes.eq(scopes),
        tokens::created_at.eq(now),
        tokens::expires_at.eq(new.expires_at),
    );
    diesel::insert_into(tokens::table).values(row).returning(Token::as_returning()).get_result(conn).await
}
