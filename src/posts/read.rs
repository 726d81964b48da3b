//! `GET /api/v1/posts/{post_id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use diesel_async::AsyncPgConnection;

use super::model::PostPath;
use super::outline::{Outline, most_of_each};
use super::view::{PostView, show_one};
use crate::access::Viewer;
use crate::cache::Thing;
use crate::db::Pool;
use crate::error::{Error, OrNotFound};
use crate::state::State;
use crate::web::etag::Etag;
use crate::web::kept::{self, Fresh};
use crate::web::query::CanonicalUrl;

/// Read a post.
///
/// A deleted one is there for moderators only. `GET /threads/{thread_id}/posts?around={post_id}` gives it with its page.
#[utoipa::path(tag = "posts", params(PostPath), responses((status = 200, description = "The post", body = PostView)),
    security((), ("bearer" = ["read"])))]
#[get("/api/v1/posts/{post_id}")]
pub async fn read_post(
    request: HttpRequest,
    viewer: Viewer,
    path: Path<PostPath>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let read = async |db: &Pool| {
        let id = path.post_id;
        let outline = async |conn: &AsyncPgConnection| Ok(Outline::seen_by(&viewer, id, most_of_each(1), conn).await?);
        let held = &state.store.held;
        let permit = held.load_permit().await?;
        let outline = [db.share(outline).await?.or_not_found()?];
        let needed = Outline::memory(&outline, &viewer, "")?;
        let (memory, _permit) = held.reserve_beside(needed, permit, || held.load_permit()).await?;
        let [outline] = outline;
        let whole = async |conn: &AsyncPgConnection| {
            let post = outline.whole(&viewer, conn).await?.or_not_found()?;
            Ok(show_one(post, &viewer, conn).await?)
        };
        let post = db.share(whole).await?;
        Ok(kept::shown(&Etag::versioned(post.version, &post, &state.secret)?, &post)?.made_in(memory))
    };
    let of = [Thing::Post(path.post_id), Thing::Quotes, Thing::Visibility];
    let url = CanonicalUrl::new(format!("/api/v1/posts/{}", path.post_id));
    kept::read(&request, &url, viewer.is_guest(), Fresh::As(&of), read).await
}
