//! Lookups that come together: each is answered with what it asked for, and they need few statements.

use std::time::Duration;

use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;
use futures_util::future::join_all;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::support::{Answer, App, Person, eventually, until};

const MANY: usize = 24;

/// A thread page, and readers of whom every third likes its post.
async fn forum(app: &App) -> (String, Vec<Person>) {
    let anna = app.member("anna").await;
    let page = anna.post(
        "/api/v1/threads",
        serde_json::json!({
            "forum_id": app.forum("general").await, "title": "A title", "body": "The first post."
        }),
    );
    let page = page.await.expect(201);
    let (thread, post) = (page["thread"]["id"].as_i64().unwrap(), page["thread"]["last_post"]["id"].as_i64().unwrap());
    let mut readers = Vec::new();
    for n in 0..MANY {
        let reader = app.member(&format!("reader {n}")).await;
        if n % 3 == 0 {
            reader.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
        }
        readers.push(reader);
    }
    (format!("/api/v1/threads/{thread}/posts"), readers)
}

/// Until so many requests are being worked on.
async fn until_in_flight(app: &App, count: usize) {
    let mut registry = Registry::default();
    app.shared.requests.register(&mut registry);
    let is_so = async || {
        // The requests are sent by the same thread.
        tokio::task::yield_now().await;
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text.lines().any(|line| line == format!("http_requests_in_flight {count}"))
    };
    eventually(is_so).await;
}

/// The same, with the page kept and the likes locked: no reader's own part can be read until the lock is let go.
async fn likes_held(app: &App) -> (String, Vec<Person>, tokio_postgres::Client) {
    let (page, readers) = forum(app).await;
    for reader in &readers {
        reader.get(&page).await.expect(200);
    }
    let lock = app.sql().await;
    lock.batch_execute("BEGIN; LOCK TABLE likes").await.unwrap();
    (page, readers, lock)
}

fn ask_at_once(page: &str, readers: &[Person]) -> Vec<JoinHandle<Answer>> {
    let ask = |reader: &Person| {
        let (reader, page) = (reader.clone(), page.to_owned());
        spawn(async move { reader.get(&page).await })
    };
    readers.iter().map(ask).collect()
}

#[actix_web::test]
async fn who_asks_at_the_same_time_gets_what_is_its_own_by_few_statements() {
    let app = App::start().await;
    let (page, readers, lock) = likes_held(&app).await;
    let asked = ask_at_once(&page, &readers);
    let before = app.shared.state.db.statements();
    until_in_flight(&app, MANY).await;
    lock.batch_execute("COMMIT").await.unwrap();
    for (n, answered) in join_all(asked).await.into_iter().enumerate() {
        let page = answered.unwrap().expect(200);
        assert_eq!(page["viewer"]["member_id"], readers[n].id);
        assert_eq!(page["viewer"]["liked"].as_array().unwrap().len(), usize::from(n % 3 == 0), "reader {n}");
    }
    let statements = app.shared.state.db.statements() - before;
    assert!(statements <= MANY as u64 / 2, "{statements} statements for {MANY} readers");
}

#[actix_web::test]
async fn who_goes_away_takes_nobody_along() {
    let app = App::start().await;
    let (page, readers, lock) = likes_held(&app).await;
    let asked = ask_at_once(&page, &readers);
    until_in_flight(&app, MANY).await;
    let (gone, stay): (Vec<_>, Vec<_>) = asked.into_iter().enumerate().partition(|(n, _)| n % 2 == 0);
    gone.iter().for_each(|(_, asked)| asked.abort());
    lock.batch_execute("COMMIT").await.unwrap();
    for (_, answered) in stay {
        answered.await.unwrap().expect(200);
    }
    app.guest().get("/health/live").await.expect(200);
}

#[actix_web::test]
async fn all_are_told_when_the_statement_fails() {
    let app = App::start_with(|setup| setup.pool.lock = Duration::from_millis(300)).await;
    let (page, readers, lock) = likes_held(&app).await;
    let answers = join_all(readers.iter().map(|reader| reader.get(&page))).await;
    assert!(
        answers.iter().all(|answer| answer.status == 503),
        "{:?}",
        answers.iter().map(|a| a.status).collect::<Vec<_>>()
    );
    lock.batch_execute("COMMIT").await.unwrap();
    until(&app.sql().await, "SELECT count(*) = 0 FROM pg_locks WHERE NOT granted").await;
    readers[0].get(&page).await.expect(200);
}
