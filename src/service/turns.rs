//! Turns: of the calls under one request id only one at a time asks the venue.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

use crate::domain::ids::{CallerId, RequestId};

/// The most request ids that are worked on at once.
const MAX_REQUEST_IDS: usize = 1_024;

type Waiting = HashMap<(CallerId, RequestId), Weak<Turn<()>>>;

/// Who is at which request id. One journal has one process, so it is enough to wait for each other within it.
#[derive(Debug, Clone, Default)]
pub struct Turns(Arc<Mutex<Waiting>>);

impl Turns {
    /// Waits for the turn under a request id; it ends with the guard. `None` where too many request ids are worked on.
    pub(super) async fn take(&self, caller: &CallerId, request_id: &RequestId) -> Option<OwnedMutexGuard<()>> {
        let turn = self.turn((caller.clone(), request_id.clone()))?;
        Some(turn.lock_owned().await)
    }

    fn turn(&self, key: (CallerId, RequestId)) -> Option<Arc<Turn<()>>> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = waiting.get(&key).and_then(Weak::upgrade) {
            return Some(turn);
        }
        // Whoever had these turns has gone.
        waiting.retain(|_, turn| turn.strong_count() > 0);
        if waiting.len() >= MAX_REQUEST_IDS {
            return None;
        }
        let turn = Arc::new(Turn::default());
        waiting.insert(key, Arc::downgrade(&turn));
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn caller(id: &str) -> CallerId {
        CallerId::new(id).unwrap()
    }

    fn request(id: &str) -> RequestId {
        RequestId::new(id).unwrap()
    }

    #[test]
    fn a_second_call_waits_and_another_id_or_caller_does_not() {
        let turns = Turns::default();
        let take = |name: &str, id: &str| {
            let (turns, caller, request) = (turns.clone(), caller(name), request(id));
            Box::pin(async move { turns.take(&caller, &request).await })
        };
        let first = take("c", "r").now_or_never().unwrap().unwrap();
        let mut second = take("c", "r");
        assert!((&mut second).now_or_never().is_none());
        assert!(take("c", "other").now_or_never().unwrap().is_some());
        assert!(take("other", "r").now_or_never().unwrap().is_some());
        drop(first);
        assert!(second.now_or_never().unwrap().is_some());
    }

    #[test]
    fn the_ids_are_bounded_and_those_that_are_done_with_are_forgotten() {
        let turns = Turns::default();
        let take = |id: usize| turns.take(&caller("c"), &request(&format!("r-{id}"))).now_or_never().unwrap();
        let mut held: Vec<_> = (0..MAX_REQUEST_IDS).map(|id| take(id).unwrap()).collect();
        assert!(take(MAX_REQUEST_IDS).is_none());
        held.pop();
        assert!(take(MAX_REQUEST_IDS).is_some());
        drop(held);
        assert!(take(0).is_some());
        assert_eq!(turns.0.lock().unwrap().len(), 1);
    }
}
