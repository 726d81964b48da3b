//! Mails to members. What always holds: a mail is written with the act that it tells of, is sent later, and never holds
//! anything up; its body is sealed; the tokens in its links are stored as hashes, good for one use, and one at a time.

mod caps;
mod counts;
mod due;
mod letter;
mod outbox;
mod owner;
mod sender;
mod server;
mod tokens;
mod transport;

pub use counts::Counts;
pub use letter::Letter;
pub use outbox::{forget, look, prune, write};
pub use owner::tell;
pub use sender::Post;
pub use tokens::{Purpose, Spent, ask_to_verify, end_tokens, owner_of, spend};
pub use transport::Mailer;
