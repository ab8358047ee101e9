//! What stands on every line of a turn, and which trace the turn belongs to.
//!
//! A request that has just recorded its settlement, and waits, is the turn's
//! cause: the turn is a part of its trace. Any later turn, after a restart or
//! by another replica too, is a trace of its own that links to the request's,
//! which may have ended days before.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tracing::field::Empty;
use tracing::{Span, error_span, info_span};
use uuid::Uuid;

use super::Engine;
use crate::domain::origin::Origin;
use crate::domain::settlement::Settlement;
use crate::store::Claim;
use crate::traces;

/// The most requests that are remembered while their settlements wait for a worker; a turn beyond them links like a later one.
const MAX_AWAITED: usize = 1_024;

/// Requests whose settlements have not had their first turn yet.
#[derive(Default)]
pub(super) struct Awaited(Mutex<VecDeque<(Uuid, Origin)>>);

impl Awaited {
    fn note(&self, id: Uuid, origin: Origin) {
        let mut awaited = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if awaited.len() >= MAX_AWAITED {
            awaited.pop_front();
        }
        awaited.push_back((id, origin));
    }

    fn take(&self, id: Uuid) -> Option<Origin> {
        let mut awaited = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = awaited.iter().position(|(noted, _)| *noted == id)?;
        awaited.remove(place).map(|(_, origin)| origin)
    }
}

impl Engine {
    /// Says which request waits for a settlement's next turn.
    pub fn expect(&self, id: Uuid, origin: Origin) {
        self.inner.awaited.note(id, origin);
    }

    /// Says that a settlement is not to have a turn after all.
    pub fn expect_no_more(&self, id: Uuid) {
        self.inner.awaited.take(id);
    }

    /// The span of a turn: of the request that waits for it, or linked to the one that it came from.
    pub(super) async fn span_of_turn(&self, claim: &Claim) -> Span {
        let settlement = &claim.settlement;
        let span = span(settlement);
        if let Some(origin) = self.inner.awaited.take(settlement.id) {
            traces::belong_to(&span, &origin);
        } else {
            self.link_origin(&span, settlement).await;
        }
        span
    }

    /// Looks up which request a settlement came from, and says so. Nothing depends on it: where the journal does not answer, the
    /// turn finds out for itself.
    pub(super) async fn link_origin(&self, span: &Span, settlement: &Settlement) {
        let Ok(origin) = self.inner.store.origin(settlement.id).await else { return };
        traces::come_from(span, &origin);
    }
}

/// A span with a settlement's ids. It is one of errors, so that whatever a filter lets through has its ids.
macro_rules! with_ids {
    ($settlement:ident, $($place_and_name:tt)+) => {
        error_span!(
            $($place_and_name)+,
            request_id = Empty,
            trace_id = Empty,
            caller = $settlement.header.caller.as_str(),
            enterprise = $settlement.header.enterprise_id.as_str(),
            external_id = $settlement.header.external_id.as_str(),
            settlement = %$settlement.id,
        )
    };
}

/// The span of a turn, or of a look at one settlement of several.
pub(super) fn span(settlement: &Settlement) -> Span {
    with_ids!(settlement, "turn")
}

/// A span of what a look at several settlements changes in one of them: it belongs to that one's request, and not to the look.
pub(super) fn change(settlement: &Settlement) -> Span {
    with_ids!(settlement, parent: None, "change")
}

/// A span of a look at several settlements of an enterprise.
pub(super) fn batch(first: &Settlement) -> Span {
    error_span!("batch", enterprise = first.header.enterprise_id.as_str())
}

/// A span of one step within a turn.
pub(super) fn step(settlement: &Settlement) -> Span {
    info_span!("step", state = settlement.progress.state.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_the_cause_of_one_turn_and_the_oldest_are_forgotten_first() {
        let awaited = Awaited::default();
        let (first, origin) = (Uuid::now_v7(), Origin::new("r-1", None));
        awaited.note(first, origin.clone());
        assert_eq!(awaited.take(first), Some(origin.clone()));
        assert_eq!(awaited.take(first), None);
        awaited.note(first, origin);
        for number in 0..MAX_AWAITED as u128 {
            awaited.note(Uuid::from_u128(number), Origin::default());
        }
        assert_eq!(awaited.take(first), None);
        assert!(awaited.take(Uuid::from_u128(0)).is_some());
    }
}
