//! `DELETE /api/v1/posts/{post_id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Post, PostPath};
use super::removal::recount;
use crate::access::{AsMember, Signed};
use crate::db::schema::posts;
use crate::error::{Code, Error, OrNotFound};
use crate::events::{Event, What};
use crate::state::State;
use crate::threads::Thread;
use crate::web::answer;
use crate::web::query::{Query, WithReason};
use crate::web::text::Reason;

/// Delete a post.
///
/// For its author, and for moderators. It keeps its place in the thread, and moderators can restore it. The first post goes only
/// with its thread.
#[utoipa::path(tag = "posts", params(PostPath, WithReason), responses((status = 204, description = "It is gone")),
    security(("bearer" = ["post"])), extensions(("x-problems" = json!(["not_yours", "thread_locked", "first_post"]))))]
#[delete("/api/v1/posts/{post_id}")]
pub async fn delete_post(
    caller: AsMember,
    path: Path<PostPath>,
    query: Query<WithReason>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let (now, reason) = (state.clock.now(), query.reason.as_ref().map(Reason::as_str));
    caller
        .write(&state, async |caller, conn| {
            let viewer = caller.viewer();
            let seen = Post::seen_by(&viewer, path.post_id, conn).await?.or_not_found()?;
            let thread = Thread::hold(&viewer, seen.thread_id, conn).await?.or_not_found()?;
            let post = Post::hold(&viewer, thread.id, seen.id, conn).await?.or_not_found()?;
            post.may_be_changed_by(caller)?;
            thread.may_be_written_in_by(caller)?;
            if post.position == 1 {
                return Err(Error::new(Code::FirstPost, "the first post goes only with its thread"));
            }
            Ok(remove(caller, &thread, &post, reason, now, conn).await?)
        })
        .await?;
    Ok(answer::gone())
}

async fn remove(
    caller: &Signed,
    thread: &Thread,
    post: &Post,
    reason: Option<&str>,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<()> {
    // Deleted before, as only moderators can see: nothing changes.
    if post.deleted_at.is_some() {
        return Ok(());
    }
    diesel::update(posts::table.find((post.thread_id, post.id)))
        .set((posts::deleted_at.eq(now), posts::deleted_by.eq(caller.member_id), posts::delete_reason.eq(reason)))
        .execute(conn)
        .await?;
    recount(thread, post, -1, conn).await?;
    Event::of_post(What::PostDeleted, thread.id, post.id).by(caller.member_id).record(conn).await
}
