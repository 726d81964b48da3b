//! `GET /api/v1/members/{member_id}`: a member's card.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use super::{MemberPath, MemberView};
use crate::access::Viewer;
use crate::cache::Thing;
use crate::db::Pool;
use crate::error::{Error, OrNotFound};
use crate::state::State;
use crate::web::kept::{self, Fresh};
use crate::web::query::CanonicalUrl;

/// Read a member.
///
/// Anyone may. A deleted member keeps its id, its counts and its rank; name, title, country and picture are null.
#[utoipa::path(tag = "members", params(MemberPath),
    responses((status = 200, description = "The member", body = MemberView)), security((), ("bearer" = ["read"])))]
#[get("/api/v1/members/{member_id}")]
pub async fn read_member(
    request: HttpRequest,
    viewer: Viewer,
    path: Path<MemberPath>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let read = async |db: &Pool| {
        kept::shown_by_bytes(&MemberView::read(path.member_id, state.clock.now(), db).await?.or_not_found()?)
    };
    let of = [Thing::Member(path.member_id), Thing::Lists];
    let url = CanonicalUrl::new(format!("/api/v1/members/{}", path.member_id));
    kept::read(&request, &url, viewer.is_guest(), Fresh::WithinASecond(&of), read).await
}
