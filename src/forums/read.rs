//! `GET /api/v1/forums/{forum_id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use super::model::{Forum, ForumPath};
use super::view::{ForumView, show};
use crate::access::Viewer;
use crate::cache::Thing;
use crate::db::Pool;
use crate::error::{Error, OrNotFound};
use crate::state::State;
use crate::web::etag::Etag;
use crate::web::kept::{self, Fresh};
use crate::web::query::CanonicalUrl;

/// Read a forum.
///
/// Its counters are of its own threads; those of the forums below it are in the tree.
#[utoipa::path(tag = "forums", params(ForumPath), responses((status = 200, description = "The forum", body = ForumView)),
    security((), ("bearer" = ["read"])))]
#[get("/api/v1/forums/{forum_id}")]
pub async fn read_forum(
    request: HttpRequest,
    viewer: Viewer,
    path: Path<ForumPath>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let read = async |db: &Pool| {
        let found = db.share(async |conn| Ok(Forum::find(path.forum_id, conn).await?)).await?;
        let forum = show(found.or_not_found()?);
        kept::shown(&Etag::versioned(forum.version, &forum, &state.secret)?, &forum)
    };
    let url = CanonicalUrl::new(format!("/api/v1/forums/{}", path.forum_id));
    kept::read(&request, &url, viewer.is_guest(), Fresh::WithinASecond(&[Thing::Lists]), read).await
}
