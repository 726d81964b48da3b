//! Who asks for what is just being read waits for that one reading.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::changes::{Changes, Stamp};
use super::kept::Kept;
use crate::error::Error;

/// Nobody joins a reading that began longer ago: it may not know what other nodes have changed since.
pub const JOINED_FOR: Duration = Duration::from_millis(450);

/// What came of a reading; nothing yet at first.
type Outcome = Option<Result<Arc<Kept>, Error>>;

struct Flight {
    number: u64,
    since: Instant,
    stamps: Vec<Stamp>,
    outcome: watch::Receiver<Outcome>,
}

/// What is just being read, by its key.
#[derive(Default)]
pub struct Flights(Mutex<(u64, HashMap<Arc<str>, Flight>)>);

/// A reading of one's own, or another's.
pub enum Boarded<'a> {
    Leads(Leader<'a>),
    Joins(watch::Receiver<Outcome>),
}

impl Flights {
    /// Joins the reading for this key, if nothing it reads has changed since it began; else begins one.
    pub fn board(&self, key: &Arc<str>, stamps: &[Stamp], changes: &Changes) -> Boarded<'_> {
        let (number, flights) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(key)
            && flight.since.elapsed() < JOINED_FOR
            && flight.stamps.iter().all(|stamp| changes.holds(stamp))
        {
            return Boarded::Joins(flight.outcome.clone());
        }
        *number += 1;
        let (outcome, receiver) = watch::channel(None);
        let flight = Flight { number: *number, since: Instant::now(), stamps: stamps.to_vec(), outcome: receiver };
        flights.insert(key.clone(), flight);
        Boarded::Leads(Leader { flights: self, key: key.clone(), number: *number, outcome })
    }
}

/// Whoever reads for the others. Where it is given up, they are told and begin anew.
pub struct Leader<'a> {
    flights: &'a Flights,
    key: Arc<str>,
    number: u64,
    outcome: watch::Sender<Outcome>,
}

impl Leader<'_> {
    /// Tells what came of it.
    pub fn land(self, outcome: Result<Arc<Kept>, Error>) {
        self.outcome.send_replace(Some(outcome));
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        let (_, flights) = &mut *self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        if flights.get(&self.key).is_some_and(|flight| flight.number == self.number) {
            flights.remove(&self.key);
        }
    }
}
