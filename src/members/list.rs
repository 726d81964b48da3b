//! `GET /api/v1/members`: the list of members, and the search in it by the beginning of a name.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::rank;
use super::{Card, MemberView};
use crate::access::{Viewer, username_key};
use crate::db::first_rows;
use crate::db::keyset::before;
use crate::db::schema::members;
use crate::error::Error;
use crate::ids::MemberId;
use crate::state::State;
use crate::web::page::{self, Cursor, Items, Limit, Moment};
use crate::web::query::Query;

/// Which members, in which order.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListMembers {
    /// Only names that begin so, without regard to case and compatibility forms: 1 to 200 characters.
    #[serde(default, deserialize_with = "prefix")]
    #[param(value_type = Option<String>, min_length = 1, max_length = 200, example = "no sm")]
    q: Option<String>,
    /// `joined` (the newest first), `posts` and `likes` (the most first) or `username`. Default: `username` with `q`, else
    /// `joined`.
    #[param(inline)]
    sort: Option<Sort>,
    /// How many.
    #[serde(default)]
    #[param(required = false, inline)]
    limit: Limit,
    /// Where to go on: `next` of the page before.
    #[param(inline)]
    cursor: Option<Cursor>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    Joined,
    Posts,
    Likes,
    Username,
}

/// Members, in the order of the list.
pub type MemberList = Items<MemberView>;

/// List members.
///
/// Anyone may. Deleted members are not in it.
#[utoipa::path(tag = "members", params(ListMembers),
    responses((status = 200, description = "Members", body = MemberList)), security((), ("bearer" = ["read"])))]
#[get("/api/v1/members")]
pub async fn list_members(
    request: HttpRequest,
    _: Viewer,
    query: Query<ListMembers>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let ListMembers { q, sort, limit, cursor } = query.0;
    let sort = sort.unwrap_or(if q.is_some() { Sort::Username } else { Sort::Joined });
    let place = Place::read(sort, &cursor)?;
    let conn = &mut state.db.get().await?;
    let mut rows = load(sort, q.as_deref(), place, limit, conn).await?;
    let next = page::cut(&mut rows, limit, sort.list(), |(card, key, _)| Place::of(sort, card, key))?;
    let now = state.clock.now();
    let items = rows.into_iter().map(|(card, _, rank)| MemberView::new(card, rank, now)).collect();
    let list = MemberList { items, next };
    page::answer(&request, list.next.as_deref(), &list)
}

/// Where the list goes on: the sort key of the last member that was shown.
#[derive(Serialize)]
#[serde(untagged)]
enum Place {
    Joined(Moment, MemberId),
    Posts(i64, MemberId),
    Likes(i64, MemberId),
    Username(String),
}

impl Place {
    fn read(sort: Sort, cursor: &Option<Cursor>) -> Result<Option<Self>, Error> {
        let list = sort.list();
        let place = match sort {
            Sort::Joined => page::key_of(cursor, list)?.map(|(at, id)| Self::Joined(at, id)),
            Sort::Posts => page::key_of(cursor, list)?.map(|(count, id)| Self::Posts(count, id)),
            Sort::Likes => page::key_of(cursor, list)?.map(|(count, id)| Self::Likes(count, id)),
            Sort::Username => page::key_of(cursor, list)?.map(Self::Username),
        };
        match &place {
            // PostgreSQL takes no U+0000 in text, so no name has it.
            Some(Self::Username(name)) if name.contains('\0') => Err(Cursor::foreign()),
            _ => Ok(place),
        }
    }

    fn of(sort: Sort, card: &Card, username_key: &str) -> Self {
        match sort {
            Sort::Joined => Self::Joined(card.joined_at.into(), card.id),
            Sort::Posts => Self::Posts(card.posts_shown, card.id),
            Sort::Likes => Self::Likes(card.likes_shown, card.id),
            Sort::Username => Self::Username(username_key.to_owned()),
        }
    }
}

impl Sort {
    /// Under this name cursors are bound to the sort.
    fn list(self) -> &'static str {
        match self {
            Self::Joined => "members by joined",
            Self::Posts => "members by posts",
            Self::Likes => "members by likes",
            Self::Username => "members by username",
        }
    }
}

/// Reads `q` into the beginning of a username's key.
fn prefix<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(input)?;
    let key = username_key(text.trim());
    if (1..=200).contains(&text.trim().chars().count()) && !key.is_empty() {
        return Ok(Some(key));
    }
    Err(serde::de::Error::custom("takes 1 to 200 characters"))
}

type Row = (Card, String, String);

/// One row more than the page has at least.
async fn load(
    sort: Sort,
    prefix: Option<&str>,
    place: Option<Place>,
    limit: Limit,
    conn: &mut AsyncPgConnection,
) -> QueryResult<Vec<Row>> {
    use members::dsl::{deleted_at, id, joined_at, likes_shown, posts_shown, username_key};
    let columns = (Card::as_select(), username_key.assume_not_null(), rank());
    let mut query = members::table.filter(deleted_at.is_null()).select(columns).into_boxed::<Pg>();
    if let Some(prefix) = prefix {
        query = query.filter(username_key.ge(prefix));
        // By name those with this beginning come first, and where they end is seen from them: how many there are would only make
        // PostgreSQL plan for each beginning.
        if sort != Sort::Username {
            // Bytes are compared, and no character comes behind this one: the range of an index, whatever the plan. Raw SQL keeps the
            // statement from being prepared, so PostgreSQL plans it for its values each time.
            query = query.filter(username_key.lt(format!("{prefix}\u{10FFFF}"))).filter(sql::<Bool>("true"));
        }
    }
    query = match place {
        Some(Place::Joined(at, last)) => {
            query.filter(before((joined_at, id), (at.time().into_sql::<Timestamptz>(), last.into_sql::<BigInt>())))
        }
        Some(Place::Posts(count, last)) => {
            query.filter(before((posts_shown, id), (count.into_sql::<BigInt>(), last.into_sql::<BigInt>())))
        }
        Some(Place::Likes(count, last)) => {
            query.filter(before((likes_shown, id), (count.into_sql::<BigInt>(), last.into_sql::<BigInt>())))
        }
        Some(Place::Username(last)) => query.filter(username_key.gt(last)),
        None => query,
    };
    query = match sort {
        Sort::Joined => query.order((joined_at.desc(), id.desc())),
        Sort::Posts => query.order((posts_shown.desc(), id.desc())),
        Sort::Likes => query.order((likes_shown.desc(), id.desc())),
        Sort::Username => query.order(username_key),
    };
    let mut rows: Vec<Row> = first_rows(query, limit.and_some()).load(conn).await?;
    rows.retain(|(_, key, _)| prefix.is_none_or(|prefix| key.starts_with(prefix)));
    Ok(rows)
}
