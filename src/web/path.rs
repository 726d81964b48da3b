//! Ids in a path.

use serde::{Deserialize, Deserializer};

use super::query;
use crate::ids::MAX_ID;

/// Reads an id from a path. What is no id names nothing: it becomes one that no row has, so that it is told as 404 in
/// its turn, after what is wrong with the rest of the request.
pub fn id<'de, D: Deserializer<'de>, Id: From<i64>>(input: D) -> Result<Id, D::Error> {
    let text = String::deserialize(input)?;
    let id = query::number(&text).filter(|id| (1..=MAX_ID).contains(id));
    Ok(Id::from(id.unwrap_or(-1)))
}
