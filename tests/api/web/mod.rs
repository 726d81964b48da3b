mod body;
mod database;
mod etag;
mod frame;
mod idempotency;
mod limit;
mod page;
mod time;
