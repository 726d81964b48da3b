mod delete;
mod edit;
mod password;
mod read;
