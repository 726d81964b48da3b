//! What attackers try, one kind a file; `docs/security.md` says which requirement each meets.

pub mod acts;
pub mod corpus;
mod cost;
mod deleted;
mod enumeration;
mod fields;
mod mass_assignment;
mod odd_values;
mod outlive;
mod overtaken;
mod reader;
mod scripts;
mod side_outputs;
mod smuggling;
mod swapped_ids;
mod tokens;
mod walk;
mod world;
