//! `PUT` and `DELETE /api/v1/threads/{thread_id}/pin`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, put};

use super::model::{Marks, Thread, ThreadPath};
use super::view::{ThreadView, show_thread};
use crate::access::AsMember;
use crate::error::Error;
use crate::state::State;

/// Pin a thread.
///
/// It is set apart for clients to show first; lists do not lift it. For moderators; a repeat changes nothing.
#[utoipa::path(tag = "threads", params(ThreadPath), responses((status = 200, description = "The thread after it", body = ThreadView)),
    security(("bearer" = ["moderate"])), extensions(("x-problems" = json!(["insufficient_role"]))))]
#[put("/api/v1/threads/{thread_id}/pin")]
pub async fn pin_thread(caller: AsMember, path: Path<ThreadPath>, state: Data<State>) -> Result<HttpResponse, Error> {
    set(true, &caller, &path, &state).await
}

/// Unpin a thread.
///
/// It is one among others again. For moderators; a repeat changes nothing.
#[utoipa::path(tag = "threads", params(ThreadPath), responses((status = 200, description = "The thread after it", body = ThreadView)),
    security(("bearer" = ["moderate"])), extensions(("x-problems" = json!(["insufficient_role"]))))]
#[delete("/api/v1/threads/{thread_id}/pin")]
pub async fn unpin_thread(caller: AsMember, path: Path<ThreadPath>, state: Data<State>) -> Result<HttpResponse, Error> {
    set(false, &caller, &path, &state).await
}

async fn set(pinned: bool, caller: &AsMember, path: &ThreadPath, state: &State) -> Result<HttpResponse, Error> {
    let marks = Marks { pinned: Some(pinned), ..Marks::default() };
    let mark = async |caller: &_, conn: &mut _| Thread::mark(caller, path.thread_id, marks, conn).await;
    show_thread(caller.write(state, mark).await?, &state.secret)
}
