mod flood;
mod outbox;
mod serve;
mod smtp;
mod transport;
