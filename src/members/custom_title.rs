//! `PUT /api/v1/members/{member_id}/custom-title`: a title for one member alone.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, put};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MemberPath, MemberView, Subject};
use crate::access::{AsMember, Role, Signed};
use crate::db::schema::members;
use crate::error::{Error, OrNotFound};
use crate::events::{Event, What};
use crate::ids::MemberId;
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::etag::Etag;
use crate::web::text::CustomTitle;

/// A title to give, or null to take it away.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"custom_title": "STABLE GENIUS"}))]
pub struct SetCustomTitle {
    /// The title; null for none.
    // Without a function of its own, a field that may be null may be absent too.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    custom_title: Option<CustomTitle>,
}

impl Settle for SetCustomTitle {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text_if_any("/custom_title", &mut self.custom_title);
    }
}

/// Set a member's custom title.
///
/// Moderators may. It stands beside the rank.
#[utoipa::path(tag = "members", params(MemberPath), request_body = SetCustomTitle,
    responses((status = 200, description = "The member", body = MemberView)), security(("bearer" = ["moderate"])),
    extensions(("x-problems" = json!(["insufficient_role"]))))]
#[put("/api/v1/members/{member_id}/custom-title")]
pub async fn set_custom_title(
    caller: AsMember,
    path: Path<MemberPath>,
    body: Body<SetCustomTitle>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let set = async |caller: &Signed, conn: &mut _| {
        // Found first: whether the caller may is told only of what is there.
        let member = Subject::lock(path.member_id, conn).await?.or_not_found()?;
        caller.must_be(Role::Moderator)?;
        set(member.id, body.custom_title.as_ref(), caller.member_id, conn).await?;
        MemberView::find(member.id, state.clock.now(), conn).await?.or_not_found()
    };
    let member = caller.write(&state, set).await?;
    Ok(answer::shown(&Etag::of(&member)?, &member))
}

async fn set(id: MemberId, title: Option<&CustomTitle>, by: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let title = members::custom_title.eq(title.map(CustomTitle::as_str));
    diesel::update(members::table.find(id)).set(title).execute(conn).await?;
    Event::of_member(What::MemberEdited, id).by(by).record(conn).await
}
