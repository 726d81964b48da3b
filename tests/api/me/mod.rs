mod delete;
mod edit;
mod email;
mod password;
mod read;
