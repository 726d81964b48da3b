//! The limits that the program has when nobody sets them, as they are felt from outside.

use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::json;

use crate::support::{App, PASSWORD, PATIENCE, Person, Service, until, who_waits};

/// What a limit may be late by: the tests share two cores.
const LATE: Duration = Duration::from_secs(2);
const LOGINS: usize = 500;
/// Hashing a password takes 19 MiB: five hundred at once would be more than nine gigabytes.
const MOST_KIB: u64 = 300 * 1024;

/// How long it takes.
async fn timed<T>(act: impl Future<Output = T>) -> (T, Duration) {
    let from = Instant::now();
    let done = act.await;
    (done, from.elapsed())
}

/// All that the service says to this, until it closes the connection.
async fn said_to(service: &Service, words: String) -> String {
    let address = service.url.trim_start_matches("http://").to_owned();
    let said = actix_web::web::block(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(words.as_bytes()).unwrap();
        let mut said = Vec::new();
        // What is closed in the middle of a request may also be reset.
        let _ = stream.read_to_end(&mut said);
        String::from_utf8(said).unwrap()
    });
    said.await.unwrap()
}

fn within(name: &str, limit: u64, took: Duration) {
    // The server's clock for the first head of a connection goes by half seconds.
    let (limit, early) = (Duration::from_secs(limit), Duration::from_millis(500));
    assert!((limit - early..limit + LATE).contains(&took), "{name}: the limit is {limit:?}, it took {took:?}");
}

/// A thread whose likes take longer than a statement may; gives its first post.
async fn with_slow_likes(app: &App, author: &Person, forum: i64) -> i64 {
    let thread = author.start_thread(forum, "Slow", "First").await;
    let slow =
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NEW; END';
                CREATE TRIGGER slow BEFORE INSERT ON likes FOR EACH ROW EXECUTE FUNCTION slow()";
    app.sql().await.batch_execute(slow).await.unwrap();
    app.count(&format!("SELECT id FROM posts WHERE thread_id = {thread}")).await
}

#[actix_web::test]
async fn each_limit_is_as_long_as_it_is_said_to_be() {
    let app = App::migrated().await;
    let (anna, ben, forum) = (app.member("anna").await, app.member("ben").await, app.forum("news").await);
    let locked = anna.start_thread(forum, "Locked", "First").await;
    let post = with_slow_likes(&app, &anna, forum).await;
    let service = Service::beside(&app, &["--workers", "2"]);
    let (anna_there, ben_there) = (anna.at_url(&service.url), ben.at_url(&service.url));
    let locks = app.sql().await;
    locks.batch_execute(&format!("BEGIN; SELECT FROM threads WHERE id = {locked} FOR UPDATE")).await.unwrap();
    let body = format!(
        "POST /api/v1/threads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        anna.token.as_ref().unwrap()
    );
    let (replies, like) = (format!("/api/v1/threads/{locked}/posts"), format!("/api/v1/posts/{post}/like"));
    let (header, body, lock, statement) = futures_util::join!(
        timed(said_to(&service, "GET / HTTP/1.1\r\nHost: x\r\nX-Field: ".to_owned())),
        timed(said_to(&service, body)),
        timed(anna_there.post(&replies, json!({"body": "one"}))),
        timed(ben_there.put(&like)),
    );
    within("header", 5, header.1);
    assert!(header.0.is_empty() || header.0.starts_with("HTTP/1.1 408"), "{}", header.0);
    within("body", 10, body.1);
    assert!(body.0.starts_with("HTTP/1.1 408"), "{}", body.0);
    for (name, limit, (answer, took)) in [("lock", 2, lock), ("statement", 5, statement)] {
        within(name, limit, took);
        assert_eq!(answer.refused(503, "overloaded").header("retry-after"), "1", "{name}");
    }
    locks.batch_execute("ROLLBACK").await.unwrap();
    anna_there.reply(locked, "two").await;
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn many_logins_at_once_take_little_memory_and_hold_up_nobody() {
    let app = App::migrated().await;
    app.register("anna").await;
    app.forum("news").await;
    let service = Service::beside(&app, &["--workers", "2", "--rate-limits", "off"]);
    let guest = app.guest().at_url(&service.url);
    let login = async || guest.post("/api/v1/auth/login", json!({"login": "anna", "password": PASSWORD})).await;
    let mut ordinary = 0;
    let logins = join_all((0..LOGINS).map(|_| login()));
    let beside = async {
        for _ in 0..50 {
            guest.get("/api/v1/forums").await.expect(200);
            ordinary += 1;
        }
    };
    let (answers, ()) = futures_util::join!(logins, beside);
    let mut done = 0;
    for answer in answers {
        match answer.status {
            200 => done += 1,
            _ => assert_eq!(answer.refused(503, "overloaded").header("retry-after"), "1"),
        }
    }
    assert!(done > 0 && ordinary == 50, "{done} logins, {ordinary} pages");
    if let Some(kib) = service.peak_memory() {
        assert!(kib < MOST_KIB, "{kib} KiB");
    }
}

/// How many of so many registrations a node takes; what is in them is looked at later.
async fn taken(guest: &Person, tries: usize) -> usize {
    let mut taken = 0;
    for _ in 0..tries {
        let answer = guest.post("/api/v1/members", json!({})).await;
        match answer.status {
            429 => _ = answer.refused(429, "too_many_requests"),
            _ => {
                answer.expect(422);
                taken += 1;
            }
        }
    }
    taken
}

#[actix_web::test]
async fn two_nodes_share_the_limits_of_use() {
    let app = App::migrated().await;
    let nodes = [(); 2].map(|()| Service::beside(&app, &["--workers", "2"]));
    for node in &nodes {
        let from = Instant::now();
        while !node.metrics().await.lines().any(|line| line == "folkmoot_nodes 2") {
            assert!(from.elapsed() < PATIENCE, "{} does not know of the other node", node.url);
            actix_web::rt::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let (here, there) = (app.guest().at_url(&nodes[0].url), app.guest().at_url(&nodes[1].url));
    let (here, there) = futures_util::join!(taken(&here, 12), taken(&there, 12));
    // Ten an hour, whoever is asked; of an hour too little has gone by to count.
    assert!((8..=12).contains(&(here + there)), "{here} and {there}");
}

#[actix_web::test]
async fn a_node_that_stands_still_lets_go_of_what_it_holds() {
    let app = App::migrated().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let service = Service::beside(&app, &["--workers", "1"]);
    let (there, page) = (anna.at_url(&service.url), format!("/api/v1/threads/{thread}/posts"));
    let client = app.sql().await;
    client.batch_execute("BEGIN; SELECT FROM threads FOR UPDATE").await.unwrap();
    // It gets the lock that it waits for when it can no longer do anything with it.
    let stands_still = async {
        who_waits(&client).await;
        service.tell(Signal::STOP);
        client.batch_execute("COMMIT").await.unwrap();
        until(&client, "SELECT count(*) = 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND application_name = current_schema()").await;
        let (_, took) = timed(anna.reply(thread, "two")).await;
        within("between two statements", 9, took);
        service.tell(Signal::CONT);
    };
    let (answer, ()) = futures_util::join!(there.post(&page, json!({"body": "one"})), stands_still);
    answer.refused(503, "database_unavailable");
    assert_eq!(app.count("SELECT count(*) FROM posts").await, 2);
}
