//! `POST /api/v1/threads/{thread_id}/posts`: a reply.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{NewPost, Post, compose, next_id, settle_body};
use super::view::{PostView, show_one};
use crate::access::{AsMember, Signed};
use crate::db::schema::threads;
use crate::error::{Error, OrNotFound};
use crate::ids::{ForumId, PostId, ThreadId};
use crate::markup::Rendered;
use crate::state::State;
use crate::threads::{Thread, ThreadPath};
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::etag::Etag;
use crate::web::text::PostBody;
use crate::{forums, members};

/// A reply.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"body": "[quote post=1]\nSo be it.\n[/quote]\n\nWell said, @\"no smoking\". :thumb:"}))]
pub struct CreatePost {
    /// Markdown, with `[quote post=ID]` ... `[/quote]`, `@username` and `:emoji:`.
    body: PostBody,
}

impl Settle for CreatePost {
    fn settle(&mut self, flaws: &mut Flaws) {
        settle_body(&mut self.body, flaws);
    }
}

/// Reply to a thread.
///
/// The post gets the thread's next position. A quote of a post that is not there is no error.
#[utoipa::path(tag = "posts", params(ThreadPath), request_body = CreatePost,
    responses((status = 201, description = "The new post", body = PostView)),
    security(("bearer" = ["post"])), extensions(("x-problems" = json!(["thread_locked", "thread_deleted"]))))]
#[post("/api/v1/threads/{thread_id}/posts")]
pub async fn create_post(
    caller: AsMember,
    path: Path<ThreadPath>,
    body: Body<CreatePost>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    let thread = Thread::seen_by(&caller.viewer(), path.thread_id, conn).await?.or_not_found()?;
    thread.may_be_replied_to_by(&caller)?;
    let (body, now) = (body.0.body.into_string(), state.clock.now());
    let rendered = compose(&body, conn).await?;
    let id = conn.transaction(async |conn| reply(&caller, thread.id, body, rendered, now, conn).await).await?;
    let post = Post::seen_by(&caller.viewer(), id, conn).await?.or_not_found()?;
    let post = show_one(post, &caller.viewer(), now, conn).await?;
    Ok(answer::created(format!("/api/v1/posts/{id}"), &Etag::versioned(post.version, &post), &post))
}

/// Everything that a reply changes. The thread's row comes first: it gives out the positions.
async fn reply(
    caller: &Signed,
    thread: ThreadId,
    body: String,
    rendered: Rendered,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> Result<PostId, Error> {
    let Place { id, position, forum, at } = take_place(caller, thread, now, conn).await?;
    let post = NewPost { thread_id: thread, id, position, author_id: caller.member_id, body, rendered, created_at: at };
    post.insert(conn).await?;
    forums::count(forum, 0, 1, (thread, at), conn).await?;
    members::count(caller.member_id, 1, 0, conn).await?;
    Ok(id)
}

/// Where and when a reply stands.
struct Place {
    id: PostId,
    position: i64,
    forum: ForumId,
    at: DateTime<Utc>,
}

/// Takes the next position of a thread that still takes replies from this member.
async fn take_place(
    caller: &Signed,
    thread: ThreadId,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> Result<Place, Error> {
    let held = Thread::hold(&caller.clone().into(), thread, conn).await?.or_not_found()?;
    held.may_be_replied_to_by(caller)?;
    // Whoever waited for the thread is later than whom it waited for, whatever the clocks say: times rise with positions.
    let at = now.max(held.last_post_at);
    let (id, position) = diesel::update(threads::table.find(thread))
        .set((
            threads::highest_position.eq(threads::highest_position + 1),
            threads::post_count.eq(threads::post_count + 1),
            threads::page_version.eq(threads::page_version + 1),
            threads::last_post_id.eq(next_id().nullable()),
            threads::last_post_position.eq((threads::highest_position + 1).nullable()),
            threads::last_post_author_id.eq(caller.member_id),
            threads::last_post_at.eq(at),
        ))
        .returning((threads::last_post_id.assume_not_null(), threads::highest_position))
        .get_result(conn)
        .await?;
    Ok(Place { id, position, forum: held.forum_id, at })
}
