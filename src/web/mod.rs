//! Words that every feature speaks: bodies, queries, text and its limits, lists, conditional requests, answers.

pub mod answer;
pub mod body;
pub mod changed;
pub mod client;
pub mod connection;
pub mod direct;
pub mod encoding;
pub mod etag;
pub mod form;
pub mod frame;
pub mod framing;
pub mod idempotency;
pub mod identity;
pub mod inbound;
pub mod kept;
pub mod limit;
pub mod log;
pub mod metrics;
pub mod page;
pub mod path;
pub mod query;
pub mod quick;
pub mod served;
pub mod text;
pub mod trace;
pub mod turn;
