//! `GET /api/v1/members/{member_id}/likes`: what a member likes.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Viewer;
use crate::db::first_rows;
use crate::db::keyset::before;
use crate::db::schema::{likes, posts, threads};
use crate::error::{Error, OrNotFound};
use crate::ids::{MemberId, PostId, ThreadId};
use crate::members::{Card, MemberPath, MemberView, cards};
use crate::posts::seen;
use crate::state::State;
use crate::threads::visible;
use crate::web::page::{self, ItemsWithMembers, Limit, ListOfItems, Moment, cut, key_of};
use crate::web::query::Query;

const LIST: &str = "likes of a member";

/// A like that a member gave.
#[derive(Queryable, Serialize, ToSchema)]
#[schema(example = json!({
    "post_id": 7, "thread_id": 1, "position": 7, "author_id": 15, "created_at": "2014-02-12T10:00:00Z"
}))]
pub struct MemberLike {
    /// The post.
    post_id: PostId,
    /// Its thread.
    thread_id: ThreadId,
    /// Its place there.
    #[schema(minimum = 1)]
    position: i64,
    /// Who wrote it.
    author_id: MemberId,
    /// Since when it is liked.
    created_at: DateTime<Utc>,
}

/// Likes with the cards of the authors.
pub type MemberLikeList = ItemsWithMembers<MemberLike, MemberView>;

/// List what a member likes.
///
/// The newest like first; only posts that you may see.
#[utoipa::path(tag = "likes", params(MemberPath, ListOfItems), responses((status = 200, description = "The likes", body = MemberLikeList)),
    security((), ("bearer" = ["read"])))]
#[get("/api/v1/members/{member_id}/likes")]
pub async fn list_likes_by_member(
    request: HttpRequest,
    viewer: Viewer,
    path: Path<MemberPath>,
    query: Query<ListOfItems>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let (limit, after) = (query.0.limit.unwrap_or_default(), key_of(&query.0.cursor, LIST)?);
    let conn = &state.db.get().await?;
    let (member, mut items) =
        try_join!(Card::find(path.member_id, conn), load(path.member_id, after, limit, &viewer, conn))?;
    member.or_not_found()?;
    let next = cut(&mut items, limit, LIST, |like| (Moment::from(like.created_at), like.post_id))?;
    let members = cards(items.iter().map(|like| like.author_id), state.clock.now(), conn).await?;
    let list = MemberLikeList { items, members, next };
    page::answer(&request, list.next.as_deref(), &list)
}

async fn load(
    member: MemberId,
    after: Option<(Moment, PostId)>,
    limit: Limit,
    viewer: &Viewer,
    mut conn: &AsyncPgConnection,
) -> QueryResult<Vec<MemberLike>> {
    // A post is looked up by its id alone: had it to be of the like's thread as well, PostgreSQL might look for it among all posts of
    // the thread, which are few in most threads.
    let mut query = likes::table
        .inner_join(posts::table.on(posts::id.eq(likes::post_id)))
        .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
        .filter(likes::member_id.eq(member).and(visible(viewer.moderates())))
        .filter(seen(viewer.moderates()))
        .order((likes::created_at.desc(), likes::post_id.desc()))
        .select((likes::post_id, likes::thread_id, posts::position, posts::author_id, likes::created_at))
        .into_boxed();
    if let Some((at, post)) = after {
        let place = (at.time().into_sql::<Timestamptz>(), post.into_sql::<BigInt>());
        query = query.filter(before((likes::created_at, likes::post_id), place));
    }
    first_rows(query, limit.and_some()).load(&mut conn).await
}
