//! `DELETE /api/v1/me/tokens/{token_id}`: the end of a personal token.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::{InSession, Signed};
use crate::db::schema::tokens;
use crate::error::Error;
use crate::ids::{MemberId, TokenId};
use crate::state::State;
use crate::web::answer;

/// Which token.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct TokenPath {
    /// The token's id.
    #[serde(deserialize_with = "crate::web::path::id")]
    token_id: TokenId,
}

/// Delete one of your personal tokens.
///
/// It ends at once. 404 where it is another member's or has ended.
#[utoipa::path(tag = "tokens", params(TokenPath), responses((status = 204, description = "It has ended")),
    security(("bearer" = ["profile", "session"])))]
#[delete("/api/v1/me/tokens/{token_id}")]
pub async fn delete_token(caller: InSession, path: Path<TokenPath>, state: Data<State>) -> Result<HttpResponse, Error> {
    let delete = async |caller: &Signed, conn: &mut _| Ok(delete_own(path.token_id, caller.member_id, conn).await?);
    if caller.write_alone(&state, delete).await? { Ok(answer::gone()) } else { Err(Error::not_found()) }
}

async fn delete_own(id: TokenId, member: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let own = tokens::table.filter(tokens::id.eq(id).and(tokens::member_id.eq(member)));
    Ok(diesel::delete(own).execute(conn).await? > 0)
}
