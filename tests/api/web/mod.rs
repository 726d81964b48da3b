mod body;
mod database;
mod etag;
mod frame;
mod idempotency;
mod page;
mod time;
