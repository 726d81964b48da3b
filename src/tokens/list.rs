//! `GET /api/v1/me/tokens`: the caller's personal tokens.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::TokenView;
use super::model::Token;
use crate::access::InSession;
use crate::db::schema::tokens;
use crate::error::Error;
use crate::ids::{MAX_ID, MemberId, TokenId};
use crate::state::State;
use crate::web::page::{self, Items, Limit, ListOfItems};
use crate::web::query::Query;

/// Under this name cursors are bound to the list.
const LIST: &str = "tokens";

/// Personal tokens, in the order of the list.
pub type TokenList = Items<TokenView>;

/// List your personal tokens.
///
/// The newest first, those that have expired too. The tokens themselves are not stored, so they are not in it.
#[utoipa::path(tag = "tokens", params(ListOfItems),
    responses((status = 200, description = "Personal tokens", body = TokenList)),
    security(("bearer" = ["profile", "session"])))]
#[get("/api/v1/me/tokens")]
pub async fn list_tokens(
    request: HttpRequest,
    caller: InSession,
    query: Query<ListOfItems>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let limit = query.0.limit.unwrap_or_default();
    let before = page::key_of(&query.0.cursor, LIST)?.unwrap_or(TokenId(MAX_ID));
    let conn = &mut state.db.get().await?;
    let mut rows = load(caller.member_id, before, limit, conn).await?;
    let next = page::cut(&mut rows, limit, LIST, |token| token.id)?;
    let list = TokenList { items: rows.into_iter().map(TokenView::from).collect(), next };
    let mut answer = page::answer(&request, list.next.as_deref(), &list)?;
    crate::web::answer::keep_out_of_stores(&mut answer);
    Ok(answer)
}

async fn load(
    member: MemberId,
    before: TokenId,
    limit: Limit,
    conn: &mut AsyncPgConnection,
) -> QueryResult<Vec<Token>> {
    tokens::table
        .filter(tokens::member_id.eq(member).and(tokens::id.lt(before)))
        .order(tokens::id.desc())
        .limit(limit.get() + 1)
        .select(Token::as_select())
        .load(conn)
        .await
}
