mod keys;
mod password;
mod scope;
mod token;
