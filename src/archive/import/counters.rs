//! Moves the counters of what was there before a batch: threads, posts, forums and members, locked in this order.

use tokio_postgres::Transaction;

use super::plan::Plan;
use crate::archive::error::ImportError;

/// Moves them all.
pub async fn write(plan: &Plan, tx: &Transaction<'_>) -> Result<(), ImportError> {
    threads(plan, tx).await?;
    posts(plan, tx).await?;
    forums(plan, tx).await?;
    members(plan, tx).await
}

/// Threads are locked since the batch began, so what was counted since is what they have.
async fn threads(plan: &Plan, tx: &Transaction<'_>) -> Result<(), ImportError> {
    let touched: Vec<_> = plan.ground.threads.iter().filter(|(_, thread)| thread.is_old && thread.is_touched).collect();
    if touched.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = touched.iter().map(|(id, _)| **id).collect();
    let each = |value: fn(&super::ground::Thread) -> i64| -> Vec<i64> {
        touched.iter().map(|(_, thread)| value(thread)).collect()
    };
    let last = |value: fn(&super::ground::LastPost) -> i64| -> Vec<Option<i64>> {
        touched.iter().map(|(_, thread)| thread.last_post.as_ref().map(value)).collect()
    };
    let last_post_at: Vec<_> = touched.iter().map(|(_, thread)| thread.last_post_at).collect();
    let sql = "UPDATE threads SET post_count = new.posts, like_count = new.likes, highest_position = new.highest, \
               last_post_id = new.post_id, last_post_position = new.position, last_post_author_id = new.author_id, \
               last_post_at = new.at, page_version = page_version + 1 \
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], \
               $7::bigint[], $8::timestamptz[]) AS new (id, posts, likes, highest, post_id, position, author_id, at) \
               WHERE threads.id = new.id";
    tx.execute(
        sql,
        &[
            &ids,
            &each(|thread| thread.post_count),
            &each(|thread| thread.like_count),
            &each(|thread| thread.highest_position),
            &last(|post| post.id),
            &last(|post| post.position),
            &last(|post| post.author_id),
            &last_post_at,
        ],
    )
    .await?;
    Ok(())
}

async fn posts(plan: &Plan, tx: &Transaction<'_>) -> Result<(), ImportError> {
    let touched: Vec<_> = plan.ground.posts.iter().filter(|(_, post)| post.is_touched).collect();
    if touched.is_empty() {
        return Ok(());
    }
    let each = |value: fn(i64, &super::ground::Post) -> i64| -> Vec<i64> {
        touched.iter().map(|(id, post)| value(**id, post)).collect()
    };
    let sql = "UPDATE posts SET like_count = like_count + new.likes, version = new.version, edit_count = new.edits \
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) \
               AS new (thread_id, id, likes, version, edits) \
               WHERE posts.thread_id = new.thread_id AND posts.id = new.id";
    tx.execute(
        sql,
        &[
            &each(|_, post| post.thread_id),
            &each(|id, _| id),
            &each(|_, post| post.new_likes),
            &each(|_, post| post.version),
            &each(|_, post| post.edit_count),
        ],
    )
    .await?;
    Ok(())
}

/// The rows are locked first: a statement that waited for one would look for its last thread with the eyes of its beginning.
async fn forums(plan: &Plan, tx: &Transaction<'_>) -> Result<(), ImportError> {
    if plan.of_forums.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = plan.of_forums.keys().copied().collect();
    let threads: Vec<i64> = plan.of_forums.values().map(|(threads, _)| *threads).collect();
    let posts: Vec<i64> = plan.of_forums.values().map(|(_, posts)| *posts).collect();
    tx.execute("SELECT id FROM forums WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE", &[&ids]).await?;
    let sql = "UPDATE forums SET thread_count = thread_count + new.threads, post_count = post_count + new.posts, \
               last_thread_id = last.id, last_post_at = last.at \
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS new (forum_id, threads, posts) \
               LEFT JOIN LATERAL (SELECT id, last_post_at AS at FROM threads \
                   WHERE threads.forum_id = new.forum_id AND deleted_at IS NULL \
                   ORDER BY last_post_at DESC, id DESC LIMIT 1) AS last ON true \
               WHERE forums.id = new.forum_id";
    tx.execute(sql, &[&ids, &threads, &posts]).await?;
    Ok(())
}

/// What comes as a row is no longer elsewhere: so shown = max(given, rows) at any moment.
async fn members(plan: &Plan, tx: &Transaction<'_>) -> Result<(), ImportError> {
    if plan.of_members.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = plan.of_members.keys().copied().collect();
    let posts: Vec<i64> = plan.of_members.values().map(|(posts, _)| *posts).collect();
    let likes: Vec<i64> = plan.of_members.values().map(|(_, likes)| *likes).collect();
    tx.execute("SELECT id FROM members WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE", &[&ids]).await?;
    let sql = "UPDATE members SET post_count = post_count + new.posts, likes_received = likes_received + new.likes, \
               posts_elsewhere = greatest(0, posts_elsewhere - new.posts), \
               likes_elsewhere = greatest(0, likes_elsewhere - new.likes) \
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS new (id, posts, likes) \
               WHERE members.id = new.id";
    tx.execute(sql, &[&ids, &posts, &likes]).await?;
    Ok(())
}
