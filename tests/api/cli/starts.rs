//! Several nodes that start at once over one database, as real processes: they migrate once, and all serve.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{PASSWORD, PATIENCE, Service, database};

const NODES: usize = 5;
const ENDS_WITHIN: Duration = Duration::from_secs(15);

/// Starts them all at once; gives what they said when each has said that it is ready, and was told to end.
async fn start_together(database: &str) -> Vec<String> {
    let options = ["--workers", "1", "--admin-password", PASSWORD];
    let nodes: Vec<_> = (0..NODES).map(|_| Service::begin(database, &options)).collect();
    let nodes: Vec<_> = nodes.into_iter().map(Service::serves).collect();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for node in &nodes {
        let asked = Instant::now();
        while http.get(format!("{}/health/ready", node.url)).send().await.unwrap().status() != 200 {
            assert!(asked.elapsed() < PATIENCE, "{} does not become ready", node.url);
        }
    }
    let mut said = Vec::new();
    for node in nodes {
        let from = Instant::now();
        node.tell_to_stop();
        said.push(node.ends_well().join("\n"));
        // No kept-alive connection holds that up.
        assert!(from.elapsed() < ENDS_WITHIN, "{:?}", from.elapsed());
    }
    said
}

/// The migrations of the program, in order: their versions as the database has them, and what they do.
fn migrations() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut folders: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let version =
        |folder: &Path| folder.file_name().unwrap().to_str().unwrap().split('_').next().unwrap().replace('-', "");
    folders.iter().map(|at| (version(at), std::fs::read_to_string(at.join("up.sql")).unwrap())).collect()
}

/// How many migrations the nodes say they ran: each of them that ran any.
fn ran(logs: &[String]) -> Vec<i64> {
    let lines = logs.iter().flat_map(|log| log.lines()).filter(|line| line.contains("schema brought up to date"));
    let count = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["fields"]["migrations"].as_i64();
    lines.map(|line| count(line).unwrap()).collect()
}

async fn everything_is_there_once(database: &str) {
    let sql = folkmoot::db::connect(database).await.unwrap();
    let rows = sql.query("SELECT version FROM __diesel_schema_migrations ORDER BY version", &[]).await.unwrap();
    let there: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(there, migrations().into_iter().map(|(version, _)| version).collect::<Vec<_>>());
    let first =
        "SELECT (SELECT count(*) FROM members), (SELECT count(*) FROM forums), (SELECT count(*) FROM signing_keys)";
    let row = sql.query_one(first, &[]).await.unwrap();
    // One administrator, one forum; a key to sign with that all of them use.
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i64>(2)), (1, 1, 1));
}

#[actix_web::test]
async fn nodes_that_start_together_on_an_empty_database_migrate_once() {
    let database = database::bare().await;
    let logs = start_together(&database).await;
    assert_eq!(ran(&logs), [migrations().len() as i64], "{logs:#?}");
    everything_is_there_once(&database).await;
}

#[actix_web::test]
async fn nodes_that_start_together_on_an_older_schema_bring_it_up_to_date_once() {
    let database = database::bare().await;
    let (older, newer) = (10, migrations().len() - 10);
    let sql = folkmoot::db::connect(&database).await.unwrap();
    let table = "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY NOT NULL, \
                 run_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)";
    sql.batch_execute(table).await.unwrap();
    for (version, up) in migrations().into_iter().take(older) {
        sql.batch_execute(&up).await.unwrap();
        sql.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ($1)", &[&version]).await.unwrap();
    }
    let logs = start_together(&database).await;
    assert_eq!(ran(&logs), [newer as i64], "{logs:#?}");
    everything_is_there_once(&database).await;
}
