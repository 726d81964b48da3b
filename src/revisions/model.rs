//! Rows of revisions, the present body of the post included.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::schema::revisions;
use crate::ids::MemberId;
use crate::posts::Post;

/// A body of a post, and who made it, when and why.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = revisions, check_for_backend(Pg))]
pub struct Revision {
    pub number: i64,
    pub body: String,
    pub edited_by: Option<MemberId>,
    pub edited_at: DateTime<Utc>,
    pub reason: Option<String>,
}

impl Revision {
    /// The present body.
    pub fn present(post: &Post) -> Self {
        Self {
            number: post.version,
            body: post.body.clone(),
            edited_by: if post.last_edit_at.is_some() { post.last_edit_by } else { Some(post.author_id) },
            edited_at: post.last_edit_at.unwrap_or(post.created_at),
            reason: post.last_edit_reason.clone(),
        }
    }

    /// One of a post's bodies.
    pub async fn find(post: &Post, number: i64, conn: &mut AsyncPgConnection) -> QueryResult<Option<Self>> {
        if number == post.version {
            return Ok(Some(Self::present(post)));
        }
        revisions::table.find((post.thread_id, post.id, number)).select(Self::as_select()).first(conn).await.optional()
    }

    /// The earlier bodies below a number, the newest first.
    pub async fn below(post: &Post, number: i64, most: i64, conn: &mut AsyncPgConnection) -> QueryResult<Vec<Self>> {
        revisions::table
            .filter(revisions::thread_id.eq(post.thread_id).and(revisions::post_id.eq(post.id)))
            .filter(revisions::number.lt(number))
            .order(revisions::number.desc())
            .select(Self::as_select())
            .limit(most)
            .load(conn)
            .await
    }
}
