//! `POST /api/v1/threads/{thread_id}/posts`: a reply.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{NewPost, Post, compose, next_id, render, settle_body};
use super::view::{PostView, show_one};
use crate::access::{AsMember, Role, Signed};
use crate::db::known;
use crate::db::schema::threads;
use crate::error::{Error, OrNotFound};
use crate::events::{Event, What};
use crate::ids::{ForumId, PostId, ThreadId};
use crate::markup::Draft;
use crate::state::State;
use crate::threads::{Thread, ThreadPath, takes_replies};
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::etag::Etag;
use crate::web::idempotency::{Idempotency, Replay};
use crate::web::text::PostBody;
use crate::{forums, members};

/// A reply.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"body": "[quote post=1]\nSo be it.\n[/quote]\n\nWell said, @\"no smoking\". :thumb:"}))]
pub struct CreatePost {
    /// Markdown, with `[quote post=ID]` ... `[/quote]`, `@username` and `:emoji:`. At most 20 quotes, nested ones included.
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
    idempotency: Idempotency,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let (draft, now) = (compose(&body.body, &state).await?, state.clock.now());
    let body = (body.body.as_str(), &draft);
    let work = async |caller: &_, conn: &mut _| reply(caller, path.thread_id, body, now, conn).await;
    let show = async |caller: &Signed, post: Post, conn: &mut _| {
        let (id, post) = (post.id, show_one(post, &caller.viewer(), conn).await?);
        Ok(answer::created(format!("/api/v1/posts/{id}"), &Etag::versioned(post.version, &post, &state.secret)?, &post))
    };
    let may_replay = async |caller: &Signed, replay: Replay, conn: &mut _| {
        let post = Post::seen_by(&caller.viewer(), replay.created_id.map(PostId).or_not_found()?, conn).await?;
        post.or_not_found().map(|_| ())
    };
    caller.write_once(idempotency, &state, work, show, may_replay).await
}

/// Everything that a reply changes. The body is rendered before anything is locked; then the thread's row comes first: it
/// gives out the positions.
async fn reply(
    caller: &Signed,
    thread: ThreadId,
    (body, draft): (&str, &Draft),
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> Result<Post, Error> {
    let rendered = render(draft, conn).await?;
    let Place { id, position, forum, at } = take_place(caller, thread, now, conn).await?;
    let post = NewPost { thread_id: thread, id, position, author_id: caller.member_id, body, rendered, created_at: at };
    let event = Event::of_post(What::PostCreated, thread, id).in_forum(forum).by(caller.member_id);
    // Sent together: the thread is held for one round trip less for each. Rows are locked in the order of the sending.
    let conn = &*conn;
    let (post, ..) = try_join!(
        post.insert(conn),
        forums::count(forum, 0, 1, (thread, at), conn),
        members::count(caller.member_id, 1, 0, conn),
        event.record(conn)
    )?;
    Ok(post)
}

/// Where and when a reply stands.
#[derive(Queryable)]
struct Place {
    id: PostId,
    position: i64,
    forum: ForumId,
    at: DateTime<Utc>,
}

/// Takes the next position of a thread that takes replies from this member.
async fn take_place(
    caller: &Signed,
    thread: ThreadId,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> Result<Place, Error> {
    if let Some(place) = next_place(caller, thread, now, conn).await? {
        return Ok(place);
    }
    let found = Thread::seen_by(&caller.clone().into(), thread, conn).await?.or_not_found()?;
    found.may_be_replied_to_by(caller)?;
    // It was opened in between, and may be shut again by now: all begins again.
    Err(Error::lost_race("a thread took no reply, and then did"))
}

/// The next position, unless the thread takes none: who replies has not to read it first, nor to wait for who holds it twice.
async fn next_place(
    caller: &Signed,
    thread: ThreadId,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<Option<Place>> {
    let taking = threads::table.filter(threads::id.eq(thread).and(takes_replies(caller.is(Role::Moderator))));
    // Whoever waited for the thread is later than whom it waited for, whatever the clocks say: times rise with positions.
    let at = case_when(threads::last_post_at.lt(now), now.into_sql::<Timestamptz>()).otherwise(threads::last_post_at);
    let taken = diesel::update(taking)
        .set((
            threads::highest_position.eq(threads::highest_position + 1),
            threads::post_count.eq(threads::post_count + 1),
            threads::page_version.eq(threads::page_version + 1),
            threads::last_post_id.eq(next_id().nullable()),
            threads::last_post_position.eq((threads::highest_position + 1).nullable()),
            threads::last_post_author_id.eq(caller.member_id),
            threads::last_post_at.eq(at),
        ))
        .returning((
            threads::last_post_id.assume_not_null(),
            threads::highest_position,
            threads::forum_id,
            threads::last_post_at,
        ));
    known!(taken).get_result(conn).await.optional()
}
