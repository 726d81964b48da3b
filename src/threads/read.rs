//! `GET /api/v1/threads/{thread_id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use super::model::{Thread, ThreadPath};
use super::view::ThreadView;
use crate::access::Viewer;
use crate::cache::Thing;
use crate::db::Pool;
use crate::error::{Error, OrNotFound};
use crate::state::State;
use crate::web::kept::{self, Fresh};
use crate::web::query::CanonicalUrl;

/// Read a thread.
///
/// The thread by itself; `GET /threads/{thread_id}/posts` gives a whole page in one answer.
#[utoipa::path(tag = "threads", params(ThreadPath), responses((status = 200, description = "The thread", body = ThreadView)),
    security((), ("bearer" = ["read"])))]
#[get("/api/v1/threads/{thread_id}")]
pub async fn read_thread(
    request: HttpRequest,
    viewer: Viewer,
    path: Path<ThreadPath>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let read = async |db: &Pool| {
        let found = db.share(async |conn| Ok(Thread::seen_by(&viewer, path.thread_id, conn).await?)).await?;
        let thread = found.or_not_found()?;
        kept::shown(&thread.etag(&state.secret)?, &ThreadView::from(thread))
    };
    let url = CanonicalUrl::new(format!("/api/v1/threads/{}", path.thread_id));
    kept::read(&request, &url, viewer.is_guest(), Fresh::As(&[Thing::Thread(path.thread_id)]), read).await
}
