//! A streaming replica: near, late, and gone.

use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use super::*;
use crate::support::{App, Person, Service, eventually};

/// A primary with a replica, and a node that reads from both.
struct World {
    folder: Folder,
    primary: LocalPostgres,
    replica: LocalPostgres,
    app: App,
    page: String,
}

impl World {
    async fn new() -> Self {
        Self::with(&QUICK).await
    }

    /// One whose primary has these settings.
    async fn with(settings: &[(&str, &str)]) -> Self {
        let folder = Folder::new();
        let primary = LocalPostgres::start(&folder.join("primary"), "folkmoot serve", settings).await.unwrap();
        folkmoot::db::migrate(primary.url()).await.unwrap();
        back_up(&folder);
        let replica = follow(&folder).await;
        let url = replica.url().to_owned();
        let app = App::start_on(primary.url(), |setup| {
            setup.replicas = vec![url];
            // A replica that keeps a statement waiting says so before it is late.
            setup.pool.lock = Duration::from_millis(50);
        })
        .await;
        let (forum, anna) = (app.forum("general").await, app.member("anna").await);
        let thread = anna.start_thread(forum, "A title", "The first post.").await;
        Self { folder, primary, replica, app, page: format!("/api/v1/threads/{thread}/posts") }
    }

    /// How many statements the primary runs while a guest reads a page that is not kept.
    async fn asked_of_the_primary(&self) -> u64 {
        self.app.clock.advance(chrono::Duration::seconds(5));
        self.app.statements(self.app.guest().get(&self.page)).await
    }

    /// Someone who writes on another node.
    async fn elsewhere(&self) -> Person {
        let clock = self.app.clock.clone();
        let other = App::start_on(self.primary.url(), |setup| setup.clock = clock).await;
        self.app.member("ben").await.at(&other)
    }

    /// The program itself, which reads from the replica: what it says goes by time.
    async fn service(&self) -> Service {
        let service = Service::begin(self.primary.url(), &["--replica-urls", self.replica.url()]).serves();
        eventually(async || has(&service, "folkmoot_replica_near{replica=\"1\"} 1").await).await;
        service
    }

    async fn replica_is_asked(&self) -> bool {
        self.asked_of_the_primary().await == 0
    }

    async fn end(self) {
        self.replica.stop().await.unwrap();
        self.primary.stop().await.unwrap();
    }
}

/// The program beside the server that runs.
fn back_up(folder: &Folder) {
    let server = fs::read_link(format!("/proc/{}/exe", postmaster(&folder.join("primary")).as_raw_nonzero())).unwrap();
    fs::create_dir(folder.join("replica")).unwrap();
    let host = folder.join("primary").join("postgres");
    let copied = Command::new(server.with_file_name("pg_basebackup"))
        .args(["--username", "folkmoot", "--checkpoint", "fast", "--no-sync", "--host"])
        .arg(&host)
        .arg("--pgdata")
        .arg(folder.join("replica").join("postgres"))
        .status()
        .unwrap();
    assert!(copied.success());
    fs::write(folder.join("replica").join("postgres").join("standby.signal"), "").unwrap();
}

async fn follow(folder: &Folder) -> LocalPostgres {
    let primary = format!("host={} user=folkmoot", folder.join("primary").join("postgres").display());
    let settings = [("fsync", "off"), ("primary_conninfo", primary.as_str())];
    LocalPostgres::start(&folder.join("replica"), "folkmoot serve", &settings).await.unwrap()
}

#[actix_web::test]
async fn guests_read_from_a_replica_that_is_near_and_members_from_the_primary() {
    let world = World::new().await;
    eventually(async || world.replica_is_asked().await).await;
    let rita = world.app.member("rita").await;
    world.app.clock.advance(chrono::Duration::seconds(5));
    assert!(world.app.statements(rita.get(&world.page)).await > 0);
    world.end().await;
}

#[actix_web::test]
async fn a_guest_sees_at_once_what_its_node_has_written_however_late_the_replica_is() {
    let world = World::new().await;
    // Each look lets some time of tokens go by.
    eventually(async || world.replica_is_asked().await).await;
    let anna = world.app.member("ben").await;
    ask(world.replica.url(), "SELECT pg_wal_replay_pause()").await;
    for n in 2..20 {
        let post = anna.post(&world.page, json!({"body": "One more."})).await.expect(201);
        assert_eq!(post["position"], n);
        assert_eq!(world.app.guest().get(&world.page).await["pagination"]["total"], n);
    }
    ask(world.replica.url(), "SELECT pg_wal_replay_resume()").await;
    eventually(async || world.replica_is_asked().await).await;
    assert_eq!(world.app.guest().get(&world.page).await["pagination"]["total"], 19);
    world.end().await;
}

