//! `GET /api/v1/members/{member_id}/posts`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;

use super::model::{Post, seen};
use super::view::{Loaded, PostView};
use crate::access::Viewer;
use crate::db::first_rows;
use crate::db::keyset::before;
use crate::db::schema::{posts, threads};
use crate::error::{Error, OrNotFound};
use crate::ids::{MemberId, PostId};
use crate::members::{Card, MemberPath, MemberView};
use crate::state::State;
use crate::threads::visible;
use crate::web::page::{self, ItemsWithMembers, Limit, ListOfItems, Moment, cut, key_of};
use crate::web::query::Query;

const LIST: &str = "posts of a member";

/// Posts with the cards of the members that they name.
pub type PostList = ItemsWithMembers<PostView, MemberView>;

/// List a member's posts.
///
/// The newest first, from all threads that you may see.
#[utoipa::path(tag = "posts", params(MemberPath, ListOfItems),
    responses((status = 200, description = "The posts", body = PostList)), security((), ("bearer" = ["read"])))]
#[get("/api/v1/members/{member_id}/posts")]
pub async fn list_posts_by_member(
    request: HttpRequest,
    viewer: Viewer,
    path: Path<MemberPath>,
    query: Query<ListOfItems>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let (limit, after) = (query.0.limit.unwrap_or_default(), key_of(&query.0.cursor, LIST)?);
    let conn = &state.db.get().await?;
    let (member, mut rows) =
        try_join!(Card::find(path.member_id, conn), load(path.member_id, after, limit, &viewer, conn))?;
    member.or_not_found()?;
    let next = cut(&mut rows, limit, LIST, |post| (Moment::from(post.created_at), post.id))?;
    let (items, members) = Loaded::new(rows, [], &viewer, state.clock.now(), conn).await?.show(&viewer);
    let list = PostList { items, members, next };
    page::answer(&request, list.next.as_deref(), &list)
}

async fn load(
    author: MemberId,
    after: Option<(Moment, PostId)>,
    limit: Limit,
    viewer: &Viewer,
    mut conn: &AsyncPgConnection,
) -> QueryResult<Vec<Post>> {
    let mut query = posts::table
        .inner_join(threads::table)
        .filter(posts::author_id.eq(author).and(visible(viewer.moderates())).and(seen(viewer.moderates())))
        .order((posts::created_at.desc(), posts::id.desc()))
        .select(Post::as_select())
        .into_boxed();
    if let Some((at, id)) = after {
        let place = (at.time().into_sql::<Timestamptz>(), id.into_sql::<BigInt>());
        query = query.filter(before((posts::created_at, posts::id), place));
    }
    first_rows(query, limit.and_some()).load(&mut conn).await
}
