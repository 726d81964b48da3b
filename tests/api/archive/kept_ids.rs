//! Files that keep their ids, and rows that were made here meanwhile: never taken for the archive's.

use serde_json::json;
use tokio::io::{AsyncWriteExt, BufReader, duplex};

use super::*;
use crate::support::{App, database};

const IN_THE_WAY: &str = "that was made here has this id, and ids are kept only where nobody else makes any";

/// A forum in which one member more than a batch holds lines has liked and written.
async fn large() -> String {
    let url = database::empty().await;
    let rows = "INSERT INTO forums (slug, title) VALUES ('talk', 'Talk');
        INSERT INTO members (username, username_key, joined_at)
            SELECT 'member ' || n, 'member ' || n, '2010-01-01'::timestamptz + n * interval '1 minute'
            FROM generate_series(1, 6000) AS n;
        INSERT INTO threads (forum_id, title, slug, author_id, created_at, last_post_at)
            VALUES (1, 'A thread of talk', 'a-thread-of-talk', 6000, '2011-01-01', '2011-01-01');
        INSERT INTO posts (thread_id, position, author_id, body, html, text, renderer, created_at)
            SELECT 1, n, 5990 + n, 'Text.', '<p>Text.</p>', 'Text.', 1, '2011-01-01' FROM generate_series(1, 10) AS n;
        INSERT INTO likes (thread_id, post_id, member_id, created_at)
            SELECT 1, 1, n, '2011-01-02' FROM generate_series(4900, 5100) AS n";
    sql(&url).await.batch_execute(rows).await.unwrap();
    folkmoot::cli::check::check(&url, true).await.unwrap();
    url
}

/// Everybody, with what is counted.
async fn people(database_url: &str) -> String {
    let names =
        "SELECT string_agg(id || ' ' || username || ' ' || post_count || ' ' || likes_received, ',' ORDER BY id)
        FROM members";
    words(database_url, names).await
}

/// What is made in a copy after it was made: a row with the next id.
fn made_in_the_copy(kind: &str) -> &'static str {
    match kind {
        "forum" => "INSERT INTO forums (slug, title) VALUES ('here', 'Here')",
        "member" => "INSERT INTO members (username, username_key, joined_at) VALUES ('Zoe', 'zoe', now())",
        "thread" => {
            "INSERT INTO threads (forum_id, title, slug, author_id, created_at, last_post_at)
             VALUES (2, 'Written in the copy', 'written-in-the-copy', 1, now(), now())"
        }
        _ => {
            "INSERT INTO posts (thread_id, position, author_id, body, html, text, renderer, created_at)
             VALUES (1, 5, 1, 'Text.', '<p>Text.</p>', 'Text.', 1, now())"
        }
    }
}

#[actix_web::test]
async fn who_registers_between_two_batches_is_not_taken_for_a_member_of_the_archive() {
    let exported = write_out_bytes(&large().await, Compression::None).await;
    let app = App::start().await;
    let some = exported.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(5_049).unwrap().0;
    let (mut to, from) = duplex(exported.len());
    let importing = take_in_from(&app.database_url, BufReader::new(from));
    let interfering = async {
        // The rest comes when the first batch is there and somebody has registered.
        to.write_all(&exported[..some]).await.unwrap();
        until(&app.database_url, "SELECT count(*) > 4000 FROM members").await;
        let zoe = app.register("Zoe").await;
        to.write_all(&exported[some..]).await.unwrap();
        to.shutdown().await.unwrap();
        zoe
    };
    let (summary, zoe) = futures_util::future::join(importing, interfering).await;
    let error = summary.unwrap_err().to_string();
    let line = 1 + exported[..]
        .split(|b| *b == b'\n')
        .position(|l| {
            let start = format!("{{\"type\":\"member\",\"id\":\"{zoe}\",");
            l.starts_with(start.as_bytes())
        })
        .unwrap();
    assert!(error.starts_with(&format!("line {line}: `id`: a member {IN_THE_WAY}")), "{error}");
    let zoes = format!("SELECT concat_ws(' ', username, post_count, likes_received) FROM members WHERE id = {zoe}");
    assert_eq!(words(&app.database_url, &zoes).await, "Zoe 0 0");
    assert_eq!(
        count(&app.database_url, "SELECT count(*) FROM members").await,
        zoe,
        "nothing of the second batch is kept"
    );
    assert_eq!(count(&app.database_url, "SELECT count(*) FROM likes").await, 0);
    // And so it stays, however often it is run.
    let before = contents(&app.database_url).await;
    assert_eq!(take_in_bytes(&app.database_url, &exported).await.unwrap_err().to_string(), error);
    assert_eq!(contents(&app.database_url).await, before);
}

