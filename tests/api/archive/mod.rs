//! The archive format: a small archive with lines of all types, and how tests take archives in and write them out.

mod bad_lines;
mod check;
mod export;
mod files;
mod import;
mod kept_ids;
mod races;
mod resume;
mod totals;

use folkmoot::archive::{self, Compression, ImportError, Progress, Summary};
use folkmoot::clock::Clock;
use serde_json::{Value, json};
use tokio_postgres::Transaction;

/// Takes lines in.
async fn take_in(database_url: &str, lines: &[Value]) -> Result<Summary, ImportError> {
    take_in_bytes(database_url, text(lines).as_bytes()).await
}

async fn take_in_bytes(database_url: &str, bytes: &[u8]) -> Result<Summary, ImportError> {
    take_in_from(database_url, bytes).await
}

async fn take_in_from(
    database_url: &str,
    input: impl tokio::io::AsyncBufRead + Unpin + Send,
) -> Result<Summary, ImportError> {
    archive::import(input, database_url, &Clock::default(), &Progress::silent()).await
}

fn text(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

async fn write_out_bytes(database_url: &str, compression: Compression) -> Vec<u8> {
    let mut bytes = Vec::new();
    archive::export(&mut bytes, compression, database_url, &Progress::silent()).await.unwrap();
    bytes
}

/// The lines of an export.
async fn write_out(database_url: &str) -> Vec<Value> {
    let bytes = write_out_bytes(database_url, Compression::None).await;
    String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines of one type.
fn of_type<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == name).collect()
}

async fn sql(database_url: &str) -> tokio_postgres::Client {
    folkmoot::db::connect(database_url).await.unwrap()
}

async fn count(database_url: &str, query: &str) -> i64 {
    sql(database_url).await.query_one(query, &[]).await.unwrap().get(0)
}

async fn words(database_url: &str, query: &str) -> String {
    sql(database_url).await.query_one(query, &[]).await.unwrap().get(0)
}

/// Asks until the answer is yes.
async fn until(database_url: &str, question: &str) {
    crate::support::until(&sql(database_url).await, question).await;
}

/// Waits until somebody waits for this transaction.
async fn until_waited_for(url: &str, tx: &Transaction<'_>) {
    let me: i32 = tx.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    until(url, &format!("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {me} = ANY (pg_blocking_pids(pid)))")).await;
}

/// All that is in the database, as one text a table.
async fn contents(database_url: &str) -> Vec<String> {
    let client = sql(database_url).await;
    let tables = [
        "site",
        "ranks",
        "members",
        "username_skeletons",
        "forums",
        "threads",
        "posts",
        "quotes",
        "revisions",
        "likes",
        "archive_ids",
    ];
    let mut contents = Vec::new();
    for table in tables {
        let query = format!("SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') FROM {table} AS t");
        contents.push(format!("{table}\n{}", client.query_one(&query, &[]).await.unwrap().get::<_, String>(0)));
    }
    contents
}

/// What `admin check` finds wrong.
async fn wrong_counters(database_url: &str) -> Vec<String> {
    folkmoot::cli::check::check(database_url, false).await.unwrap().examples
}

fn first_line(source: &str) -> Value {
    json!({"type": "archive", "version": 1, "source": source, "note": {"made": "by hand"}})
}

fn member(id: &str, username: &str) -> Value {
    json!({"type": "member", "id": id, "username": username, "joined_at": "2010-01-01T00:00:00Z"})
}

fn forum(id: &str) -> Value {
    json!({"type": "forum", "id": id, "slug": id, "title": "A forum"})
}

fn thread(id: &str, forum: &str, author: &str) -> Value {
    json!({"type": "thread", "id": id, "forum": forum, "author": author, "kind": "discussion",
        "title": "A thread of talk", "tags": [], "created_at": "2011-01-01T00:00:00Z"})
}

fn post(id: &str, thread: &str, author: &str, body: &str) -> Value {
    json!({"type": "post", "id": id, "thread": thread, "author": author, "body": body,
        "created_at": "2011-01-01T00:00:01Z"})
}

/// The line with some fields set.
fn with(mut line: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        line[name] = value.clone();
    }
    line
}

/// A forum, two members, a thread: what most lines need before them.
fn ground() -> Vec<Value> {
    vec![
        first_line("old-place"),
        forum("talk"),
        member("ann", "Ann"),
        member("bob", "bob the builder"),
        thread("t", "talk", "ann"),
    ]
}

/// Lines of all types and nearly all fields.
fn small() -> Vec<Value> {
    let like = |post: &str, member: &str| json!({"type": "like", "post": post, "member": member, "created_at": "2012-03-01T12:00:00.5Z"});
    vec![
        first_line("old-place"),
        json!({"type": "rank", "name": "Newcomer", "from": 0}),
        json!({"type": "rank", "name": "Regular", "from": 3}),
        json!({"type": "forum", "id": "all", "slug": "everything", "title": "Everything", "kind": "category", "position": 2}),
        json!({"type": "forum", "id": "talk", "slug": "talk", "title": "Talk", "description": "All sorts.", "parent": "all"}),
        json!({"type": "member", "id": "ann", "username": "Ann", "email": "ann@example.com", "email_verified": true,
            "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", "custom_title": "THE FIRST",
            "country": "IN", "bio": "Writes.", "avatar_url": "https://example.com/ann.png", "role": "admin",
            "joined_at": "2009-06-17T10:11:12.123456Z", "post_count": 100, "likes_received": 1}),
        json!({"type": "member", "id": "bob", "username": "bob the builder", "joined_at": "2010-01-01T00:00:00+02:00",
            "state": "suspended", "suspended_until": "2030-01-01T00:00:00Z", "suspend_reason": "Shouting."}),
        json!({"type": "member", "id": "gone", "username": null, "state": "deleted", "joined_at": "2010-02-01T00:00:00Z"}),
        json!({"type": "thread", "id": "t", "forum": "talk", "author": "ann", "kind": "article", "title": "On sundry things",
            "tags": ["sundry", "other"], "created_at": "2011-01-01T00:00:00Z", "pinned": true, "locked": true, "view_count": 77}),
        post("p1", "t", "ann", "First, and @\"bob the builder\" knows. :thumb:"),
        like("p1", "bob"),
        like("p1", "gone"),
        with(
            post("p2", "t", "bob", "[quote post=p1]\nFirst\n[/quote]\n\nSecond, better."),
            json!({"edited_at": "2011-01-02T00:00:00Z", "edited_by": "ann", "edit_reason": "Spelling."}),
        ),
        json!({"type": "revision", "post": "p2", "number": 1, "body": "[quote post=p1]\nFirst\n[/quote]\n\nSekond.",
            "edited_by": "bob", "edited_at": "2011-01-01T00:00:01Z"}),
        json!({"type": "revision", "post": "p2", "number": 2, "body": "Second.", "edited_by": "bob",
            "edited_at": "2011-01-01T12:00:00Z", "reason": "Again."}),
        like("p2", "ann"),
        with(
            post("p3", "t", "gone", "Third, deleted."),
            json!({"deleted_at": "2011-02-01T00:00:00Z", "deleted_by": "ann", "delete_reason": "Rude."}),
        ),
        like("p3", "ann"),
        with(post("p4", "t", "ann", "Fourth."), json!({"edited_at": "2011-01-03T00:00:00Z", "edit_count": 4})),
        with(thread("u", "talk", "bob"), json!({"deleted_at": "2011-02-01T00:00:00Z", "deleted_by": "ann"})),
        post("q1", "u", "bob", "In a deleted thread."),
        like("q1", "ann"),
        thread("v", "talk", "bob"),
    ]
}
