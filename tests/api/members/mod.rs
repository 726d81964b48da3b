mod by_username;
mod create;
mod custom_title;
mod list;
mod read;
mod role;
mod suspension;
