//! `POST /api/v1/threads/{thread_id}/restore`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Thread, ThreadPath};
use super::view::{ThreadView, show_thread};
use crate::access::{AsMember, Signed};
use crate::db::schema::threads;
use crate::error::Error;
use crate::events::{Event, What};
use crate::forums;
use crate::state::State;
use crate::web::idempotency::Idempotency;

/// Restore a thread.
///
/// For moderators. It comes back with its posts; a thread that is not deleted stays as it is.
#[utoipa::path(tag = "threads", params(ThreadPath), responses((status = 200, description = "The thread after it", body = ThreadView)),
    security(("bearer" = ["moderate"])), extensions(("x-problems" = json!(["insufficient_role"]))))]
#[post("/api/v1/threads/{thread_id}/restore")]
pub async fn restore_thread(
    caller: AsMember,
    path: Path<ThreadPath>,
    idempotency: Idempotency,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let work = async |caller: &Signed, conn: &mut _| {
        let thread = Thread::hold_to_moderate(caller, path.thread_id, conn).await?;
        if thread.deleted_at.is_none() {
            return Ok(thread);
        }
        Ok(bring_back(caller, &thread, conn).await?)
    };
    let show = async |_: &_, thread: Thread, _: &mut _| show_thread(thread, &state.secret);
    let may_replay =
        async |caller: &Signed, _, conn: &mut _| Thread::may_be_moderated_by(caller, path.thread_id, conn).await;
    caller.write_once(idempotency, &state, work, show, may_replay).await
}

async fn bring_back(caller: &Signed, thread: &Thread, conn: &mut AsyncPgConnection) -> QueryResult<Thread> {
    let restored = diesel::update(threads::table.find(thread.id))
        .set((
            threads::deleted_at.eq(None::<DateTime<Utc>>),
            threads::deleted_by.eq(None::<i64>),
            threads::delete_reason.eq(None::<String>),
            threads::page_version.eq(threads::page_version + 1),
        ))
        .returning(Thread::as_returning())
        .get_result(conn)
        .await?;
    forums::recount(thread.forum_id, 1, thread.post_count, conn).await?;
    Event::of_thread(What::ThreadRestored, thread.id).by(caller.member_id).record(conn).await?;
    Ok(restored)
}
