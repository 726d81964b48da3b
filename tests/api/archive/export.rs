//! Export, and that it comes back the same.

use serde_json::json;

use super::*;
use crate::support::{App, database};

#[actix_web::test]
async fn what_was_exported_and_imported_is_exported_the_same() {
    let (first, second) = (database::empty().await, database::empty().await);
    take_in(&first, &small()).await.unwrap();
    let exported = write_out_bytes(&first, Compression::None).await;
    take_in_bytes(&second, &exported).await.unwrap();
    let again = write_out_bytes(&second, Compression::None).await;
    assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(exported.clone()).unwrap());
    assert_eq!(wrong_counters(&second).await, Vec::<String>::new());
    let before = contents(&second).await;
    assert_eq!(take_in_bytes(&second, &exported).await.unwrap().added, Default::default());
    assert_eq!(contents(&second).await, before);
}

#[actix_web::test]
async fn an_export_has_all_that_the_archive_said() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let lines = write_out(&url).await;
    let uuid = words(&url, "SELECT uuid::text FROM site").await;
    assert_eq!(lines[0], json!({"type": "archive", "version": 1, "source": format!("folkmoot-{uuid}")}));
    let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(
        types.join(" "),
        "archive rank rank forum forum member member member thread post like like post revision revision like post like \
         post thread post like thread"
    );
    let id = |line: &Value| line["id"].as_str().unwrap().to_owned();
    let ann = of_type(&lines, "member")[0];
    let mut given = small()[5].clone();
    given["id"] = ann["id"].clone();
    // One like was shown and two came as rows: the rows tell.
    given.as_object_mut().unwrap().remove("likes_received");
    assert_eq!(*ann, given);
    let bob = of_type(&lines, "member")[1];
    assert_eq!(bob["state"], "suspended");
    assert_eq!(bob["joined_at"], "2009-12-31T22:00:00Z");
    let posts = of_type(&lines, "post");
    assert_eq!(posts[2]["delete_reason"], "Rude.");
    assert_eq!(posts[2]["deleted_by"], id(ann));
    assert_eq!((&posts[3]["edit_count"], &posts[3]["edited_by"]), (&json!(4), &Value::Null));
    assert_eq!(posts[1]["edit_reason"], "Spelling.");
    assert!(posts[1].get("edit_count").is_none());
    let like = of_type(&lines, "like")[0];
    assert_eq!(like["created_at"], "2012-03-01T12:00:00.500Z");
}

#[actix_web::test]
async fn absent_fields_are_left_out() {
    let url = database::empty().await;
    let mut lines = ground();
    lines.push(post("1", "t", "ann", "Text."));
    take_in(&url, &lines).await.unwrap();
    let exported = write_out(&url).await;
    let keys = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(of_type(&exported, "forum")[0]), "type id slug title");
    assert_eq!(keys(of_type(&exported, "member")[0]), "type id username joined_at");
    assert_eq!(keys(of_type(&exported, "thread")[0]), "type id forum author kind title tags created_at");
    assert_eq!(keys(of_type(&exported, "post")[0]), "type id thread author body created_at");
}

#[actix_web::test]
async fn a_deleted_member_is_written_without_a_name() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let lines = write_out(&url).await;
    let gone = of_type(&lines, "member")[2];
    assert_eq!((gone.get("username"), &gone["state"]), (Some(&Value::Null), &json!("deleted")));
}

#[actix_web::test]
async fn compressed_exports_come_back() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let plain = write_out_bytes(&url, Compression::None).await;
    for compression in [Compression::Gzip, Compression::Zstd] {
        let bytes = write_out_bytes(&url, compression).await;
        assert!(bytes.len() < plain.len() / 2);
        let other = database::empty().await;
        take_in_bytes(&other, &bytes).await.unwrap();
        assert_eq!(write_out_bytes(&other, Compression::None).await, plain);
    }
}

#[actix_web::test]
async fn the_forum_and_administrator_of_the_first_start_give_way() {
    let (first, second) = (database::empty().await, database::empty().await);
    take_in(&first, &small()).await.unwrap();
    let first_start = "INSERT INTO forums (slug, title) VALUES ('general', 'General');
        INSERT INTO members (username, username_key, role, joined_at) VALUES ('admin', 'admin', 'admin', now());
        UPDATE site SET first_forum_id = 1, first_member_id = 1";
    sql(&second).await.batch_execute(first_start).await.unwrap();
    let exported = write_out_bytes(&first, Compression::None).await;
    take_in_bytes(&second, &exported).await.unwrap();
    assert_eq!(write_out_bytes(&second, Compression::None).await, exported);
}

