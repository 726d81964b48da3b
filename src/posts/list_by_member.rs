//! `GET /api/v1/members/{member_id}/posts`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;

use super::model::seen;
use super::outline::{Outline, columns, most_of_each};
use super::view::{Loaded, PostView};
use crate::access::Viewer;
use crate::cache::{Kept, Thing};
use crate::db::keyset::before;
use crate::db::schema::{posts, threads};
use crate::db::{Pool, first_rows};
use crate::error::{Error, OrNotFound};
use crate::ids::{MemberId, PostId};
use crate::members::{Card, MemberPath, MemberView};
use crate::state::State;
use crate::threads::visible;
use crate::web::kept::{self, Fresh};
use crate::web::page::{self, Cursor, ItemsWithMembers, Limit, ListOfItems, Moment, cut, key_of};
use crate::web::query::{CanonicalUrl, Query};

const LIST: &str = "posts of a member";

/// Posts with the cards of the members that they name.
pub type PostList = ItemsWithMembers<PostView, MemberView>;

/// List a member's posts.
///
/// The newest first, from all threads that you may see. Posts that are together too long for the memory of the server are 400
/// `page_too_large`; `detail` then names a `limit` that fits.
#[utoipa::path(tag = "posts", params(MemberPath, ListOfItems),
    responses((status = 200, description = "The posts", body = PostList)), security((), ("bearer" = ["read"])),
    extensions(("x-problems" = json!(["page_too_large"]))))]
#[get("/api/v1/members/{member_id}/posts")]
pub async fn list_posts_by_member(
    request: HttpRequest,
    viewer: Viewer,
    path: Path<MemberPath>,
    query: Query<ListOfItems>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let asked = Asked {
        author: path.member_id,
        limit: query.0.limit.unwrap_or_default(),
        after: key_of(&query.0.cursor, LIST)?,
        viewer: &viewer,
    };
    let cursor = Cursor::read_as(LIST, asked.after.as_ref())?;
    let url = asked.url();
    let key = url.clone().with("cursor", cursor);
    let read = async |db: &Pool| asked.read(&url, &state, db).await;
    let of = [Thing::Member(path.member_id), Thing::Lists];
    kept::read(&request, &key, viewer.is_guest(), Fresh::WithinASecond(&of), read).await
}

/// A part of the list that somebody asks for.
struct Asked<'a> {
    author: MemberId,
    limit: Limit,
    after: Option<(Moment, PostId)>,
    viewer: &'a Viewer,
}

impl Asked<'_> {
    /// The canonical URL of the list, without a cursor.
    fn url(&self) -> CanonicalUrl {
        CanonicalUrl::new(format!("/api/v1/members/{}/posts", self.author)).with("limit", self.limit.unless_usual())
    }

    async fn read(&self, url: &CanonicalUrl, state: &State, db: &Pool) -> Result<Kept, Error> {
        let (limit, viewer, conn) = (self.limit, self.viewer, db.get().await?);
        let (member, mut rows) = try_join!(Card::find(self.author, &conn), self.load(&conn))?;
        member.or_not_found()?;
        let next = cut(&mut rows, limit, LIST, |row| (Moment::from(row.post.created_at), row.post.id))?;
        let needed = Outline::memory(&rows, viewer, "limit")?;
        let (memory, conn) = state.store.held.reserve_beside(needed, conn, || db.get()).await?;
        let loaded = Loaded::new(rows, [], viewer, state.clock.now(), &conn).await?.only_shown(viewer);
        let (url, viewer) = (url.clone(), viewer.clone());
        let size = usize::try_from(loaded.size()).map_err(Error::internal)?;
        drop(conn);
        state.store.answers.run(size, move || Ok(show(&url, loaded, next, &viewer)?.made_in(memory))).await?
    }

    async fn load(&self, mut conn: &AsyncPgConnection) -> QueryResult<Vec<Outline>> {
        let (moderates, count) = (self.viewer.moderates(), self.limit.and_some());
        let mut query = posts::table
            .inner_join(threads::table)
            .filter(posts::author_id.eq(self.author).and(visible(moderates)).and(seen(moderates)))
            .order((posts::created_at.desc(), posts::id.desc()))
            .select(columns(most_of_each(count)))
            .into_boxed();
        if let Some((at, id)) = self.after {
            let place = (at.time().into_sql::<Timestamptz>(), id.into_sql::<BigInt>());
            query = query.filter(before((posts::created_at, posts::id), place));
        }
        Ok(Outline::all(first_rows(query, count).load(&mut conn).await?))
    }
}

fn show(url: &CanonicalUrl, loaded: Loaded, next: Option<String>, viewer: &Viewer) -> Result<Kept, Error> {
    let size = loaded.size();
    let (items, members) = loaded.show(viewer);
    let list = PostList { items, members, next };
    page::kept(url, list.next.as_deref(), kept::json(&list, size)?)
}
