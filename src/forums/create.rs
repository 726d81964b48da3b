//! `POST /api/v1/forums`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{Forum, ForumKind, Slug, below, must_be_there, settle_position};
use super::view::{ForumView, show};
use crate::access::{AsMember, Role, Signed};
use crate::db::schema::forums;
use crate::error::{Code, Error, OnConstraint, OrNotFound};
use crate::events::{Event, What};
use crate::ids::{ForumId, MemberId};
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle};
use crate::web::etag::Etag;
use crate::web::idempotency::Idempotency;
use crate::web::text::{Description, ForumTitle};

/// A new forum.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"title": "Global Defence", "slug": "global-defence", "kind": "forum"}))]
pub struct CreateForum {
    /// Its title.
    title: ForumTitle,
    /// Its name in addresses: unique among forums.
    slug: Slug,
    /// What it holds.
    kind: ForumKind,
    /// What it is about.
    description: Option<Description>,
    /// The forum or category to put it in; a root without.
    parent_id: Option<ForumId>,
    /// Its place among its siblings, from small to large.
    #[schema(minimum = 0, maximum = 1_000_000, default = 0)]
    position: Option<u32>,
}

impl Settle for CreateForum {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text("/title", &mut self.title);
        flaws.text("/slug", &mut self.slug);
        flaws.text_if_any("/description", &mut self.description);
        settle_position(self.position, flaws);
    }
}

/// Make a forum.
///
/// For administrators. Forums stand at most 10 deep.
#[utoipa::path(tag = "forums", request_body = CreateForum,
    responses((status = 201, description = "The new forum", body = ForumView)),
    security(("bearer" = ["admin"])), extensions(("x-problems" = json!(["insufficient_role", "slug_taken"]))))]
#[post("/api/v1/forums")]
pub async fn create_forum(
    caller: AsMember,
    body: Body<CreateForum>,
    idempotency: Idempotency,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let work = async |caller: &Signed, conn: &mut _| {
        // A parent that is not there is told before a role that is missing.
        must_be_there(body.parent_id, conn).await?;
        caller.must_be(Role::Admin)?;
        insert(&body, caller.member_id, conn).await
    };
    let show = async |_: &_, id, conn: &mut _| {
        let forum = show(Forum::find(id, conn).await?.or_not_found()?);
        let etag = Etag::versioned(forum.version, &forum, &state.secret)?;
        Ok(answer::created(format!("/api/v1/forums/{id}"), &etag, &forum))
    };
    let may_replay = async |caller: &Signed, _, _: &mut _| caller.must_be(Role::Admin);
    caller.write_once(idempotency, &state, work, show, may_replay).await
}

async fn insert(body: &CreateForum, by: MemberId, conn: &mut AsyncPgConnection) -> Result<ForumId, Error> {
    Forum::lock_tree(conn).await?;
    let ancestors = below(body.parent_id, None, conn).await?;
    let forum = diesel::insert_into(forums::table)
        .values((
            forums::slug.eq(&body.slug.0),
            forums::title.eq(body.title.as_str()),
            forums::description.eq(body.description.as_ref().map(Description::as_str)),
            forums::parent_id.eq(body.parent_id),
            forums::ancestors.eq(ancestors),
            forums::kind.eq(body.kind),
            forums::position.eq(i64::from(body.position.unwrap_or(0))),
        ))
        .returning(forums::id)
        .get_result(conn)
        .await
        .on_constraint("forums_slug_key", || Error::new(Code::SlugTaken, "another forum has this slug"))?;
    Event::of_forum(What::ForumCreated, forum).by(by).record(conn).await?;
    Ok(forum)
}
