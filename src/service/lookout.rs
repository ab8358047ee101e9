//! Looking for due work: one worker at a time looks, rests while nothing is due, and leaves a journal that failed alone.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics::counter;
use tokio::sync::{Mutex, Notify};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::causes::with_causes;
use crate::domain::time::Clock;
use crate::store::StoreError;

/// How long nobody looks for work when the journal does not answer.
const STORE_PAUSE: Duration = Duration::from_millis(500);

/// What is looked for.
pub(super) trait DueWork: Sync {
    /// The right to do a piece of it.
    type Claim: Send;

    /// Takes what is due, if anything is.
    fn claim(&self) -> impl Future<Output = Result<Option<Self::Claim>, StoreError>> + Send;

    /// When something falls due next; `None` where nothing will.
    fn next_due(&self) -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send;
}

/// Where workers wait for work, until they drain.
pub(super) struct Lookout {
    clock: Arc<dyn Clock>,
    /// The shortest and the longest rest of a worker that found nothing.
    rests: RangeInclusive<Duration>,
    wake: Arc<Notify>,
    draining: CancellationToken,
    /// Held by the one worker that looks: so idle workers cost the journal nothing, and what a claim counts holds exactly.
    looking: Mutex<()>,
}

impl Lookout {
    /// A lookout whose worker rests so long, and wakes when it is told to.
    pub(super) fn new(clock: Arc<dyn Clock>, rests: RangeInclusive<Duration>) -> Self {
        Self { clock, rests, wake: Arc::default(), draining: CancellationToken::new(), looking: Mutex::default() }
    }

    /// Wakes whoever rests: for those who free what was held.
    pub(super) fn waker(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Tells that something is due now.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// No more work is taken.
    pub(super) fn drain(&self) {
        self.draining.cancel();
    }

    /// Whether no more work is taken.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Waits until no more work is taken.
    pub(super) async fn drained(&self) {
        self.draining.cancelled().await;
    }

    /// The next piece of work; `None` once no more is taken.
    pub(super) async fn next<W: DueWork>(&self, work: &W) -> Option<W::Claim> {
        let _looking = self.looking.lock().await;
        while !self.is_draining() {
            match work.claim().await {
                Ok(Some(claim)) => return Some(claim),
                Ok(None) => self.rest(work).await,
                Err(error) => self.pause(&error).await,
            }
        }
        None
    }

    /// Rests until something is due, somebody wakes it, or the time of the longest rest is over.
    async fn rest<W: DueWork>(&self, work: &W) {
        let next_due = match work.next_due().await {
            Ok(next_due) => next_due,
            Err(error) => return self.pause(&error).await,
        };
        let (shortest, longest) = (*self.rests.start(), *self.rests.end());
        let until_due = next_due.map(|due| due.duration_since(self.clock.now()));
        let rest = until_due.map_or(longest, |due| Duration::try_from(due).unwrap_or_default().min(longest));
        // Here and wherever the engine waits the order is fixed, so that a simulation repeats itself step by step.
        tokio::select! {
            biased;
            () = self.wake.notified() => {}
            () = self.draining.cancelled() => {}
            () = sleep(rest.max(shortest)) => {}
        }
    }

    /// Leaves a journal that failed alone for a while, whatever is announced.
    async fn pause(&self, error: &StoreError) {
        store_failed(error);
        tokio::select! {
            biased;
            () = self.draining.cancelled() => {}
            () = sleep(STORE_PAUSE) => {}
        }
    }
}

/// The journal failed a worker; the chain of causes is for the log alone.
pub(super) fn store_failed(error: &StoreError) {
    counter!("settlement_gateway_store_failures_total").increment(1);
    warn!(error = with_causes(error), "the journal did not answer a worker");
}

/// Work is taken up whose last worker let its lease lapse.
pub(super) fn taken_over(kind: &'static str) {
    counter!("settlement_gateway_lease_takeovers_total", "kind" => kind).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex as Guarded;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::time::Instant;

    const SHORTEST: Duration = Duration::from_millis(20);
    const LONGEST: Duration = Duration::from_secs(1);

    struct Epoch;

    impl Clock for Epoch {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    /// Work whose claims are prepared, and which counts how often it is looked for.
    #[derive(Default)]
    struct Prepared {
        claims: Guarded<Vec<Result<Option<u32>, StoreError>>>,
        next_due: Option<Timestamp>,
        looks: AtomicU32,
    }

    impl DueWork for Prepared {
        type Claim = u32;

        async fn claim(&self) -> Result<Option<u32>, StoreError> {
            self.looks.fetch_add(1, Ordering::Relaxed);
            self.claims.lock().unwrap().pop().unwrap_or(Ok(None))
        }

        async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
            Ok(self.next_due)
        }
    }

    fn lookout() -> Lookout {
        Lookout::new(Arc::new(Epoch), SHORTEST..=LONGEST)
    }

    /// How long the look for work takes whose first looks come to `first`, the last one first.
    async fn waited(first: Vec<Result<Option<u32>, StoreError>>, next_due: Option<Timestamp>) -> Duration {
        let work = Prepared { claims: Guarded::new(first), next_due, ..Prepared::default() };
        let began = Instant::now();
        assert_eq!(lookout().next(&work).await, Some(7));
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn it_rests_until_something_falls_due_within_its_bounds() {
        let due_in = |ms: i64| Some(Timestamp::from_millisecond(ms).unwrap());
        let idle = || vec![Ok(Some(7)), Ok(None)];
        assert_eq!(waited(vec![Ok(Some(7))], None).await, Duration::ZERO);
        assert_eq!(waited(idle(), None).await, LONGEST);
        assert_eq!(waited(idle(), due_in(300)).await, Duration::from_millis(300));
        assert_eq!(waited(idle(), due_in(5_000)).await, LONGEST);
        assert_eq!(waited(idle(), due_in(-5_000)).await, SHORTEST, "what is due and cannot be had does not spin");
    }

    #[tokio::test(start_paused = true)]
    async fn a_journal_that_failed_is_left_alone_for_a_while_whoever_calls() {
        let lookout = lookout();
        lookout.wake();
        let failed = StoreError::Damaged("test".into());
        let work = Prepared { claims: Guarded::new(vec![Ok(Some(7)), Err(failed)]), ..Prepared::default() };
        let began = Instant::now();
        assert_eq!(lookout.next(&work).await, Some(7));
        assert_eq!(began.elapsed(), STORE_PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_comes_before_the_rest_is_not_lost() {
        let lookout = lookout();
        lookout.wake();
        let work = Prepared { claims: Guarded::new(vec![Ok(Some(7)), Ok(None)]), ..Prepared::default() };
        let began = Instant::now();
        assert_eq!(lookout.next(&work).await, Some(7));
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_ends_the_rest_and_nothing_is_looked_for_afterwards() {
        let (lookout, work) = (lookout(), Prepared::default());
        let (found, ()) = tokio::join!(lookout.next(&work), async { lookout.drain() });
        assert_eq!(found, None);
        assert_eq!(work.looks.load(Ordering::Relaxed), 1);
        assert_eq!(lookout.next(&work).await, None);
        assert_eq!(work.looks.load(Ordering::Relaxed), 1);
    }
}
