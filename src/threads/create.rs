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
use crate::ids::{ForumId, MemberId, ThreadId};
use crate::markup::Draft;
use crate::posts::{NewPost, Post, PostView, compose, next_id, render, settle_body, show_one};
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::idempotency::{Idempotency, Replay};
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
    /// The first post: Markdown, as in a reply.
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
    let (draft, now) = (compose(&body.body, &state).await?, state.clock.now());
    let work = async |caller: &_, conn: &mut _| start(caller, &body, &draft, now, conn).await;
    let show = async |caller: &Signed, (thread, post): (Thread, Post), conn: &mut _| {
        let (location, etag) = (format!("/api/v1/threads/{}", thread.id), thread.etag(&state.secret)?);
        let post = show_one(post, &caller.viewer(), conn).await?;
        Ok(answer::created(location, &etag, &CreatedThread { thread: ThreadView::from(thread), post }))
    };
    let may_replay = async |caller: &Signed, replay: Replay, conn: &mut _| {
        let thread = replay.created_id.map(ThreadId).or_not_found()?;
        Thread::seen_by(&caller.viewer(), thread, conn).await?.or_not_found().map(|_| ())
    };
    caller.write_once(idempotency, &state, work, show, may_replay).await
}

/// Everything that a new thread changes. The body is rendered before anything is locked.
async fn start(
    caller: &Signed,
    body: &CreateThread,
    draft: &Draft,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> Result<(Thread, Post), Error> {
    let (forum, author) = (body.forum_id, caller.member_id);
    forums::must_hold_threads(forum, conn).await?;
    let rendered = render(draft, conn).await?;
    forums::hold_place_for_threads(forum, conn).await?;
    let thread = insert(author, body, now, conn).await?;
    let (thread_id, body) = (thread.id, body.body.as_str());
    let id = thread.last_post_id.ok_or_else(|| Error::internal("a thread has a post"))?;
    let first = NewPost { thread_id, id, position: 1, author_id: author, body, rendered, created_at: now };
    let event = Event::of_post(What::ThreadCreated, thread_id, id).in_forum(forum).by(author);
    let conn = &*conn;
    let (post, ..) = try_join!(
        first.insert(conn),
        forums::count(forum, 1, 1, (thread_id, now), conn),
        members::count(author, 1, 0, conn),
        event.record(conn)
    )?;
    Ok((thread, post))
}

/// Writes the thread, as it is with its first post.
async fn insert(
    author: MemberId,
    body: &CreateThread,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<Thread> {
    let tags: Vec<&str> = body.tags.iter().flatten().map(Tag::as_str).collect();
    let title = body.title.as_str();
    diesel::insert_into(threads::table)
        .values((
            (threads::forum_id.eq(body.forum_id), threads::kind.eq(body.kind.unwrap_or_default())),
            (threads::slug.eq(slug(title)), threads::title.eq(title), threads::tags.eq(tags)),
            (threads::author_id.eq(author), threads::created_at.eq(now)),
            (threads::post_count.eq(1), threads::highest_position.eq(1)),
            (threads::last_post_id.eq(next_id().nullable()), threads::last_post_position.eq(1)),
            (threads::last_post_author_id.eq(author), threads::last_post_at.eq(now)),
        ))
        .returning(Thread::as_returning())
        .get_result(conn)
        .await
}
