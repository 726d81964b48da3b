//! `folkmoot demo-data`: a made-up forum.

use std::process::Command;

use crate::support::{App, database};

async fn fill(posts: &str, seed: &str) -> (App, String) {
    let url = database::bare().await;
    let run = || {
        let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
        program
            .args(["demo-data", "--database-url", &url, "--posts", posts, "--seed", seed])
            .env_remove("DATABASE_URL");
        let done = program.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stderr).unwrap()
    };
    run();
    let again = run();
    (App::start_on(&url, |_| ()).await, again)
}

/// All that was written, in one number.
const ALL: &str = "SELECT hashtextextended(string_agg(concat_ws('|', id, thread_id, position, author_id, html, like_count), '' \
                   ORDER BY id), 0) FROM posts";

#[actix_web::test]
async fn the_same_seed_gives_the_same_forum_once_with_exact_counters() {
    let (one, again) = fill("3000", "7").await;
    assert!(again.contains("new: 0 ranks, 0 forums, 0 members, 0 threads, 0 posts"), "{again}");
    assert_eq!(one.count("SELECT count(*) FROM posts").await, 3000);
    one.counters_are_exact().await;
    let (two, _) = fill("3000", "7").await;
    assert_eq!(one.count(ALL).await, two.count(ALL).await);
    let (three, _) = fill("3000", "8").await;
    assert_ne!(one.count(ALL).await, three.count(ALL).await);
    one.guest().get("/api/v1/threads/1/posts").await.expect(200);
}

#[actix_web::test]
async fn few_threads_have_many_posts_and_few_members_write_most() {
    let (app, _) = fill("5000", "1").await;
    assert_eq!(app.count("SELECT post_count FROM threads WHERE id = 1").await, 50);
    let of_a_tenth = app
        .count("SELECT sum(n)::bigint FROM (SELECT count(*) n FROM posts GROUP BY author_id ORDER BY n DESC LIMIT 10) AS most")
        .await;
    assert!(of_a_tenth > 1500, "{of_a_tenth} of 5000 posts are by the ten who write most, of a hundred");
    let (threads, quotes) =
        (app.count("SELECT count(*) FROM threads").await, app.count("SELECT count(*) FROM quotes").await);
    assert!((100..2000).contains(&threads) && quotes > 500, "{threads} threads, {quotes} quotes");
    // Threads grow side by side.
    let apart = app.count("SELECT max(id) - min(id) FROM posts WHERE thread_id = 1").await;
    assert!(apart > 2000, "{apart}");
}
