//! `GET /api/v1/members/{member_id}/threads`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use futures_util::{TryFutureExt, try_join};

use super::listing::{Listing, ThreadList, ThreadSort};
use crate::access::Viewer;
use crate::error::{Error, OrNotFound};
use crate::members::{Card, MemberPath};
use crate::state::State;
use crate::web::page::{self, ListOfItems};
use crate::web::query::Query;

/// List a member's threads.
///
/// Those that it started, the newest first.
#[utoipa::path(tag = "threads", params(MemberPath, ListOfItems),
    responses((status = 200, description = "The threads", body = ThreadList)), security((), ("bearer" = ["read"])))]
#[get("/api/v1/members/{member_id}/threads")]
pub async fn list_threads_by_member(
    request: HttpRequest,
    viewer: Viewer,
    path: Path<MemberPath>,
    query: Query<ListOfItems>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let listing = Listing {
        author: Some(path.member_id),
        sort: ThreadSort::Newest,
        limit: query.0.limit.unwrap_or_default(),
        cursor: query.0.cursor,
        ..Listing::default()
    };
    // A cursor that is wrong is told without the database.
    listing.after()?;
    let conn = &state.db.get().await?;
    let member = Card::find(path.member_id, conn).err_into();
    let (member, list) = try_join!(member, listing.load(&viewer, state.clock.now(), conn))?;
    member.or_not_found()?;
    page::answer(&request, list.next.as_deref(), &list)
}
