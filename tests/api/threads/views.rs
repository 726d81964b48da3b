//! Views, gathered and written from time to time.

use std::time::Duration;

use folkmoot::error::Code;
use folkmoot::ids::ThreadId;
use folkmoot::threads::write_views;

use super::thread_url;
use crate::support::{App, PATIENCE};

/// Writes what is gathered. Gives what is left of it.
async fn write(app: &App) -> Vec<(ThreadId, i64)> {
    let state = &app.shared.state;
    let mut gathered = state.views.take();
    write_views(&mut gathered, PATIENCE, &mut state.db.get().await.unwrap()).await.unwrap();
    gathered
}

#[actix_web::test]
async fn they_are_gathered_and_written_together() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("{}/posts", thread_url(thread));
    for _ in 0..3 {
        app.guest().get(&path).await.expect(200);
    }
    assert_eq!(app.count("SELECT view_count FROM threads").await, 0);
    assert!(write(&app).await.is_empty());
    app.clock.advance(chrono::Duration::seconds(5));
    assert_eq!(app.guest().get(&path).await["thread"]["view_count"], 3);
}

#[actix_web::test]
async fn they_do_not_change_the_tag() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let tag = app.guest().get(&url).await.header("etag").to_owned();
    for _ in 0..3 {
        app.guest().get(&format!("{url}/posts")).await.expect(200);
    }
    write(&app).await;
    // Views come as they come: with an answer that is read anew.
    app.clock.advance(chrono::Duration::seconds(5));
    let read = app.guest().get(&url).await.expect(200);
    assert_eq!(read["view_count"], 3);
    assert_eq!(read.header("etag"), tag);
}

#[actix_web::test]
async fn those_of_a_thread_that_is_held_wait_for_the_next_time_and_those_of_others_do_not() {
    let app = App::start().await;
    let (anna, forum, client) = (app.member("anna").await, app.forum("news").await, app.sql().await);
    let like_this = anna.start_thread(forum, "Hello", "First").await;
    let many = format!(
        "INSERT INTO threads (forum_id, kind, title, slug, author_id, post_count, highest_position, created_at, last_post_at) \
         SELECT forum_id, kind, title, slug, author_id, 1, 1, created_at, last_post_at FROM threads, generate_series(2, 1200) \
         WHERE id = {like_this}"
    );
    client.batch_execute(&many).await.unwrap();
    let ids: Vec<i64> =
        client.query("SELECT id FROM threads ORDER BY id", &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let mut gathered: Vec<_> = ids.iter().map(|id| (ThreadId(*id), 1)).collect();
    let held = ids[600];
    client.batch_execute(&format!("BEGIN; SELECT FROM threads WHERE id = {held} FOR UPDATE")).await.unwrap();

    let mut conn = app.shared.state.db.get().await.unwrap();
    let told = write_views(&mut gathered, PATIENCE, &mut conn).await.unwrap_err();
    assert_eq!((told.code(), gathered), (Code::Overloaded, vec![(ThreadId(held), 1)]));
    assert_eq!(app.count("SELECT count(*) FROM threads WHERE view_count = 1").await, 1_199);

    client.batch_execute("ROLLBACK").await.unwrap();
    let mut gathered = vec![(ThreadId(held), 1), (ThreadId(1_000_000), 1)];
    write_views(&mut gathered, PATIENCE, &mut conn).await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM threads WHERE view_count = 1").await, 1_200);
    // Of a thread that is not there nothing is left either.
    assert!(gathered.is_empty());
}

#[actix_web::test]
async fn what_there_is_no_time_for_waits_for_the_next_time() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let mut gathered = vec![(ThreadId(thread), 3)];
    let mut conn = app.shared.state.db.get().await.unwrap();
    write_views(&mut gathered, Duration::ZERO, &mut conn).await.unwrap();
    assert_eq!(gathered, [(ThreadId(thread), 3)]);
}
