//! The first start: a forum and an administrator, where there are neither members nor forums.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use crate::access::{Passwords, Role};
use crate::db::schema::{forums, members, site};
use crate::error::Error;
use crate::forums::{Forum, ForumKind};
use crate::ids::{ForumId, MemberId};
use crate::state::State;

/// Gives the administrator's password if it was made up here.
pub async fn run(state: &State, password: Option<&str>) -> Result<Option<String>, String> {
    first_start(state, password).await.map_err(|e| e.to_string())
}

async fn first_start(state: &State, given: Option<&str>) -> Result<Option<String>, Error> {
    let conn = &mut state.db.get().await?;
    if !is_empty(conn).await? {
        return Ok(None);
    }
    let made_up = BASE64_URL_SAFE_NO_PAD.encode(state.random.bytes::<12>()?);
    let hash = Passwords::new().hash(given.unwrap_or(&made_up)).await?;
    let made = conn.transaction(async |conn| fill(state, hash, conn).await).await?;
    Ok((made && given.is_none()).then_some(made_up))
}

async fn is_empty(conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let members: i64 = members::table.count().get_result(conn).await?;
    let forums: i64 = forums::table.count().get_result(conn).await?;
    Ok(members == 0 && forums == 0)
}

/// False where another node was faster.
async fn fill(state: &State, password_hash: String, conn: &mut AsyncPgConnection) -> Result<bool, Error> {
    Forum::lock_tree(conn).await?;
    if !is_empty(conn).await? {
        return Ok(false);
    }
    let forum: ForumId = diesel::insert_into(forums::table)
        .values((forums::slug.eq("general"), forums::title.eq("General"), forums::kind.eq(ForumKind::Forum)))
        .returning(forums::id)
        .get_result(conn)
        .await?;
    let admin: MemberId = diesel::insert_into(members::table)
        .values((
            members::username.eq("admin"),
            members::username_key.eq("admin"),
            members::password_hash.eq(password_hash),
            members::role.eq(Role::Admin),
            members::joined_at.eq(state.clock.now()),
        ))
        .returning(members::id)
        .get_result(conn)
        .await?;
    diesel::update(site::table)
        .set((site::first_forum_id.eq(forum.0), site::first_member_id.eq(admin.0)))
        .execute(conn)
        .await?;
    Ok(true)
}
