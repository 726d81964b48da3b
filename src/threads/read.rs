//! `GET /api/v1/threads/{thread_id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};

use super::model::{Thread, ThreadPath};
use super::view::ThreadView;
use crate::access::Viewer;
use crate::error::{Error, OrNotFound};
use crate::state::State;
use crate::web::answer;

/// Read a thread.
///
/// The thread by itself; `GET /threads/{thread_id}/posts` gives a whole page in one answer.
#[utoipa::path(tag = "threads", params(ThreadPath), responses((status = 200, description = "The thread", body = ThreadView)),
    security((), ("bearer" = ["read"])))]
#[get("/api/v1/threads/{thread_id}")]
pub async fn read_thread(viewer: Viewer, path: Path<ThreadPath>, state: Data<State>) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    let thread = Thread::seen_by(&viewer, path.thread_id, conn).await?.or_not_found()?;
    Ok(answer::shown(&thread.etag(), &ThreadView::from(thread)))
}
