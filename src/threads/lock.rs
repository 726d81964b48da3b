//! `PUT` and `DELETE /api/v1/threads/{thread_id}/lock`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, put};

use super::model::{Marks, Thread, ThreadPath};
use super::view::{ThreadView, show_thread};
use crate::access::AsMember;
use crate::error::Error;
use crate::state::State;

/// Lock a thread.
///
/// It takes no reply, edit or deletion from members; likes go on. For moderators; a repeat changes nothing.
#[utoipa::path(tag = "threads", params(ThreadPath), responses((status = 200, description = "The thread after it", body = ThreadView)),
    security(("bearer" = ["moderate"])), extensions(("x-problems" = json!(["insufficient_role"]))))]
#[put("/api/v1/threads/{thread_id}/lock")]
pub async fn lock_thread(caller: AsMember, path: Path<ThreadPath>, state: Data<State>) -> Result<HttpResponse, Error> {
    set(true, &caller, &path, &state).await
}

/// Unlock a thread.
///
/// Members write in it again. For moderators; a repeat changes nothing.
#[utoipa::path(tag = "threads", params(ThreadPath), responses((status = 200, description = "The thread after it", body = ThreadView)),
    security(("bearer" = ["moderate"])), extensions(("x-problems" = json!(["insufficient_role"]))))]
#[delete("/api/v1/threads/{thread_id}/lock")]
pub async fn unlock_thread(
    caller: AsMember,
    path: Path<ThreadPath>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    set(false, &caller, &path, &state).await
}

async fn set(locked: bool, caller: &AsMember, path: &ThreadPath, state: &State) -> Result<HttpResponse, Error> {
    let marks = Marks { locked: Some(locked), ..Marks::default() };
    let mark = async |caller: &_, conn: &mut _| Thread::mark(caller, path.thread_id, marks, conn).await;
    show_thread(caller.write(state, mark).await?, &state.secret)
}
