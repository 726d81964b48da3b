//! `DELETE /api/v1/threads/{thread_id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Thread, ThreadPath};
use crate::access::{AsMember, Signed};
use crate::db::schema::threads;
use crate::error::Error;
use crate::events::{Event, What};
use crate::forums;
use crate::state::State;
use crate::web::answer;
use crate::web::query::{Query, WithReason};
use crate::web::text::Reason;

/// Delete a thread.
///
/// For moderators, who can restore it. It leaves its forum's counters with all its posts; its members' counts stay.
#[utoipa::path(tag = "threads", params(ThreadPath, WithReason), responses((status = 204, description = "It is gone")),
    security(("bearer" = ["moderate"])), extensions(("x-problems" = json!(["insufficient_role"]))))]
#[delete("/api/v1/threads/{thread_id}")]
pub async fn delete_thread(
    caller: AsMember,
    path: Path<ThreadPath>,
    query: Query<WithReason>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let (now, reason) = (state.clock.now(), query.reason.as_ref().map(Reason::as_str));
    caller
        .write(&state, async |caller, conn| {
            let thread = Thread::hold_to_moderate(caller, path.thread_id, conn).await?;
            if thread.deleted_at.is_some() {
                return Ok(());
            }
            Ok(remove(caller, &thread, reason, now, conn).await?)
        })
        .await?;
    Ok(answer::gone())
}

async fn remove(
    caller: &Signed,
    thread: &Thread,
    reason: Option<&str>,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<()> {
    diesel::update(threads::table.find(thread.id))
        .set((
            threads::deleted_at.eq(now),
            threads::deleted_by.eq(caller.member_id),
            threads::delete_reason.eq(reason),
            threads::page_version.eq(threads::page_version + 1),
        ))
        .execute(conn)
        .await?;
    forums::recount(thread.forum_id, -1, -thread.post_count, conn).await?;
    Event::of_thread(What::ThreadDeleted, thread.id).by(caller.member_id).record(conn).await
}
