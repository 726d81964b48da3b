//! Sessions as they were found a moment ago: a token carries neither role nor state, and to ask for them at each read would cost as
//! much as what is read. What changes something asks anew.

use std::time::Duration;

use quick_cache::sync::Cache;

use super::caller::Present;
use crate::cache::{Stamp, Thing};
use crate::error::Error;
use crate::ids::{MemberId, SessionId};
use crate::state::State;

/// So many sessions are kept, about.
const MOST: usize = 16_384;
/// For so long one is believed: what was changed on another node counts after 5 s at most.
const BELIEVED: Duration = Duration::from_secs(4);

/// The sessions that were found, with their members.
pub struct Callers(Cache<(SessionId, MemberId), Found>);

#[derive(Clone)]
struct Found {
    present: Present,
    stamp: Stamp,
    until: Duration,
}

impl Default for Callers {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl Callers {
    /// Session and member as they were a moment ago: for reads.
    pub(super) fn known(&self, session: SessionId, member: MemberId, state: &State) -> Option<Present> {
        let (changes, now) = (&state.store.changes, state.clock.elapsed());
        let found = self.0.get(&(session, member))?;
        (now < found.until && changes.holds(&found.stamp)).then_some(found.present)
    }

    /// Session and member as they are: for what changes something, too.
    pub(super) async fn find(
        &self,
        session: SessionId,
        member: MemberId,
        state: &State,
    ) -> Result<Option<Present>, Error> {
        let (changes, now) = (&state.store.changes, state.clock.elapsed());
        let stamp = changes.stamp(Thing::Member(member));
        let present = super::caller::present(session, member, &*state.db.share().await?).await?;
        if let Some(present) = &present {
            let found = Found { present: present.clone(), stamp, until: now + BELIEVED };
            self.0.insert((session, member), found);
        }
        Ok(present)
    }
}
