//! The log of events: dense, complete, and in the order in which things were committed.

mod follow;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{App, eventually};

/// The log, as whoever follows it reads it: kinds by position.
async fn log(app: &App) -> Vec<(i64, String)> {
    let sql = "SELECT position, kind FROM events WHERE position IS NOT NULL ORDER BY position";
    app.sql().await.query(sql, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn is_numbered(app: &App) -> bool {
    app.count("SELECT count(*) FROM events WHERE position IS NULL").await == 0
}

#[actix_web::test]
async fn each_change_has_one_entry_with_whom_and_what_it_is_about() {
    let app = App::start().await;
    let (forum, anna, ben) = (app.forum("general").await, app.member("anna").await, app.member("ben").await);
    let thread = anna.start_thread(forum, "A title", "The first post.").await;
    let post = anna.reply(thread, "A reply.").await;
    for _ in 0..2 {
        ben.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
    }
    eventually(async || is_numbered(&app).await).await;
    let kinds: Vec<_> = log(&app).await.into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["thread_created", "post_created", "post_liked"]);
    let sql = format!(
        "SELECT count(*) FROM events WHERE kind = 'post_liked' \
         AND thread_id = {thread} AND post_id = {post} AND actor_id = {}",
        ben.id
    );
    assert_eq!(app.count(&sql).await, 1);
}

#[actix_web::test]
async fn what_is_refused_leaves_no_entry() {
    let app = App::start().await;
    let (forum, anna) = (app.forum("general").await, app.member("anna").await);
    let thread = anna.start_thread(forum, "A title", "The first post.").await;
    let before = app.count("SELECT count(*) FROM events").await;
    let page = app.guest().get(&format!("/api/v1/threads/{thread}/posts")).await;
    anna.put(&format!("/api/v1/posts/{}/like", page["posts"][0]["id"])).await.expect(403);
    anna.post(&format!("/api/v1/threads/{thread}/posts"), json!({"body": ""})).await.expect(422);
    assert_eq!(app.count("SELECT count(*) FROM events").await, before);
}

#[actix_web::test]
async fn what_commits_late_is_numbered_late_and_nobody_waits_for_it() {
    let app = App::start().await;
    let mut slow = app.sql().await;
    let open = slow.transaction().await.unwrap();
    open.execute("INSERT INTO events (kind) VALUES ('member_edited')", &[]).await.unwrap();
    let anna = app.member("anna").await;
    let forum = app.forum("general").await;
    anna.start_thread(forum, "A title", "The first post.").await;
    eventually(async || log(&app).await.len() == 1).await;
    open.commit().await.unwrap();
    eventually(async || log(&app).await.len() == 2).await;
    assert_eq!(log(&app).await, [(1, "thread_created".into()), (2, "member_edited".into())]);
}

#[actix_web::test]
async fn positions_are_dense_and_never_given_twice_with_many_writers_and_nodes() {
    let app = App::start().await;
    let nodes = [app.another_node().await, app.another_node().await];
    let forum = app.forum("general").await;
    let writers = join_all((0..8).map(|n| {
        let (app, node) = (app.clone(), nodes[n % 2].clone());
        async move {
            let writer = app.member(&format!("writer {n}")).await.at(&node);
            let thread = writer.start_thread(forum, "A title", "The first post.").await;
            for _ in 0..5 {
                writer.reply(thread, "A reply.").await;
            }
        }
    }));
    writers.await;
    eventually(async || is_numbered(&app).await).await;
    let positions: Vec<_> = log(&app).await.into_iter().map(|(position, _)| position).collect();
    assert_eq!(positions, (1..=48).collect::<Vec<i64>>());
    assert_eq!(app.count("SELECT last_position FROM event_log").await, 48);
}

#[actix_web::test]
async fn old_entries_are_removed_and_positions_go_on() {
    let app = App::start().await;
    let (forum, anna) = (app.forum("general").await, app.member("anna").await);
    let thread = anna.start_thread(forum, "A title", "The first post.").await;
    eventually(async || is_numbered(&app).await).await;
    let conn = &mut app.shared.state.db.get().await.unwrap();
    // However far a node's clock has gone.
    app.clock.advance(chrono::Duration::hours(25));
    assert_eq!(folkmoot::events::prune(conn).await.unwrap(), 0);
    app.sql().await.batch_execute("UPDATE events SET at = at - interval '25 hours'").await.unwrap();
    assert_eq!(folkmoot::events::prune(conn).await.unwrap(), 1);
    anna.refreshed().await.reply(thread, "A reply.").await;
    eventually(async || is_numbered(&app).await).await;
    assert_eq!(log(&app).await, [(2, "post_created".into())]);
}
