//! A schema for each test, in one PostgreSQL for all of them.

use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use folkmoot::db::local::{LocalError, LocalPostgres};

use super::PATIENCE;

/// The PostgreSQL of this run and how to reach it: a given one (`FOLKMOOT_TEST_DATABASE_URL`, key and value words), or a private
/// one in the target folder.
static SERVER: LazyLock<String> = LazyLock::new(|| {
    // A thread with a runtime of its own: the tests' runtimes end with their tests.
    let url = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(server())
    });
    url.join().unwrap()
});

async fn server() -> String {
    let mut mine = true;
    let url = match std::env::var("FOLKMOOT_TEST_DATABASE_URL") {
        Ok(url) => url,
        Err(_) => {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres");
            // Nothing here outlives the run, so nothing needs to reach the disk.
            let quick = [("fsync", "off"), ("synchronous_commit", "off"), ("max_connections", "300")];
            let postgres = match LocalPostgres::start(&folder, "cargo test", &quick).await {
                // Another run at the same time shares its own.
                Err(LocalError::InUse { .. }) => {
                    mine = false;
                    LocalPostgres::attach_or_start(&folder, "cargo test").await
                }
                started => started,
            };
            let postgres = postgres.unwrap();
            let url = postgres.url().to_owned();
            std::mem::forget(postgres);
            url
        }
    };
    let name = format!("run_{}", std::process::id());
    let client = folkmoot::db::connect(&url).await.unwrap();
    let left = "SELECT datname FROM pg_database WHERE datname LIKE 'run\\_%' AND $1";
    for row in client.query(left, &[&mine]).await.unwrap() {
        let old: String = row.get(0);
        client.batch_execute(&format!("DROP DATABASE {old} WITH (FORCE)")).await.unwrap();
    }
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let config: tokio_postgres::Config = url.parse().unwrap();
    url.replace(&format!("dbname={}", config.get_dbname().unwrap()), &format!("dbname={name}"))
}

/// All migrations in one text.
static DDL: LazyLock<String> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("up.sql")).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
});

/// An empty, migrated database: how to reach it.
pub async fn empty() -> String {
    let url = bare().await;
    let client = folkmoot::db::connect(&url).await.unwrap();
    client.batch_execute(&DDL).await.unwrap();
    url
}

/// A database with nothing in it, not even the schema's tables.
pub async fn bare() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let schema = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let client = folkmoot::db::connect(&SERVER).await.unwrap();
    client.batch_execute(&format!("CREATE SCHEMA {schema}")).await.unwrap();
    format!("{} options='-c search_path={schema}' application_name={schema}", *SERVER)
}

/// Whether two requests of a test's service wait for locks.
pub const TWO_WAIT: &str = "SELECT count(*) = 2 FROM pg_stat_activity \
                            WHERE application_name = current_schema() AND wait_event_type = 'Lock'";

/// Asks until the answer is yes.
pub async fn until(client: &tokio_postgres::Client, question: &str) {
    let asked = Instant::now();
    while !client.query_one(question, &[]).await.unwrap().get::<_, bool>(0) {
        assert!(asked.elapsed() < PATIENCE, "{question}");
        look_anew(client).await;
    }
}

/// Asks anything until the answer is yes.
pub async fn eventually(mut question: impl AsyncFnMut() -> bool) {
    let asked = Instant::now();
    while !question().await {
        assert!(asked.elapsed() < PATIENCE, "it does not come");
        // What is asked about may be done by this thread.
        tokio::task::yield_now().await;
    }
}

/// Within a transaction its first look at what others do would be kept.
async fn look_anew(client: &tokio_postgres::Client) {
    client.batch_execute("SELECT pg_stat_clear_snapshot()").await.unwrap();
}

/// Which connection waits for what this one has locked, once one does.
pub async fn who_waits(client: &tokio_postgres::Client) -> i32 {
    let sql = "SELECT pid FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    let asked = Instant::now();
    loop {
        if let Some(row) = client.query_opt(sql, &[]).await.unwrap() {
            return row.get(0);
        }
        assert!(asked.elapsed() < PATIENCE, "nobody waits");
        look_anew(client).await;
    }
}
