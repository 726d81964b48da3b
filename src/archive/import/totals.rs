//! The totals that a file gives of members who were here before: set anew at the end of a run, when all of its rows are in.
//! (Those of a new member begin as what is elsewhere, and what comes as a row is taken off.)

use tokio_postgres::Client;

use super::source::Source;
use crate::archive::error::ImportError;
use crate::archive::line::MemberLine;

/// What lines gave, by member. Three numbers a member are kept until the end, and no rows.
#[derive(Default)]
pub struct Totals {
    members: Vec<i64>,
    posts: Vec<Option<i64>>,
    likes: Vec<Option<i64>>,
}

/// Set in one transaction.
const CHUNK: usize = 5_000;

/// What is to be elsewhere of whom, where it is not so. Only posts that came from the source and are not deleted are its rows;
/// likes do not tell where they came from, so those of its posts count, and nothing that is elsewhere is taken away for them:
/// a like that was given here stays one more.
const DIFFERING: &str = "SELECT id, new.posts, new.likes \
    FROM (SELECT DISTINCT ON (id) * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) \
            WITH ORDINALITY AS given (id, posts, likes, line) ORDER BY id, line DESC) AS given \
        JOIN members USING (id) \
        LEFT JOIN (SELECT author_id, count(*) AS posts, sum(like_count)::bigint AS likes \
            FROM archive_ids JOIN posts ON posts.id = our_id \
            WHERE source = $1 AND archive_ids.kind = 'post' AND present AND deleted_at IS NULL \
            GROUP BY author_id) AS came ON came.author_id = id, \
        LATERAL (SELECT coalesce(greatest(0, given.posts - coalesce(came.posts, 0)), posts_elsewhere) AS posts, \
            greatest(likes_elsewhere, given.likes - coalesce(came.likes, 0)) AS likes) AS new \
    WHERE (posts_elsewhere, likes_elsewhere) <> (new.posts, new.likes) ORDER BY id";

impl Totals {
    /// Notes what a line gives.
    pub fn note(&mut self, member_id: i64, line: &MemberLine) {
        if line.post_count.is_some() || line.likes_received.is_some() {
            self.members.push(member_id);
            self.posts.push(line.post_count);
            self.likes.push(line.likes_received);
        }
    }

    /// Adds those of one more batch.
    pub fn add(&mut self, mut more: Self) {
        self.members.append(&mut more.members);
        self.posts.append(&mut more.posts);
        self.likes.append(&mut more.likes);
    }

    /// Sets what is elsewhere. What somebody deletes in this very moment counts at the next run.
    pub async fn set(&self, source: &Source, client: &mut Client) -> Result<(), ImportError> {
        if self.members.is_empty() {
            return Ok(());
        }
        let tx = client.transaction().await?;
        crate::db::look_at_all(&tx).await?;
        let rows = tx.query(DIFFERING, &[&source.name, &self.members, &self.posts, &self.likes]).await?;
        tx.commit().await?;
        for rows in rows.chunks(CHUNK) {
            let each = |column: usize| -> Vec<i64> { rows.iter().map(|row| row.get(column)).collect() };
            let ids = each(0);
            let tx = client.transaction().await?;
            tx.execute("SELECT id FROM members WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE", &[&ids]).await?;
            let sql = "UPDATE members SET posts_elsewhere = new.posts, likes_elsewhere = new.likes \
                       FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS new (id, posts, likes) \
                       WHERE members.id = new.id";
            tx.execute(sql, &[&ids, &each(1), &each(2)]).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