#[actix_web::test]
async fn a_registration_that_has_an_id_and_is_not_yet_written_is_waited_for() {
    let other = database::empty().await;
    take_in(&other, &small()).await.unwrap();
    let exported = write_out_bytes(&other, Compression::None).await;
    let url = database::empty().await;
    let mut zoe = sql(&url).await;
    let registration = zoe.transaction().await.unwrap();
    let insert = "INSERT INTO members (username, username_key, joined_at) VALUES ('Zoe', 'zoe', now())";
    registration.batch_execute(insert).await.unwrap();
    let ending = async {
        let waits = "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_class ON pg_class.oid = relation
            WHERE NOT granted AND relname = 'members_id_seq' AND relnamespace = current_schema()::regnamespace)";
        until(&url, waits).await;
        registration.commit().await.unwrap();
    };
    let (summary, ()) = futures_util::future::join(take_in_bytes(&url, &exported), ending).await;
    let error = summary.unwrap_err().to_string();
    assert!(error.contains("came in between"), "{error}");
    assert_eq!(people(&url).await, "1 Zoe 0 0");
}

#[actix_web::test]
async fn a_copy_that_lived_on_does_not_take_its_own_rows_for_those_of_a_grown_export() {
    let home = App::start().await;
    take_in(&home.database_url, &small()).await.unwrap();
    let exported = write_out_bytes(&home.database_url, Compression::None).await;
    let forum = count(&home.database_url, "SELECT id FROM forums WHERE slug = 'talk'").await;
    let insert = "INSERT INTO forums (slug, title) VALUES ('there', 'There')";
    home.sql().await.batch_execute(insert).await.unwrap();
    let body = json!({"forum_id": forum, "title": "Written at home", "body": "Some text."});
    home.member("Yan").await.post("/api/v1/threads", body).await.expect(201);
    let grown = write_out_bytes(&home.database_url, Compression::None).await;
    for kind in ["forum", "member", "thread", "post"] {
        let copy = database::empty().await;
        take_in_bytes(&copy, &exported).await.unwrap();
        sql(&copy).await.batch_execute(made_in_the_copy(kind)).await.unwrap();
        let before = contents(&copy).await;
        let error = take_in_bytes(&copy, &grown).await.unwrap_err().to_string();
        assert!(error.contains(&format!("`id`: a {kind} {IN_THE_WAY}")), "{kind}: {error}");
        assert_eq!(contents(&copy).await, before, "{kind}");
    }
    let copy = database::empty().await;
    take_in_bytes(&copy, &exported).await.unwrap();
    let added = take_in_bytes(&copy, &grown).await.unwrap().added;
    assert_eq!((added.forums, added.members, added.threads, added.posts), (1, 1, 1, 1));
    assert_eq!(write_out_bytes(&copy, Compression::None).await, grown);
}