#[actix_web::test]
async fn ids_are_made_anew_where_somebody_was() {
    let (first, second) = (database::empty().await, database::empty().await);
    take_in(&first, &small()).await.unwrap();
    let somebody = "INSERT INTO members (username, username_key, joined_at) VALUES ('Zoe', 'zoe', now())";
    sql(&second).await.batch_execute(somebody).await.unwrap();
    let exported = write_out_bytes(&first, Compression::None).await;
    take_in_bytes(&second, &exported).await.unwrap();
    assert_eq!(words(&second, "SELECT username FROM members WHERE id = 1").await, "Zoe");
    assert_eq!(count(&second, "SELECT count(*) FROM posts").await, 5);
    assert_ne!(words(&first, "SELECT uuid::text FROM site").await, words(&second, "SELECT uuid::text FROM site").await);
    let before = contents(&second).await;
    take_in_bytes(&second, &exported).await.unwrap();
    assert_eq!(contents(&second).await, before);
}

#[actix_web::test]
async fn an_export_changes_nothing_in_its_own_forum() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let before = contents(&url).await;
    let exported = write_out_bytes(&url, Compression::None).await;
    assert_eq!(take_in_bytes(&url, &exported).await.unwrap().added, Default::default());
    let after = contents(&url).await;
    let rows = |contents: &[String]| contents[..contents.len() - 1].to_vec();
    assert_eq!(rows(&after), rows(&before), "all but what is remembered of the source");
    assert_eq!(take_in_bytes(&url, &exported).await.unwrap().added, Default::default());
    assert_eq!(contents(&url).await, after);
}

#[actix_web::test]
async fn new_ids_come_after_those_that_were_kept() {
    let app = App::start().await;
    let other = database::empty().await;
    take_in(&other, &small()).await.unwrap();
    let exported = write_out_bytes(&other, Compression::None).await;
    take_in_bytes(&app.database_url, &exported).await.unwrap();
    let zoe = app.member("Zoe").await;
    let highest = count(&app.database_url, "SELECT max(id) FROM posts").await;
    let forum = count(&app.database_url, "SELECT id FROM forums WHERE slug = 'talk'").await;
    let body = json!({"forum_id": forum, "title": "After the import", "body": "New here."});
    let made = zoe.post("/api/v1/threads", body).await.expect(201);
    assert!(made["post"]["id"].as_i64().unwrap() > highest);
    assert_eq!(wrong_counters(&app.database_url).await, Vec::<String>::new());
}

#[actix_web::test]
async fn what_was_written_over_http_comes_back_the_same() {
    let app = App::start().await;
    let (ann, bob, mod_) = (app.member("Ann").await, app.member("Bob").await, app.moderator("Moderator").await);
    let forum = count(&app.database_url, "INSERT INTO forums (slug, title) VALUES ('talk', 'Talk') RETURNING id").await;
    let body = json!({"forum_id": forum, "title": "A thread", "body": "Hello @bob.", "tags": ["a tag"]});
    let made = ann.post("/api/v1/threads", body).await.expect(201);
    let (thread, post) = (made["thread"]["id"].as_i64().unwrap(), made["post"]["id"].as_i64().unwrap());
    let reply = json!({"body": format!("[quote post={post}]\nHello\n[/quote]\n\nHello to you.")});
    let reply = bob.post(&format!("/api/v1/threads/{thread}/posts"), reply).await.expect(201);
    let reply = format!("/api/v1/posts/{}", reply["id"]);
    ann.put(&format!("{reply}/like")).await.expect(200);
    bob.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
    bob.patch(&reply, 1, json!({"body": "Changed.", "reason": "Better so"})).await.expect(200);
    let third =
        ann.post(&format!("/api/v1/threads/{thread}/posts"), json!({"body": "To be deleted."})).await.expect(201);
    mod_.delete(&format!("/api/v1/posts/{}?reason=Rude", third["id"])).await.expect(204);
    let exported = write_out_bytes(&app.database_url, Compression::None).await;
    let other = database::empty().await;
    take_in_bytes(&other, &exported).await.unwrap();
    assert_eq!(write_out_bytes(&other, Compression::None).await, exported);
    assert_eq!(wrong_counters(&other).await, Vec::<String>::new());
    let table = "SELECT string_agg(concat_ws(' ', id, position, author_id, body, html, text, mentions, emoji, like_count, \
        edit_count, version, last_edit_reason, delete_reason), E'\\n' ORDER BY id) FROM posts";
    assert_eq!(words(&other, table).await, words(&app.database_url, table).await);
}

