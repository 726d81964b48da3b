//! `POST /api/v1/threads`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Thread, ThreadKind, settle_tags, slug};
use super::view::ThreadView;
use crate::access::{AsMember, Signed};
use crate::db::schema::threads;
use crate::error::{Error, OrNotFound};
use crate::events::{Event, What};
use crate::ids::{ForumId, PostId, ThreadId};
use crate::posts::{NewPost, Post, PostView, compose, next_id, settle_body, show_one};
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::idempotency::Idempotency;
use crate::web::text::{PostBody, Tag, Title};
use crate::{forums, members};

/// A new thread with its first post.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"forum_id": 1, "title": "Hello", "body": "The first post.", "tags": ["news"]}))]
pub struct CreateThread {
    /// The forum to start it in: not a category.
    forum_id: ForumId,
    /// Its title.
    title: Title,
    /// The first post: Markdown.
    body: PostBody,
    /// What it is; `discussion` by default.
    kind: Option<ThreadKind>,
    /// At most 5, each once.
    #[schema(max_items = 5)]
    tags: Option<Vec<Tag>>,
}

impl Settle for CreateThread {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text("/title", &mut self.title);
        settle_body(&mut self.body, flaws);
        settle_tags(&mut self.tags, flaws);
    }
}

/// What was started.
#[derive(Serialize, ToSchema)]
pub struct CreatedThread {
    /// The thread.
    thread: ThreadView,
    /// Its first post.
    post: PostView,
}

/// Start a thread.
///
/// Any member may, with a discussion or an article.
#[utoipa::path(tag = "threads", request_body = CreateThread,
    responses((status = 201, description = "The new thread", body = CreatedThread)), security(("bearer" = ["post"])))]
#[post("/api/v1/threads")]
pub async fn create_thread(
    caller: AsMember,
    body: Body<CreateThread>,
    idempotency: Idempotency,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    let (viewer, now) = (caller.viewer(), state.clock.now());
    let work = async |conn: &mut _| start(&caller, &body, now, conn).await;
    let show = async |(id, post), conn: &mut _| {
        let thread = Thread::seen_by(&viewer, id, conn).await?.or_not_found()?;
        let post = Post::seen_by(&viewer, post, conn).await?.or_not_found()?;
        let (etag, post) = (thread.etag(), show_one(post, &viewer, now, conn).await?);
        let created = CreatedThread { thread: ThreadView::from(thread), post };
        Ok(answer::created(format!("/api/v1/threads/{id}"), &etag, &created))
    };
    idempotency.of(caller.member_id).run(conn, work, show).await
}

/// Everything that a new thread changes. The body is rendered before anything is locked.
async fn start(
    caller: &Signed,
    body: &CreateThread,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> Result<(ThreadId, PostId), Error> {
    let forum = body.forum_id;
    forums::must_hold_threads(forum, conn).await?;
    let rendered = compose(body.body.as_str(), conn).await?;
    forums::hold_place_for_threads(forum, conn).await?;
    let tags: Vec<&str> = body.tags.iter().flatten().map(Tag::as_str).collect();
    let title = body.title.as_str();
    let (thread, post): (ThreadId, PostId) = diesel::insert_into(threads::table)
        .values((
            (threads::forum_id.eq(forum), threads::kind.eq(body.kind.unwrap_or_default())),
            (threads::slug.eq(slug(title)), threads::title.eq(title), threads::tags.eq(tags)),
            (threads::author_id.eq(caller.member_id), threads::created_at.eq(now)),
            (threads::post_count.eq(1), threads::highest_position.eq(1)),
            (threads::last_post_id.eq(next_id().nullable()), threads::last_post_position.eq(1)),
            (threads::last_post_author_id.eq(caller.member_id), threads::last_post_at.eq(now)),
        ))
        .returning((threads::id, threads::last_post_id.assume_not_null()))
        .get_result(conn)
        .await?;
    let first = NewPost {
        thread_id: thread,
        id: post,
        position: 1,
        author_id: caller.member_id,
        body: body.body.as_str(),
        rendered,
        created_at: now,
    };
    let event = Event::of_post(What::ThreadCreated, thread, post).in_forum(forum).by(caller.member_id);
    let conn = &*conn;
    try_join!(
        first.insert(conn),
        forums::count(forum, 1, 1, (thread, now), conn),
        members::count(caller.member_id, 1, 0, conn),
        event.record(conn)
    )?;
    Ok((thread, post))
}
