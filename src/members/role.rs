//! `PUT /api/v1/members/{member_id}/role`: who keeps order, who runs the place.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, put};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MemberPath, MemberView, Subject};
use crate::access::{AsMember, Role};
use crate::db::transaction;
use crate::error::{Error, OrNotFound};
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::etag::Etag;

/// A role to give.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"role": "moderator"}))]
pub struct SetMemberRole {
    /// The new role.
    role: Role,
}

impl Settle for SetMemberRole {
    fn settle(&mut self, _: &mut Flaws) {}
}

/// Set a member's role.
///
/// Administrators may; not their own, and not that of another administrator. It holds from the next request on.
#[utoipa::path(tag = "members", params(MemberPath), request_body = SetMemberRole,
    responses((status = 200, description = "The member", body = MemberView)), security(("bearer" = ["admin"])),
    extensions(("x-problems" = json!(["insufficient_role", "same_or_higher_role"]))))]
#[put("/api/v1/members/{member_id}/role")]
pub async fn set_member_role(
    caller: AsMember,
    path: Path<MemberPath>,
    body: Body<SetMemberRole>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    let member = transaction(conn, async |conn| {
        let member = Subject::lock(path.member_id, conn).await?.or_not_found()?;
        caller.must_be(Role::Admin)?;
        member.must_be_below(&caller)?;
        super::model::give_role(member.id, body.role, conn).await?;
        MemberView::find(member.id, state.clock.now(), conn).await?.or_not_found()
    })
    .await?;
    Ok(answer::shown(&Etag::of(&member)?, &member))
}
