//! `GET /api/v1/posts/{post_id}/likes`: who likes a post.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Viewer;
use crate::db::first_rows;
use crate::db::keyset::before;
use crate::db::schema::likes;
use crate::error::{Error, OrNotFound};
use crate::ids::MemberId;
use crate::members::{MemberView, cards};
use crate::posts::{Outline, Post, PostPath};
use crate::state::State;
use crate::web::page::{self, ItemsWithMembers, Limit, ListOfItems, Moment, cut, key_of};
use crate::web::query::Query;

const LIST: &str = "likes of a post";

/// A like of a post.
#[derive(Queryable, Serialize, ToSchema)]
#[schema(example = json!({"member_id": 12, "created_at": "2014-02-12T10:00:00Z"}))]
pub struct PostLike {
    /// Who likes it.
    member_id: MemberId,
    /// Since when.
    created_at: DateTime<Utc>,
}

/// Likes with the cards of those who like.
pub type PostLikeList = ItemsWithMembers<PostLike, MemberView>;

/// List who likes a post.
///
/// The newest first.
#[utoipa::path(tag = "likes", params(PostPath, ListOfItems), responses((status = 200, description = "The likes", body = PostLikeList)),
    security((), ("bearer" = ["read"])))]
#[get("/api/v1/posts/{post_id}/likes")]
pub async fn list_likes_by_post(
    request: HttpRequest,
    viewer: Viewer,
    path: Path<PostPath>,
    query: Query<ListOfItems>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let (limit, after) = (query.0.limit.unwrap_or_default(), key_of(&query.0.cursor, LIST)?);
    let conn = &mut state.db.get().await?;
    let post = Outline::post_seen_by(&viewer, path.post_id, conn).await?.or_not_found()?;
    let mut items = load(&post, after, limit, conn).await?;
    let next = cut(&mut items, limit, LIST, |like| (Moment::from(like.created_at), like.member_id))?;
    let members = cards(items.iter().map(|like| like.member_id), state.clock.now(), conn).await?;
    let list = PostLikeList { items, members, next };
    page::answer(&request, list.next.as_deref(), &list)
}

async fn load(
    post: &Post,
    after: Option<(Moment, MemberId)>,
    limit: Limit,
    conn: &mut AsyncPgConnection,
) -> QueryResult<Vec<PostLike>> {
    let mut query = likes::table
        .filter(likes::thread_id.eq(post.thread_id).and(likes::post_id.eq(post.id)))
        .order((likes::created_at.desc(), likes::member_id.desc()))
        .select((likes::member_id, likes::created_at))
        .into_boxed();
    if let Some((at, member)) = after {
        let place = (at.time().into_sql::<Timestamptz>(), member.into_sql::<BigInt>());
        query = query.filter(before((likes::created_at, likes::member_id), place));
    }
    first_rows(query, limit.and_some()).load(conn).await
}
