//! Folders of all kinds: long, odd, private, half-made, of another.

use super::*;

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
async fn a_socket_folder_that_others_can_enter_is_not_used() {
    let folder = Folder::new();
    let data = folder.join(&"long ".repeat(25));
    let server = start(&data).await;
    let first = ask(server.url(), "SHOW unix_socket_directories").await;
    server.stop().await.unwrap();

    let taken = PathBuf::from(first[0].trim_matches('"'));
    fs::create_dir(&taken).unwrap();
    fs::set_permissions(&taken, fs::Permissions::from_mode(0o755)).unwrap();
    let server = start(&data).await;
    let second = ask(server.url(), "SHOW unix_socket_directories").await;
    server.stop().await.unwrap();
    fs::remove_dir(&taken).unwrap();
    assert_ne!(second, first);
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
    let data = folder.join("data");
    let started = LocalPostgres::start(&data, "folkmoot serve", &QUICK).await;
    if geteuid().is_root() && !namespaces_work() {
        let refusal = started.unwrap_err();
        assert!(matches!(refusal, LocalError::NotEnterable { .. }), "{refusal}");
        return;
    }
    let server = started.unwrap();
    assert_eq!(ask(server.url(), "SELECT 1").await, ["1"]);
    server.stop().await.unwrap();
    let cluster = fs::metadata(data.join("postgres")).unwrap();
    assert_eq!(cluster.uid(), geteuid().as_raw());
}

fn namespaces_work() -> bool {
    Command::new("unshare").args(["--user", "--map-user=65534", "true"]).status().is_ok_and(|status| status.success())
}

#[tokio::test]
async fn root_without_namespaces_runs_the_server_as_a_plain_account() {
    if !geteuid().is_root() {
        return;
    }
    let folder = Folder::new();
    let data = folder.join("data");
    Owner::without(&["unshare"], &data).unwrap().kill();
    let owner = fs::metadata(data.join("postgres")).unwrap().uid();
    assert_ne!(owner, 0);
    // A cluster stays with its account where namespaces work again.
    start(&data).await.stop().await.unwrap();
    let kept = fs::metadata(data.join("postgres")).unwrap().uid();
    assert_eq!(kept, owner);
}

#[tokio::test]
async fn root_without_namespaces_hands_over_what_was_made_as_root() {
    if !geteuid().is_root() {
        return;
    }
    let folder = Folder::new();
    let server = start(&folder.0).await;
    ask(server.url(), "CREATE TABLE kept AS SELECT 7 AS number").await;
    server.stop().await.unwrap();
    Owner::without(&["unshare"], &folder.0).unwrap().kill();
    let server = start(&folder.0).await;
    assert_eq!(ask(server.url(), "SELECT number FROM kept").await, ["7"]);
    server.stop().await.unwrap();
    let owner = fs::metadata(folder.join("postgres/base")).unwrap().uid();
    assert_ne!(owner, 0);
}

#[tokio::test]
async fn root_without_namespaces_is_told_of_a_folder_that_others_cannot_enter() {
    if !geteuid().is_root() {
        return;
    }
    let folder = Folder::new();
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    let refusal = Owner::without(&["unshare"], &folder.join("data")).err().unwrap();
    assert!(refusal.contains("cannot enter"), "{refusal}");
    assert!(refusal.contains("chmod o+x"), "{refusal}");
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
