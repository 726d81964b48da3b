//! The private PostgreSQL, with real processes and folders.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use folkmoot::db::local::{LocalError, LocalPostgres};
use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};
use tokio_postgres::NoTls;

/// Names the folder for [`own_a_server_until_killed`].
const OWNED_FOLDER: &str = "FOLKMOOT_TEST_OWNED_FOLDER";
const PATIENCE: Duration = Duration::from_secs(60);
const QUICK: [(&str, &str); 1] = [("fsync", "off")];

/// A folder that goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = env::temp_dir().join(format!("fm-{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

async fn start(folder: &Path) -> LocalPostgres {
    LocalPostgres::start(folder, "folkmoot serve", &QUICK).await.unwrap()
}

async fn refusal(folder: &Path) -> LocalError {
    LocalPostgres::start(folder, "folkmoot import", &QUICK).await.unwrap_err()
}

async fn try_ask(url: &str, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let messages = client.simple_query(sql).await;
    drop(client);
    connection.await.unwrap()?;
    let rows = messages?.into_iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("").to_owned()),
        _ => None,
    });
    Ok(rows.collect())
}

async fn ask(url: &str, sql: &str) -> Vec<String> {
    try_ask(url, sql).await.unwrap()
}

async fn ask_until_answered(url: &str, sql: &str) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match try_ask(url, sql).await {
            Ok(rows) => return rows,
            Err(error) => assert!(Instant::now() < deadline, "still no answer: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn postmaster(folder: &Path) -> Pid {
    let text = fs::read_to_string(folder.join("postgres/postmaster.pid")).unwrap();
    Pid::from_raw(text.lines().next().unwrap().parse().unwrap()).unwrap()
}

async fn until_gone(pid: Pid) {
    let deadline = Instant::now() + PATIENCE;
    while test_kill_process(pid).is_ok() {
        assert!(Instant::now() < deadline, "process {pid:?} is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Another process, of this same binary, that owns the folder and runs its server.
struct Owner(Child);

impl Owner {
    fn of(folder: &Path) -> Owner {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "db::local::own_a_server_until_killed"])
            .args(["--ignored", "--nocapture"])
            .env(OWNED_FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.map(|line| line.unwrap()).any(|line| line.ends_with("ready"));
        assert!(ready, "the owner ended before its server was ready");
        Owner(child)
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
#[ignore = "run by other tests, as a process that they kill"]
async fn own_a_server_until_killed() {
    let folder = env::var_os(OWNED_FOLDER).expect("a folder is given");
    let _server = start(Path::new(&folder)).await;
    println!("ready");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_restart_keeps_the_data() {
    let folder = Folder::new();
    let data = folder.join("data");
    let server = start(&data).await;
    ask(server.url(), "CREATE TABLE kept AS SELECT 7 AS number").await;
    server.stop().await.unwrap();
    assert!(!data.join("postgres/postmaster.pid").exists());

    let server = start(&data).await;
    assert_eq!(ask(server.url(), "SELECT number FROM kept").await, ["7"]);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_cluster_is_utf8_with_checksums_on_a_socket_alone() {
    let folder = Folder::new();
    let server = start(&folder.0).await;
    for (setting, value) in [
        ("server_encoding", "UTF8"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("fsync", "off"),
        ("synchronous_commit", "on"),
    ] {
        let answer = ask(server.url(), &format!("SHOW {setting}")).await;
        assert_eq!(answer, [value], "{setting}");
    }
    let socket = fs::metadata(folder.join("postgres/.s.PGSQL.5432")).unwrap();
    assert_eq!(socket.mode() & 0o777, 0o700);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_program_is_refused_by_name() {
    let folder = Folder::new();
    let server = start(&folder.0).await;
    let message = refusal(&folder.0).await.to_string();
    let place = folder.0.display();
    let pid = std::process::id();
    let expected = format!("{place} is in use by `folkmoot serve` (process {pid})");
    assert!(message.starts_with(&expected), "{message}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn another_command_attaches_to_a_running_server_and_leaves_it_running() {
    let folder = Folder::new();
    let server = start(&folder.0).await;
    let attached = LocalPostgres::attach_or_start(&folder.0, "folkmoot export").await.unwrap();
    assert_eq!(attached.url(), server.url());
    attached.stop().await.unwrap();
    assert_eq!(ask(server.url(), "SELECT 1").await, ["1"]);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn another_command_starts_a_server_for_itself_where_none_runs() {
    let folder = Folder::new();
    let own = LocalPostgres::attach_or_start(&folder.0, "folkmoot export").await.unwrap();
    assert_eq!(ask(own.url(), "SELECT 1").await, ["1"]);
    let message = refusal(&folder.0).await.to_string();
    assert!(message.contains("`folkmoot export`"), "{message}");
    own.stop().await.unwrap();
    assert!(!folder.join("postgres/postmaster.pid").exists());
}

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

#[tokio::test]
async fn a_path_longer_than_a_socket_name_and_with_signs_in_it_works() {
    let folder = Folder::new();
    let data = folder.join(&"it's, \"long\" ".repeat(9));
    let server = start(&data).await;
    assert_eq!(ask(server.url(), "SELECT 1").await, ["1"]);
    let socket_dir = ask(server.url(), "SHOW unix_socket_directories").await;
    let socket_dir = PathBuf::from(socket_dir[0].trim_matches('"'));
    assert_eq!(fs::metadata(&socket_dir).unwrap().mode() & 0o777, 0o700);
    server.stop().await.unwrap();
    assert!(!socket_dir.exists());
}

#[tokio::test]
async fn quotes_and_spaces_in_a_short_path_work() {
    let folder = Folder::new();
    let server = start(&folder.join("it's \"a\\b\"")).await;
    assert_eq!(ask(server.url(), "SELECT 1").await, ["1"]);
    assert!(server.url().contains("it\\'s"), "{}", server.url());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_only_its_owner_can_enter_works_and_stays_the_owners() {
    let folder = Folder::new();
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    let server = start(&folder.join("data")).await;
    assert_eq!(ask(server.url(), "SELECT 1").await, ["1"]);
    server.stop().await.unwrap();
    let cluster = fs::metadata(folder.join("data/postgres")).unwrap();
    assert_eq!(cluster.uid(), geteuid().as_raw());
}

#[tokio::test]
async fn data_of_a_major_that_is_not_installed_is_refused_with_both_versions() {
    let folder = Folder::new();
    fs::create_dir(folder.join("postgres")).unwrap();
    fs::write(folder.join("postgres/PG_VERSION"), "13\n").unwrap();
    let message = refusal(&folder.0).await.to_string();
    assert!(message.contains("made by PostgreSQL 13"), "{message}");
    assert!(message.contains("installed is PostgreSQL 1"), "{message}");
}

#[tokio::test]
async fn a_half_made_cluster_is_cleaned_away() {
    let folder = Folder::new();
    let unfinished = folder.join("postgres.unfinished");
    fs::create_dir_all(unfinished.join("base/1")).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    let server = start(&folder.0).await;
    assert_eq!(ask(server.url(), "SELECT 1").await, ["1"]);
    server.stop().await.unwrap();
    assert!(!unfinished.exists());
}

#[tokio::test]
async fn a_folder_of_something_else_is_left_alone() {
    let folder = Folder::new();
    fs::create_dir(folder.join("postgres")).unwrap();
    fs::write(folder.join("postgres/novel.txt"), "It was a dark night").unwrap();
    let message = refusal(&folder.0).await.to_string();
    assert!(message.contains("neither empty nor a PostgreSQL cluster"), "{message}");
    assert!(folder.join("postgres/novel.txt").exists());
}

#[tokio::test]
async fn a_start_that_fails_quotes_the_log() {
    let folder = Folder::new();
    let settings = [("max_connections", "many")];
    let failed = LocalPostgres::start(&folder.0, "folkmoot serve", &settings).await;
    let message = failed.unwrap_err().to_string();
    assert!(message.contains("max_connections"), "{message}");
    assert!(message.contains("postgres.log"), "{message}");
    start(&folder.0).await.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_dropped_frees_its_folder() {
    let folder = Folder::new();
    drop(start(&folder.0).await);
    let again = LocalPostgres::attach_or_start(&folder.0, "folkmoot export").await.unwrap();
    again.stop().await.unwrap();
}