#[actix_web::test]
async fn what_another_node_has_written_is_seen_within_a_second_however_late_the_replica_is() {
    let world = World::new().await;
    eventually(async || world.replica_is_asked().await).await;
    let ben = world.elsewhere().await;
    ask(world.replica.url(), "SELECT pg_wal_replay_pause()").await;
    for n in 2..6 {
        ben.post(&world.page, json!({"body": "One more."})).await.expect(201);
        let written = Instant::now();
        loop {
            let asked = Instant::now();
            if world.app.guest().get(&world.page).await["pagination"]["total"] == n {
                break;
            }
            assert!(asked < written + Duration::from_secs(1), "a second after it was written, by a late replica");
        }
    }
    ask(world.replica.url(), "SELECT pg_wal_replay_resume()").await;
    world.end().await;
}

#[actix_web::test]
async fn a_replica_has_what_was_committed_before_also_where_that_is_seen_before_it_is_in_the_log() {
    let settings =
        [("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off"), ("wal_writer_delay", "2s")];
    let world = World::with(&settings).await;
    let ben = world.elsewhere().await;
    let is_near = async |moment| world.app.shared.state.replicas.near(moment).is_some();
    let in_the_log = "SET synchronous_commit = on; SELECT pg_logical_emit_message(true, '', '')";
    // What fills a page of the log is written at once; a reply seldom does.
    for n in 2..6 {
        ask(world.primary.url(), in_the_log).await;
        eventually(async || is_near(None).await).await;
        ben.post(&world.page, json!({"body": "One more."})).await.expect(201);
        let written = Instant::now();
        eventually(async || is_near(Some(written)).await).await;
        world.app.clock.advance(chrono::Duration::seconds(5));
        assert_eq!(world.app.guest().get(&world.page).await["pagination"]["total"], n);
    }
    world.end().await;
}

#[actix_web::test]
async fn a_replica_that_is_gone_is_left_out_and_taken_back_when_it_is_there_again() {
    let World { folder, primary, replica, app, page } = World::new().await;
    let asked_of_the_primary = async || {
        app.clock.advance(chrono::Duration::seconds(5));
        app.statements(async { app.guest().get(&page).await.expect(200) }).await
    };
    eventually(async || asked_of_the_primary().await == 0).await;
    replica.stop().await.unwrap();
    eventually(async || asked_of_the_primary().await > 0).await;
    let replica = follow(&folder).await;
    eventually(async || asked_of_the_primary().await == 0).await;
    replica.stop().await.unwrap();
    primary.stop().await.unwrap();
    drop(folder);
}

#[actix_web::test]
async fn a_database_that_is_no_replica_is_never_read_from() {
    let folder = Folder::new();
    let server = start(&folder.0).await;
    folkmoot::db::migrate(server.url()).await.unwrap();
    let url = server.url().to_owned();
    let app = App::start_on(server.url(), |setup| setup.replicas = vec![url]).await;
    assert_ne!(app.statements(app.guest().get("/api/v1/forums")).await, 0);
    server.stop().await.unwrap();
}

#[actix_web::test]
async fn what_a_late_replica_does_not_have_yet_is_found_on_the_primary() {
    let world = World::new().await;
    for n in 0..5 {
        eventually(async || world.replica_is_asked().await).await;
        ask(world.replica.url(), "SELECT pg_wal_replay_pause()").await;
        // It is near for half a second more.
        let id = world.app.register(&format!("Member {n}")).await;
        world.app.guest().get(&format!("/api/v1/members/{id}")).await.expect(200);
        ask(world.replica.url(), "SELECT pg_wal_replay_resume()").await;
    }
    world.end().await;
}

#[actix_web::test]
async fn what_a_replica_refuses_is_done_by_the_primary() {
    let world = World::new().await;
    let primary = folkmoot::db::connect(world.primary.url()).await.unwrap();
    let is = async |sql: &str| ask(world.replica.url(), sql).await == ["t"];
    for _ in 0..5 {
        eventually(async || world.replica_is_asked().await).await;
        // The lock is replayed, its end is not: there whoever reads posts waits until it is told that it took too long.
        primary.batch_execute("BEGIN; LOCK TABLE posts; SELECT pg_switch_wal()").await.unwrap();
        let locked =
            "SELECT count(*) = 1 FROM pg_locks WHERE relation = 'posts'::regclass AND mode = 'AccessExclusiveLock'";
        eventually(async || is(locked).await).await;
        ask(world.replica.url(), "SELECT pg_wal_replay_pause()").await;
        eventually(async || is("SELECT pg_get_wal_replay_pause_state() = 'paused'").await).await;
        primary.batch_execute("ROLLBACK").await.unwrap();
        world.app.clock.advance(chrono::Duration::seconds(5));
        world.app.guest().get(&world.page).await.expect(200);
        ask(world.replica.url(), "SELECT pg_wal_replay_resume()").await;
    }
    world.end().await;
}

/// Lines to a server that can be lost without a word: what is sent goes nowhere, and nobody is told.
struct Lines {
    folder: Folder,
    lost: watch::Sender<()>,
}

