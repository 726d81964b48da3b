//! `GET /threads/{thread_id}/posts`: the thread page.

use serde_json::json;

use crate::support::App;

#[actix_web::test]
async fn a_page_has_everything_to_draw_it_and_each_member_once() {
    let app = App::start().await;
    let (anna, ben, admin) = (app.member("anna").await, app.member("ben").await, app.admin("root").await);
    let category = admin.post("/api/v1/forums", json!({"title": "World", "slug": "world", "kind": "category"})).await;
    let forum = json!({"title": "Defence", "slug": "defence", "kind": "forum", "parent_id": category.id()});
    let forum = admin.post("/api/v1/forums", forum).await.expect(201).id();
    let thread = anna.start_thread(forum, "Hello", "First").await;
    for n in 0..4 {
        [&anna, &ben][n % 2].reply(thread, "reply").await;
    }
    let page = app.guest().get(&format!("/api/v1/threads/{thread}/posts")).await.expect(200);
    assert_eq!(page["thread"]["title"], "Hello");
    assert_eq!(page["forum"]["slug"], "defence");
    let crumbs: Vec<_> = page["breadcrumbs"].as_array().unwrap().iter().map(|c| &c["title"]).collect();
    assert_eq!(crumbs, ["World", "Defence"]);
    assert_eq!(page["posts"].as_array().unwrap().len(), 5);
    let members: Vec<_> = page["members"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, [anna.id.to_string(), ben.id.to_string()]);
    assert_eq!(page["pagination"], json!({"page": 1, "pages": 1, "per_page": 20, "total": 5}));
    assert_eq!(page["viewer"], json!(null));
}

#[actix_web::test]
async fn the_viewers_part_tells_likes_rights_and_reasons() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "reply").await;
    ben.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
    let path = format!("/api/v1/threads/{thread}/posts");
    let bens = ben.get(&path).await.expect(200);
    assert_eq!(bens["viewer"]["member_id"], ben.id);
    assert_eq!(bens["viewer"]["liked"], json!([post]));
    assert_eq!(bens["viewer"]["can"]["reply"], true);
    assert_eq!(bens["viewer"]["why"]["edit"], "not_yours");
    assert_eq!(anna.get(&path).await["viewer"]["can"]["edit"], true);
    assert_eq!(moderator.get(&path).await["viewer"]["why"], json!({}));
    moderator.put(&format!("/api/v1/threads/{thread}/lock")).await.expect(200);
    let locked = ben.get(&path).await;
    assert_eq!(locked["viewer"]["can"]["reply"], false);
    assert_eq!(locked["viewer"]["why"]["reply"], "thread_locked");
}

#[actix_web::test]
async fn page_n_is_always_the_same_places() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let mut ids = vec![];
    for n in 2..=7 {
        ids.push(anna.reply(thread, &format!("post {n}")).await);
    }
    let path = format!("/api/v1/threads/{thread}/posts");
    let positions = |answer: &crate::support::Answer| -> Vec<i64> {
        answer["posts"].as_array().unwrap().iter().map(|post| post["position"].as_i64().unwrap()).collect()
    };
    for delete in [false, true] {
        if delete {
            anna.delete(&format!("/api/v1/posts/{}", ids[1])).await.expect(204);
        }
        let second = app.guest().get(&format!("{path}?page=2&per_page=3")).await.expect(200);
        assert_eq!(positions(&second), [4, 5, 6]);
        assert_eq!(second["pagination"], json!({"page": 2, "pages": 3, "per_page": 3, "total": 7}));
        let around = app.guest().get(&format!("{path}?around={}&per_page=3", ids[3])).await.expect(200);
        assert_eq!((positions(&around), &around["pagination"]["page"]), (vec![4, 5, 6], &json!(2)));
    }
    let last = app.guest().get(&format!("{path}?page=3&per_page=3")).await.expect(200);
    assert_eq!(positions(&last), [7]);
    app.guest().get(&format!("{path}?page=4&per_page=3")).await.refused(404, "not_found");
    app.guest().get(&format!("{path}?page=9007199254740991")).await.refused(404, "not_found");
    app.guest().get(&format!("{path}?around=999999")).await.refused(404, "not_found");
}

#[actix_web::test]
async fn wrong_parameters_are_named() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let wrong = [
        "page=0",
        "page=-1",
        "page=abc",
        "page=1.5",
        "page=9223372036854775808",
        "page=",
        "page=1&around=1",
        "around=0",
        "around=x",
        "per_page=0",
        "per_page=101",
        "per_page=x",
        "page=1&page=2",
        "x=1",
        "page=%00",
        "cursor=x",
    ];
    for wrong in wrong {
        let answer = app.guest().get(&format!("/api/v1/threads/{thread}/posts?{wrong}")).await;
        answer.refused(400, "invalid_parameter");
    }
    let named = app.guest().get(&format!("/api/v1/threads/{thread}/posts?per_page=1000")).await;
    assert!(
        named["detail"].as_str().unwrap().contains("per_page: takes a whole number from 1 to 100"),
        "{}",
        named.json
    );
}

