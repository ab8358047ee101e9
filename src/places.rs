//! Places for a listener's connections: while all are taken, whoever has longest not said what it wants makes room.
//!
//! A silent peer costs its peers nothing, however many there are of it: only
//! those that drip faster than others ask could keep others out, and each of
//! them is given up first.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// So many places, and who among those who have one has not asked for anything yet.
pub(crate) struct Places {
    slots: Arc<Semaphore>,
    undecided: Mutex<Undecided>,
}

#[derive(Default)]
struct Undecided {
    /// Who came last.
    newest: u64,
    /// In the order of their coming.
    waiting: VecDeque<(u64, CancellationToken)>,
}

/// One place; dropped when its connection ends.
pub(crate) struct Place {
    places: Arc<Places>,
    number: u64,
    given_up: CancellationToken,
    _slot: OwnedSemaphorePermit,
}

impl Places {
    /// So many places, one at least.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        let slots = Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS)));
        Arc::new(Self { slots, undecided: Mutex::default() })
    }

    /// A place for a connection that has come; where all who have one have asked, it waits for an end. `None` never: the
    /// places outlive whoever asks.
    pub(crate) async fn take(self: &Arc<Self>) -> Option<Place> {
        self.make_room();
        self.taken(Arc::clone(&self.slots).acquire_owned().await.ok()?)
    }

    /// A place for a connection that has come; `None` where all who have one have asked.
    pub(crate) async fn take_unless_full(self: &Arc<Self>) -> Option<Place> {
        match Arc::clone(&self.slots).try_acquire_owned() {
            Ok(slot) => self.taken(slot),
            // One was given up for this connection, so that its wait is short.
            Err(_) if self.make_room() => self.taken(Arc::clone(&self.slots).acquire_owned().await.ok()?),
            Err(_) => None,
        }
    }

    /// Gives up whoever has longest not asked, where no place is free; whether anybody was.
    fn make_room(&self) -> bool {
        if self.slots.available_permits() > 0 {
            return false;
        }
        let Some((_, longest)) = self.lock().waiting.pop_front() else { return false };
        counter!("settlement_gateway_connections_given_up_total").increment(1);
        longest.cancel();
        true
    }

    fn taken(self: &Arc<Self>, slot: OwnedSemaphorePermit) -> Option<Place> {
        let mut undecided = self.lock();
        undecided.newest += 1;
        let (number, given_up) = (undecided.newest, CancellationToken::new());
        undecided.waiting.push_back((number, given_up.clone()));
        drop(undecided);
        Some(Place { places: Arc::clone(self), number, given_up, _slot: slot })
    }

    fn lock(&self) -> MutexGuard<'_, Undecided> {
        // Each change is one step, so a panic elsewhere leaves the order whole.
        self.undecided.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The peer has said what it wants: it makes room for nobody any more.
    pub(crate) fn has_asked(&self) {
        self.places.lock().waiting.retain(|(number, _)| *number != self.number);
    }

    /// Waits until the place is another's.
    pub(crate) async fn given_up(&self) {
        self.given_up.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.has_asked();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn is_given_up(place: &Place) -> bool {
        place.given_up().now_or_never().is_some()
    }

    #[tokio::test]
    async fn whoever_has_longest_not_asked_makes_room() {
        let places = Places::new(3);
        let [first, asked, third] = [(); 3].map(|()| places.take().now_or_never().unwrap().unwrap());
        asked.has_asked();
        assert!(!is_given_up(&first));
        let mut fourth = Box::pin(places.take());
        assert!((&mut fourth).now_or_never().is_none(), "the place is free only once its connection has ended");
        assert!(is_given_up(&first) && !is_given_up(&asked) && !is_given_up(&third));
        drop(first);
        let fourth = fourth.now_or_never().unwrap().unwrap();
        let mut fifth = Box::pin(places.take());
        assert!((&mut fifth).now_or_never().is_none());
        assert!(is_given_up(&third) && !is_given_up(&fourth) && !is_given_up(&asked));
    }

    #[tokio::test]
    async fn where_all_have_asked_the_next_waits_for_an_end() {
        let places = Places::new(1);
        let only = places.take().await.unwrap();
        only.has_asked();
        let mut next = Box::pin(places.take());
        assert!((&mut next).now_or_never().is_none());
        assert!(!is_given_up(&only));
        drop(only);
        assert!(next.now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_does_not_want_to_wait_is_told_that_it_is_full() {
        let places = Places::new(1);
        let only = places.take_unless_full().now_or_never().unwrap().unwrap();
        let mut second = Box::pin(places.take_unless_full());
        assert!((&mut second).now_or_never().is_none());
        assert!(is_given_up(&only), "it had asked for nothing");
        drop(only);
        let second = second.now_or_never().unwrap().unwrap();
        second.has_asked();
        assert!(places.take_unless_full().now_or_never().unwrap().is_none());
        assert!(!is_given_up(&second));
    }

    #[tokio::test]
    async fn whoever_has_ended_is_forgotten() {
        let places = Places::new(2);
        for _ in 0..100 {
            drop(places.take().await);
        }
        assert!(places.lock().waiting.is_empty());
    }
}
