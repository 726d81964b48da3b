mod create;
mod delete;
mod list;
mod use_of;
