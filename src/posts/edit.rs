//! `PATCH /api/v1/posts/{post_id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, patch};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{Post, PostPath, compose, insert_quotes, render, settle_body};
use super::view::{PostView, show_one};
use crate::access::{AsMember, Signed, Viewer};
use crate::db::schema::{posts, quotes, revisions, threads};
use crate::error::{Error, OrNotFound};
use crate::events::{Event, What};
use crate::ids::PostId;
use crate::markup::{self, Draft, Rendered};
use crate::state::State;
use crate::threads::Thread;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::etag::{Etag, IfMatch, IfMatchField};
use crate::web::idempotency::Idempotency;
use crate::web::text::{PostBody, Reason};

/// A post's new body.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"body": "So be it, then.", "reason": "typo"}))]
pub struct EditPost {
    /// Markdown, as in a new post: at most 20 quotes too.
    body: PostBody,
    /// Why it was edited; shown with the post.
    reason: Option<Reason>,
}

impl Settle for EditPost {
    fn settle(&mut self, flaws: &mut Flaws) {
        settle_body(&mut self.body, flaws);
        flaws.text_if_any("/reason", &mut self.reason);
    }
}

/// Edit a post.
///
/// For its author, and for moderators. What it said before stays readable among its revisions.
#[utoipa::path(tag = "posts", params(PostPath, IfMatchField), request_body = EditPost,
    responses((status = 200, description = "The post after it", body = PostView)),
    security(("bearer" = ["post"])), extensions(("x-problems" = json!(["not_yours", "thread_locked"]))))]
#[patch("/api/v1/posts/{post_id}")]
pub async fn edit_post(
    caller: AsMember,
    path: Path<PostPath>,
    if_match: IfMatch,
    body: Body<EditPost>,
    idempotency: Idempotency,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let (draft, now) = (compose(&body.body, &state).await?, state.clock.now());
    let asked = (&*body, &draft);
    let work = async |caller: &_, conn: &mut _| edit(caller, path.post_id, &if_match, asked, now, conn).await;
    let show = async |caller: &Signed, (), conn: &mut _| {
        let viewer = caller.viewer();
        let post = Post::seen_by(&viewer, path.post_id, conn).await?.or_not_found()?;
        let post = show_one(post, &viewer, conn).await?;
        Ok(answer::shown(&Etag::versioned(post.version, &post, &state.secret)?, &post))
    };
    let may_replay = async |caller: &Signed, _, conn: &mut _| {
        let post = Post::seen_by(&caller.viewer(), path.post_id, conn).await?.or_not_found()?;
        post.may_be_changed_by(caller)
    };
    caller.write_once(idempotency, &state, work, show, may_replay).await
}

/// Keeps the present body as a revision and puts the new one in its place.
async fn edit(
    caller: &Signed,
    id: PostId,
    if_match: &IfMatch,
    (asked, draft): (&EditPost, &Draft),
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> Result<(), Error> {
    let viewer = Viewer::from(caller.clone());
    let seen = Post::seen_by(&viewer, id, conn).await?.or_not_found()?;
    let rendered = render(draft, conn).await?;
    let thread = Thread::hold(&viewer, seen.thread_id, conn).await?.or_not_found()?;
    let post = Post::hold(&viewer, thread.id, id, conn).await?.or_not_found()?;
    post.may_be_changed_by(caller)?;
    thread.may_be_written_in_by(caller)?;
    if_match.check(post.version)?;
    keep_revision(&post, conn).await?;
    replace(caller, &post, asked, rendered, now, conn).await?;
    Ok(())
}

async fn replace(
    caller: &Signed,
    post: &Post,
    asked: &EditPost,
    rendered: Rendered,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<()> {
    let Rendered { html, text, quotes: quoted, mentions, emoji } = rendered;
    let this = quotes::thread_id.eq(post.thread_id).and(quotes::post_id.eq(post.id));
    diesel::delete(quotes::table.filter(this)).execute(conn).await?;
    insert_quotes(post.thread_id, post.id, quoted, conn).await?;
    diesel::update(posts::table.find((post.thread_id, post.id)))
        .set((
            posts::body.eq(asked.body.as_str()),
            (posts::html.eq(html), posts::text.eq(text), posts::renderer.eq(markup::VERSION)),
            (posts::mentions.eq(mentions), posts::emoji.eq(emoji)),
            posts::last_edit_at.eq(now),
            posts::last_edit_by.eq(caller.member_id),
            posts::last_edit_reason.eq(asked.reason.as_ref().map(Reason::as_str)),
            posts::edit_count.eq(posts::edit_count + 1),
            posts::version.eq(posts::version + 1),
        ))
        .execute(conn)
        .await?;
    let thread = threads::table.find(post.thread_id);
    diesel::update(thread).set(threads::page_version.eq(threads::page_version + 1)).execute(conn).await?;
    Event::of_post(What::PostEdited, post.thread_id, post.id).by(caller.member_id).record(conn).await
}

/// Version 1 was made by the author when the post was written; each later one by an edit. (A post that an archive brought as
/// edited, without its earlier bodies, has its last edit on version 1.)
async fn keep_revision(post: &Post, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    let by = if post.last_edit_at.is_some() { post.last_edit_by } else { Some(post.author_id) };
    diesel::insert_into(revisions::table)
        .values((
            revisions::thread_id.eq(post.thread_id),
            revisions::post_id.eq(post.id),
            revisions::number.eq(post.version),
            revisions::body.eq(&post.body),
            revisions::edited_by.eq(by),
            revisions::edited_at.eq(post.last_edit_at.unwrap_or(post.created_at)),
            revisions::reason.eq(&post.last_edit_reason),
        ))
        .execute(conn)
        .await
}
