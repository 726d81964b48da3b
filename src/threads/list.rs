//! `GET /api/v1/threads`: latest replies, new threads, articles.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::listing::{Listing, ThreadList, ThreadSort};
use super::model::ThreadKind;
use crate::access::Viewer;
use crate::cache::Thing;
use crate::db::Pool;
use crate::error::Error;
use crate::ids::{ForumId, MemberId};
use crate::state::State;
use crate::web::kept::{self, Fresh};
use crate::web::page::{self, Cursor, Limit};
use crate::web::query::Query;
use crate::web::text::Tag;

/// Which threads, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListThreads {
    /// Only those of this forum, without the forums below it.
    #[serde(default, deserialize_with = "crate::web::query::id")]
    #[param(value_type = Option<ForumId>)]
    forum: Option<ForumId>,
    /// Only those that this member started.
    #[serde(default, deserialize_with = "crate::web::query::id")]
    #[param(value_type = Option<MemberId>)]
    author: Option<MemberId>,
    /// Only those of this kind.
    #[param(inline)]
    kind: Option<ThreadKind>,
    /// Only those with this tag.
    #[serde(default, deserialize_with = "crate::web::query::tag")]
    #[param(inline, value_type = Option<Tag>)]
    tag: Option<Tag>,
    /// Only those whose last post is not older than this.
    #[serde(default, deserialize_with = "crate::web::query::time")]
    #[param(value_type = Option<DateTime<Utc>>)]
    since: Option<DateTime<Utc>>,
    /// The order, from the highest down; `latest_reply` by default. The id breaks ties.
    #[param(inline)]
    sort: Option<ThreadSort>,
    /// How many.
    #[param(inline)]
    limit: Option<Limit>,
    /// Where to go on: `next` of the page before.
    #[param(inline)]
    cursor: Option<Cursor>,
}

/// List threads.
///
/// Pinned threads are not lifted. Moderators see deleted ones too, marked so.
#[utoipa::path(tag = "threads", params(ListThreads), responses((status = 200, description = "The threads", body = ThreadList)),
    security((), ("bearer" = ["read"])))]
#[get("/api/v1/threads")]
pub async fn list_threads(
    request: HttpRequest,
    viewer: Viewer,
    query: Query<ListThreads>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let query = query.0;
    let listing = Listing {
        forum: query.forum,
        author: query.author,
        kind: query.kind,
        tag: query.tag.map(Tag::into_string),
        since: query.since,
        sort: query.sort.unwrap_or_default(),
        limit: query.limit.unwrap_or_default(),
        cursor: query.cursor,
    };
    let url = listing.url("/api/v1/threads");
    // A cursor that is wrong is told without the database.
    let key = url.clone().with("cursor", listing.cursor()?);
    let read = async |db: &Pool| {
        let conn = &db.get().await?;
        let list = listing.clone().load(&viewer, state.clock.now(), conn).await?;
        page::kept(&url, list.next.as_deref(), kept::json(&list, 0)?)
    };
    kept::read(&request, &key, viewer.is_guest(), Fresh::WithinASecond(&[Thing::Lists]), read).await
}
