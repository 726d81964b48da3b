//! Lookups by key that come together are done by one statement: while some are under way, those that come meanwhile gather, and go
//! together next. Where little is asked nobody waits for anybody; where much is, ten of them cost the database little more than one.
//! It is what group commit does for transactions (DeWitt et al., Implementation Techniques for Main Memory Database Systems, 1984).

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel_async::AsyncPgConnection;
use tokio::sync::oneshot;

use super::Pool;
use crate::error::Error;

/// So many statements of a kind a worker has under way: with more of them fewer lookups would gather for each.
const UNDER_WAY: usize = 1;
/// So many lookups go together at most: more would keep others on the connection waiting.
const MOST: usize = 32;

/// What is looked up by key.
pub trait Lookup: 'static {
    type Key: Send + 'static;
    type Found: Send + 'static;

    /// What there is of each key, in their order: one statement, however many.
    fn find(keys: &[Self::Key], conn: &AsyncPgConnection) -> impl Future<Output = Result<Vec<Self::Found>, Error>>;
}

/// What is looked up by a worker, by its kind.
#[derive(Default)]
pub struct Together(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Together {
    /// Looks a key up, with all that others look up at this time.
    pub async fn find<L: Lookup>(&self, key: L::Key, pool: &Pool) -> Result<L::Found, Error> {
        let (teller, told) = oneshot::channel();
        let gathered = self.gathered::<L>()?;
        if let Some(under_way) = gathered.add(key, teller) {
            // It is no part of this request, which may be given up.
            actix_web::rt::spawn(find_all(under_way, pool.clone()));
        }
        told.await.map_err(Error::internal)?
    }

    fn gathered<L: Lookup>(&self) -> Result<Arc<Gathered<L>>, Error> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry(TypeId::of::<L>()).or_insert_with(|| Arc::new(Gathered::<L>::default()));
        kind.clone().downcast().map_err(|_| Error::internal("a lookup is of another kind"))
    }
}

/// Who is to be told what is found.
type Teller<L> = oneshot::Sender<Result<<L as Lookup>::Found, Error>>;
type Tellers<L> = Vec<Teller<L>>;

/// Lookups of a kind that wait.
struct Gathered<L: Lookup>(Mutex<Waiting<L>>);

struct Waiting<L: Lookup> {
    keys: Vec<L::Key>,
    tellers: Tellers<L>,
    /// How many statements there are.
    under_way: usize,
}

impl<L: Lookup> Default for Gathered<L> {
    fn default() -> Self {
        Self(Mutex::new(Waiting { keys: Vec::new(), tellers: Vec::new(), under_way: 0 }))
    }
}

impl<L: Lookup> Gathered<L> {
    fn lock(&self) -> MutexGuard<'_, Waiting<L>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more, and the right to look up what has gathered, if nobody will.
    fn add(self: Arc<Self>, key: L::Key, teller: Teller<L>) -> Option<UnderWay<L>> {
        let mut waiting = self.lock();
        waiting.keys.push(key);
        waiting.tellers.push(teller);
        let begins = waiting.under_way < UNDER_WAY;
        waiting.under_way += usize::from(begins);
        begins.then(|| UnderWay(Some(self.clone())))
    }
}

/// One of those that look up what has gathered, until it has nothing to do.
struct UnderWay<L: Lookup>(Option<Arc<Gathered<L>>>);

impl<L: Lookup> UnderWay<L> {
    /// What it is to look up next, if it has anything to do. Whoever comes after it found nothing begins anew.
    fn next(&mut self) -> Option<(Vec<L::Key>, Tellers<L>)> {
        let gathered = self.0.take()?;
        let mut waiting = gathered.lock();
        if waiting.keys.is_empty() {
            waiting.under_way -= 1;
            return None;
        }
        let count = waiting.keys.len().min(MOST);
        let next = (waiting.keys.drain(..count).collect(), waiting.tellers.drain(..count).collect());
        self.0 = Some(gathered.clone());
        Some(next)
    }
}

/// It was given up.
impl<L: Lookup> Drop for UnderWay<L> {
    fn drop(&mut self) {
        if let Some(gathered) = &self.0 {
            gathered.lock().under_way -= 1;
        }
    }
}

async fn find_all<L: Lookup>(mut under_way: UnderWay<L>, pool: Pool) {
    while let Some((keys, tellers)) = under_way.next() {
        let found = async { L::find(&keys, &*pool.share().await?).await };
        // Who was told of nothing has gone away.
        match found.await {
            Ok(found) => tellers.into_iter().zip(found).for_each(|(teller, found)| _ = teller.send(Ok(found))),
            Err(error) => tellers.into_iter().for_each(|teller| _ = teller.send(Err(error.clone()))),
        }
    }
}
