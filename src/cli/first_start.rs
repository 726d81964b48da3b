//! The first start: a forum and an administrator, where there are neither members nor forums.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use crate::access::{Passwords, Role, flaw_of_password};
use crate::db::schema::{self, forums, site};
use crate::error::Error;
use crate::forums::{Forum, ForumKind};
use crate::ids::ForumId;
use crate::members::{self, NewMember};
use crate::state::State;
use crate::web::text::Password;

/// Gives the administrator's password if it was made up here.
pub async fn run(state: &State, password: Option<&str>) -> Result<Option<String>, String> {
    if let Some(Err(flaw)) = password.map(Password::new) {
        return Err(format!("--admin-password: {}", flaw.detail));
    }
    if let Some((_, detail)) = password.and_then(|password| flaw_of_password(password, Some("admin"))) {
        return Err(format!("--admin-password: {detail}"));
    }
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
    let members: bool =
        diesel::select(exists(schema::members::table.select(schema::members::id))).get_result(conn).await?;
    let forums: bool = diesel::select(exists(forums::table.select(forums::id))).get_result(conn).await?;
    Ok(!members && !forums)
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
    let admin = NewMember {
        username: "admin",
        password_hash: &password_hash,
        email: None,
        country: None,
        role: Role::Admin,
        joined_at: state.clock.now(),
    };
    let admin = members::create(&admin, conn).await?;
    diesel::update(site::table)
        .set((site::first_forum_id.eq(forum.0), site::first_member_id.eq(admin.0)))
        .execute(conn)
        .await?;
    Ok(true)
}
