//! Is the checker able to fail? A finished run is falsified by SQL, one way after the other, and each has to be seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Tried;
use crate::checker::{self, Violation, Wrong};
use crate::ledger::{Ledger, Outcome, Reply, Shared};
use crate::round::until_written;
use crate::setup::{self, Forum};
use crate::world::World;
use crate::writers::Writers;

/// Acknowledged writes before it begins.
const WRITES: u64 = 400;

/// A lie, and what the checker has to call it.
struct Lie {
    what: &'static str,
    sql: String,
    wrong: Wrong,
}

pub async fn run(seed: u64, world: &World) -> Tried<()> {
    let forum = setup::forum(&world.nodes[0].url).await?;
    let shared = Arc::new(Shared::default());
    let writers = Writers::start(seed, &forum, &world.urls(), &shared)?;
    until_written(WRITES, &shared).await?;
    writers.finish().await?;
    let mut known = check(world, &forum, &shared).await?;
    if let Some(violation) = known.first() {
        return Err(format!("nothing was falsified yet, and the checker says: {violation}"));
    }
    let lies = lies(&shared.lock())?;
    let count = lies.len();
    for lie in lies {
        let changed = world.cluster()?.sql().await?.batch_execute(&lie.sql).await;
        changed.map_err(|e| {
            format!("{}: {}", lie.what, e.as_db_error().map_or_else(|| e.to_string(), |e| e.to_string()))
        })?;
        let found = check(world, &forum, &shared).await?;
        let seen = found.difference(&known).find(|violation| violation.wrong == lie.wrong);
        let Some(seen) = seen else { return Err(format!("{}: the checker did not see it", lie.what)) };
        println!("  {:<58} {seen}", lie.what);
        known = found;
    }
    println!("The checker saw all {count} falsifications.");
    Ok(())
}

async fn check(world: &World, forum: &Forum, shared: &Shared) -> Tried<BTreeSet<Violation>> {
    let seen = checker::read(world, forum).await?;
    let mut found: BTreeSet<_> = checker::hold(&shared.lock(), &seen, forum).into_iter().collect();
    found.extend(checker::counters(world).await?);
    Ok(found)
}

/// Each about a post of its own, so that none hides another.
fn lies(ledger: &Ledger) -> Tried<Vec<Lie>> {
    let edited: BTreeSet<i64> = ledger.edits.iter().map(|edit| edit.post).collect();
    let liked: BTreeSet<i64> = ledger.likes.keys().map(|(_, post)| *post).collect();
    let plain = |reply: &&Reply| matches!(reply.outcome, Outcome::Done(place) if !edited.contains(&place.id) && !liked.contains(&place.id));
    let plain: Vec<i64> = ledger.replies.iter().filter(plain).filter_map(id).collect();
    let [first, second, third, ..] = plain[..] else { return Err("too few plain replies".to_owned()) };
    let refused = ledger.replies.iter().find(|reply| matches!(reply.outcome, Outcome::Refused(_)));
    let refused = refused.ok_or("no reply was refused")?;
    let many = ledger.edits.iter().filter(|edit| matches!(edit.outcome, Outcome::Done(version) if version > 2));
    let mut many: Vec<i64> = many.map(|edit| edit.post).collect();
    many.dedup();
    let [blanked, reset, ..] = many[..] else { return Err("too few posts were edited twice".to_owned()) };
    let like = |wanted: bool| ledger.likes.iter().find(|(_, last)| **last == Some(wanted)).map(|(like, _)| *like);
    let ((fan, of), (foe, of_not)) = (like(true).ok_or("no like")?, like(false).ok_or("no unlike")?);
    let key = ledger.replies.iter().find(|reply| id(reply) == Some(first)).ok_or("no key")?.key.clone();
    let copy = |id: i64, body: &str, position: &str| {
        format!(
            "INSERT INTO posts (thread_id, position, author_id, body, html, text, renderer, created_at) \
             SELECT thread_id, {position}, author_id, {body}, html, text, renderer, created_at FROM posts WHERE id = {id}; \
             UPDATE threads SET highest_position = highest_position + 1 WHERE id = (SELECT thread_id FROM posts WHERE id = {id})"
        )
    };
    let last = "(SELECT max(position) + 1 FROM posts AS others WHERE others.thread_id = posts.thread_id)";
    let lie = |what, wrong, sql| Lie { what, sql, wrong };
    Ok(vec![
        lie(
            "a counter of a thread",
            Wrong::Counter,
            "UPDATE threads SET like_count = like_count + 1 WHERE id = 1".into(),
        ),
        lie(
            "a counter of a member",
            Wrong::Counter,
            "UPDATE members SET post_count = post_count - 1 WHERE id = 2".into(),
        ),
        lie("a key is forgotten", Wrong::Key, format!("DELETE FROM idempotency_keys WHERE key = '{key}'")),
        lie(
            "a revision is blank",
            Wrong::EditLost,
            format!("UPDATE revisions SET body = '' WHERE post_id = {blanked} AND number = 2"),
        ),
        lie(
            "a revision is gone",
            Wrong::Versions,
            format!("DELETE FROM revisions WHERE post_id = {blanked} AND number = 2"),
        ),
        lie(
            "the last edit is undone",
            Wrong::EditLost,
            format!("UPDATE posts SET body = 'as it was' WHERE id = {reset}"),
        ),
        lie(
            "an edit is counted twice",
            Wrong::Versions,
            format!("UPDATE posts SET edit_count = edit_count + 1 WHERE id = {reset}"),
        ),
        lie("a like is gone", Wrong::Like, format!("DELETE FROM likes WHERE member_id = {fan} AND post_id = {of}")),
        lie(
            "a like is back that was taken away",
            Wrong::Like,
            format!("INSERT INTO likes SELECT thread_id, id, {foe}, now() FROM posts WHERE id = {of_not}"),
        ),
        lie(
            "a post's likes are miscounted",
            Wrong::LikeCount,
            format!("UPDATE posts SET like_count = like_count + 1 WHERE id = {second}"),
        ),
        lie("a post is there twice", Wrong::Doubled, copy(second, "body", last)),
        lie("a refused reply is there", Wrong::RefusedYetThere, copy(third, &format!("'{}'", refused.body), last)),
        lie("a post that nobody wrote is there", Wrong::OfNobody, copy(third, "'whose is this?'", last)),
        lie(
            "a position is left out",
            Wrong::Positions,
            format!("UPDATE posts SET position = position + 100000 WHERE id = {third}"),
        ),
        lie("an acknowledged post is gone", Wrong::Lost, format!("DELETE FROM posts WHERE id = {first}")),
    ])
}

fn id(reply: &Reply) -> Option<i64> {
    match reply.outcome {
        Outcome::Done(place) => Some(place.id),
        _ => None,
    }
}
