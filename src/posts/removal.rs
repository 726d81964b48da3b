//! What a post that goes, or comes back, changes around it.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::Post;
use crate::db::schema::{posts, threads};
use crate::ids::{MemberId, PostId};
use crate::threads::Thread;
use crate::{forums, members};

/// Counts a post that went (-1) or came back (1): in its thread, in the forum unless the thread is deleted, and in its author's
/// counts. Thread and post are held.
pub async fn recount(thread: &Thread, post: &Post, by: i64, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let last: Option<(PostId, i64, MemberId, chrono::DateTime<chrono::Utc>)> = posts::table
        .filter(posts::thread_id.eq(thread.id).and(posts::deleted_at.is_null()))
        .order(posts::position.desc())
        .select((posts::id, posts::position, posts::author_id, posts::created_at))
        .first(conn)
        .await
        .optional()?;
    diesel::update(threads::table.find(thread.id))
        .set((
            threads::post_count.eq(threads::post_count + by),
            threads::like_count.eq(threads::like_count + by * post.like_count),
            threads::page_version.eq(threads::page_version + 1),
            threads::last_post_id.eq(last.map(|(id, ..)| id)),
            threads::last_post_position.eq(last.map(|(_, position, ..)| position)),
            threads::last_post_author_id.eq(last.map(|(_, _, author, _)| author)),
            threads::last_post_at.eq(last.map_or(thread.created_at, |(.., at)| at)),
        ))
        .execute(conn)
        .await?;
    if thread.deleted_at.is_none() {
        forums::recount(thread.forum_id, 0, by, conn).await?;
    }
    members::count(post.author_id, by, by * post.like_count, conn).await?;
    Ok(())
}
