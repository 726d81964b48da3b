//! `PUT /api/v1/members/{member_id}/role`: who keeps order, who runs the place.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, put};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MemberPath, MemberView, Subject};
use crate::access::{AsMember, Role, Signed};
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
/// Administrators may; not their own, and not that of another administrator. The role holds at once: after this response no
/// write is accepted that needs a role which was taken away. A suspended member cannot be made moderator or administrator:
/// 409 `member_suspended`.
#[utoipa::path(tag = "members", params(MemberPath), request_body = SetMemberRole,
    responses((status = 200, description = "The member", body = MemberView)), security(("bearer" = ["admin"])),
    extensions(("x-problems" = json!(["insufficient_role", "same_or_higher_role", "member_suspended"]))))]
#[put("/api/v1/members/{member_id}/role")]
pub async fn set_member_role(
    caller: AsMember,
    path: Path<MemberPath>,
    body: Body<SetMemberRole>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let now = state.clock.now();
    let set = async |caller: &Signed, conn: &mut _| {
        let member = Subject::lock_out(path.member_id, caller, Role::Admin, conn).await?;
        member.may_get(body.role, now)?;
        super::model::give_role(member.id, body.role, conn).await?;
        MemberView::find(member.id, now, conn).await?.or_not_found()
    };
    let member = caller.write(&state, set).await?;
    Ok(answer::shown(&Etag::of(&member)?, &member))
}
