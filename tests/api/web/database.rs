//! A database that is away or busy, as clients are told of it.

use std::cell::Cell;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all, select};

use crate::support::{App, Setup, TWO_WAIT, until, who_waits};

#[actix_web::test]
async fn a_connection_that_is_cut_is_told_as_the_database_away_and_the_next_request_gets_another() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let replies = format!("/api/v1/threads/{thread}/posts");
    let client = app.sql().await;
    client.batch_execute("BEGIN; SELECT FROM threads FOR UPDATE").await.unwrap();
    let cut = async {
        let pid = who_waits(&client).await;
        client.execute("SELECT pg_terminate_backend($1)", &[&pid]).await.unwrap();
    };
    let (answer, ()) = join(anna.post(&replies, serde_json::json!({"body": "cut"})), cut).await;
    let answer = answer.refused(503, "database_unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    client.batch_execute("ROLLBACK").await.unwrap();
    anna.reply(thread, "again").await;
    assert_eq!(app.count("SELECT count(*) FROM posts").await, 2);
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn idle_connections_that_were_cut_fail_no_request() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let client = app.sql().await;
    anna.get("/api/v1/me").await.expect(200);
    let sql = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
               WHERE application_name = current_schema() AND pid <> pg_backend_pid()";
    assert!(!client.query(sql, &[]).await.unwrap().is_empty());
    anna.get("/api/v1/me").await.expect(200);
}

#[actix_web::test]
async fn what_waits_too_long_for_a_lock_is_told_to_come_again() {
    let app = App::start_with(|setup| setup.pool.lock = Duration::from_millis(100)).await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let client = app.sql().await;
    client.batch_execute("BEGIN; SELECT FROM threads FOR UPDATE").await.unwrap();
    let answer = anna.post(&format!("/api/v1/threads/{thread}/posts"), serde_json::json!({"body": "waits"})).await;
    assert_eq!(answer.refused(503, "overloaded").header("retry-after"), "1");
    // Reading waits for nobody.
    app.guest().get(&format!("/api/v1/threads/{thread}/posts")).await.expect(200);
    client.batch_execute("ROLLBACK").await.unwrap();
    anna.reply(thread, "again").await;
}

