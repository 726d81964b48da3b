//! `GET /api/v1/members/{member_id}`: a member's card.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};

use super::{MemberPath, MemberView};
use crate::access::Viewer;
use crate::error::{Error, OrNotFound};
use crate::state::State;

/// Read a member.
///
/// Anyone may. A deleted member keeps its id, its counts and its rank; name, title, country and picture are null.
#[utoipa::path(tag = "members", params(MemberPath),
    responses((status = 200, description = "The member", body = MemberView)), security((), ("bearer" = ["read"])))]
#[get("/api/v1/members/{member_id}")]
pub async fn read_member(_: Viewer, path: Path<MemberPath>, state: Data<State>) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    let member = MemberView::find(path.member_id, state.clock.now(), conn).await?.or_not_found()?;
    Ok(HttpResponse::Ok().json(member))
}
