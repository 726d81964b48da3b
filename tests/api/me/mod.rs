mod edit;
mod password;
mod read;
