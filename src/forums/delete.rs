//! `DELETE /api/v1/forums/{forum_id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Forum, ForumPath};
use crate::access::{AsMember, Role};
use crate::db::schema::forums;
use crate::error::{Code, Error, OnConstraint, OrNotFound};
use crate::events::{Event, What};
use crate::ids::ForumId;
use crate::state::State;
use crate::web::answer;

/// Delete a forum.
///
/// For administrators. Only an empty one: without threads, deleted ones included, and without forums below it.
#[utoipa::path(tag = "forums", params(ForumPath), responses((status = 204, description = "It is gone")),
    security(("bearer" = ["admin"])), extensions(("x-problems" = json!(["insufficient_role", "forum_not_empty"]))))]
#[delete("/api/v1/forums/{forum_id}")]
pub async fn delete_forum(caller: AsMember, path: Path<ForumPath>, state: Data<State>) -> Result<HttpResponse, Error> {
    caller
        .write(&state, async |caller, conn| {
            Forum::find(path.forum_id, conn).await?.or_not_found()?;
            caller.must_be(Role::Admin)?;
            // A forum that is being put into this one must not find it gone. The lock comes after the check of the role: a
            // refused caller does not wait.
            Forum::lock_tree(conn).await?;
            Forum::find(path.forum_id, conn).await?.or_not_found()?;
            remove(path.forum_id, conn).await
        })
        .await?;
    Ok(answer::gone())
}

async fn remove(forum: ForumId, conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let not_empty = |what: &str| Error::new(Code::ForumNotEmpty, format!("there are {what} in it"));
    let has_forums = forums::table.filter(forums::parent_id.eq(forum));
    if diesel::select(diesel::dsl::exists(has_forums)).get_result(conn).await? {
        return Err(not_empty("forums"));
    }
    let deleted = diesel::delete(forums::table.find(forum)).execute(conn).await;
    deleted.on_constraint("threads_forum_id_fkey", || not_empty("threads"))?;
    Ok(Event::of_forum(What::ForumDeleted, forum).record(conn).await?)
}
