//! What is there already of what a batch speaks of: loaded at its beginning, held until its end.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

use super::ids::{Ids, Kind};
use super::parse::Numbered;
use crate::access::username_key;
use crate::archive::error::ImportError;
use crate::archive::line::Line;
use crate::web::identity::Email;

/// A forum, as far as what hangs on it must know it.
pub struct Forum {
    pub ancestors: Vec<i64>,
    pub is_category: bool,
}

/// A thread's counters.
pub struct Thread {
    pub forum_id: i64,
    pub deleted: bool,
    pub post_count: i64,
    pub like_count: i64,
    pub highest_position: i64,
    pub last_post: Option<LastPost>,
    pub last_post_at: DateTime<Utc>,
    /// It was there before this batch.
    pub is_old: bool,
    /// This batch has changed it.
    pub is_touched: bool,
}

/// A thread's last post that is not deleted.
pub struct LastPost {
    pub id: i64,
    pub position: i64,
    pub author_id: i64,
}

/// A post that was there before this batch.
pub struct Post {
    pub thread_id: i64,
    pub author_id: i64,
    pub deleted: bool,
    /// Its revisions and one.
    pub version: i64,
    pub edit_count: i64,
    /// Likes that this batch adds.
    pub new_likes: i64,
    pub is_touched: bool,
}

/// What is there.
#[derive(Default)]
pub struct Ground {
    pub forums: HashMap<i64, Forum>,
    pub threads: HashMap<i64, Thread>,
    pub posts: HashMap<i64, Post>,
    /// Post and member.
    pub likes: HashSet<(i64, i64)>,
    pub usernames: HashSet<String>,
    /// Verified ones.
    pub emails: HashSet<String>,
    pub slugs: HashSet<String>,
    /// Names by the count from which they hold.
    pub ranks: HashMap<i64, String>,
    /// Nobody has used the forum nor touched its ladder, so an archive's takes its place.
    pub ladder_gives_way: bool,
}

/// What the schema begins with, where there are no threads.
const LADDER_IS_NEW: &str = "SELECT NOT EXISTS (SELECT FROM threads) \
    AND array_agg(from_posts || name ORDER BY from_posts) \
        = ARRAY['0New Member', '100Regular Member', '1000Senior Member'] FROM ranks";

impl Ground {
    /// Loads it, with the threads and posts locked.
    pub async fn load(ids: &Ids, lines: &[Numbered], tx: &Transaction<'_>) -> Result<Self, ImportError> {
        let mut ground = Self::default();
        ground.load_names(lines, tx).await?;
        if lines.iter().any(|line| matches!(line.line, Line::Rank(_))) {
            let ranks = tx.query("SELECT from_posts, name FROM ranks", &[]).await?;
            ground.ranks = ranks.iter().map(|row| (row.get(0), row.get(1))).collect();
            ground.ladder_gives_way = tx.query_one(LADDER_IS_NEW, &[]).await?.get(0);
        }
        let sql = "SELECT id, ancestors, kind = 'category' FROM forums WHERE id = ANY ($1)";
        for row in tx.query(sql, &[&ids.there(Kind::Forum)]).await? {
            ground.forums.insert(row.get(0), Forum { ancestors: row.get(1), is_category: row.get(2) });
        }
        ground.load_posts(ids, lines, tx).await?;
        Ok(ground)
    }

    async fn load_names(&mut self, lines: &[Numbered], tx: &Transaction<'_>) -> Result<(), ImportError> {
        let (mut usernames, mut emails, mut slugs) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines {
            match &line.line {
                Line::Member(line) => {
                    usernames.extend(line.username.as_deref().map(username_key));
                    let verified = line.email.as_deref().filter(|_| line.email_verified == Some(true));
                    emails.extend(verified.and_then(Email::stored).map(|email| email.key()));
                }
                Line::Forum(line) => slugs.push(&line.slug),
                _ => {}
            }
        }
        for (sql, keys, taken) in [
            ("SELECT username_key FROM members WHERE username_key = ANY ($1)", &usernames, &mut self.usernames),
            ("SELECT email_key FROM members WHERE email_verified AND email_key = ANY ($1)", &emails, &mut self.emails),
        ] {
            if !keys.is_empty() {
                taken.extend(tx.query(sql, &[keys]).await?.iter().map(|row| row.get::<_, String>(0)));
            }
        }
        if !slugs.is_empty() {
            let rows = tx.query("SELECT slug FROM forums WHERE slug = ANY ($1)", &[&slugs]).await?;
            self.slugs.extend(rows.iter().map(|row| row.get::<_, String>(0)));
        }
        Ok(())
    }

