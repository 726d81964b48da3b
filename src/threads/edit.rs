//! `PATCH /api/v1/threads/{thread_id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, patch};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{Thread, ThreadPath, settle_tags, slug};
use super::view::{ThreadView, show_thread};
use crate::access::{AsMember, Signed};
use crate::db::schema::threads;
use crate::error::{Error, OrNotFound};
use crate::events::{Event, What};
use crate::state::State;
use crate::web::body::{self, Body, Flaws, Settle};
use crate::web::etag::{IfMatch, IfMatchField};
use crate::web::idempotency::Idempotency;
use crate::web::text::{Tag, Title};

/// Changes of a thread: what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"title": "Hello, world", "tags": ["news"]}))]
pub struct EditThread {
    /// Its title.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Title, required = false)]
    title: Option<Title>,
    /// All its tags: at most 5, each once; an empty list clears.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Vec<Tag>, required = false, max_items = 5)]
    tags: Option<Vec<Tag>>,
}

impl Settle for EditThread {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text_if_any("/title", &mut self.title);
        settle_tags(&mut self.tags, flaws);
    }
}

#[derive(PartialEq, Default, AsChangeset)]
#[diesel(table_name = threads)]
struct ThreadChanges<'a> {
    slug: Option<String>,
    title: Option<&'a str>,
    tags: Option<Vec<&'a str>>,
}

/// Edit a thread.
///
/// Title and tags, for its author and for moderators. A body without fields changes nothing.
#[utoipa::path(tag = "threads", params(ThreadPath, IfMatchField), request_body = EditThread,
    responses((status = 200, description = "The thread after it", body = ThreadView)),
    security(("bearer" = ["post"])), extensions(("x-problems" = json!(["not_yours", "thread_locked"]))))]
#[patch("/api/v1/threads/{thread_id}")]
pub async fn edit_thread(
    caller: AsMember,
    path: Path<ThreadPath>,
    if_match: IfMatch,
    body: Body<EditThread>,
    idempotency: Idempotency,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let work = async |caller: &Signed, conn: &mut _| {
        let thread = Thread::hold(&caller.viewer(), path.thread_id, conn).await?.or_not_found()?;
        thread.may_be_edited_by(caller)?;
        if_match.check(thread.version)?;
        Ok(update(caller, thread, changes(&body), conn).await?)
    };
    let show = async |_: &_, thread: Thread, _: &mut _| show_thread(thread, &state.secret);
    let may_replay = async |caller: &Signed, _, conn: &mut _| {
        let thread = Thread::seen_by(&caller.viewer(), path.thread_id, conn).await?.or_not_found()?;
        thread.may_be_changed_by(caller)
    };
    caller.write_once(idempotency, &state, work, show, may_replay).await
}

fn changes(body: &EditThread) -> ThreadChanges<'_> {
    ThreadChanges {
        slug: body.title.as_ref().map(|title| slug(title.as_str())),
        title: body.title.as_ref().map(Title::as_str),
        tags: body.tags.as_ref().map(|tags| tags.iter().map(Tag::as_str).collect()),
    }
}

async fn update(
    caller: &Signed,
    thread: Thread,
    changes: ThreadChanges<'_>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<Thread> {
    if changes == ThreadChanges::default() {
        return Ok(thread);
    }
    let edited = diesel::update(threads::table.find(thread.id))
        .set((changes, threads::version.eq(threads::version + 1), threads::page_version.eq(threads::page_version + 1)))
        .returning(Thread::as_returning())
        .get_result(conn)
        .await?;
    Event::of_thread(What::ThreadEdited, thread.id).by(caller.member_id).record(conn).await?;
    Ok(edited)
}
