//! `DELETE /api/v1/auth/sessions/{session_id}` and `DELETE /api/v1/auth/sessions`: signing out elsewhere.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::{InSession, Signed};
use crate::db::schema::sessions;
use crate::error::Error;
use crate::events::{Event, What};
use crate::ids::{MemberId, SessionId};
use crate::state::State;
use crate::web::answer;

/// Which session.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct SessionPath {
    /// The session's id.
    #[serde(deserialize_with = "crate::web::path::id")]
    session_id: SessionId,
}

/// End one of your sessions.
///
/// Its access tokens end with it, at once. 404 where it is another member's or has ended.
#[utoipa::path(tag = "sessions", params(SessionPath), responses((status = 204, description = "It has ended")),
    security(("bearer" = ["profile", "session"])))]
#[delete("/api/v1/auth/sessions/{session_id}")]
pub async fn end_session(
    caller: InSession,
    path: Path<SessionPath>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let now = state.clock.now();
    let end = async |caller: &Signed, conn: &mut _| Ok(end_own(path.session_id, caller.member_id, now, conn).await?);
    let ended = caller.write_alone(&state, end).await?;
    if ended { Ok(answer::gone()) } else { Err(Error::not_found()) }
}

/// End all your other sessions.
///
/// All but the one of this request; their access tokens end with them, at once.
#[utoipa::path(tag = "sessions", responses((status = 204, description = "They have ended")),
    security(("bearer" = ["profile", "session"])))]
#[delete("/api/v1/auth/sessions")]
pub async fn end_other_sessions(caller: InSession, state: Data<State>) -> Result<HttpResponse, Error> {
    let (now, session) = (state.clock.now(), caller.session_id);
    let end = async |caller: &Signed, conn: &mut _| Ok(super::end_others(caller.member_id, session, now, conn).await?);
    caller.write_alone(&state, end).await?;
    Ok(answer::gone())
}

async fn end_own(
    id: SessionId,
    member: MemberId,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<bool> {
    let lives = sessions::ended_at.is_null().and(sessions::expires_at.gt(now));
    let own = sessions::table.filter(sessions::id.eq(id).and(sessions::member_id.eq(member)).and(lives));
    let ended = diesel::update(own).set(sessions::ended_at.eq(now)).execute(conn).await? > 0;
    if ended {
        Event::of_member(What::SessionsEnded, member).by(member).record(conn).await?;
    }
    Ok(ended)
}
