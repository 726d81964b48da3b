//! Rows of revisions, the present body of the post included. Bodies can be long, so they come only where they are shown.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::first_rows;
use crate::db::schema::revisions;
use crate::ids::MemberId;
use crate::posts::Post;

/// Who made a body of a post, when and why.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = revisions, check_for_backend(Pg))]
pub struct Revision {
    pub number: i64,
    pub edited_by: Option<MemberId>,
    pub edited_at: DateTime<Utc>,
    pub reason: Option<String>,
}

impl Revision {
    /// The present one.
    pub fn present(post: &Post) -> Self {
        Self {
            number: post.version,
            edited_by: if post.last_edit_at.is_some() { post.last_edit_by } else { Some(post.author_id) },
            edited_at: post.last_edit_at.unwrap_or(post.created_at),
            reason: post.last_edit_reason.clone(),
        }
    }

    /// One of a post's revisions, with its body.
    pub async fn find(post: &Post, number: i64, conn: &mut AsyncPgConnection) -> QueryResult<Option<(Self, String)>> {
        if number == post.version {
            return Ok(Some((Self::present(post), post.body.clone())));
        }
        let revision = revisions::table.find((post.thread_id, post.id, number));
        revision.select((Self::as_select(), revisions::body)).first(conn).await.optional()
    }

    /// The first of the earlier ones below a number, the newest first.
    pub async fn below(post: &Post, number: i64, count: i64, conn: &mut AsyncPgConnection) -> QueryResult<Vec<Self>> {
        let query = revisions::table
            .filter(revisions::thread_id.eq(post.thread_id).and(revisions::post_id.eq(post.id)))
            .filter(revisions::number.lt(number))
            .order(revisions::number.desc())
            .select(Self::as_select());
        first_rows(query, count).load(conn).await
    }

    /// The body before a number.
    pub async fn body_before(post: &Post, number: i64, conn: &mut AsyncPgConnection) -> QueryResult<Option<String>> {
        revisions::table
            .filter(revisions::thread_id.eq(post.thread_id).and(revisions::post_id.eq(post.id)))
            .filter(revisions::number.lt(number))
            .order(revisions::number.desc())
            .select(revisions::body)
            .first(conn)
            .await
            .optional()
    }
}
