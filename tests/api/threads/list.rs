//! `GET /threads`: filters, parameters and who sees what.

use serde_json::json;

use super::{THREADS, thread_url};
use crate::support::App;

#[actix_web::test]
async fn each_filter_alone_and_together() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let (news, talk) = (app.forum("news").await, app.forum("talk").await);
    let start = |person: &crate::support::Person, forum: i64, kind: &str, tags: serde_json::Value| {
        let (person, body) = (
            person.clone(),
            json!({
                "forum_id": forum, "title": "Hello", "body": "First", "kind": kind, "tags": tags,
            }),
        );
        async move { person.post(THREADS, body).await.expect(201)["thread"]["id"].as_i64().unwrap() }
    };
    let a = start(&anna, news, "article", json!(["asia", "caf\u{e9}"])).await;
    let b = start(&ben, news, "discussion", json!(["asia"])).await;
    let c = start(&anna, talk, "discussion", json!([])).await;
    let cases = [
        (String::new(), vec![c, b, a]),
        (format!("forum={news}"), vec![b, a]),
        (format!("author={}", anna.id), vec![c, a]),
        ("kind=article".into(), vec![a]),
        ("kind=discussion".into(), vec![c, b]),
        ("tag=asia".into(), vec![b, a]),
        ("tag=%20asia%20".into(), vec![b, a]),
        // As it is written with a combining accent.
        ("tag=cafe%CC%81".into(), vec![a]),
        ("tag=none".into(), vec![]),
        (format!("forum={news}&author={}&kind=article&tag=asia", anna.id), vec![a]),
        (format!("forum={talk}&tag=asia"), vec![]),
        ("forum=999".into(), vec![]),
        ("author=999".into(), vec![]),
    ];
    for (query, expected) in cases {
        let list = app.guest().get(&format!("{THREADS}?{query}")).await.expect(200);
        assert_eq!(list.item_ids(), expected, "{query}");
        assert_eq!(list["next"], json!(null));
        assert_eq!(list.header("link"), "");
    }
}

#[actix_web::test]
async fn a_forum_is_that_forum_alone() {
    let app = App::start().await;
    let admin = app.admin("ada").await;
    let parent = app.forum("parent").await;
    let body = json!({"title": "x", "slug": "child", "kind": "forum", "parent_id": parent});
    let child = admin.post("/api/v1/forums", body).await.expect(201).id();
    admin.start_thread(child, "Below", "First").await;
    let own = admin.start_thread(parent, "Own", "First").await;
    assert_eq!(app.guest().get(&format!("{THREADS}?forum={parent}")).await.item_ids(), [own]);
}

#[actix_web::test]
async fn since_is_of_the_last_post_and_includes_its_moment() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let old = anna.start_thread(forum, "Old", "First").await;
    let quiet = anna.start_thread(forum, "Quiet", "First").await;
    app.clock.advance(chrono::Duration::minutes(1));
    let new = anna.start_thread(forum, "New", "First").await;
    anna.reply(old, "Later").await;
    let moment = app.guest().get(&thread_url(new)).await["last_post"]["created_at"].as_str().unwrap().to_owned();
    let list = app.guest().get(&format!("{THREADS}?since={moment}")).await.expect(200);
    assert_eq!(list.item_ids(), [old, new]);
    let east = moment.replace('Z', "%2B00:00");
    assert_eq!(app.guest().get(&format!("{THREADS}?since={east}")).await.item_ids(), [old, new]);
    let ever = format!("{THREADS}?since=0000-01-01T00:00:00Z");
    assert_eq!(app.guest().get(&ever).await.item_ids(), [old, new, quiet]);
    let never = format!("{THREADS}?since=9999-12-31T23:59:59Z");
    assert!(app.guest().get(&never).await.item_ids().is_empty());
}

