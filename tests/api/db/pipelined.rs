//! Connections that many requests read from: a blocked statement keeps those behind it waiting for a short time only.

use std::time::Duration;

use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;

use crate::support::{Answer, App, PATIENCE, Person, Setup, who_waits};

/// A worker with one pipelined connection, and a thread in a forum; the posts are locked, so that pages wait, and forums do not.
async fn posts_held(change: impl FnOnce(&mut Setup)) -> (App, String, String, tokio_postgres::Client) {
    let app = App::start_with(|setup| {
        (setup.workers, setup.pool.connections, setup.cache) = (1, 6, 0);
        change(setup);
    })
    .await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let thread = anna.start_thread(forum, "Hello", "First").await;
    let (page, forum) = (format!("/api/v1/threads/{thread}/posts"), format!("/api/v1/forums/{forum}"));
    // The connection is there.
    app.guest().get(&page).await.expect(200);
    let lock = app.sql().await;
    lock.batch_execute("BEGIN; LOCK TABLE posts").await.unwrap();
    (app, page, forum, lock)
}

fn ask(person: Person, path: String) -> JoinHandle<Answer> {
    spawn(async move { person.get(&path).await })
}

#[actix_web::test]
async fn those_behind_blocked_statements_are_answered_while_the_lock_is_held() {
    let (app, page, forum, lock) = posts_held(|setup| setup.pool.pipelined_lock = Duration::from_millis(50)).await;
    // Each is a page of its own: who asks for the same waits for the same reading.
    let pages: Vec<_> = (1..=7).map(|size| ask(app.guest(), format!("{page}?per_page={size}"))).collect();
    who_waits(&lock).await;
    app.guest().get(&forum).await.expect(200);
    for page in pages {
        page.await.unwrap().refused(503, "overloaded");
    }
    app.guest().get(&forum).await.expect(200);
    lock.batch_execute("COMMIT").await.unwrap();
    app.guest().get(&page).await.expect(200);
}

#[actix_web::test]
async fn who_waits_too_long_behind_another_is_turned_away_and_who_comes_next_is_served() {
    // Longer than the reading of a forum ever takes.
    let (app, page, forum, lock) = posts_held(|setup| setup.pool.pipelined_read = Duration::from_secs(3)).await;
    let first = ask(app.guest(), page.clone());
    who_waits(&lock).await;
    let behind = app.guest().get(&forum).await.refused(503, "overloaded");
    assert_eq!(behind.header("retry-after"), "1");
    // No statement stands in front of it any more.
    app.guest().get(&forum).await.expect(200);
    lock.batch_execute("COMMIT").await.unwrap();
    // No statement stood in front of the first, whose lock may last.
    first.await.unwrap().expect(200);
}

#[actix_web::test]
async fn who_gets_no_turn_is_turned_away_in_time() {
    const READERS: u8 = 8;
    let (app, page, forum, lock) = posts_held(|setup| {
        (setup.pool.pipelined_read, setup.pool.wait) = (Duration::from_secs(2), PATIENCE);
    })
    .await;
    let first = ask(app.guest(), format!("{page}?per_page=1"));
    who_waits(&lock).await;
    let behind: Vec<_> = (2..=READERS + 1).map(|size| ask(app.guest(), format!("{page}?per_page={size}"))).collect();
    for behind in behind {
        behind.await.unwrap().refused(503, "overloaded");
    }
    lock.batch_execute("COMMIT").await.unwrap();
    first.await.unwrap().expect(200);
    app.guest().get(&forum).await.expect(200);
}
