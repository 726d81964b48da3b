//! `POST /api/v1/posts/{post_id}/restore`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Post, PostPath};
use super::removal::recount;
use super::view::{PostView, show_one};
use crate::access::{AsMember, Role, Signed, Viewer};
use crate::db::schema::posts;
use crate::error::{Error, OrNotFound};
use crate::events::{Event, What};
use crate::ids::PostId;
use crate::state::State;
use crate::threads::Thread;
use crate::web::answer;
use crate::web::etag::Etag;
use crate::web::idempotency::Idempotency;

/// Restore a post.
///
/// For moderators. It comes back at its place, with its likes; a post that is not deleted stays as it is.
#[utoipa::path(tag = "posts", params(PostPath), responses((status = 200, description = "The post after it", body = PostView)),
    security(("bearer" = ["moderate"])), extensions(("x-problems" = json!(["insufficient_role"]))))]
#[post("/api/v1/posts/{post_id}/restore")]
pub async fn restore_post(
    caller: AsMember,
    path: Path<PostPath>,
    idempotency: Idempotency,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let work = async |caller: &_, conn: &mut _| restore(caller, path.post_id, conn).await;
    let show = async |caller: &Signed, (), conn: &mut _| {
        let viewer = caller.viewer();
        let post = Post::seen_by(&viewer, path.post_id, conn).await?.or_not_found()?;
        let post = show_one(post, &viewer, conn).await?;
        Ok(answer::shown(&Etag::versioned(post.version, &post, &state.secret)?, &post))
    };
    let may_replay = async |caller: &Signed, _, conn: &mut _| {
        Post::seen_by(&caller.viewer(), path.post_id, conn).await?.or_not_found()?;
        caller.must_be(Role::Moderator)
    };
    caller.write_once(idempotency, &state, work, show, may_replay).await
}

async fn restore(caller: &Signed, id: PostId, conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let viewer = Viewer::from(caller.clone());
    let seen = Post::seen_by(&viewer, id, conn).await?.or_not_found()?;
    caller.must_be(Role::Moderator)?;
    let thread = Thread::hold(&viewer, seen.thread_id, conn).await?.or_not_found()?;
    let post = Post::hold(&viewer, thread.id, id, conn).await?.or_not_found()?;
    Ok(bring_back(caller, &thread, &post, conn).await?)
}

async fn bring_back(caller: &Signed, thread: &Thread, post: &Post, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    if post.deleted_at.is_none() {
        return Ok(());
    }
    diesel::update(posts::table.find((post.thread_id, post.id)))
        .set((
            posts::deleted_at.eq(None::<DateTime<Utc>>),
            posts::deleted_by.eq(None::<i64>),
            posts::delete_reason.eq(None::<String>),
        ))
        .execute(conn)
        .await?;
    recount(thread, post, 1, conn).await?;
    Event::of_post(What::PostRestored, thread.id, post.id).by(caller.member_id).record(conn).await
}
