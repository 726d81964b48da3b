//! What can be wrong with what is there, as SQL.

use std::collections::BTreeSet;

use crate::Tried;
use crate::checker::Wrong;
use crate::ledger::{Ledger, Outcome, Reply};
use crate::setup::Forum;

/// A lie, and what the checker has to call it.
pub struct Lie {
    pub what: &'static str,
    pub sql: String,
    pub wrong: Wrong,
}

fn lie(what: &'static str, wrong: Wrong, sql: impl Into<String>) -> Lie {
    Lie { what, sql: sql.into(), wrong }
}

/// Each about a post of its own, so that none hides another.
pub fn lies(ledger: &Ledger, forum: &Forum) -> Tried<Vec<Lie>> {
    let [first, second, third, fourth] = plain(ledger)?;
    let key = ledger.replies.iter().find(|reply| id(reply) == Some(first)).ok_or("no key")?.key.clone();
    let mut lies = vec![
        lie("a counter of a thread", Wrong::Counter, "UPDATE threads SET like_count = like_count + 1 WHERE id = 1"),
        lie("a counter of a member", Wrong::Counter, "UPDATE members SET post_count = post_count - 1 WHERE id = 2"),
        lie("a key is forgotten", Wrong::Key, format!("DELETE FROM idempotency_keys WHERE key = '{key}'")),
    ];
    lies.extend(about_edits(ledger)?);
    lies.extend(about_likes(ledger, second)?);
    lies.extend(about_posts(ledger, forum, [first, second, third, fourth])?);
    Ok(lies)
}

fn about_edits(ledger: &Ledger) -> Tried<Vec<Lie>> {
    let many = ledger.edits.iter().filter(|edit| matches!(edit.outcome, Outcome::Done(version) if version > 2));
    let many: BTreeSet<i64> = many.map(|edit| edit.post).collect();
    let mut many = many.into_iter();
    let (Some(blanked), Some(reset)) = (many.next(), many.next()) else {
        return Err("too few posts were edited twice".to_owned());
    };
    let revision = format!("WHERE post_id = {blanked} AND number = 2");
    let copied = "thread_id, post_id, 1000, body, edited_by, edited_at, reason";
    Ok(vec![
        lie("a revision is blank", Wrong::EditLost, format!("UPDATE revisions SET body = '' {revision}")),
        lie("a revision is gone", Wrong::Versions, format!("DELETE FROM revisions {revision}")),
        lie(
            "a revision is there that is not shown",
            Wrong::Hidden,
            format!("INSERT INTO revisions SELECT {copied} FROM revisions WHERE post_id = {reset} AND number = 1"),
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
    ])
}

fn about_likes(ledger: &Ledger, post: i64) -> Tried<Vec<Lie>> {
    let like =
        |wanted: bool| ledger.likes.iter().find(|(_, last)| **last == Outcome::Done(wanted)).map(|(like, _)| *like);
    let ((fan, of), (foe, of_not)) = (like(true).ok_or("no like")?, like(false).ok_or("no unlike")?);
    Ok(vec![
        lie("a like is gone", Wrong::Like, format!("DELETE FROM likes WHERE member_id = {fan} AND post_id = {of}")),
        lie(
            "a like is back that was taken away",
            Wrong::Like,
            format!("INSERT INTO likes SELECT thread_id, id, {foe}, now() FROM posts WHERE id = {of_not}"),
        ),
        lie(
            "a post's likes are miscounted",
            Wrong::LikeCount,
            format!("UPDATE posts SET like_count = like_count + 1 WHERE id = {post}"),
        ),
    ])
}

fn about_posts(ledger: &Ledger, forum: &Forum, [first, second, third, fourth]: [i64; 4]) -> Tried<Vec<Lie>> {
    let refused = ledger.replies.iter().find(|reply| matches!(reply.outcome, Outcome::Refused(_)));
    let refused = refused.ok_or("no reply was refused")?;
    let author = ledger.replies.iter().find(|reply| id(reply) == Some(fourth)).ok_or("no author")?.member;
    let other = forum.members.iter().find(|member| member.id != author).ok_or("there is one member only")?.id;
    Ok(vec![
        lie("a post is there twice", Wrong::Doubled, copy(second, "body")),
        lie("a refused reply is there", Wrong::RefusedYetThere, copy(third, &format!("'{}'", refused.body))),
        lie("a post that nobody wrote is there", Wrong::OfNobody, copy(third, "'whose is this?'")),
        lie(
            "a post is somebody else's",
            Wrong::Misplaced,
            format!("UPDATE posts SET author_id = {other} WHERE id = {fourth}"),
        ),
        lie(
            "a position is left out",
            Wrong::Positions,
            format!("UPDATE posts SET position = position + 100000 WHERE id = {third}"),
        ),
        lie("an acknowledged post is gone", Wrong::Lost, format!("DELETE FROM posts WHERE id = {first}")),
    ])
}

/// A post once more, at the end of its thread.
fn copy(id: i64, body: &str) -> String {
    let last = "(SELECT max(position) + 1 FROM posts AS others WHERE others.thread_id = posts.thread_id)";
    format!(
        "INSERT INTO posts (thread_id, position, author_id, body, html, text, renderer, created_at) \
         SELECT thread_id, {last}, author_id, {body}, html, text, renderer, created_at FROM posts WHERE id = {id}; \
         UPDATE threads SET highest_position = highest_position + 1 WHERE id = (SELECT thread_id FROM posts WHERE id = {id})"
    )
}

/// Replies that nobody edited or liked.
fn plain(ledger: &Ledger) -> Tried<[i64; 4]> {
    let edited: BTreeSet<i64> = ledger.edits.iter().map(|edit| edit.post).collect();
    let liked: BTreeSet<i64> = ledger.likes.keys().map(|(_, post)| *post).collect();
    let plain = ledger.replies.iter().filter_map(id).filter(|id| !edited.contains(id) && !liked.contains(id));
    plain.take(4).collect::<Vec<_>>().try_into().map_err(|_| "too few plain replies".to_owned())
}

fn id(reply: &Reply) -> Option<i64> {
    match reply.outcome {
        Outcome::Done(place) => Some(place.id),
        _ => None,
    }
}
