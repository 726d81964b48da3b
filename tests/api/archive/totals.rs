//! What the source showed of a member beyond its rows, when a file comes again or has grown.

use serde_json::json;

use super::*;
use crate::support::database;

/// Ann's totals, and posts of hers that are liked by Bob.
fn file(totals: Value, posts: usize) -> Vec<Value> {
    let mut lines = ground();
    lines[2] = with(lines[2].clone(), totals);
    for n in 1..=posts {
        let id = format!("p{n}");
        lines.push(post(&id, "t", "ann", "A post."));
        lines.push(json!({"type": "like", "post": id, "member": "bob", "created_at": "2012-03-01T12:00:00Z"}));
    }
    lines
}

/// Counted, elsewhere and shown: of Ann's posts and of her likes.
async fn of_ann(database_url: &str) -> String {
    let columns = "SELECT concat_ws(' ', post_count, posts_elsewhere, posts_shown) || ', '
            || concat_ws(' ', likes_received, likes_elsewhere, likes_shown) FROM members WHERE username = 'Ann'";
    words(database_url, columns).await
}

#[actix_web::test]
async fn the_totals_of_a_grown_file_are_shown() {
    let url = database::empty().await;
    take_in(&url, &file(json!({"post_count": 10, "likes_received": 20}), 2)).await.unwrap();
    assert_eq!(of_ann(&url).await, "2 8 10, 2 18 20");
    take_in(&url, &file(json!({"post_count": 12, "likes_received": 25}), 4)).await.unwrap();
    assert_eq!(of_ann(&url).await, "4 8 12, 4 21 25");
    take_in(&url, &file(json!({"post_count": 3}), 5)).await.unwrap();
    assert_eq!(of_ann(&url).await, "5 0 5, 5 20 25", "rows are more than was shown");
    take_in(&url, &file(json!({}), 6)).await.unwrap();
    assert_eq!(of_ann(&url).await, "6 0 6, 6 19 25", "nothing is given, so what was given stays");
    assert_eq!(wrong_counters(&url).await, Vec::<String>::new());
}

#[actix_web::test]
async fn totals_may_come_later_than_their_member() {
    let url = database::empty().await;
    take_in(&url, &file(json!({}), 2)).await.unwrap();
    take_in(&url, &file(json!({"post_count": 12}), 3)).await.unwrap();
    assert_eq!(of_ann(&url).await, "3 9 12, 3 0 3");
}

#[actix_web::test]
async fn a_post_that_was_deleted_here_is_elsewhere_from_the_next_run_on() {
    let url = database::empty().await;
    take_in(&url, &file(json!({"post_count": 10}), 2)).await.unwrap();
    let delete = "UPDATE posts SET deleted_at = now() WHERE position = 1";
    sql(&url).await.batch_execute(delete).await.unwrap();
    folkmoot::cli::check::check(&url, true).await.unwrap();
    assert_eq!(of_ann(&url).await, "1 8 9, 1 0 1");
    take_in(&url, &file(json!({"post_count": 12}), 4)).await.unwrap();
    assert_eq!(of_ann(&url).await, "3 9 12, 3 0 3");
    let before = contents(&url).await;
    take_in(&url, &file(json!({"post_count": 12}), 4)).await.unwrap();
    assert_eq!(contents(&url).await, before);
}

#[actix_web::test]
async fn what_was_written_and_liked_here_is_counted_beside_the_totals() {
    let url = database::empty().await;
    let before = file(json!({"post_count": 10, "likes_received": 20}), 2);
    take_in(&url, &before).await.unwrap();
    let here = "INSERT INTO posts (thread_id, position, author_id, body, html, text, renderer, created_at)
            SELECT 1, 3, id, 'Text.', '<p>Text.</p>', 'Text.', 1, now() FROM members WHERE username = 'Ann';
        INSERT INTO likes (thread_id, post_id, member_id, created_at)
            SELECT 1, min(posts.id), author_id, now() FROM posts GROUP BY author_id";
    sql(&url).await.batch_execute(here).await.unwrap();
    folkmoot::cli::check::check(&url, true).await.unwrap();
    assert_eq!(of_ann(&url).await, "3 8 11, 3 18 21");
    take_in(&url, &before).await.unwrap();
    assert_eq!(of_ann(&url).await, "3 8 11, 3 18 21");
    take_in(&url, &file(json!({"post_count": 12, "likes_received": 24}), 3)).await.unwrap();
    assert_eq!(of_ann(&url).await, "4 9 13, 4 20 24", "a like of a post from there may be from here");
}
