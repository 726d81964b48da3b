//! What becomes of what a node keeps when its view of the log is broken: nothing is believed that may have been missed.

use std::time::{Duration, Instant};

use folkmoot::cache::{Stamp, Thing};
use folkmoot::ids::PostId;

use super::is_numbered;
use crate::support::{App, Service, database, eventually, who_waits};

/// A stamp of something that no test changes: void once everything is.
async fn stamp_of_all(app: &App) -> Stamp {
    let changes = &app.shared.state.store.changes;
    eventually(async || changes.is_sure()).await;
    changes.stamp(Thing::Post(PostId(i64::MAX)))
}

/// Whether everything has become void since.
fn is_void(app: &App, stamp: &Stamp) -> bool {
    !app.shared.state.store.changes.holds(stamp)
}

async fn run(app: &App, sql: &str) {
    app.sql().await.batch_execute(sql).await.unwrap();
}

/// The connection by which a node follows the log.
const FOLLOWER: &str = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
                        WHERE application_name = current_schema() AND pid <> pg_backend_pid() AND query LIKE '%event%'";

#[actix_web::test]
async fn what_is_known_voids_nothing_else() {
    let app = App::start().await;
    let stamp = stamp_of_all(&app).await;
    run(&app, "INSERT INTO events (kind, member_id) VALUES ('member_edited', 7)").await;
    eventually(async || is_numbered(&app).await).await;
    assert!(!is_void(&app, &stamp));
}

#[actix_web::test]
async fn entries_that_were_removed_before_they_were_read_make_everything_void() {
    let app = App::start().await;
    let stamp = stamp_of_all(&app).await;
    run(
        &app,
        "BEGIN; UPDATE event_log SET last_position = last_position + 3; \
         INSERT INTO events (kind, position) SELECT 'member_edited', last_position FROM event_log; COMMIT",
    )
    .await;
    eventually(async || is_void(&app, &stamp)).await;
}

#[actix_web::test]
async fn an_entry_of_an_unknown_kind_makes_everything_void() {
    let app = App::start().await;
    let stamp = stamp_of_all(&app).await;
    run(&app, "INSERT INTO events (kind) VALUES ('of_a_newer_version')").await;
    eventually(async || is_void(&app, &stamp)).await;
}

#[actix_web::test]
async fn a_log_that_has_gone_back_makes_everything_void_and_is_followed_from_there() {
    let app = App::start().await;
    run(&app, "INSERT INTO events (kind, member_id) SELECT 'member_edited', 7 FROM generate_series(1, 10)").await;
    eventually(async || is_numbered(&app).await).await;
    let stamp = stamp_of_all(&app).await;
    // As a server has it that took over without the last commits.
    run(&app, "BEGIN; DELETE FROM events WHERE position > 4; UPDATE event_log SET last_position = 4; COMMIT").await;
    eventually(async || is_void(&app, &stamp)).await;
    // Positions that were given before mean other entries now.
    let (changes, seven) = (&app.shared.state.store.changes, Thing::Post(PostId(7)));
    let (stamp, of_all) = (changes.stamp(seven), stamp_of_all(&app).await);
    run(&app, "INSERT INTO events (kind, post_id) VALUES ('post_edited', 7)").await;
    eventually(async || !changes.holds(&stamp)).await;
    assert!(!is_void(&app, &of_all));
    assert_eq!(app.count("SELECT max(position) FROM events").await, 5);
}

#[actix_web::test]
async fn a_log_that_another_server_has_written_since_makes_everything_void() {
    let app = App::start().await;
    run(&app, "INSERT INTO events (kind, member_id) SELECT 'member_edited', 7 FROM generate_series(1, 10)").await;
    eventually(async || is_numbered(&app).await).await;
    let stamp = stamp_of_all(&app).await;
    // It has gone on beyond what was read of the one before.
    let other = "BEGIN; UPDATE events SET kind = 'post_edited', post_id = 7 WHERE position > 4; \
                 INSERT INTO events (kind, position) VALUES ('post_edited', 11); \
                 UPDATE event_log SET last_position = 11; COMMIT";
    run(&app, &format!("{other}; {FOLLOWER}")).await;
    eventually(async || is_void(&app, &stamp)).await;
}

