//! What is left when either side is killed, and how it comes back.

use super::*;

#[tokio::test]
async fn a_killed_postmaster_comes_back_by_itself() {
    let folder = Folder::new();
    let server = start(&folder.0).await;
    ask(server.url(), "CREATE TABLE kept AS SELECT 7 AS number").await;
    for _ in 0..2 {
        let killed = postmaster(&folder.0);
        kill_process(killed, Signal::KILL).unwrap();
        until_gone(killed).await;
        let kept = ask_until_answered(server.url(), "SELECT number FROM kept").await;
        assert_eq!(kept, ["7"]);
        assert_ne!(postmaster(&folder.0), killed);
    }
    server.stop().await.unwrap();
    start(&folder.0).await.stop().await.unwrap();
}

#[tokio::test]
async fn a_query_that_outlives_its_postmaster_does_not_hold_up_the_next() {
    let folder = Folder::new();
    let server = start(&folder.0).await;
    let (client, connection) = tokio_postgres::connect(server.url(), NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let endless = "DO $$ BEGIN LOOP END LOOP; END $$";
    let query = tokio::spawn(async move { client.simple_query(endless).await.map(drop) });
    let busy = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO %'";
    let deadline = Instant::now() + PATIENCE;
    while ask(server.url(), busy).await.is_empty() {
        assert!(Instant::now() < deadline, "the query does not begin");
    }
    kill_process(postmaster(&folder.0), Signal::KILL).unwrap();
    query.await.unwrap().unwrap_err();
    connection.await.unwrap().ok();
    assert_eq!(ask_until_answered(server.url(), "SELECT 1").await, ["1"]);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_server_of_a_killed_owner_ends_and_its_folder_starts_again() {
    let folder = Folder::new();
    let owner = Owner::of(&folder.0);
    let orphan = postmaster(&folder.0);
    owner.kill();
    if cfg!(target_os = "linux") {
        until_gone(orphan).await;
    }
    let server = start(&folder.0).await;
    assert_ne!(postmaster(&folder.0), orphan);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_right_after_the_owner_was_killed_takes_over_at_once() {
    let folder = Folder::new();
    let owner = Owner::of(&folder.0);
    let orphan = postmaster(&folder.0);
    // A stopped process takes no signal, as one that does not hear that its parent ended.
    kill_process(orphan, Signal::STOP).unwrap();
    owner.kill();
    let starting = tokio::spawn({
        let folder = folder.0.clone();
        async move { start(&folder).await }
    });
    kill_process(orphan, Signal::CONT).unwrap();
    let server = starting.await.unwrap();
    assert_ne!(postmaster(&folder.0), orphan);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_hear_of_its_owners_end_is_stopped_by_the_next_start() {
    let folder = Folder::new();
    let owner = Owner::without(&["setpriv"], &folder.0).unwrap();
    let orphan = postmaster(&folder.0);
    owner.kill();
    test_kill_process(orphan).unwrap();
    let server = start(&folder.0).await;
    assert_ne!(postmaster(&folder.0), orphan);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_owner_that_is_killed_at_any_moment_of_its_first_start_is_no_hindrance() {
    let folder = Folder::new();
    for milliseconds in [100, 300, 500, 700, 900, 1200] {
        let data = folder.join(&milliseconds.to_string());
        let mut owner = Command::new(env::current_exe().unwrap())
            .args(["--exact", "db::local::own_a_server_until_killed"])
            .args(["--ignored", "--nocapture"])
            .env(OWNED_FOLDER, &data)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Nothing is waited for: the moment is what differs.
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        owner.kill().unwrap();
        owner.wait().unwrap();
        let server = start(&data).await;
        assert_eq!(ask(server.url(), "SELECT 1").await, ["1"]);
        server.stop().await.unwrap();
    }
}

#[tokio::test]
async fn an_interrupt_at_the_terminal_does_not_reach_the_server() {
    let folder = Folder::new();
    let server = start(&folder.0).await;
    let its_group = rustix::process::getpgid(Some(postmaster(&folder.0))).unwrap();
    assert_ne!(its_group, rustix::process::getpgrp());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn both_killed_is_no_hindrance() {
    let folder = Folder::new();
    let owner = Owner::of(&folder.0);
    let orphan = postmaster(&folder.0);
    kill_process(Pid::from_child(&owner.0), Signal::STOP).unwrap();
    kill_process(orphan, Signal::KILL).unwrap();
    owner.kill();
    let server = start(&folder.0).await;
    assert_eq!(ask(server.url(), "SELECT 1").await, ["1"]);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn stale_files_that_name_a_process_of_another_kind_are_no_hindrance() {
    let folder = Folder::new();
    start(&folder.0).await.stop().await.unwrap();
    let other = std::process::id();
    let cluster = folder.join("postgres");
    fs::write(cluster.join("postmaster.pid"), format!("{other}\n")).unwrap();
    fs::write(cluster.join(".s.PGSQL.5432.lock"), format!("{other}\n")).unwrap();
    fs::write(cluster.join(".s.PGSQL.5432"), "").unwrap();
    start(&folder.0).await.stop().await.unwrap();
}
