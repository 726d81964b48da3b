//! Members: who writes here. What always holds: a name is unique under NFKC and case folding and never given again;
//! `post_count` and `likes_received` equal rows, and what is shown adds what an archive brought beyond them.

mod counters;
mod model;
mod view;

pub use counters::count;
pub use model::{Card, MemberPath, State};
pub use view::{Country, MemberView, Members, cards};
