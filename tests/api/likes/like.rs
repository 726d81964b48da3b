//! `PUT` and `DELETE /posts/{post_id}/like`.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::App;

async fn counts(app: &App) -> (i64, i64, i64, i64) {
    (
        app.count("SELECT count(*) FROM likes").await,
        app.count("SELECT sum(like_count)::bigint FROM posts").await,
        app.count("SELECT sum(like_count)::bigint FROM threads").await,
        app.count("SELECT sum(likes_received)::bigint FROM members").await,
    )
}

#[actix_web::test]
async fn liking_twice_counts_once_and_taking_back_twice_too() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let like = format!("/api/v1/posts/{}/like", anna.reply(thread, "one").await);
    for _ in 0..2 {
        assert_eq!(ben.put(&like).await.expect(200).json, json!({"liked": true, "like_count": 1}));
        assert_eq!(counts(&app).await, (1, 1, 1, 1));
    }
    for _ in 0..2 {
        assert_eq!(ben.delete(&like).await.expect(200).json, json!({"liked": false, "like_count": 0}));
        assert_eq!(counts(&app).await, (0, 0, 0, 0));
    }
}

#[actix_web::test]
async fn a_hundred_likes_of_one_member_at_once_are_one() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let like = format!("/api/v1/posts/{}/like", anna.reply(thread, "one").await);
    let answers = join_all((0..100).map(|_| ben.put(&like))).await;
    answers.into_iter().for_each(|answer| assert_eq!(answer.expect(200)["like_count"], 1));
    assert_eq!(counts(&app).await, (1, 1, 1, 1));
}

#[actix_web::test]
async fn two_hundred_members_liking_one_post_at_once_are_two_hundred() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let like = format!("/api/v1/posts/{}/like", anna.reply(thread, "one").await);
    let mut members = Vec::new();
    for n in 0..200 {
        members.push(app.member(&format!("member {n}")).await);
    }
    let answers = join_all(members.iter().map(|member| member.put(&like))).await;
    answers.into_iter().for_each(|answer| drop(answer.expect(200)));
    assert_eq!(counts(&app).await, (200, 200, 200, 200));
}

#[actix_web::test]
async fn who_may_not_like_is_told_why() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "one").await;
    let like = format!("/api/v1/posts/{post}/like");
    app.guest().put(&like).await.refused(401, "not_signed_in");
    app.guest().delete(&like).await.refused(401, "not_signed_in");
    anna.put(&like).await.refused(403, "own_post");
    for nothing in ["abc", "0", "999999", "9223372036854775808"] {
        ben.put(&format!("/api/v1/posts/{nothing}/like")).await.refused(404, "not_found");
        ben.delete(&format!("/api/v1/posts/{nothing}/like")).await.refused(404, "not_found");
    }
    moderator.put(&format!("/api/v1/threads/{thread}/lock")).await.expect(200);
    ben.put(&like).await.expect(200);
    moderator.delete(&format!("/api/v1/posts/{post}")).await.expect(204);
    ben.put(&like).await.refused(404, "not_found");
    ben.delete(&like).await.refused(404, "not_found");
}

#[actix_web::test]
async fn likes_of_a_deleted_post_count_for_nobody_else() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "one").await;
    anna.delete(&format!("/api/v1/posts/{post}")).await.expect(204);
    moderator.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
    assert_eq!(counts(&app).await, (1, 1, 0, 0));
    moderator.act(&format!("/api/v1/posts/{post}/restore")).await.expect(200);
    assert_eq!(counts(&app).await, (1, 1, 1, 1));
}

#[actix_web::test]
async fn likes_replies_and_deletions_at_once_leave_exact_counters() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let mut posts = Vec::new();
    for n in 0..6 {
        posts.push(anna.reply(thread, &format!("post {n}")).await);
    }
    join_all(posts.iter().enumerate().flat_map(|(n, post)| {
        let (ben, anna, moderator) = (ben.clone(), anna.clone(), moderator.clone());
        let post = *post;
        let act = move |kind: usize| {
            let (ben, anna, moderator) = (ben.clone(), anna.clone(), moderator.clone());
            async move {
                match (kind, n % 2) {
                    // The post may be deleted by then.
                    (0, 0) => {
                        assert!([200, 404].contains(&ben.put(&format!("/api/v1/posts/{post}/like")).await.status))
                    }
                    (0, _) => drop(ben.put(&format!("/api/v1/posts/{post}/like")).await.expect(200)),
                    (1, 0) => drop(moderator.delete(&format!("/api/v1/posts/{post}")).await.expect(204)),
                    (1, _) => drop(moderator.put(&format!("/api/v1/posts/{post}/like")).await.expect(200)),
                    _ => assert!(anna.reply(thread, "more").await > post),
                }
            }
        };
        (0..3).map(act).collect::<Vec<_>>()
    }))
    .await;
    let live = "SELECT count(*) FROM likes JOIN posts ON posts.id = post_id WHERE deleted_at IS NULL";
    let live = app.count(live).await;
    assert_eq!(app.count("SELECT like_count FROM threads").await, live);
    assert_eq!(app.count("SELECT likes_received FROM members WHERE username = 'anna'").await, live);
    let posts = app.count("SELECT count(*) FROM posts WHERE deleted_at IS NULL").await;
    assert_eq!(posts, 1 + 6 + 6 - 3);
    assert_eq!(app.count("SELECT post_count FROM threads").await, posts);
    assert_eq!(app.count("SELECT post_count FROM forums").await, posts);
    assert_eq!(app.count("SELECT post_count FROM members WHERE username = 'anna'").await, posts);
}
