//! What a node keeps in memory: never older than promised, read once for all who wait, bounded.

mod acts;
mod bounds;
mod coded;
mod fresh;
mod held;