impl Lines {
    fn to(socket: PathBuf) -> Self {
        let (folder, lost) = (Folder::new(), watch::Sender::new(()));
        let listener = UnixListener::bind(folder.join(socket.file_name().unwrap().to_str().unwrap())).unwrap();
        let loses = lost.clone();
        actix_web::rt::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let mut lost = loses.subscribe();
                let Ok(mut far) = UnixStream::connect(&socket).await else { continue };
                actix_web::rt::spawn(async move {
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = lost.changed() => std::future::pending().await,
                    }
                });
            }
        });
        Self { folder, lost }
    }
}

#[actix_web::test]
async fn lines_to_a_replica_that_are_lost_without_a_word_are_made_anew() {
    let mut world = World::new().await;
    let url = world.replica.url().to_owned();
    let config: tokio_postgres::Config = url.parse().unwrap();
    let [tokio_postgres::config::Host::Unix(folder)] = config.get_hosts() else { panic!("{url}") };
    let port = config.get_ports().first().unwrap_or(&5432);
    let lines = Lines::to(folder.join(format!(".s.PGSQL.{port}")));
    let through = url.replace(folder.to_str().unwrap(), lines.folder.0.to_str().unwrap());
    world.app = App::start_on(world.primary.url(), |setup| setup.replicas = vec![through]).await;
    eventually(async || world.replica_is_asked().await).await;
    lines.lost.send_replace(());
    eventually(async || world.asked_of_the_primary().await > 0).await;
    eventually(async || world.replica_is_asked().await).await;
    world.end().await;
}

#[actix_web::test]
async fn how_late_each_replica_is_is_told() {
    let world = World::new().await;
    let nowhere = "host=/nowhere user=nobody dbname=none";
    let replicas = format!("{},{nowhere}", world.replica.url());
    let service = Service::begin(world.primary.url(), &["--replica-urls", &replicas]).serves();
    let has = async |line: &str| service.metrics().await.lines().any(|told| told == line);
    eventually(async || has("folkmoot_replica_near{replica=\"1\"} 1").await).await;
    assert!(has("folkmoot_replica_near{replica=\"2\"} 0").await);
    let told = service.metrics().await;
    let late = told.lines().find_map(|line| line.strip_prefix("folkmoot_replica_lag_seconds{replica=\"1\"} ")).unwrap();
    assert!(late.parse::<f64>().unwrap() > 0.0);
    assert!(!told.contains("folkmoot_replica_lag_seconds{replica=\"2\"}"), "nothing is known of it");
    ask(world.replica.url(), "SELECT pg_wal_replay_pause()").await;
    world.app.register("Somebody").await;
    eventually(async || has("folkmoot_replica_near{replica=\"1\"} 0").await).await;
    ask(world.replica.url(), "SELECT pg_wal_replay_resume()").await;
    eventually(async || has("folkmoot_replica_near{replica=\"1\"} 1").await).await;
    service.tell_to_stop();
    service.ends_well();
    world.end().await;
}

/// Whether its metrics have this line.
async fn has(service: &Service, line: &str) -> bool {
    service.metrics().await.lines().any(|told| told == line)
}

async fn lag(service: &Service) -> f64 {
    let told = service.metrics().await;
    let lag = told.lines().find_map(|line| line.strip_prefix("folkmoot_replica_lag_seconds{replica=\"1\"} "));
    lag.unwrap_or_else(|| panic!("its lag is not told: {told}")).parse().unwrap()
}

#[actix_web::test]
async fn the_log_has_once_that_a_replica_is_late_and_once_that_it_is_near_again() {
    let world = World::new().await;
    let service = world.service().await;
    ask(world.replica.url(), "SELECT pg_wal_replay_pause()").await;
    world.app.register("Somebody").await;
    // It is asked many times meanwhile.
    eventually(async || lag(&service).await > 1.5).await;
    assert!(has(&service, "folkmoot_replica_near{replica=\"1\"} 0").await);
    ask(world.replica.url(), "SELECT pg_wal_replay_resume()").await;
    eventually(async || has(&service, "folkmoot_replica_near{replica=\"1\"} 1").await).await;
    service.tell_to_stop();
    let said = service.ends_well();
    let told: Vec<_> = said.iter().filter(|line| line.contains("a replica is ")).collect();
    assert!(told.len() >= 2, "{said:?}");
    // A busy machine may keep one waiting at other times too: the one is always followed by the other.
    for (n, line) in told.iter().enumerate() {
        let words = if n % 2 == 0 { "a replica is left out" } else { "a replica is near again" };
        assert!(line.contains(words), "{told:?}");
    }
}

#[actix_web::test]
async fn a_replica_that_was_promoted_is_told_as_one_that_follows_nobody() {
    let world = World::new().await;
    let service = world.service().await;
    ask(world.replica.url(), "SELECT pg_promote()").await;
    let told = service.says("a replica is left out");
    assert!(told.contains("it follows nobody"), "{told}");
    eventually(async || has(&service, "folkmoot_replica_near{replica=\"1\"} 0").await).await;
    assert!(!service.metrics().await.contains("folkmoot_replica_lag_seconds{"));
    service.tell_to_stop();
    service.ends_well();
    world.end().await;
}
