//! `GET /api/v1/posts/{post_id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};

use super::model::{Post, PostPath};
use super::view::{PostView, show_one};
use crate::access::Viewer;
use crate::error::{Error, OrNotFound};
use crate::state::State;
use crate::web::answer;
use crate::web::etag::Etag;

/// Read a post.
///
/// A deleted one is there for moderators only. `GET /threads/{thread_id}/posts?around={post_id}` gives it with its page.
#[utoipa::path(tag = "posts", params(PostPath), responses((status = 200, description = "The post", body = PostView)),
    security((), ("bearer" = ["read"])))]
#[get("/api/v1/posts/{post_id}")]
pub async fn read_post(viewer: Viewer, path: Path<PostPath>, state: Data<State>) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    let post = Post::seen_by(&viewer, path.post_id, conn).await?.or_not_found()?;
    let post = show_one(post, &viewer, state.clock.now(), conn).await?;
    Ok(answer::shown(&Etag::versioned(post.version, &post), &post))
}
