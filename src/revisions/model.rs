//! Rows of revisions, the present body of the post included. Bodies can be long, so they come only where they are shown.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;

use crate::db::schema::{posts, revisions};
use crate::db::{first_rows, fixed};
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

    /// The size in bytes of a body and of the one before it, to reserve memory before they are loaded.
    pub async fn sizes(post: &Post, number: i64, conn: &AsyncPgConnection) -> QueryResult<u64> {
        let (mut first, mut second, mut third) = (conn, conn, conn);
        let length = || fixed::<BigInt>("octet_length(body)::bigint");
        let of_post = revisions::thread_id.eq(post.thread_id).and(revisions::post_id.eq(post.id));
        let present = posts::table.find((post.thread_id, post.id)).filter(posts::version.eq(number)).select(length());
        let revision = revisions::table.find((post.thread_id, post.id, number)).select(length());
        let before = revisions::table.filter(of_post.and(revisions::number.lt(number)));
        let before = before.order(revisions::number.desc()).select(length());
        let (present, revision, before) = try_join!(
            async { present.first::<i64>(&mut first).await.optional() },
            async { revision.first::<i64>(&mut second).await.optional() },
            async { before.first::<i64>(&mut third).await.optional() },
        )?;
        let sizes = [present, revision, before].into_iter().flatten();
        Ok(sizes.filter_map(|size| u64::try_from(size).ok()).sum())
    }

    /// One of a post's revisions, with its body.
    pub async fn find(post: &Post, number: i64, conn: &mut AsyncPgConnection) -> QueryResult<Option<(Self, String)>> {
        if number == post.version {
            let body = posts::table.find((post.thread_id, post.id)).filter(posts::version.eq(number));
            if let Some(body) = body.select(posts::body).first(conn).await.optional()? {
                return Ok(Some((Self::present(post), body)));
            }
            // An edit since the post was read has made it an earlier revision.
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
