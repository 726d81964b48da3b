//! Several nodes that start at once over one database, as real processes: they migrate once, and all serve.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{PASSWORD, PATIENCE, Service, database, who_waits};

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

/// One administrator and one forum, where nobody was there before; a key to sign with that all of them use.
const FIRST: (i64, i64, i64) = (1, 1, 1);

async fn everything_is_there_once(database: &str, members_forums_keys: (i64, i64, i64)) {
    let sql = folkmoot::db::connect(database).await.unwrap();
    let rows = sql.query("SELECT version FROM __diesel_schema_migrations ORDER BY version", &[]).await.unwrap();
    let there: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(there, migrations().into_iter().map(|(version, _)| version).collect::<Vec<_>>());
    let first =
        "SELECT (SELECT count(*) FROM members), (SELECT count(*) FROM forums), (SELECT count(*) FROM signing_keys)";
    let row = sql.query_one(first, &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), members_forums_keys);
}

#[actix_web::test]
async fn nodes_that_start_together_on_an_empty_database_migrate_once() {
    let database = database::bare().await;
    let logs = start_together(&database).await;
    assert_eq!(ran(&logs), [migrations().len() as i64], "{logs:#?}");
    everything_is_there_once(&database, FIRST).await;
}

/// So many migrations the oldest schema has that is brought up to date here: all that members write is in it.
const OLDER: usize = 10;

/// Writes in every table of the oldest schema, with the columns that it had: a member, a forum, a thread, two posts and so on,
/// under this number.
async fn write_as_before(sql: &tokio_postgres::Client, number: i64) {
    let told = format!(
        "INSERT INTO members (id, username, username_key, password_hash, joined_at) VALUES ({number}, 'm{number}', 'm{number}', 'x', now());
         INSERT INTO username_skeletons VALUES ('m{number}', {number});
         INSERT INTO sessions (member_id, scopes, created_at, last_used_at, expires_at)
             VALUES ({number}, '{{read}}', now(), now(), now() + interval '30 days');
         INSERT INTO forums (id, slug, title) VALUES ({number}, 'f{number}', 'Forum');
         INSERT INTO threads (id, forum_id, title, slug, author_id, created_at, last_post_at)
             VALUES ({number}, {number}, 'Thread', 'thread', {number}, now(), now());
         INSERT INTO posts (thread_id, id, position, author_id, body, html, text, renderer, created_at)
             SELECT {number}, {number} + place, place, {number}, 'b', '<p>b</p>', 'b', 1, now() FROM generate_series(1, 2) AS place;
         INSERT INTO revisions (thread_id, post_id, number, body, edited_at) VALUES ({number}, {number} + 1, 1, 'a', now());
         INSERT INTO likes SELECT {number}, {number} + 1, {number}, now();
         UPDATE posts SET body = 'c', version = version + 1, edit_count = edit_count + 1, like_count = 1 WHERE id = {number} + 1;
         UPDATE threads SET post_count = 2, like_count = 1, highest_position = 2, last_post_id = {number} + 2 WHERE id = {number};
         UPDATE forums SET thread_count = 1, post_count = 2 WHERE id = {number};
         UPDATE members SET post_count = 2, likes_received = 1 WHERE id = {number}"
    );
    sql.batch_execute(&told).await.unwrap();
}

/// All rows of these columns of tables, as text, by table.
async fn rows(sql: &tokio_postgres::Client, tables: &BTreeMap<String, String>) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for (table, columns) in tables {
        let text = format!("SELECT row_to_json(r)::text FROM (SELECT {columns} FROM {table}) AS r ORDER BY 1");
        let rows = sql.query(&text, &[]).await.unwrap();
        all.insert(table.clone(), rows.iter().map(|row| row.get(0)).collect());
    }
    all
}

/// The tables that there are, with their columns.
async fn tables(sql: &tokio_postgres::Client) -> BTreeMap<String, String> {
    let text = "SELECT table_name::text, string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns \
                WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_\\_%' GROUP BY table_name";
    sql.query(text, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// A database with the oldest schema.
async fn older() -> String {
    let database = database::bare().await;
    let sql = folkmoot::db::connect(&database).await.unwrap();
    let table = "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY NOT NULL, \
                 run_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)";
    sql.batch_execute(table).await.unwrap();
    for (version, up) in migrations().into_iter().take(OLDER) {
        sql.batch_execute(&up).await.unwrap();
        sql.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ($1)", &[&version]).await.unwrap();
    }
    database
}

#[actix_web::test]
async fn nodes_that_start_together_on_an_older_schema_bring_it_up_to_date_once_with_all_that_is_there() {
    let database = older().await;
    let sql = folkmoot::db::connect(&database).await.unwrap();
    write_as_before(&sql, 1_000).await;
    let tables = tables(&sql).await;
    let mut before = rows(&sql, &tables).await;
    assert!(["members", "threads", "posts", "revisions", "likes"].iter().all(|table| !before[*table].is_empty()));
    let logs = start_together(&database).await;
    assert_eq!(ran(&logs), [(migrations().len() - OLDER) as i64], "{logs:#?}");
    // Nobody makes a first member and forum where there are some; a key to sign with is made.
    everything_is_there_once(&database, FIRST).await;
    let mut after = rows(&sql, &tables).await;
    assert!(before.remove("signing_keys").is_some() && after.remove("signing_keys").is_some());
    assert_eq!(after, before);
}

/// The version before may still run while the schema is already that of today: what it writes and reads is still taken.
#[actix_web::test]
async fn who_writes_as_the_oldest_schema_was_still_can_beside_todays_service() {
    let database = older().await;
    let sql = folkmoot::db::connect(&database).await.unwrap();
    let columns_before = tables(&sql).await;
    let service = Service::begin(&database, &["--workers", "1", "--admin-password", PASSWORD]).serves();
    write_as_before(&sql, 1_000).await;
    let there = rows(&sql, &columns_before).await;
    assert_eq!(there["posts"].len(), 2);
    let page = reqwest::get(format!("{}/api/v1/threads/1000/posts", service.url)).await.unwrap();
    assert_eq!(page.status(), 200);
    let page: serde_json::Value = serde_json::from_str(&page.text().await.unwrap()).unwrap();
    assert_eq!(page["posts"].as_array().unwrap().len(), 2, "{page}");
    service.tell_to_stop();
    service.ends_well();
}

#[actix_web::test]
async fn a_migration_that_waits_for_a_table_does_not_keep_others_from_it() {
    let database = older().await;
    let long = folkmoot::db::connect(&database).await.unwrap();
    long.batch_execute("BEGIN").await.unwrap();
    write_as_before(&long, 1_000).await;
    let url = database.clone();
    let migrated = actix_web::rt::spawn(async move { folkmoot::db::migrate(&url).await });
    who_waits(&long).await;
    // Who comes after it waits behind it, but not for long.
    let others = folkmoot::db::connect(&database).await.unwrap();
    others.batch_execute("SET lock_timeout = '20s'").await.unwrap();
    write_as_before(&others, 2_000).await;
    long.batch_execute("COMMIT").await.unwrap();
    let done = migrated.await.unwrap().unwrap();
    assert_eq!(done.len(), migrations().len() - OLDER);
}
