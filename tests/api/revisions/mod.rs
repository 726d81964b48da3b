//! Revisions: what a post said before.

mod diffs;
mod list_by_post;
mod read;

use serde_json::json;

use crate::support::{App, Person};

/// A post with three versions, the last by a moderator.
async fn edited_post(app: &App, author: &Person, moderator: &Person) -> i64 {
    let thread = author.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = author.reply(thread, "One\nTwo\n").await;
    let url = format!("/api/v1/posts/{post}");
    author.patch(&url, 1, json!({"body": "One\nTwo and a half\n", "reason": "more"})).await.expect(200);
    moderator.patch(&url, 2, json!({"body": "One\nThree\n"})).await.expect(200);
    post
}
