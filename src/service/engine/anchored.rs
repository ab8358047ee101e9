//! What waits for the anchor: whatever signs, sends, or concludes from this journal alone that nothing was sent.

use super::Engine;
use super::steps::Step;
use crate::domain::settlement::{Change, Reason, Settlement, State};
use crate::service::anchor::Unanchored;

impl Engine {
    /// The wait of a settlement that would be prepared, signed or sent while the journal may have forgotten what became of it.
    pub(super) async fn held_back(&self, settlement: &Settlement) -> Option<Step> {
        match settlement.progress.state {
            State::Received | State::Prepared | State::Signed => {
                self.inner.anchor.allows().await.err().map(|unanchored| self.unanchored(settlement, unanchored))
            }
            _ => None,
        }
    }

    /// The dispatch, unless nothing may be sent now, or the anchor could not be told of it.
    pub(super) async fn dispatch_if_allowed(&self, settlement: &Settlement) -> Step {
        match self.inner.anchor.allows_dispatch().await {
            Ok(()) => Step::now(Change::Dispatched),
            Err(unanchored) => self.unanchored(settlement, unanchored),
        }
    }

    /// The anchor was not told of the attempt, so nothing was sent. It is due again after a wait, as what waits for a venue is.
    pub(super) fn not_sent(&self, settlement: &Settlement, unanchored: Unanchored) -> Step {
        let change = Change::NotSent { reason: reason(unanchored), detail: unanchored.to_string() };
        Step::Change { change, due_at: Some(self.later_look(settlement)) }
    }

    /// A step that rests on the whole journal, once the anchor covers it; a wait where it does not.
    pub(super) async fn once_covered(&self, settlement: &Settlement, step: Step) -> Step {
        match self.inner.anchor.cover().await {
            Ok(()) => step,
            Err(unanchored) => self.unanchored(settlement, unanchored),
        }
    }

    /// Has the anchor know of an end without effect before the change is announced. Where the anchor does not answer, its next beat
    /// comes to it.
    pub(super) async fn cover_end(&self, change: &Change) {
        if change.is_anchored() && *change != Change::Dispatched {
            let _ = self.inner.anchor.cover().await;
        }
    }

    /// The settlement stays as it is, and says why.
    pub(super) fn unanchored(&self, settlement: &Settlement, unanchored: Unanchored) -> Step {
        self.delay(settlement, reason(unanchored), unanchored.to_string())
    }
}

fn reason(unanchored: Unanchored) -> Reason {
    match unanchored {
        Unanchored::Adrift(_) => Reason::JournalBehindAnchor,
        Unanchored::Unavailable => Reason::AnchorUnavailable,
    }
}
