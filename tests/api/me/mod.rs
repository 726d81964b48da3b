mod deletion;
mod edit;
mod email;
mod password;
mod read;