#[actix_web::test]
async fn what_has_an_id_here_and_no_line_in_the_file_is_not_known() {
    let (home, copy) = (database::empty().await, database::empty().await);
    take_in(&home, &small()).await.unwrap();
    let mut lines = write_out(&home).await;
    take_in(&copy, &lines).await.unwrap();
    let insert = "INSERT INTO members (username, username_key, joined_at) VALUES ('Zoe', 'zoe', now())";
    sql(&copy).await.batch_execute(insert).await.unwrap();
    lines.push(post("50", "1", "4", "By a member of whom the file says nothing."));
    let error = take_in(&copy, &lines).await.unwrap_err();
    assert_eq!(error.to_string(), format!("line {}: `author`: member `4` is not known", lines.len()));
}

#[actix_web::test]
async fn an_interrupted_import_that_keeps_ids_is_finished() {
    let home = large().await;
    let exported = write_out_bytes(&home, Compression::None).await;
    let url = database::empty().await;
    let error = take_in_bytes(&url, &exported[..exported.len() - 20]).await.unwrap_err();
    assert!(error.to_string().contains("this is not JSON"), "{error}");
    let first = database::empty().await;
    let lines: Vec<_> = exported.split_inclusive(|b| *b == b'\n').take(3_000).collect();
    take_in_bytes(&first, &lines.concat()).await.unwrap();
    for url in [url, first] {
        take_in_bytes(&url, &exported).await.unwrap();
        assert_eq!(write_out_bytes(&url, Compression::None).await, exported);
        assert_eq!(wrong_counters(&url).await, Vec::<String>::new());
        let summary = take_in_bytes(&url, &exported).await.unwrap();
        assert_eq!((summary.added, summary.known), (Default::default(), summary.lines - 1));
    }
}

#[actix_web::test]
async fn a_member_that_came_in_between_survives_an_import_that_wanted_an_empty_forum() {
    let (home, url) = (database::empty().await, database::empty().await);
    take_in(&home, &small()).await.unwrap();
    let exported = write_out_bytes(&home, Compression::None).await;
    let first_start = "INSERT INTO forums (slug, title) VALUES ('general', 'General');
        INSERT INTO members (username, username_key, role, joined_at) VALUES ('admin', 'admin', 'admin', now());
        UPDATE site SET first_forum_id = 1, first_member_id = 1";
    sql(&url).await.batch_execute(first_start).await.unwrap();
    let (mut to, from) = duplex(exported.len());
    let importing = take_in_from(&url, BufReader::new(from));
    let interfering = async {
        to.write_all(&exported[..10]).await.unwrap();
        let insert = "INSERT INTO members (username, username_key, joined_at) VALUES ('Zoe', 'zoe', now())";
        sql(&url).await.batch_execute(insert).await.unwrap();
        to.write_all(&exported[10..]).await.unwrap();
        to.shutdown().await.unwrap();
    };
    let (summary, ()) = futures_util::future::join(importing, interfering).await;
    summary.unwrap();
    assert_eq!(words(&url, "SELECT username FROM members WHERE id = 2").await, "Zoe");
    assert_eq!(count(&url, "SELECT count(*) FROM posts").await, 5, "with ids of their own");
}

#[actix_web::test]
async fn ids_that_leave_no_room_for_others_are_made_anew() {
    let origin = App::start().await;
    origin.register("Zoe").await;
    let mut lines = write_out(&origin.database_url).await;
    for (id, is_kept) in [(9_007_199_254_740_991_i64, false), (1 << 52, false), ((1 << 52) - 1, true)] {
        lines.iter_mut().find(|line| line["type"] == "member").unwrap()["id"] = json!(id.to_string());
        let app = App::start().await;
        take_in(&app.database_url, &lines).await.unwrap();
        let zoe = app.guest().get("/api/v1/members/by-username/zoe").await.expect(200).id();
        assert_eq!(zoe == id, is_kept, "{zoe}");
        app.register("Anna").await;
        // What came of it is an archive as any other.
        let again = App::start().await;
        take_in(&again.database_url, &write_out(&app.database_url).await).await.unwrap();
        again.guest().get("/api/v1/members/by-username/anna").await.expect(200);
    }
}
