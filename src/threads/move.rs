//! `POST /api/v1/threads/{thread_id}/move`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{Thread, ThreadPath};
use super::view::{ThreadView, show_thread};
use crate::access::{AsMember, Signed};
use crate::db::schema::threads;
use crate::error::Error;
use crate::events::{Event, What};
use crate::forums::{self, Forum};
use crate::ids::ForumId;
use crate::state::State;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::idempotency::Idempotency;

/// Where a thread is to go.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"forum_id": 2}))]
pub struct MoveThread {
    /// The forum: not a category.
    forum_id: ForumId,
}

impl Settle for MoveThread {
    fn settle(&mut self, _: &mut Flaws) {}
}

/// Move a thread to another forum.
///
/// For moderators. Its address stays; to where it already is, nothing changes.
#[utoipa::path(tag = "threads", params(ThreadPath), request_body = MoveThread,
    responses((status = 200, description = "The thread after it", body = ThreadView)),
    security(("bearer" = ["moderate"])), extensions(("x-problems" = json!(["insufficient_role"]))))]
#[post("/api/v1/threads/{thread_id}/move")]
pub async fn move_thread(
    caller: AsMember,
    path: Path<ThreadPath>,
    body: Body<MoveThread>,
    idempotency: Idempotency,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let work = async |caller: &Signed, conn: &mut _| {
        forums::must_hold_threads(body.forum_id, conn).await?;
        let thread = Thread::hold_to_moderate(caller, path.thread_id, conn).await?;
        if thread.forum_id == body.forum_id {
            return Ok(thread);
        }
        put(caller, &thread, body.forum_id, conn).await
    };
    let show = async |_: &_, thread: Thread, _: &mut _| show_thread(thread, &state.secret);
    let may_replay =
        async |caller: &Signed, _, conn: &mut _| Thread::may_be_moderated_by(caller, path.thread_id, conn).await;
    caller.write_once(idempotency, &state, work, show, may_replay).await
}

async fn put(caller: &Signed, thread: &Thread, to: ForumId, conn: &mut AsyncPgConnection) -> Result<Thread, Error> {
    // Forums are locked in the order of their ids.
    Forum::lock(thread.forum_id.min(to), conn).await?;
    Forum::lock(thread.forum_id.max(to), conn).await?;
    forums::must_hold_threads(to, conn).await?;
    let moved = diesel::update(threads::table.find(thread.id))
        .set((threads::forum_id.eq(to), threads::page_version.eq(threads::page_version + 1)))
        .returning(Thread::as_returning())
        .get_result(conn)
        .await?;
    if thread.deleted_at.is_none() {
        forums::recount(thread.forum_id, -1, -thread.post_count, conn).await?;
        forums::recount(to, 1, thread.post_count, conn).await?;
    }
    Event::of_thread(What::ThreadMoved, thread.id).in_forum(to).by(caller.member_id).record(conn).await?;
    Ok(moved)
}
