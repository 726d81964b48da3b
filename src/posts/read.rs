//! `GET /api/v1/posts/{post_id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use diesel_async::AsyncPgConnection;

use super::model::{Post, PostPath};
use super::view::{PostView, show_one};
use crate::access::Viewer;
use crate::cache::Thing;
use crate::db::Pool;
use crate::error::{Error, OrNotFound};
use crate::state::State;
use crate::web::etag::Etag;
use crate::web::kept::{self, Fresh};

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
        let read = async |conn: &AsyncPgConnection| {
            let post = Post::seen_by(&viewer, path.post_id, conn).await?.or_not_found()?;
            Ok(show_one(post, &viewer, conn).await?)
        };
        let post = db.share(read).await?;
        kept::shown(&Etag::versioned(post.version, &post, &state.secret)?, &post)
    };
    let of = [Thing::Post(path.post_id), Thing::Quotes, Thing::Visibility];
    kept::read(&request, viewer.is_guest(), Fresh::As(&of), read).await
}
