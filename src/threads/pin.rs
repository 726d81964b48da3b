//! `PUT` and `DELETE /api/v1/threads/{thread_id}/pin`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, put};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::model::{Thread, ThreadPath};
use super::view::ThreadView;
use crate::access::AsMember;
use crate::db::schema::threads;
use crate::error::Error;
use crate::state::State;
use crate::web::answer;

/// Pin a thread.
///
/// It is set apart for clients to show first; lists do not lift it. For moderators; a repeat changes nothing.
#[utoipa::path(tag = "threads", params(ThreadPath), responses((status = 200, description = "The thread after it", body = ThreadView)),
    security(("bearer" = ["moderate"])), extensions(("x-problems" = json!(["insufficient_role"]))))]
#[put("/api/v1/threads/{thread_id}/pin")]
pub async fn pin_thread(member: AsMember, path: Path<ThreadPath>, state: Data<State>) -> Result<HttpResponse, Error> {
    set(true, &member, &path, &state).await
}

/// Unpin a thread.
///
/// It is one among others again. For moderators; a repeat changes nothing.
#[utoipa::path(tag = "threads", params(ThreadPath), responses((status = 200, description = "The thread after it", body = ThreadView)),
    security(("bearer" = ["moderate"])), extensions(("x-problems" = json!(["insufficient_role"]))))]
#[delete("/api/v1/threads/{thread_id}/pin")]
pub async fn unpin_thread(member: AsMember, path: Path<ThreadPath>, state: Data<State>) -> Result<HttpResponse, Error> {
    set(false, &member, &path, &state).await
}

async fn set(pinned: bool, member: &AsMember, path: &ThreadPath, state: &State) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    let thread = conn
        .transaction(async |conn| {
            let thread = Thread::hold_to_moderate(member, path.thread_id, conn).await?;
            if thread.pinned == pinned {
                return Ok(thread);
            }
            diesel::update(threads::table.find(thread.id))
                .set((threads::pinned.eq(pinned), threads::page_version.eq(threads::page_version + 1)))
                .returning(Thread::as_returning())
                .get_result(conn)
                .await
                .map_err(Error::from)
        })
        .await?;
    Ok(answer::shown(&thread.etag(), &ThreadView::from(thread)))
}
