//! A PostgreSQL that neither answers nor refuses.

use super::*;
use crate::support::App;

/// The server's first process and all that it started, also those that take no statements yet.
fn processes_of(folder: &Path) -> Vec<Pid> {
    let postmaster = postmaster(folder);
    let listed = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().unwrap().stdout;
    let mut processes = vec![postmaster];
    for line in String::from_utf8(listed).unwrap().lines() {
        let mut ids = line.split_whitespace().map(|id| Pid::from_raw(id.parse().unwrap()));
        let (process, parent) = (ids.next().unwrap(), ids.next().unwrap());
        if parent == Some(postmaster) {
            processes.extend(process);
        }
    }
    processes
}

/// All processes of the server, told to stop where they are or to go on.
fn tell(processes: &[Pid], signal: Signal) {
    for process in processes {
        kill_process(*process, signal).unwrap();
    }
}

#[actix_web::test]
async fn a_frozen_database_is_told_in_time_and_back_without_a_restart() {
    let folder = Folder::new();
    let server = start(&folder.0).await;
    folkmoot::db::migrate(server.url()).await.unwrap();
    let app = App::start_on(server.url()).await;
    let pool = app.shared.state.db.clone();
    let watch = actix_web::rt::spawn(async move { pool.watch().await });
    app.guest().get("/api/v1/forums").await.expect(200);

    // First the one that starts the others.
    tell(&[postmaster(&folder.0)], Signal::STOP);
    let processes = processes_of(&folder.0);
    tell(&processes, Signal::STOP);
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

    tell(&processes, Signal::CONT);
    let from = Instant::now();
    while app.guest().get("/api/v1/forums").await.status != 200 {
        assert!(from.elapsed() < PATIENCE, "it does not come back");
    }
    app.guest().get("/health/ready").await.expect(200);
    watch.abort();
    server.stop().await.unwrap();
}
