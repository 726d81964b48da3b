//! Importing again: the same file, a grown one, one that was interrupted.

use serde_json::json;

use super::*;
use crate::support::database;

#[actix_web::test]
async fn the_same_file_again_changes_nothing() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let before = contents(&url).await;
    let summary = take_in(&url, &small()).await.unwrap();
    assert_eq!((summary.added, summary.known), (Default::default(), 22));
    assert_eq!(contents(&url).await, before);
}

#[actix_web::test]
async fn a_known_id_is_skipped_whatever_it_says_now() {
    let url = database::empty().await;
    let mut lines = ground();
    lines.push(post("1", "t", "ann", "As it was."));
    take_in(&url, &lines).await.unwrap();
    let before = contents(&url).await;
    lines[5]["body"] = json!("As it is now.");
    lines[2]["username"] = json!("Anna");
    lines[4]["title"] = json!("Another title");
    take_in(&url, &lines).await.unwrap();
    assert_eq!(contents(&url).await, before);
}

#[actix_web::test]
async fn a_grown_file_adds_what_is_new() {
    let all = small();
    for length in (1..all.len()).step_by(3) {
        let url = database::empty().await;
        take_in(&url, &all[..length]).await.unwrap();
        let summary = take_in(&url, &all).await.unwrap();
        assert_eq!(summary.known, length as u64 - 1);
        assert_eq!(wrong_counters(&url).await, Vec::<String>::new(), "after {length} lines");
        let whole = database::empty().await;
        take_in(&whole, &all).await.unwrap();
        let (grown, whole) = (write_out(&url).await, write_out(&whole).await);
        assert_eq!(grown[1..], whole[1..], "after {length} lines");
    }
}

#[actix_web::test]
async fn a_quote_finds_its_post_when_the_file_has_grown() {
    let url = database::empty().await;
    let mut lines = ground();
    lines.push(post("1", "t", "ann", "[quote post=2]\nlater\n[/quote]\n\nSo it will be."));
    take_in(&url, &lines).await.unwrap();
    lines.push(post("2", "t", "bob", "It came later."));
    take_in(&url, &lines).await.unwrap();
    let resolved = "SELECT count(*) FROM quotes JOIN posts ON posts.id = quoted_post_id WHERE body = 'It came later.'";
    assert_eq!(count(&url, resolved).await, 1);
    assert_eq!(count(&url, "SELECT count(*) FROM archive_ids WHERE NOT present").await, 0);
}

/// More lines than a batch holds, all good.
fn long() -> Vec<Value> {
    let mut lines = ground();
    lines.extend((0..12_000).map(|n| post(&format!("p{n}"), "t", if n % 3 == 0 { "ann" } else { "bob" }, "A post.")));
    lines
}

#[actix_web::test]
async fn the_batches_before_a_bad_line_stay_and_the_mended_file_finishes_it() {
    let url = database::empty().await;
    let mut lines = long();
    let good = lines[11_000].clone();
    lines[11_000]["author"] = json!("nobody");
    let error = take_in(&url, &lines).await.unwrap_err();
    assert_eq!(error.to_string(), "line 11001: `author`: member `nobody` is not known");
    let kept = count(&url, "SELECT count(*) FROM posts").await;
    assert!((5_000..11_000).contains(&kept), "{kept} posts");
    assert_eq!(wrong_counters(&url).await, Vec::<String>::new());
    lines[11_000] = good;
    let summary = take_in(&url, &lines).await.unwrap();
    assert_eq!(summary.added.posts as i64, 12_000 - kept);
    assert_eq!(count(&url, "SELECT highest_position FROM threads").await, 12_000);
    let out_of_order = "SELECT count(*) FROM posts JOIN archive_ids ON our_id = id AND kind = 'post'
        WHERE archive_id <> 'p' || position - 1";
    assert_eq!(count(&url, out_of_order).await, 0);
    assert_eq!(wrong_counters(&url).await, Vec::<String>::new());
}

#[actix_web::test]
async fn a_file_that_ends_with_a_batch_counts_all_its_lines() {
    let url = database::empty().await;
    let summary = take_in(&url, &long()[..5_000]).await.unwrap();
    assert_eq!((summary.lines, summary.added.posts), (5_000, 4_995));
}

#[actix_web::test]
async fn a_file_that_breaks_off_keeps_what_it_had() {
    let url = database::empty().await;
    let text = text(&long());
    let error = take_in_bytes(&url, &text.as_bytes()[..text.len() - 20]).await.unwrap_err();
    assert!(error.to_string().starts_with("line 12005: this is not JSON"), "{error}");
    assert_eq!(count(&url, "SELECT count(*) FROM posts").await, 11_999);
    assert_eq!(take_in(&url, &long()).await.unwrap().added.posts, 1);
}

#[actix_web::test]
async fn an_imported_post_that_was_liked_here_stays_so() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let here = "WITH liked AS (INSERT INTO likes SELECT thread_id, posts.id, members.id, now() FROM posts, members
            WHERE posts.position = 2 AND username = 'bob the builder' RETURNING thread_id, post_id)
        SELECT post_id FROM liked";
    assert!(count(&url, here).await > 0);
    folkmoot::cli::check::check(&url, true).await.unwrap();
    let before = contents(&url).await;
    take_in(&url, &small()).await.unwrap();
    assert_eq!(contents(&url).await, before);
}
