//! Reads everything back and holds it against what the clients know.

mod hold;
mod read;

use std::fmt::{self, Display, Formatter};

use tokio::process::Command;

use crate::Tried;
use crate::world::World;

pub use hold::hold;
pub use read::read;

/// In which way what is there is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    Lost,
    Doubled,
    RefusedYetThere,
    OfNobody,
    Misplaced,
    Positions,
    EditLost,
    Versions,
    Like,
    LikeCount,
    Key,
    Hidden,
    Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    pub wrong: Wrong,
    pub text: String,
}

impl Display for Violation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.wrong, self.text)
    }
}

/// What the program itself says of its counters.
pub async fn counters(world: &World) -> Tried<Vec<Violation>> {
    let check = ["admin", "check", "--dry-run", "--log", "error", "--database-url", &world.cluster()?.url];
    let ran = Command::new(&world.program).args(check).output().await.map_err(|e| e.to_string())?;
    if ran.status.success() {
        return Ok(Vec::new());
    }
    let said = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let told = |line: &&str| line.ends_with(" differed") || line.contains(" its rows give ");
    let violation = |line: &str| Violation { wrong: Wrong::Counter, text: line.trim().to_owned() };
    let mut violations: Vec<_> = said.lines().filter(told).map(violation).collect();
    if violations.is_empty() {
        violations.push(violation(&format!("the check failed: {said}")));
    }
    Ok(violations)
}
