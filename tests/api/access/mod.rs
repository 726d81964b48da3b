mod keys;
mod password;
mod token;
