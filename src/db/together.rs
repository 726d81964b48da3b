//! Lookups by key that come together are done by one statement: while some are under way, those that come meanwhile gather, and go
//! together next. Where little is asked nobody waits for anybody; where much is, ten of them cost the database little more than one.
//! It is what group commit does for transactions (DeWitt et al., Implementation Techniques for Main Memory Database Systems, 1984).

use std::any::{Any, TypeId};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel_async::AsyncPgConnection;
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::Pool;
use super::pool::too_many;
use super::shared::OneMore;
use crate::error::Error;

/// So many lookups go together at most: more would keep others on the connection waiting.
const MOST: usize = 32;
/// So many of a kind wait at most. Whoever would have more than eight statements before its own is turned away at once, so that
/// those who wait do not wait in vain.
const MOST_WAITING: usize = 8 * MOST;

/// What is looked up by key.
pub trait Lookup: 'static {
    type Key: Send + 'static;
    type Found: Send + 'static;

    /// What there is of each key, in their order: one statement, however many.
    fn find(keys: &[Self::Key], conn: &AsyncPgConnection) -> impl Future<Output = Result<Vec<Self::Found>, Error>>;
}

/// What is looked up by a worker, by its kind.
#[derive(Default)]
pub struct Together {
    kinds: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    waiting: Arc<AtomicUsize>,
}

impl Together {
    /// Looks a key up, with all that others look up at this time.
    pub async fn find<L: Lookup>(&self, key: L::Key, pool: &Pool) -> Result<L::Found, Error> {
        let (teller, mut told) = oneshot::channel();
        let gathered = self.gathered::<L>()?;
        let (number, under_way) = gathered.add(key, teller, OneMore::among(&self.waiting))?;
        if let Some(under_way) = under_way {
            // It is no part of this request, which may be given up. Boxed, as all of it would be copied into the task.
            actix_web::rt::spawn(Box::pin(find_all(under_way, pool.clone())));
        }
        let (until_begun, until_done) = pool.lookup_wait();
        let told = match timeout(until_begun, &mut told).await {
            Err(_) if gathered.leaves(number) => return Err(too_many()),
            // The lookup's statement has begun.
            Err(_) => timeout(until_done, told).await.map_err(|_| too_many())?,
            Ok(told) => told,
        };
        told.map_err(Error::internal)?
    }

    /// How many wait for a statement that is theirs.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn gathered<L: Lookup>(&self) -> Result<Arc<Gathered<L>>, Error> {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry(TypeId::of::<L>()).or_insert_with(|| Arc::new(Gathered::<L>::default()));
        kind.clone().downcast().map_err(|_| Error::internal("a lookup is of another kind"))
    }
}

/// Who is to be told what is found.
type Teller<L> = oneshot::Sender<Result<<L as Lookup>::Found, Error>>;
type Tellers<L> = Vec<Teller<L>>;

/// Lookups of a kind that wait, in the order in which they came.
struct Gathered<L: Lookup>(Mutex<Waiting<L>>);

struct Waiting<L: Lookup> {
    waiters: VecDeque<Waiter<L>>,
    /// How many there have ever been: each one's number.
    numbers: u64,
    /// Whether a statement is. With two at a time fewer lookups would gather for each.
    is_under_way: bool,
}

struct Waiter<L: Lookup> {
    number: u64,
    key: L::Key,
    teller: Teller<L>,
    _waits: OneMore,
}

impl<L: Lookup> Waiter<L> {
    /// Whether anybody is still there to be told.
    fn stays(&self) -> bool {
        !self.teller.is_closed()
    }
}

impl<L: Lookup> Default for Gathered<L> {
    fn default() -> Self {
        Self(Mutex::new(Waiting { waiters: VecDeque::new(), numbers: 0, is_under_way: false }))
    }
}

impl<L: Lookup> Gathered<L> {
    fn lock(&self) -> MutexGuard<'_, Waiting<L>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more: its number, and the right to look up what has gathered, if nobody will.
    fn add(
        self: &Arc<Self>,
        key: L::Key,
        teller: Teller<L>,
        waits: OneMore,
    ) -> Result<(u64, Option<UnderWay<L>>), Error> {
        let waiting = &mut *self.lock();
        if waiting.waiters.len() >= MOST_WAITING {
            waiting.waiters.retain(Waiter::stays);
        }
        if waiting.waiters.len() >= MOST_WAITING {
            return Err(too_many());
        }
        let number = waiting.numbers;
        waiting.numbers += 1;
        waiting.waiters.push_back(Waiter { number, key, teller, _waits: waits });
        let begins = !std::mem::replace(&mut waiting.is_under_way, true);
        Ok((number, begins.then(|| UnderWay(Some(self.clone())))))
    }

    /// One waits no longer. False where its statement has begun.
    fn leaves(&self, number: u64) -> bool {
        let waiters = &mut self.lock().waiters;
        let at = waiters.iter().position(|waiter| waiter.number == number);
        at.and_then(|at| waiters.remove(at)).is_some()
    }
}

/// Who looks up what has gathered, until there is nothing to do.
struct UnderWay<L: Lookup>(Option<Arc<Gathered<L>>>);

impl<L: Lookup> UnderWay<L> {
    /// What it is to look up next, if it has anything to do. Whoever comes after it found nothing begins anew.
    fn next(&mut self) -> Option<(Vec<L::Key>, Tellers<L>)> {
        let gathered = self.0.take()?;
        let mut waiting = gathered.lock();
        let came = std::iter::from_fn(|| waiting.waiters.pop_front());
        // For those who have gone away nothing is looked up: where they are many, nobody else would ever be told in time.
        let next = came.filter(Waiter::stays).take(MOST).map(|waiter| (waiter.key, waiter.teller));
        let (keys, tellers): (Vec<_>, Vec<_>) = next.unzip();
        waiting.is_under_way = !keys.is_empty();
        drop(waiting);
        if keys.is_empty() {
            return None;
        }
        self.0 = Some(gathered);
        Some((keys, tellers))
    }
}

/// It was given up, or what it did has panicked. Those who wait are let go, which tells them: nobody else would.
impl<L: Lookup> Drop for UnderWay<L> {
    fn drop(&mut self) {
        let Some(gathered) = &self.0 else { return };
        let mut waiting = gathered.lock();
        waiting.is_under_way = false;
        let waiters = std::mem::take(&mut waiting.waiters);
        drop(waiting);
        drop(waiters);
    }
}

async fn find_all<L: Lookup>(mut under_way: UnderWay<L>, pool: Pool) {
    loop {
        // Who has sent a request already is read first, and goes along: fewer statements, and fewer changes between processes.
        yield_now().await;
        let Some((keys, tellers)) = under_way.next() else { return };
        // Who was told of nothing has gone away.
        match pool.share(async |conn| L::find(&keys, conn).await).await {
            Ok(found) => tellers.into_iter().zip(found).for_each(|(teller, found)| _ = teller.send(Ok(found))),
            Err(error) => tellers.into_iter().for_each(|teller| _ = teller.send(Err(error.clone()))),
        }
    }
}
