//! Start, stop and a second program on the same folder.

use super::*;

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
async fn a_log_that_has_grown_large_is_put_aside() {
    let folder = Folder::new();
    let log = folder.join("postgres.log");
    fs::File::create(&log).unwrap().set_len(17 << 20).unwrap();
    start(&folder.0).await.stop().await.unwrap();
    let size = |name| fs::metadata(folder.join(name)).unwrap().len();
    assert_eq!(size("postgres.log.1"), 17 << 20);
    assert!((1..1 << 20).contains(&size("postgres.log")));
}

#[tokio::test]
async fn a_server_that_is_dropped_frees_its_folder() {
    let folder = Folder::new();
    drop(start(&folder.0).await);
    let again = LocalPostgres::attach_or_start(&folder.0, "folkmoot export").await.unwrap();
    again.stop().await.unwrap();
}

#[tokio::test]
async fn two_commands_at_once_on_a_new_folder_share_one_server() {
    let folder = Folder::new();
    let (one, other) = tokio::join!(
        LocalPostgres::attach_or_start(&folder.0, "folkmoot export"),
        LocalPostgres::attach_or_start(&folder.0, "folkmoot admin check"),
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.url(), other.url());
    assert_eq!(ask(one.url(), "SELECT 1").await, ["1"]);
    one.stop().await.unwrap();
    other.stop().await.unwrap();
    assert!(!folder.join("postgres/postmaster.pid").exists());
}

#[actix_web::test]
async fn a_server_starts_and_stops_on_the_runtime_of_the_web_server() {
    let folder = Folder::new();
    let server = start(&folder.0).await;
    assert_eq!(ask(server.url(), "SELECT 1").await, ["1"]);
    server.stop().await.unwrap();
}