#[actix_web::test]
async fn more_than_can_be_read_at_once_is_numbered_in_the_end_and_what_is_kept_is_believed_meanwhile() {
    let app = App::start().await;
    let mut holder = app.sql().await;
    let held = holder.transaction().await.unwrap();
    held.execute("SELECT last_position FROM event_log FOR UPDATE", &[]).await.unwrap();
    let stamp = stamp_of_all(&app).await;
    run(&app, "INSERT INTO events (kind, member_id) SELECT 'member_edited', 7 FROM generate_series(1, 12000)").await;
    eventually(async || is_void(&app, &stamp)).await;
    let changes = &app.shared.state.store.changes;
    // For longer than what is known once is believed.
    let before = Instant::now();
    eventually(async || before.elapsed() > Duration::from_secs(1)).await;
    eventually(async || changes.is_sure()).await;
    held.rollback().await.unwrap();
    eventually(async || is_numbered(&app).await).await;
    assert_eq!(app.count("SELECT last_position FROM event_log").await, 12_000);
    assert_eq!(app.count("SELECT max(position) - min(position) FROM events").await, 11_999);
}

#[actix_web::test]
async fn a_connection_that_was_cut_is_made_again_and_what_was_kept_before_is_not_believed() {
    let app = App::start().await;
    let stamp = stamp_of_all(&app).await;
    assert_eq!(app.sql().await.query(FOLLOWER, &[]).await.unwrap().len(), 1);
    eventually(async || is_void(&app, &stamp)).await;
    run(&app, "INSERT INTO events (kind) VALUES ('member_edited')").await;
    eventually(async || is_numbered(&app).await).await;
    stamp_of_all(&app).await;
}

/// Entries that are being numbered: whoever does it waits for the second of these connections.
async fn in_the_midst(url: &str) -> (tokio_postgres::Client, tokio_postgres::Client) {
    let holder = folkmoot::db::connect(url).await.unwrap();
    let gate = folkmoot::db::connect(url).await.unwrap();
    gate.batch_execute("BEGIN; SELECT FROM event_log FOR UPDATE").await.unwrap();
    holder.batch_execute("INSERT INTO events (kind) SELECT 'member_edited' FROM generate_series(1, 3)").await.unwrap();
    holder.batch_execute("BEGIN; SELECT FROM events FOR UPDATE").await.unwrap();
    gate.batch_execute("ROLLBACK").await.unwrap();
    (gate, holder)
}

#[actix_web::test]
async fn numbering_that_has_to_wait_for_long_is_given_up_by_the_server() {
    let url = database::bare().await;
    let _node = Service::begin(&url, &[]).serves();
    let (_gate, holder) = in_the_midst(&url).await;
    let pid = who_waits(&holder).await;
    let waits = "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'";
    eventually(async || holder.query(waits, &[&pid]).await.unwrap().is_empty()).await;
}

#[actix_web::test]
async fn a_node_that_stands_still_while_it_numbers_keeps_no_other_from_it() {
    let url = database::bare().await;
    let stopped = Service::begin(&url, &[]).serves();
    let (_gate, holder) = in_the_midst(&url).await;
    let pid = who_waits(&holder).await;
    stopped.tell(rustix::process::Signal::STOP);
    holder.batch_execute("ROLLBACK").await.unwrap();
    let app = App::start_on(&url, |_| ()).await;
    run(&app, "INSERT INTO events (kind) VALUES ('member_edited')").await;
    eventually(async || is_numbered(&app).await).await;
    // No transaction of its was left that the server had to end.
    assert_eq!(app.count(&format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}")).await, 1);
}

#[actix_web::test]
async fn one_that_is_ended_while_it_numbers_leaves_no_gap_and_no_double() {
    let app = App::start().await;
    stamp_of_all(&app).await;
    let (gate, holder) = in_the_midst(&app.database_url).await;
    let pid = who_waits(&holder).await;
    assert!(gate.query_one("SELECT pg_terminate_backend($1, 10000)", &[&pid]).await.unwrap().get::<_, bool>(0));
    assert!(!is_numbered(&app).await);
    holder.batch_execute("ROLLBACK").await.unwrap();
    eventually(async || is_numbered(&app).await).await;
    let positions: Vec<_> = super::log(&app).await.into_iter().map(|(position, _)| position).collect();
    assert_eq!(positions, [1, 2, 3]);
}
