//! What an import makes of its lines.

use async_compression::tokio::write::{GzipEncoder, ZstdEncoder};
use folkmoot::archive::Added;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::support::database;

#[actix_web::test]
async fn lines_of_every_type_become_rows() {
    let url = database::empty().await;
    let summary = take_in(&url, &small()).await.unwrap();
    let added = Added { ranks: 2, forums: 2, members: 3, threads: 3, posts: 5, revisions: 2, likes: 5 };
    assert_eq!(summary, Summary { lines: 23, added, known: 0 });
    for (table, rows) in [("forums", 2), ("members", 3), ("threads", 3), ("posts", 5), ("revisions", 2), ("likes", 5)] {
        assert_eq!(count(&url, &format!("SELECT count(*) FROM {table}")).await, rows, "{table}");
    }
}

#[actix_web::test]
async fn counters_equal_their_rows() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    assert_eq!(wrong_counters(&url).await, Vec::<String>::new());
    let thread = "SELECT concat_ws(' ', post_count, like_count, highest_position, last_post_position) FROM threads WHERE slug = 'on-sundry-things'";
    assert_eq!(words(&url, thread).await, "3 3 4 4");
    let forum = "SELECT concat_ws(' ', thread_count, post_count) FROM forums WHERE slug = 'talk'";
    assert_eq!(words(&url, forum).await, "2 3");
    let bob = "SELECT concat_ws(' ', post_count, likes_received) FROM members WHERE username_key = 'bob the builder'";
    assert_eq!(words(&url, bob).await, "2 2", "a deleted thread leaves its members' counts");
    let gone = "SELECT concat_ws(' ', post_count, likes_received) FROM members WHERE username IS NULL";
    assert_eq!(words(&url, gone).await, "0 0", "a deleted post leaves its author's counts");
}

#[actix_web::test]
async fn totals_that_the_source_showed_are_shown() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let ann =
        "SELECT concat_ws(' ', post_count, posts_elsewhere, posts_shown, likes_received, likes_elsewhere, likes_shown)
        FROM members WHERE username = 'Ann'";
    assert_eq!(words(&url, ann).await, "2 98 100 2 0 2");
}

#[actix_web::test]
async fn bodies_are_rendered_with_our_ids() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let p1 = count(&url, "SELECT our_id FROM archive_ids WHERE archive_id = 'p1'").await;
    let bob = count(&url, "SELECT our_id FROM archive_ids WHERE archive_id = 'bob'").await;
    let second = "SELECT body FROM posts WHERE position = 2";
    assert_eq!(words(&url, second).await, format!("[quote post={p1}]\nFirst\n[/quote]\n\nSecond, better."));
    let html = words(&url, "SELECT html FROM posts WHERE position = 2").await;
    assert!(html.contains(&format!("<blockquote data-post=\"{p1}\">")), "{html}");
    let quotes = format!("SELECT excerpt FROM quotes WHERE quoted_post_id = {p1}");
    assert_eq!(words(&url, &quotes).await, "First");
    let revision = "SELECT body FROM revisions WHERE number = 1";
    assert_eq!(words(&url, revision).await, format!("[quote post={p1}]\nFirst\n[/quote]\n\nSekond."));
    let mentions = "SELECT mentions[1] FROM posts WHERE body LIKE 'First,%'";
    assert_eq!(count(&url, mentions).await, bob);
    assert_eq!(words(&url, "SELECT emoji[1] FROM posts WHERE body LIKE 'First,%'").await, "thumb");
}

#[actix_web::test]
async fn a_quote_may_point_forward() {
    let url = database::empty().await;
    let mut lines = ground();
    lines.push(post("1", "t", "ann", "[quote post=2]\nlater\n[/quote]\n\nSo it will be."));
    lines.push(post("2", "t", "bob", "It came later."));
    take_in(&url, &lines).await.unwrap();
    let resolved = "SELECT count(*) FROM quotes JOIN posts ON posts.id = quoted_post_id WHERE body = 'It came later.'";
    assert_eq!(count(&url, resolved).await, 1);
}

