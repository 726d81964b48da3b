//! Forums: the tree and its acts.

mod create;
mod delete;
mod edit;
mod list;
mod read;
mod tree;

const FORUMS: &str = "/api/v1/forums";

fn forum_url(forum: i64) -> String {
    format!("{FORUMS}/{forum}")
}
