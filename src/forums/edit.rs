//! `PATCH /api/v1/forums/{forum_id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, patch};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{Forum, ForumKind, ForumPath, Slug, below, must_be_there, settle_position};
use super::view::{ForumView, show};
use crate::access::{AsMember, Role, Signed};
use crate::db::schema::{forums, threads};
use crate::error::{Code, Error, Flaw, OnConstraint, OrNotFound};
use crate::events::{Event, What};
use crate::ids::ForumId;
use crate::state::State;
use crate::web::answer;
use crate::web::body::{self, Body, Flaws, Settle};
use crate::web::etag::{Etag, IfMatch, IfMatchField};
use crate::web::idempotency::Idempotency;
use crate::web::text::{Description, ForumTitle};

/// Changes of a forum: what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"title": "World Defence", "description": null}))]
pub struct EditForum {
    /// Its title.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = ForumTitle, required = false)]
    title: Option<ForumTitle>,
    /// Its name in addresses.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Slug, required = false)]
    slug: Option<Slug>,
    /// What it holds. A forum with threads can not become a category.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = ForumKind, required = false)]
    kind: Option<ForumKind>,
    /// What it is about; null clears.
    #[serde(default, deserialize_with = "body::nullable")]
    #[schema(value_type = Option<Description>, required = false)]
    description: Option<Option<Description>>,
    /// The forum or category to put it in; null makes it a root.
    #[serde(default, deserialize_with = "body::nullable")]
    #[schema(value_type = Option<ForumId>, required = false)]
    parent_id: Option<Option<ForumId>>,
    /// Its place among its siblings.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = u32, minimum = 0, maximum = 1_000_000, required = false)]
    position: Option<u32>,
}

impl Settle for EditForum {
    fn settle(&mut self, flaws: &mut Flaws) {
        flaws.text_if_any("/title", &mut self.title);
        flaws.text_if_any("/slug", &mut self.slug);
        if let Some(description) = &mut self.description {
            flaws.text_if_any("/description", description);
        }
        settle_position(self.position, flaws);
    }
}

#[derive(PartialEq, Default, AsChangeset)]
#[diesel(table_name = forums)]
struct ForumChanges<'a> {
    title: Option<&'a str>,
    slug: Option<&'a str>,
    kind: Option<ForumKind>,
    description: Option<Option<&'a str>>,
    position: Option<i64>,
}

/// Edit a forum.
///
/// For administrators. A body without fields changes nothing.
#[utoipa::path(tag = "forums", params(ForumPath, IfMatchField), request_body = EditForum,
    responses((status = 200, description = "The forum after it", body = ForumView)),
    security(("bearer" = ["admin"])),
    extensions(("x-problems" = json!(["insufficient_role", "slug_taken", "forum_not_empty"]))))]
#[patch("/api/v1/forums/{forum_id}")]
pub async fn edit_forum(
    caller: AsMember,
    path: Path<ForumPath>,
    if_match: IfMatch,
    body: Body<EditForum>,
    idempotency: Idempotency,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let id = path.forum_id;
    let work = async |caller: &Signed, conn: &mut _| {
        must_be_there(body.parent_id.flatten(), conn).await?;
        Forum::find(id, conn).await?.or_not_found()?;
        caller.must_be(Role::Admin)?;
        // Who may not edit it waits for nobody.
        Forum::lock_tree(conn).await?;
        let mut branch = Forum::lock_branch(id, conn).await?;
        let at = branch.iter().position(|forum| forum.id == id).or_not_found()?;
        let forum = branch.swap_remove(at);
        if_match.check(forum.version)?;
        update(forum, branch, &body, conn).await
    };
    let show = async |_: &_, (), conn: &mut _| {
        let forum = show(Forum::find(id, conn).await?.or_not_found()?);
        Ok(answer::shown(&Etag::versioned(forum.version, &forum, &state.secret)?, &forum))
    };
    let may_replay = async |caller: &Signed, _, _: &mut _| caller.must_be(Role::Admin);
    caller.write_once(idempotency, &state, work, show, may_replay).await
}

async fn update(
    forum: Forum,
    descendants: Vec<Forum>,
    body: &EditForum,
    conn: &mut AsyncPgConnection,
) -> Result<(), Error> {
    if body.kind == Some(ForumKind::Category) && has_threads(forum.id, conn).await? {
        return Err(Error::new(Code::ForumNotEmpty, "a category holds no threads"));
    }
    let parent = body.parent_id;
    if let Some(parent) = parent {
        put_below(&forum, descendants, parent, conn).await?;
    }
    let changes = ForumChanges {
        title: body.title.as_ref().map(ForumTitle::as_str),
        slug: body.slug.as_ref().map(|slug| slug.0.as_str()),
        kind: body.kind,
        description: body.description.as_ref().map(|d| d.as_ref().map(Description::as_str)),
        position: body.position.map(i64::from),
    };
    if parent.is_none() && changes == ForumChanges::default() {
        return Ok(());
    }
    diesel::update(forums::table.find(forum.id))
        .set((changes, forums::version.eq(forums::version + 1)))
        .execute(conn)
        .await
        .on_constraint("forums_slug_key", || Error::new(Code::SlugTaken, "another forum has this slug"))?;
    Ok(Event::of_forum(What::ForumEdited, forum.id).record(conn).await?)
}

async fn has_threads(forum: ForumId, conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(threads::table.filter(threads::forum_id.eq(forum)))).get_result(conn).await
}

/// Puts a forum, and with it all that is below it, under another one.
async fn put_below(
    forum: &Forum,
    descendants: Vec<Forum>,
    parent: Option<ForumId>,
    conn: &mut AsyncPgConnection,
) -> Result<(), Error> {
    let ancestors = below(parent, Some(forum.id), conn).await?;
    let own = forum.ancestors.len();
    if descendants.iter().any(|forum| ancestors.len() + forum.ancestors.len() - own >= super::model::MAX_DEPTH) {
        return Err(Error::flaw("/parent_id", Flaw::TooDeep, "what is below it would stand more than 10 deep"));
    }
    diesel::update(forums::table.find(forum.id))
        .set((forums::parent_id.eq(parent), forums::ancestors.eq(&ancestors)))
        .execute(conn)
        .await?;
    // Below it, what led to it is replaced by what leads to it now.
    let sql = "UPDATE forums SET ancestors = $1 || ancestors[cardinality($2) + 1:] WHERE ancestors @> ARRAY[$3]";
    diesel::sql_query(sql)
        .bind::<Array<BigInt>, _>(&ancestors)
        .bind::<Array<BigInt>, _>(&forum.ancestors)
        .bind::<BigInt, _>(forum.id)
        .execute(conn)
        .await?;
    Ok(())
}
