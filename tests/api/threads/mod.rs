//! Threads and their acts.

mod create;
mod delete;
mod edit;
mod list;
mod list_by_member;
mod lock;
mod r#move;
mod order;
mod paging;
mod pin;
mod read;
mod restore;
mod views;

const THREADS: &str = "/api/v1/threads";

fn thread_url(thread: i64) -> String {
    format!("{THREADS}/{thread}")
}
