//! `PUT` and `DELETE /api/v1/members/{member_id}/suspension`: who may not sign in for now.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, put};
use chrono::{DateTime, Duration, SubsecRound, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MemberPath, MemberView, Subject};
use crate::access::{AsMember, Role, Signed};
use crate::db::schema::members;
use crate::error::{Error, Flaw, OrNotFound};
use crate::events::{Event, What};
use crate::ids::MemberId;
use crate::state::State;
use crate::web::answer;
use crate::web::body::{self, Body, Flaws, Settle};
use crate::web::etag::Etag;
use crate::web::text::Reason;
use crate::{sessions, tokens};

/// The longest suspension that has an end: a hundred years. One without an end is for what is longer.
const LONGEST: Duration = Duration::days(36_525);

/// A suspension.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"reason": "advertising", "until": "2039-04-02T00:00:00Z"}))]
pub struct SuspendMember {
    /// Why: told to the member when it tries to sign in.
    reason: Reason,
    /// When it ends by itself, within a hundred years; absent or null: when it is taken back.
    #[serde(default, deserialize_with = "body::any_time")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    until: Option<DateTime<Utc>>,
}

impl Settle for SuspendMember {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text("/reason", &mut self.reason);
        self.until = self.until.map(|until| until.trunc_subsecs(6));
    }
}

/// Suspend a member.
///
/// Moderators may, where the member's role is below theirs. It is signed out everywhere at once, its personal
/// tokens end, and it can not sign in until the suspension ends. Again with another reason or end: these hold from now on.
#[utoipa::path(tag = "members", params(MemberPath), request_body = SuspendMember,
    responses((status = 200, description = "The member", body = MemberView)), security(("bearer" = ["moderate"])),
    extensions(("x-problems" = json!(["insufficient_role", "same_or_higher_role"]))))]
#[put("/api/v1/members/{member_id}/suspension")]
pub async fn suspend_member(
    caller: AsMember,
    path: Path<MemberPath>,
    body: Body<SuspendMember>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let now = state.clock.now();
    if body.until.is_some_and(|until| until <= now || until > now + LONGEST) {
        return Err(Error::flaw("/until", Flaw::Invalid, "the end lies in the future, within a hundred years"));
    }
    let suspend = async |caller: &Signed, conn: &mut _| {
        let member = Subject::lock_out(path.member_id, caller, Role::Moderator, conn).await?;
        let since = member.suspended_at.filter(|_| member.is_suspended(now)).unwrap_or(now);
        suspend(member.id, &body, caller.member_id, since, conn).await?;
        sessions::end_all(member.id, now, conn).await?;
        tokens::end_all(member.id, conn).await?;
        show(member.id, now, conn).await
    };
    caller.write(&state, suspend).await
}

/// Take a suspension back.
///
/// Moderators may, where the member's role is below theirs. The member can sign in again at once.
#[utoipa::path(tag = "members", params(MemberPath),
    responses((status = 200, description = "The member", body = MemberView)), security(("bearer" = ["moderate"])),
    extensions(("x-problems" = json!(["insufficient_role", "same_or_higher_role"]))))]
#[delete("/api/v1/members/{member_id}/suspension")]
pub async fn unsuspend_member(
    caller: AsMember,
    path: Path<MemberPath>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let unsuspend = async |caller: &Signed, conn: &mut _| {
        let member = Subject::lock(path.member_id, conn).await?.or_not_found()?;
        caller.must_be(Role::Moderator)?;
        member.must_be_below(caller)?;
        unsuspend(member.id, caller.member_id, conn).await?;
        show(member.id, state.clock.now(), conn).await
    };
    caller.write(&state, unsuspend).await
}

async fn suspend(
    id: MemberId,
    suspension: &SuspendMember,
    by: MemberId,
    since: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<()> {
    let suspended = (
        members::suspended_at.eq(since),
        members::suspended_until.eq(suspension.until),
        members::suspend_reason.eq(suspension.reason.as_str()),
        members::suspended_by.eq(by),
    );
    diesel::update(members::table.find(id)).set(suspended).execute(conn).await?;
    Event::of_member(What::MemberSuspended, id).by(by).record(conn).await
}

async fn unsuspend(id: MemberId, by: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let free = (
        members::suspended_at.eq(None::<DateTime<Utc>>),
        members::suspended_until.eq(None::<DateTime<Utc>>),
        members::suspend_reason.eq(None::<&str>),
        members::suspended_by.eq(None::<MemberId>),
    );
    diesel::update(members::table.find(id)).set(free).execute(conn).await?;
    Event::of_member(What::MemberUnsuspended, id).by(by).record(conn).await
}

async fn show(id: MemberId, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> Result<HttpResponse, Error> {
    let member = MemberView::find(id, now, conn).await?.or_not_found()?;
    Ok(answer::shown(&Etag::of(&member)?, &member))
}
