mod flood;
mod outbox;
mod smtp;
mod transport;
