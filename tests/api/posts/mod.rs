mod create;
mod delete;
mod edit;
mod list;
mod list_by_member;
mod list_by_thread;
mod read;
mod restore;
