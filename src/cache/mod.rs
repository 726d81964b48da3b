//! What a node keeps in memory of the database: when it may still be shown, what is forgotten when something changes, and the answers
//! themselves. Nothing here knows what the answers are of.

mod changes;
mod coding;
mod flights;
mod form;
mod held;
mod kept;
mod store;
mod work_queue;

pub use changes::{Changed, Changes, SURE_FOR, Stamp, Thing, note};
pub use coding::{Coding, Room};
pub use flights::JOINED_FOR;
pub use form::Packed;
pub use held::{FREE_ROWS, Held, LONG, Reservation, fits, to_make};
pub use kept::{Kept, Seams};
pub use store::{Store, Terms};
pub use work_queue::{MAX_WAITING, MIN_LONG, WorkQueue};
