//! What a node keeps in memory of the database: when it may still be shown, what is forgotten when something changes, and the answers
//! themselves. Nothing here knows what the answers are of.

mod changes;
mod flights;
mod kept;
mod store;

pub use changes::{Changed, Changes, SURE_FOR, Stamp, Thing, note};
pub use flights::JOINED_FOR;
pub use kept::{Coding, Kept, Seams};
pub use store::{Store, Terms};
