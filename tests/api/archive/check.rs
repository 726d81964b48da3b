//! `folkmoot admin check`.

use folkmoot::cli::check::check;

use super::*;
use crate::support::database;

#[actix_web::test]
async fn every_counter_that_is_off_is_found_and_mended() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let before = write_out(&url).await;
    let client = sql(&url).await;
    for (table, column, wrong) in [
        ("threads", "post_count", "post_count + 1"),
        ("threads", "like_count", "like_count + 1"),
        ("threads", "highest_position", "highest_position + 1"),
        ("threads", "last_post_id", "last_post_id + 1"),
        ("threads", "last_post_position", "1"),
        ("threads", "last_post_author_id", "last_post_author_id + 1"),
        ("threads", "last_post_at", "now()"),
        ("posts", "like_count", "like_count + 1"),
        ("forums", "thread_count", "thread_count + 1"),
        ("forums", "post_count", "post_count + 1"),
        ("forums", "last_thread_id", "last_thread_id + 1"),
        ("forums", "last_post_at", "now()"),
        ("members", "post_count", "post_count + 1"),
        ("members", "likes_received", "likes_received + 1"),
    ] {
        let spoil = format!("UPDATE {table} SET {column} = {wrong} WHERE {column} IS DISTINCT FROM {wrong}");
        let spoilt = client.execute(&spoil, &[]).await.unwrap();
        assert!(spoilt > 0, "{table}.{column}");
        let found = check(&url, false).await.unwrap();
        let name = format!("{table}.{column}");
        assert!(found.differed.contains(&(name.clone(), spoilt)), "{name}: {found:?}");
        assert!(!found.is_clean());
        let mended = check(&url, true).await.unwrap();
        assert!(mended.differed.contains(&(name.clone(), spoilt)), "{name}: {mended:?}");
        let after = check(&url, false).await.unwrap();
        assert!(after.is_clean(), "{after:?}");
    }
    assert_eq!(write_out(&url).await, before);
}

#[actix_web::test]
async fn a_check_of_what_is_right_changes_nothing() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let before = contents(&url).await;
    let report = check(&url, true).await.unwrap();
    assert!(report.is_clean());
    assert!(report.to_string().ends_with("Every counter equals its rows."), "{report}");
    assert_eq!(contents(&url).await, before);
}

#[actix_web::test]
async fn a_report_says_what_was_wrong() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    sql(&url).await.execute("UPDATE members SET post_count = 7 WHERE id = 1", &[]).await.unwrap();
    let report = check(&url, false).await.unwrap();
    assert_eq!(report.examples, ["member 1: post_count was 7, its rows give 2"]);
    assert!(report.to_string().ends_with("Nothing was changed."), "{report}");
}

#[actix_web::test]
async fn threads_are_locked_in_the_order_in_which_everybody_locks_them() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let client = sql(&url).await;
    // The rows of the lower ids come last in their table now, and posts of two threads are to be mended.
    client
        .batch_execute("UPDATE threads SET title = title WHERE id = 1; UPDATE posts SET like_count = 9")
        .await
        .unwrap();
    let mut other = sql(&url).await;
    let tx = other.transaction().await.unwrap();
    let lock = |id: i64| format!("SELECT FROM threads WHERE id = {id} FOR NO KEY UPDATE");
    tx.batch_execute(&lock(1)).await.unwrap();
    let locking = async {
        until_waited_for(&url, &tx).await;
        tx.batch_execute(&lock(2)).await.unwrap();
        tx.commit().await.unwrap();
    };
    let (report, ()) = futures_util::future::join(check(&url, true), locking).await;
    assert!(report.unwrap().differed.contains(&("posts.like_count".into(), 5)));
    assert!(check(&url, false).await.unwrap().is_clean());
}
