//! A PostgreSQL that neither answers nor refuses.

use super::*;
use crate::support::App;

#[path = "../../../crash/frozen.rs"]
mod processes;

use processes::Frozen;

/// So soon after it goes on it is used again.
const BACK_WITHIN: Duration = Duration::from_secs(2);

#[actix_web::test]
async fn a_frozen_database_is_told_in_time_and_back_without_a_restart() {
    let folder = Folder::new();
    let server = start(&folder.0).await;
    folkmoot::db::migrate(server.url()).await.unwrap();
    let app = App::start_on(server.url(), |_| ()).await;
    let pool = app.shared.state.db.clone();
    let watch = actix_web::rt::spawn(async move { pool.watch().await });
    app.guest().get("/api/v1/members").await.expect(200);

    let frozen = Frozen::with_children(postmaster(&folder.0)).unwrap();
    let from = Instant::now();
    let asked = app.guest();
    let (page, ready, live) =
        futures_util::join!(asked.get("/api/v1/members"), asked.get("/health/ready"), asked.get("/health/live"),);
    assert!(from.elapsed() < Duration::from_secs(7), "{:?}", from.elapsed());
    live.expect(200);
    assert_eq!(page.refused(503, "database_unavailable").header("retry-after"), "1");
    ready.refused(503, "database_unavailable");
    // Known by now, so told at once.
    let from = Instant::now();
    app.guest().get("/api/v1/members").await.refused(503, "database_unavailable");
    assert!(from.elapsed() < Duration::from_secs(1), "{:?}", from.elapsed());

    drop(frozen);
    let from = Instant::now();
    while app.guest().get("/api/v1/members").await.status != 200 {
        assert!(from.elapsed() < PATIENCE, "it does not come back");
    }
    assert!(from.elapsed() < BACK_WITHIN, "{:?}", from.elapsed());
    app.guest().get("/health/ready").await.expect(200);
    watch.abort();
    server.stop().await.unwrap();
}