#[actix_web::test]
async fn the_longest_id_can_be_quoted() {
    let url = database::empty().await;
    let mut lines = ground();
    let id = "\u{92E}".repeat(200);
    lines.push(post(&id, "t", "bob", "It came before."));
    lines.push(post("1", "t", "ann", &format!("[quote post={id}]\nbefore\n[/quote]\n\nSo it was.")));
    take_in(&url, &lines).await.unwrap();
    let resolved = "SELECT count(*) FROM quotes JOIN posts ON posts.id = quoted_post_id";
    assert_eq!(count(&url, resolved).await, 1);
}

#[actix_web::test]
async fn a_quote_of_nothing_names_no_post_that_comes_later() {
    let url = database::empty().await;
    let mut lines = ground();
    lines.push(post("1", "t", "ann", "[quote post=2]\nnowhere\n[/quote]\n\nA number that could be ours."));
    lines.push(post("3", "t", "ann", "[quote post=lost]\nnowhere\n[/quote]\n\nAnother."));
    lines.push(post("4", "t", "ann", "The last."));
    take_in(&url, &lines).await.unwrap();
    let resolved = "SELECT count(*) FROM quotes JOIN posts ON posts.id = quoted_post_id";
    assert_eq!(count(&url, resolved).await, 0);
    assert_eq!(count(&url, "SELECT count(*) FROM quotes").await, 2);
}

#[actix_web::test]
async fn revisions_and_edits_give_versions() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let post = |position| {
        format!(
            "SELECT concat_ws(' ', posts.version, edit_count) FROM posts JOIN threads ON threads.id = thread_id
        WHERE title = 'On sundry things' AND position = {position}"
        )
    };
    assert_eq!(words(&url, &post(1)).await, "1 0");
    assert_eq!(words(&url, &post(2)).await, "3 2", "two revisions");
    assert_eq!(words(&url, &post(4)).await, "1 4", "as the line says");
}

#[actix_web::test]
async fn gzip_and_zstd_are_seen_by_their_first_bytes() {
    let plain = text(&small());
    let mut gzip = GzipEncoder::new(Vec::new());
    gzip.write_all(plain.as_bytes()).await.unwrap();
    gzip.shutdown().await.unwrap();
    let mut zstd = ZstdEncoder::new(Vec::new());
    zstd.write_all(plain.as_bytes()).await.unwrap();
    zstd.shutdown().await.unwrap();
    for bytes in [gzip.into_inner(), zstd.into_inner()] {
        let url = database::empty().await;
        assert_eq!(take_in_bytes(&url, &bytes).await.unwrap().lines, 23);
    }
}

#[actix_web::test]
async fn an_archive_comes_into_a_forum_that_has_rows() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let other = [
        first_line("another-place"),
        json!({"type": "forum", "id": "talk", "slug": "talk-2", "title": "More talk"}),
        member("ann", "Another Ann"),
        thread("t", "talk", "ann"),
        post(
            "p1",
            "t",
            "ann",
            "[quote post=p2]\nforward\n[/quote]\n\nThe same ids in another source are other things.",
        ),
        post("p2", "t", "ann", "Here it is."),
    ];
    take_in(&url, &other).await.unwrap();
    assert_eq!(count(&url, "SELECT count(*) FROM posts").await, 7);
    assert_eq!(words(&url, "SELECT username FROM members ORDER BY id DESC LIMIT 1").await, "Another Ann");
    let quoted = "SELECT posts.body FROM quotes JOIN posts ON posts.id = quoted_post_id WHERE excerpt = 'forward'";
    assert_eq!(words(&url, quoted).await, "Here it is.");
    assert_eq!(wrong_counters(&url).await, Vec::<String>::new());
}

#[actix_web::test]
async fn names_that_look_alike_are_taken_and_kept_from_others() {
    let url = database::empty().await;
    let mut lines = ground();
    lines.push(member("c", "Bumer"));
    lines.push(member("d", "Burner"));
    take_in(&url, &lines).await.unwrap();
    assert_eq!(count(&url, "SELECT count(*) FROM members").await, 4);
    assert_eq!(count(&url, "SELECT count(*) FROM username_skeletons WHERE member_id > 2").await, 1);
}