#[actix_web::test]
async fn a_page_that_did_not_change_is_not_sent_again_and_one_that_did_is() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "reply").await;
    let path = format!("/api/v1/threads/{thread}/posts");
    let mut etag = app.guest().get(&path).await.header("etag").to_owned();
    assert!(etag.starts_with("W/\"p"), "{etag}");
    let again = app.guest().ask("GET", &path, &[("If-None-Match", &etag)], None).await.expect(304);
    assert!(again.bytes.is_empty());
    assert_ne!(ben.get(&path).await.header("etag"), etag);
    assert_ne!(app.guest().get(&format!("{path}?per_page=1")).await.header("etag"), etag);
    // Each of these changes what the page shows.
    let steps = ["like", "reply", "edit", "lock", "title of a member"];
    for step in steps {
        match step {
            "like" => drop(ben.put(&format!("/api/v1/posts/{post}/like")).await.expect(200)),
            "reply" => drop(ben.reply(thread, "more").await),
            "edit" => drop(anna.patch(&format!("/api/v1/posts/{post}"), 1, json!({"body": "x"})).await.expect(200)),
            "lock" => drop(app.moderator("mod").await.put(&format!("/api/v1/threads/{thread}/lock")).await.expect(200)),
            _ => {
                app.sql().await.execute("UPDATE members SET custom_title = 'x'", &[]).await.unwrap();
                // Cards may be so old.
                app.clock.advance(chrono::Duration::seconds(5));
            }
        }
        let changed = app.guest().ask("GET", &path, &[("If-None-Match", &etag)], None).await.expect(200);
        etag = changed.header("etag").to_owned();
        app.guest().ask("GET", &path, &[("If-None-Match", &etag)], None).await.expect(304);
    }
}

#[actix_web::test]
async fn a_reader_who_wrote_nothing_is_among_the_members_of_its_page() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let page = ben.get(&format!("/api/v1/threads/{thread}/posts")).await.expect(200);
    assert_eq!(page["viewer"]["member_id"], ben.id);
    assert_eq!(page["members"][ben.id.to_string()]["username"], "ben");
    let page = app.guest().get(&format!("/api/v1/threads/{thread}/posts")).await.expect(200);
    assert_eq!(page["members"].as_object().unwrap().len(), 1);
}

#[actix_web::test]
async fn the_number_of_statements_does_not_depend_on_the_number_of_posts() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First @ben").await;
    let path = format!("/api/v1/threads/{thread}/posts");
    let mut counts = Vec::new();
    for posts in [1, 2, 10, 100] {
        while app.count("SELECT highest_position FROM threads").await < posts {
            let n = app.count("SELECT highest_position FROM threads").await;
            [&anna, &ben][n as usize % 2].reply(thread, &format!("[quote post={n}]\nx\n[/quote]\n@anna :thumb:")).await;
        }
        for person in [&app.guest(), &ben] {
            // Nothing is kept for so long.
            app.clock.advance(chrono::Duration::seconds(5));
            counts.push(app.statements(person.get(&format!("{path}?per_page=100"))).await);
        }
    }
    let (first, more) = counts.split_at(2);
    assert!(first[0] == 4 && first[1] > 4, "{counts:?}");
    let and_quotes = [first[0] + 1, first[1] + 1];
    assert_eq!(more, and_quotes.repeat(3), "statements for guests and members at 2, 10 and 100 posts, which quote");
    // The card of somebody who is only quoted, and the forums above.
    let above = app.forum("about").await;
    let below = app.forum("below").await;
    app.sql()
        .await
        .execute("UPDATE forums SET parent_id = $1, ancestors = ARRAY[$1::bigint] WHERE id = $2", &[&above, &below])
        .await
        .unwrap();
    let quoting = anna.start_thread(below, "Hello", "[quote post=2]\nx\n[/quote]").await;
    let page = format!("/api/v1/threads/{quoting}/posts");
    assert_eq!(app.statements(app.guest().get(&page)).await, 7);
}

#[actix_web::test]
async fn long_posts_come_whole_by_two_statements_more_however_many_they_are() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("/api/v1/threads/{thread}/posts");
    let mut counts = Vec::new();
    for n in 0..5 {
        let body = format!("{n} {}end", "long ".repeat(3_900));
        let post = anna.reply(thread, &body).await;
        app.clock.advance(chrono::Duration::seconds(5));
        counts.push(app.statements(app.guest().get(&path)).await);
        let page = app.guest().get(&path).await.expect(200);
        assert_eq!(page["posts"][n + 1], app.guest().get(&format!("/api/v1/posts/{post}")).await.expect(200).json);
        assert_eq!(page["posts"][n + 1]["body"], body);
    }
    // Beside the four of a short page: their texts, and what they may quote, which is not known before.
    assert_eq!(counts, [6; 5]);
}

#[actix_web::test]
async fn a_page_is_another_one_once_a_members_suspension_has_ended() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let page = format!("/api/v1/threads/{}/posts", anna.start_thread(app.forum("news").await, "Hello", "First").await);
    let until = (app.clock.now() + chrono::Duration::minutes(1)).to_rfc3339();
    let body = serde_json::json!({"reason": "heat", "until": until});
    moderator.put_json(&format!("/api/v1/members/{}/suspension", anna.id), body).await.expect(200);
    let suspended = app.guest().get(&page).await.expect(200);
    let tag = suspended.header("etag");
    assert_eq!(suspended["members"][anna.id.to_string()]["state"], "suspended");
    app.guest().ask("GET", &page, &[("If-None-Match", tag)], None).await.expect(304);
    app.clock.advance(chrono::Duration::minutes(2));
    let active = app.guest().ask("GET", &page, &[("If-None-Match", tag)], None).await.expect(200);
    assert_eq!(active["members"][anna.id.to_string()]["state"], "active");
}