#[actix_web::test]
async fn a_write_that_lost_in_a_deadlock_is_done_again_unseen() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let client = app.sql().await;
    // The reply holds the thread and wants its author; this one holds the author and wants the thread. PostgreSQL ends the one
    // that waited first, unless it was slow to wait: then once more.
    let mut replies = 0;
    loop {
        client.batch_execute("BEGIN; SELECT FROM members FOR UPDATE").await.unwrap();
        let in_the_way = async {
            who_waits(&client).await;
            client.batch_execute("SELECT FROM threads FOR UPDATE; COMMIT").await
        };
        let (_, outcome) = join(anna.reply(thread, "again"), in_the_way).await;
        replies += 1;
        if outcome.is_ok() {
            break;
        }
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    assert_eq!(app.count("SELECT count(*) FROM posts").await, 1 + replies);
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn a_statement_that_runs_too_long_is_ended() {
    let app = App::start_with(|setup| setup.pool.statement = Duration::from_millis(100)).await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let client = app.sql().await;
    client.batch_execute("BEGIN; LOCK TABLE threads").await.unwrap();
    app.guest().get(&format!("/api/v1/threads/{thread}")).await.refused(503, "overloaded");
    client.batch_execute("ROLLBACK").await.unwrap();
    app.guest().get(&format!("/api/v1/threads/{thread}")).await.expect(200);
}

#[actix_web::test]
async fn who_finds_no_free_connection_in_time_is_told_to_come_again() {
    let app = App::start_with(|setup| {
        (setup.workers, setup.pool.connections) = (1, 1);
        setup.pool.wait = Duration::from_millis(100);
    })
    .await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let client = app.sql().await;
    client.batch_execute("BEGIN; SELECT FROM threads FOR UPDATE").await.unwrap();
    let others = async {
        who_waits(&client).await;
        let refused = app.guest().get("/api/v1/forums").await.refused(503, "overloaded");
        assert_eq!(refused.header("retry-after"), "1");
        app.guest().get("/health/live").await.expect(200);
        // What does not look at its caller does not wait for one either.
        anna.get("/health/live").await.expect(200);
        client.batch_execute("ROLLBACK").await.unwrap();
    };
    join(anna.reply(thread, "holds the only connection"), others).await;
    app.guest().get("/api/v1/forums").await.expect(200);
}

#[actix_web::test]
async fn a_connection_is_used_again_by_one_request_after_the_other() {
    let app = App::start_with(|setup| (setup.workers, setup.pool.connections) = (1, 1)).await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let sql = "SELECT sum(pid)::bigint FROM pg_stat_activity \
               WHERE application_name = current_schema() AND pid <> pg_backend_pid()";
    let thread = anna.start_thread(forum, "Hello", "First").await;
    let used = app.count(sql).await;
    anna.reply(thread, "one").await;
    anna.get(&format!("/api/v1/threads/{thread}/posts")).await.expect(200);
    anna.post("/api/v1/threads", serde_json::json!({"forum_id": 9, "title": "None", "body": "x"})).await.expect(422);
    app.register("Boris").await;
    let taken = serde_json::json!({"username": "boris", "password": "a long sentence of mine"});
    app.guest().post("/api/v1/members", taken).await.refused(409, "username_taken");
    app.guest().get("/health/ready").await.expect(200);
    assert_eq!(app.count(sql).await, used);
}

/// Three connections for what is done beside, and three for the only worker, of which one is shared. Nothing is kept.
fn with_two_to_lend(setup: &mut Setup, wait_in_crowd: Duration) {
    (setup.workers, setup.pool.connections, setup.pool.wait_in_crowd) = (1, 6, wait_in_crowd);
    setup.cache = 0;
}

/// What is to be done before; then holds on to both for two seconds, with somebody waiting for one all the time, while those who
/// share one go on; then what is to be done meanwhile.
async fn while_one_waits_for_long(app: &App, before: impl AsyncFnOnce(), act: impl AsyncFnOnce()) {
    let card = format!("/api/v1/members/{}", app.member("clara").await.id);
    let (guest, client) = (app.guest(), app.sql().await);
    before().await;
    client.batch_execute("BEGIN; LOCK TABLE threads").await.unwrap();
    let holds_on = "SELECT count(*) = 2 FROM pg_stat_activity WHERE application_name = current_schema() \
                    AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '2 s'";
    let waits = async {
        until(&client, TWO_WAIT).await;
        let first = async { guest.get("/api/v1/members").await.expect(200) };
        let then = async {
            let others = async {
                loop {
                    guest.get(&card).await.expect(200);
                }
            };
            select(pin!(until(&client, holds_on)), pin!(others)).await;
            act().await;
            client.batch_execute("COMMIT").await.unwrap();
        };
        join(first, then).await;
    };
    // Who asks for the same would wait for the same reading.
    let list = async |limit: u8| guest.get(&format!("/api/v1/threads?limit={limit}")).await.expect(200);
    futures_util::join!(list(1), list(2), waits);
}

#[actix_web::test]
async fn who_comes_into_a_crowd_is_turned_away_early() {
    let app = App::start_with(|setup| with_two_to_lend(setup, Duration::from_millis(50))).await;
    // The one who waits came when nobody had waited yet; those who come later do not wait for long.
    let late = async || {
        let refused = app.guest().get("/api/v1/members").await.refused(503, "overloaded");
        assert_eq!(refused.header("retry-after"), "1");
    };
    while_one_waits_for_long(&app, async || {}, late).await;
    app.guest().get("/api/v1/forums").await.expect(200);
}

#[actix_web::test]
async fn some_who_always_wait_for_a_moment_are_no_crowd() {
    let app = App::start_with(|setup| with_two_to_lend(setup, Duration::from_secs(1))).await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    // Four share two connections, for longer than a crowd takes to be one.
    let many_reply = async || {
        let (until_then, waiting) = (Instant::now() + Duration::from_millis(1_500), Cell::new(0));
        let replies = async || {
            while Instant::now() < until_then || waiting.get() < 50 {
                anna.reply(thread, "in between").await;
                waiting.set(waiting.get() + app.shared.state.db.load().waiting);
            }
        };
        join_all([replies(), replies(), replies(), replies()]).await;
    };
    while_one_waits_for_long(&app, many_reply, async || {}).await;
}
