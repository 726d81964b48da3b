//! `GET /api/v1/auth/sessions`: where the caller is signed in.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::SessionView;
use super::model::Session;
use crate::access::InSession;
use crate::db::schema::sessions;
use crate::error::Error;
use crate::ids::{MAX_ID, MemberId, SessionId};
use crate::state::State;
use crate::web::page::{self, Items, Limit, ListOfItems};
use crate::web::query::Query;

/// Under this name cursors are bound to the list.
const LIST: &str = "sessions";

/// Sessions, in the order of the list.
pub type SessionList = Items<SessionView>;

/// List your sessions.
///
/// Those that have not ended, the newest first.
#[utoipa::path(tag = "sessions", params(ListOfItems),
    responses((status = 200, description = "Sessions", body = SessionList)), security(("bearer" = ["profile", "session"])))]
#[get("/api/v1/auth/sessions")]
pub async fn list_sessions(
    request: HttpRequest,
    caller: InSession,
    query: Query<ListOfItems>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let limit = query.0.limit.unwrap_or_default();
    let before = page::key_of(&query.0.cursor, LIST)?.unwrap_or(SessionId(MAX_ID));
    let conn = &mut state.db.get().await?;
    let mut rows = load(caller.member_id, before, state.clock.now(), limit, conn).await?;
    let next = page::cut(&mut rows, limit, LIST, |session| session.id)?;
    let items = rows.into_iter().map(|session| SessionView::new(session, caller.session_id)).collect();
    let list = SessionList { items, next };
    let mut answer = page::answer(&request, list.next.as_deref(), &list)?;
    crate::web::answer::keep_out_of_stores(&mut answer);
    Ok(answer)
}

async fn load(
    member: MemberId,
    before: SessionId,
    now: DateTime<Utc>,
    limit: Limit,
    conn: &mut AsyncPgConnection,
) -> QueryResult<Vec<Session>> {
    sessions::table
        .filter(sessions::member_id.eq(member).and(sessions::id.lt(before)))
        .filter(sessions::ended_at.is_null().and(sessions::expires_at.gt(now)))
        .order(sessions::id.desc())
        .limit(limit.get() + 1)
        .select(Session::as_select())
        .load(conn)
        .await
}
