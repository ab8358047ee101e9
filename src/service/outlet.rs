//! What a task tells one reader over time: a bounded queue, an end that says why, and patience that ends too.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::error::ServiceError;

/// The reader's side: what is told, then how it ended.
#[derive(Debug)]
pub struct Inlet<T> {
    queue: mpsc::Receiver<T>,
    end: Option<oneshot::Receiver<ServiceError>>,
}

/// The teller's side.
#[derive(Debug)]
pub(super) struct Outlet<T> {
    queue: mpsc::Sender<T>,
    end: oneshot::Sender<ServiceError>,
    patience: Duration,
}

/// Nothing more can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unheard {
    /// The reader has gone.
    Gone,
    /// The reader took nothing for as long as patience lasts.
    TooSlow,
}

/// A queue of so many places to a reader who may take nothing for so long.
pub(super) fn outlet<T>(places: usize, patience: Duration) -> (Outlet<T>, Inlet<T>) {
    let (queue, waiting) = mpsc::channel(places);
    let (end, ended) = oneshot::channel();
    (Outlet { queue, end, patience }, Inlet { queue: waiting, end: Some(ended) })
}

impl<T> Inlet<T> {
    /// What is told next; an error is the last, `None` a good end.
    pub async fn next(&mut self) -> Option<Result<T, ServiceError>> {
        if let Some(told) = self.queue.recv().await {
            return Some(Ok(told));
        }
        self.end.take()?.await.ok().map(Err)
    }
}

impl<T> Outlet<T> {
    /// Tells the next, waiting for a place in the queue.
    ///
    /// # Errors
    /// [`Unheard`]: the teller should stop.
    pub(super) async fn tell(&self, next: T) -> Result<(), Unheard> {
        match timeout(self.patience, self.queue.send(next)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Unheard::Gone),
            Err(_) => Err(Unheard::TooSlow),
        }
    }

    /// Waits until the reader has gone.
    pub(super) async fn abandoned(&self) {
        self.queue.closed().await;
    }

    /// Ends with a reason, after what waits in the queue.
    pub(super) fn end(self, reason: ServiceError) {
        // A reader that has gone needs no reason.
        let _ = self.end.send(reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_given_up_and_still_gets_what_waited_and_why() {
        let (outlet, mut inlet) = outlet(2, PATIENCE);
        let told = [outlet.tell(1).await, outlet.tell(2).await, outlet.tell(3).await];
        assert_eq!(told, [Ok(()), Ok(()), Err(Unheard::TooSlow)]);
        outlet.end(ServiceError::ReaderTooSlow);
        assert!(matches!(inlet.next().await, Some(Ok(1))));
        assert!(matches!(inlet.next().await, Some(Ok(2))));
        assert!(matches!(inlet.next().await, Some(Err(ServiceError::ReaderTooSlow))));
        assert!(inlet.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_is_slow_and_goes_on_is_waited_for() {
        let (outlet, mut inlet) = outlet(1, PATIENCE);
        let telling = tokio::spawn(async move {
            for n in 0..5 {
                outlet.tell(n).await.unwrap();
            }
        });
        for n in 0..5 {
            tokio::time::advance(PATIENCE / 2).await;
            assert!(matches!(inlet.next().await, Some(Ok(told)) if told == n));
        }
        assert!(inlet.next().await.is_none(), "a good end says nothing");
        telling.await.unwrap();
    }

    #[tokio::test]
    async fn a_reader_that_has_gone_is_noticed() {
        let (outlet, inlet) = outlet(1, PATIENCE);
        drop(inlet);
        outlet.abandoned().await;
        assert_eq!(outlet.tell(1).await, Err(Unheard::Gone));
        outlet.end(ServiceError::Draining);
    }
}