#[actix_web::test]
async fn a_member_who_deleted_its_account_comes_back_without_a_name() {
    let (app, there) = (App::start().await, database::empty().await);
    let forum = app.forum("general").await;
    let (anna, _) = app.registered("Annabella").await;
    let thread = anna.start_thread(forum, "Hello", "First.").await;
    app.member("Boris").await.reply(thread, "Well said, @Annabella!").await;
    anna.delete_account().await.expect(204);
    let exported = write_out_bytes(&app.database_url, Compression::None).await;
    let lines = write_out(&app.database_url).await;
    let gone = of_type(&lines, "member")[0];
    assert_eq!((&gone["username"], &gone["state"]), (&Value::Null, &json!("deleted")));
    assert!(["email", "password_hash", "role"].iter().all(|field| gone.get(field).is_none()), "{gone}");
    take_in_bytes(&there, &exported).await.unwrap();
    let again = write_out_bytes(&there, Compression::None).await;
    assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(exported).unwrap());
    assert_eq!(wrong_counters(&there).await, Vec::<String>::new());
}

/// Posts with no, few and many likes and earlier bodies; with as many as are fetched at once, and one more.
#[actix_web::test]
async fn posts_with_many_likes_and_revisions_are_written_whole_and_in_order() {
    let (url, other) = (database::empty().await, database::empty().await);
    let mut lines = ground();
    lines.extend((1..=6).map(|n| post(&format!("p{n}"), "t", "ann", "A post.")));
    take_in(&url, &lines).await.unwrap();
    let rows = "INSERT INTO members (username, username_key, joined_at)
            SELECT 'member ' || n, 'member ' || n, '2010-01-01' FROM generate_series(1, 9000) AS n;
        INSERT INTO likes (thread_id, post_id, member_id, created_at)
            SELECT 1, post, n, '2012-01-01'::timestamptz + n * 7919 % 1000 * interval '1 second'
            FROM (VALUES (1, 4000), (3, 4001), (4, 9000), (6, 8000)) AS likes (post, many), generate_series(1, many) AS n;
        INSERT INTO revisions (thread_id, post_id, number, body, edited_at)
            SELECT 1, post, n, 'Before.', '2012-01-01'
            FROM (VALUES (1, 100), (2, 101), (6, 250)) AS edits (post, many), generate_series(1, many) AS n;
        UPDATE posts SET version = 1 + (SELECT count(*) FROM revisions WHERE post_id = id),
            edit_count = (SELECT count(*) FROM revisions WHERE post_id = id)";
    sql(&url).await.batch_execute(rows).await.unwrap();
    folkmoot::cli::check::check(&url, true).await.unwrap();
    let exported = write_out(&url).await;
    let mut said: Vec<(String, usize, usize)> = Vec::new();
    let mut last = (String::new(), 0);
    for line in &exported {
        let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
        match line["type"].as_str().unwrap() {
            "post" => said.push((text("id"), 0, 0)),
            "revision" => {
                let post = said.last_mut().unwrap();
                post.1 += 1;
                assert_eq!((&text("post"), line["number"].as_u64()), (&post.0, Some(post.1 as u64)));
            }
            "like" => {
                let (post, key) =
                    (said.last_mut().unwrap(), (text("created_at"), text("member").parse::<i64>().unwrap()));
                assert!(post.2 == 0 || last < key, "{line} after {last:?}");
                assert_eq!(text("post"), post.0);
                (post.2, last) = (post.2 + 1, key);
            }
            _ => {}
        }
    }
    let counts: Vec<_> = said.iter().map(|(_, revisions, likes)| (*revisions, *likes)).collect();
    assert_eq!(counts, [(100, 4000), (101, 0), (0, 4001), (0, 9000), (0, 0), (250, 8000)]);
    take_in(&other, &exported).await.unwrap();
    assert_eq!(write_out(&other).await, exported);
}
