mod body;
mod database;
mod etag;
mod frame;
mod page;