#[actix_web::test]
async fn what_clients_may_no_longer_write_is_taken_as_it_is() {
    let url = database::empty().await;
    let mut lines = ground();
    lines.push(with(member("c", "Carol"), json!({"email": "ca..rol@example.org", "custom_title": "A\u{202E}B"})));
    lines.push(with(thread("u", "talk", "ann"), json!({"title": "Out\u{200B}side\u{202E}", "tags": ["a\u{AD}b"]})));
    lines.push(with(
        post("1", "u", "ann", "Text."),
        json!({"edited_at": "2012-01-01T00:00:00Z", "edit_reason": "\u{200F}x"}),
    ));
    take_in(&url, &lines).await.unwrap();
    let member = "SELECT concat_ws(' ', email, custom_title) FROM members WHERE username = 'Carol'";
    assert_eq!(words(&url, member).await, "ca..rol@example.org A\u{202E}B");
    let thread = "SELECT concat_ws(' ', title, tags[1]) FROM threads WHERE tags <> '{}'";
    assert_eq!(words(&url, thread).await, "Out\u{200B}side\u{202E} a\u{AD}b");
    assert_eq!(words(&url, "SELECT last_edit_reason FROM posts").await, "\u{200F}x");
}

#[actix_web::test]
async fn a_body_of_a_mebibyte_is_taken() {
    let url = database::empty().await;
    let mut lines = ground();
    lines.push(post("1", "t", "ann", &"long ".repeat(1024 * 1024 / 5)));
    take_in(&url, &lines).await.unwrap();
    assert_eq!(count(&url, "SELECT length(body)::bigint FROM posts").await, 1024 * 1024 / 5 * 5);
}

#[actix_web::test]
async fn the_untouched_ladder_of_an_unused_forum_gives_way() {
    let url = database::empty().await;
    take_in(&url, &small()).await.unwrap();
    let ladder = "SELECT string_agg(name, ',' ORDER BY from_posts) FROM ranks";
    assert_eq!(words(&url, ladder).await, "Newcomer,Regular");
    let other = [
        first_line("another-place"),
        json!({"type": "rank", "name": "Nobody", "from": 0}),
        json!({"type": "rank", "name": "Elder", "from": 9000}),
    ];
    let summary = take_in(&url, &other).await.unwrap();
    assert_eq!((summary.added.ranks, summary.known), (1, 1));
    assert_eq!(words(&url, ladder).await, "Newcomer,Regular,Elder");
}

#[actix_web::test]
async fn positions_follow_the_lines_not_the_times() {
    let url = database::empty().await;
    let mut lines = ground();
    lines.push(with(post("1", "t", "ann", "One."), json!({"created_at": "2012-01-01T00:00:00Z"})));
    lines.push(with(post("2", "t", "ann", "Two."), json!({"created_at": "2011-01-01T00:00:00Z"})));
    lines.push(with(post("3", "t", "ann", "Three."), json!({"deleted_at": "2011-01-01T00:00:00Z"})));
    take_in(&url, &lines).await.unwrap();
    assert_eq!(words(&url, "SELECT string_agg(body, ' ' ORDER BY position) FROM posts").await, "One. Two. Three.");
    assert_eq!(count(&url, "SELECT last_post_position FROM threads").await, 2);
    let last = "SELECT to_char(last_post_at AT TIME ZONE 'UTC', 'YYYY') FROM threads";
    assert_eq!(words(&url, last).await, "2011");
}

#[actix_web::test]
async fn a_body_of_more_quotes_than_a_client_may_send_is_taken() {
    let url = database::empty().await;
    let mut lines = small();
    let post = lines.iter_mut().find(|line| line["type"] == "post").unwrap();
    post["body"] = json!("[quote post=p1]x[/quote]\n".repeat(100));
    let id = post["id"].as_str().unwrap().to_owned();
    take_in(&url, &lines).await.unwrap();
    let its = format!("SELECT our_id FROM archive_ids WHERE archive_id = '{id}'");
    let post = count(&url, &its).await;
    assert_eq!(count(&url, &format!("SELECT count(*) FROM quotes WHERE post_id = {post}")).await, 100);
}