#[actix_web::test]
async fn wrong_parameters_are_refused_by_name() {
    let app = App::start().await;
    let long = format!("tag={}", "x".repeat(31));
    let cases = [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=abc", "limit"),
        ("limit=", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("forum=abc", "forum"),
        ("forum=0", "forum"),
        ("forum=9223372036854775808", "forum"),
        ("author=-1", "author"),
        ("kind=poll", "kind"),
        ("sort=oldest", "sort"),
        ("since=yesterday", "since"),
        ("since=2014-02-12", "since"),
        ("since=2014-02-12T09:00:00", "since"),
        ("since=-262143-01-01T00:00:00Z", "since"),
        ("since=%2B262142-01-01T00:00:00Z", "since"),
        ("tag=", "tag"),
        ("tag=%20", "tag"),
        (long.as_str(), "tag"),
        ("tag=a%00b", "U+0000"),
        ("page=1", "page"),
        ("q=x", "q"),
        ("sort=newest&sort=newest", "sort"),
    ];
    for (query, named) in cases {
        let answer = app.guest().get(&format!("{THREADS}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.json);
        let answer = answer.refused(400, "invalid_parameter");
        assert!(answer["detail"].as_str().unwrap().contains(named), "{query}: {}", answer.json);
    }
    for limit in ["0", "101"] {
        let answer = app.guest().get(&format!("{THREADS}?limit={limit}")).await;
        assert!(answer["detail"].as_str().unwrap().contains("from 1 to 100"), "{}", answer.json);
    }
    app.guest().with_token("forged").get(&format!("{THREADS}?limit=0")).await.refused(401, "invalid_token");
}

#[actix_web::test]
async fn as_many_are_given_as_are_asked_for_and_the_next_page_is_where_more_are() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let many = format!(
        "INSERT INTO threads (forum_id, title, slug, author_id, tags, created_at, last_post_at)
         SELECT {forum}, 'x', 'x', {}, ARRAY['of ' || count], now(), now()
         FROM unnest('{{1,2,5,6,7,20,21,22,50,51,52,100,101}}'::int[]) count, generate_series(1, count)",
        anna.id
    );
    app.sql().await.batch_execute(&many).await.unwrap();
    for limit in [1, 5, 6, 20, 21, 50, 51, 100] {
        for (there, has_next) in [(limit, false), (limit + 1, true)] {
            let list = app.guest().get(&format!("{THREADS}?tag=of%20{there}&limit={limit}")).await.expect(200);
            assert_eq!((list.item_ids().len(), list["next"].is_string()), (limit, has_next), "{limit} of {there}");
        }
    }
    assert_eq!(app.guest().get(&format!("{THREADS}?tag=of%20100")).await.expect(200).item_ids().len(), 20);
}

#[actix_web::test]
async fn deleted_threads_are_listed_for_moderators_marked_so() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let stays = anna.start_thread(forum, "Stays", "First").await;
    let goes = anna.start_thread(forum, "Goes", "First").await;
    moderator.delete(&thread_url(goes)).await.expect(204);
    for person in [&app.guest(), &anna] {
        for sort in ["latest_reply", "newest", "most_replies", "most_likes", "most_views"] {
            assert_eq!(person.get(&format!("{THREADS}?sort={sort}")).await.item_ids(), [stays]);
        }
    }
    let list = moderator.get(THREADS).await.expect(200);
    assert_eq!(list.item_ids(), [goes, stays]);
    assert_eq!((&list["items"][0]["deleted"], &list["items"][1]["deleted"]), (&json!(true), &json!(false)));
}

#[actix_web::test]
async fn members_holds_everyone_that_the_items_name() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    app.member("carl").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    ben.reply(thread, "Reply").await;
    let list = app.guest().get(THREADS).await.expect(200);
    let members = list["members"].as_object().unwrap();
    assert_eq!(members.len(), 2);
    assert_eq!(members[&anna.id.to_string()]["username"], "anna");
    assert_eq!(members[&ben.id.to_string()]["username"], "ben");
}

#[actix_web::test]
async fn a_list_has_a_tag_and_answers_head() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    anna.start_thread(forum, "Hello", "First").await;
    let list = app.guest().get(THREADS).await.expect(200);
    let tag = list.header("etag").to_owned();
    assert!(!tag.is_empty());
    app.guest().ask("GET", THREADS, &[("If-None-Match", &tag)], None).await.expect(304);
    let head = app.guest().head(THREADS).await.expect(200);
    assert!(head.bytes.is_empty());
    assert_eq!(head.header("etag"), tag);
    anna.start_thread(forum, "Again", "First").await;
    app.guest().ask("GET", THREADS, &[("If-None-Match", &tag)], None).await.expect(200);
}
