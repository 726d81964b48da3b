//! Bounds what personal tokens cost that may be made up. A token says nothing by itself, so an unknown one is looked up, also from an
//! address that has sent many: another client of that address may have a good one.

use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::web::Data;
use quick_cache::sync::Cache;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout};

use super::personal::{self, Stored};
use super::{Signed, hash_opaque};
use crate::error::{Code, Error};
use crate::ids::MemberId;
use crate::state::State;
use crate::web::frame::CallerId;
use crate::web::limit::Limits;

/// About how many owners and how many ended tokens are remembered.
const MAX_OWNERS: usize = 16_384;
const MAX_ENDED: usize = 4_096;
/// How long a token's owner is remembered. The token itself is looked up at each request.
const OWNER_TTL: Duration = Duration::from_secs(60);

/// Unknown tokens of a node that are looked up at a time, from addresses that have quota left.
const MAX_LOOKUPS: usize = 64;
/// Tokens from addresses that have used up their `tokens` quota, at each tick.
const MAX_SUSPECTS: usize = 32;
const TICK: Duration = Duration::from_millis(50);
/// How long an unknown token waits for its lookup.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Personal tokens that a node knows, by their hashes.
///
/// An address that has quota left costs 60 lookups a minute and `MAX_LOOKUPS` that were under way when it was used up. All addresses
/// without quota together cost 640 lookups a second and node (`MAX_SUSPECTS` each `TICK`). Lookups at the same tick share a statement.
pub(super) struct TokenGuard {
    /// Each owner, with the end of its TTL. A refusal of a member whose quota is used up needs no lookup.
    owners: Cache<Vec<u8>, (MemberId, Duration)>,
    /// Refusals of tokens that are unknown or have expired. A token that was found once to have ended never holds again.
    ended: Cache<Vec<u8>, Error>,
    lookups: Semaphore,
    suspects: Semaphore,
    started: Instant,
}

impl Default for TokenGuard {
    fn default() -> Self {
        Self {
            owners: Cache::new(MAX_OWNERS),
            ended: Cache::new(MAX_ENDED),
            lookups: Semaphore::new(MAX_LOOKUPS),
            suspects: Semaphore::new(MAX_SUSPECTS),
            started: Instant::now(),
        }
    }
}

impl TokenGuard {
    /// Returns the member whose token this is.
    ///
    /// # Errors
    ///
    /// 401 for a token that does not hold, which is counted; 429 for those beyond its address's quota, or if its member has used up
    /// one; 503 if too many unknown ones are looked up.
    pub async fn caller(
        &self,
        token: &str,
        request: &ServiceRequest,
        limits: &Limits,
        state: &Data<State>,
    ) -> Result<Signed, Error> {
        let hash = hash_opaque(token);
        if let Some(refusal) = self.ended.get(&hash) {
            limits.count_failed_token(request)?;
            return Err(refusal);
        }
        let now = state.clock.elapsed();
        let found = match self.owners.get(&hash).filter(|(_, until)| *until > now) {
            Some((member, _)) => {
                request.extensions_mut().insert(CallerId(member));
                limits.check_member(request, member)?;
                state.db.look_up::<Stored>(hash.clone()).await?
            }
            None => {
                let _turn = self.turn(request, limits).await?;
                state.db.look_up::<Stored>(hash.clone()).await?
            }
        };
        let has_ended = found.as_ref().is_none_or(|stored| stored.has_expired(state.clock.now()));
        let signed = found.ok_or_else(personal::unknown).and_then(|stored| stored.signed(state));
        match &signed {
            Ok(signed) => {
                request.extensions_mut().insert(CallerId(signed.member_id));
                self.owners.insert(hash, (signed.member_id, now + OWNER_TTL));
            }
            Err(refusal) => {
                self.owners.remove(&hash);
                if has_ended {
                    self.ended.insert(hash, refusal.clone());
                }
                limits.count_failed_token(request)?;
            }
        }
        signed
    }

    /// Waits until an unknown token may be looked up.
    async fn turn(&self, request: &ServiceRequest, limits: &Limits) -> Result<SemaphorePermit<'_>, Error> {
        let overloaded = || Error::new(Code::Overloaded, "Too many personal tokens are looked up at the moment.");
        if !limits.has_spent_tokens(request) {
            let turn = timeout(MAX_WAIT, self.lookups.acquire()).await.map_err(|_| overloaded())?;
            // Requests that waited with this one may have used up the quota.
            if !limits.has_spent_tokens(request) {
                return turn.map_err(Error::internal);
            }
        }
        // The token may be good, so it is not refused for failures of its address. Failures are counted after the lookup.
        let turn = timeout(MAX_WAIT, self.suspects.acquire()).await.map_err(|_| overloaded())?;
        let (now, tick) = (self.started.elapsed().as_nanos(), TICK.as_nanos());
        let rest = u64::try_from(tick - now % tick).map_err(Error::internal)?;
        sleep(Duration::from_nanos(rest)).await;
        turn.map_err(Error::internal)
    }
}
