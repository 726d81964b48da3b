//! A PostgreSQL that neither answers nor refuses.

use super::*;
use crate::support::App;

/// All processes of a server, stopped where they are. They go on when it is dropped: a test that fails leaves none behind.
struct Frozen(Vec<Pid>);

impl Frozen {
    /// First the one that starts the others, then all that it has started, also those that take no statements yet.
    fn new(folder: &Path) -> Self {
        let postmaster = postmaster(folder);
        kill_process(postmaster, Signal::STOP).unwrap();
        let mut frozen = Self(vec![postmaster]);
        let listed = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().unwrap().stdout;
        for line in String::from_utf8(listed).unwrap().lines() {
            let mut ids = line.split_whitespace().map(|id| Pid::from_raw(id.parse().unwrap()));
            let (process, parent) = (ids.next().unwrap(), ids.next().unwrap());
            if let Some(process) = process.filter(|_| parent == Some(postmaster)) {
                kill_process(process, Signal::STOP).unwrap();
                frozen.0.push(process);
            }
        }
        frozen
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.0.iter().for_each(|process| kill_process(*process, Signal::CONT).unwrap());
    }
}

#[actix_web::test]
async fn a_frozen_database_is_told_in_time_and_back_without_a_restart() {
    let folder = Folder::new();
    let server = start(&folder.0).await;
    folkmoot::db::migrate(server.url()).await.unwrap();
    let app = App::start_on(server.url(), |_| ()).await;
    let pool = app.shared.state.db.clone();
    let watch = actix_web::rt::spawn(async move { pool.watch().await });
    app.guest().get("/api/v1/forums").await.expect(200);

    let frozen = Frozen::new(&folder.0);
    let from = Instant::now();
    let asked = app.guest();
    let (page, ready, live) =
        futures_util::join!(asked.get("/api/v1/forums"), asked.get("/health/ready"), asked.get("/health/live"),);
    assert!(from.elapsed() < Duration::from_secs(7), "{:?}", from.elapsed());
    live.expect(200);
    assert_eq!(page.refused(503, "database_unavailable").header("retry-after"), "1");
    ready.refused(503, "database_unavailable");
    // Known by now, so told at once.
    let from = Instant::now();
    app.guest().get("/api/v1/forums").await.refused(503, "database_unavailable");
    assert!(from.elapsed() < Duration::from_secs(1), "{:?}", from.elapsed());

    drop(frozen);
    let from = Instant::now();
    while app.guest().get("/api/v1/forums").await.status != 200 {
        assert!(from.elapsed() < PATIENCE, "it does not come back");
    }
    app.guest().get("/health/ready").await.expect(200);
    watch.abort();
    server.stop().await.unwrap();
}
