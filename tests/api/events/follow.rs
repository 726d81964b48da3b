//! What becomes of what a node keeps when its view of the log is broken: nothing is believed that may have been missed.

use std::sync::Arc;

use folkmoot::cache::{Stamp, Thing};
use folkmoot::ids::PostId;
use tokio::sync::Notify;

use super::is_numbered;
use crate::support::{App, Service, database, eventually, who_waits};

/// A stamp of something that no test changes: void once everything is.
async fn stamp_of_all(app: &App) -> Stamp {
    let changes = &app.shared.state.store.changes;
    eventually(async || changes.is_sure()).await;
    changes.stamp(Thing::Post(PostId(i64::MAX)))
}

async fn run(app: &App, sql: &str) {
    app.sql().await.batch_execute(sql).await.unwrap();
}

#[actix_web::test]
async fn one_that_holds_the_right_to_number_and_stands_still_loses_it() {
    let app = App::start().await;
    // With the settings of a node.
    let heard = Arc::new(Notify::new());
    let idle = folkmoot::db::listen(&app.database_url, "nothing", heard).await.unwrap();
    idle.batch_execute("BEGIN; SELECT last_position FROM event_log FOR UPDATE").await.unwrap();
    run(&app, "INSERT INTO events (kind) VALUES ('member_edited')").await;
    assert!(!is_numbered(&app).await);
    eventually(async || is_numbered(&app).await).await;
    assert!(idle.batch_execute("COMMIT").await.is_err(), "the server has ended it");
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
async fn a_node_that_stands_still_while_it_numbers_keeps_no_other_from_it() {
    let url = database::bare().await;
    let stopped = Service::begin(&url, &[]).serves();
    let (_gate, holder) = in_the_midst(&url).await;
    who_waits(&holder).await;
    stopped.tell(rustix::process::Signal::STOP);
    holder.batch_execute("ROLLBACK").await.unwrap();
    let app = App::start_on(&url, |_| ()).await;
    run(&app, "INSERT INTO events (kind) VALUES ('member_edited')").await;
    let from = std::time::Instant::now();
    eventually(async || is_numbered(&app).await).await;
    // Sooner than the server would end a transaction that stands still.
    assert!(from.elapsed() < std::time::Duration::from_secs(2), "{:?}", from.elapsed());
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
