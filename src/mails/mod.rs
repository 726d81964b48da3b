//! Mails to members. What always holds: a mail is written with the act that it tells of, is sent later, and never holds
//! anything up; its body is sealed; the tokens in its links are stored as hashes, good for one use, and one at a time.

mod letter;
mod outbox;
mod owner;
mod sender;
mod tokens;
mod transport;

pub use letter::Letter;
pub use outbox::{forget, prune, write};
pub use owner::tell;
pub use sender::send_due;
pub use tokens::{Purpose, Spent, ask_to_verify, end_tokens, owner_of, spend};
pub use transport::Mailer;