    /// Threads are locked before posts, each by id, as everywhere.
    async fn load_posts(&mut self, ids: &Ids, lines: &[Numbered], tx: &Transaction<'_>) -> Result<(), ImportError> {
        let mut threads = Vec::new();
        let mut posts = Vec::new();
        let mut pairs = (Vec::new(), Vec::new());
        for line in lines {
            match &line.line {
                Line::Post(line) => threads.extend(ids.reference("thread", Kind::Thread, &line.thread).ok()),
                Line::Revision(line) => posts.extend(ids.reference("post", Kind::Post, &line.post).ok()),
                Line::Like(line) => {
                    let Ok(post) = ids.reference("post", Kind::Post, &line.post) else { continue };
                    posts.push(post);
                    if let Ok(member) = ids.reference("member", Kind::Member, &line.member) {
                        pairs.0.push(post);
                        pairs.1.push(member);
                    }
                }
                _ => {}
            }
        }
        if !posts.is_empty() {
            let rows = tx.query("SELECT DISTINCT thread_id FROM posts WHERE id = ANY ($1)", &[&posts]).await?;
            threads.extend(rows.iter().map(|row| row.get::<_, i64>(0)));
        }
        self.lock_threads(&threads, tx).await?;
        self.lock_posts(&posts, tx).await?;
        let threads: Vec<i64> =
            pairs.0.iter().map(|post| self.posts.get(post).map_or(0, |post| post.thread_id)).collect();
        if !threads.is_empty() {
            let sql = "SELECT post_id, member_id FROM likes \
                       JOIN unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS named (thread_id, post_id, member_id) \
                       USING (thread_id, post_id, member_id)";
            let rows = tx.query(sql, &[&threads, &pairs.0, &pairs.1]).await?;
            self.likes.extend(rows.iter().map(|row| (row.get::<_, i64>(0), row.get::<_, i64>(1))));
        }
        Ok(())
    }

    async fn lock_threads(&mut self, ids: &[i64], tx: &Transaction<'_>) -> Result<(), ImportError> {
        if ids.is_empty() {
            return Ok(());
        }
        let sql = "SELECT id, forum_id, deleted_at IS NOT NULL, post_count, like_count, highest_position, last_post_id, \
                   last_post_position, last_post_author_id, last_post_at FROM threads WHERE id = ANY ($1) \
                   ORDER BY id FOR NO KEY UPDATE";
        for row in tx.query(sql, &[&ids]).await? {
            let last_post = match (row.get(6), row.get(7), row.get(8)) {
                (Some(id), Some(position), Some(author_id)) => Some(LastPost { id, position, author_id }),
                _ => None,
            };
            let thread = Thread {
                forum_id: row.get(1),
                deleted: row.get(2),
                post_count: row.get(3),
                like_count: row.get(4),
                highest_position: row.get(5),
                last_post,
                last_post_at: row.get(9),
                is_old: true,
                is_touched: false,
            };
            self.threads.insert(row.get(0), thread);
        }
        Ok(())
    }

    async fn lock_posts(&mut self, ids: &[i64], tx: &Transaction<'_>) -> Result<(), ImportError> {
        if ids.is_empty() {
            return Ok(());
        }
        let sql = "SELECT id, thread_id, author_id, deleted_at IS NOT NULL, version, edit_count FROM posts \
                   WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";
        for row in tx.query(sql, &[&ids]).await? {
            let post = Post {
                thread_id: row.get(1),
                author_id: row.get(2),
                deleted: row.get(3),
                version: row.get(4),
                edit_count: row.get(5),
                new_likes: 0,
                is_touched: false,
            };
            self.posts.insert(row.get(0), post);
        }
        Ok(())
    }
}
