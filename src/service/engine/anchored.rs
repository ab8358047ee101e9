//! What waits for the anchor: whatever signs, sends, or concludes from this journal alone that nothing was sent.

use super::Engine;
use super::steps::Step;
use crate::domain::settlement::{Reason, Settlement, State};
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

    /// A step that rests on the whole journal, once the anchor covers it; a wait where it does not.
    pub(super) async fn once_covered(&self, settlement: &Settlement, step: Step) -> Step {
        match self.inner.anchor.cover().await {
            Ok(()) => step,
            Err(unanchored) => self.unanchored(settlement, unanchored),
        }
    }

    /// The settlement stays as it is, and says why.
    pub(super) fn unanchored(&self, settlement: &Settlement, unanchored: Unanchored) -> Step {
        let reason = match unanchored {
            Unanchored::Adrift(_) => Reason::JournalBehindAnchor,
            Unanchored::Unavailable => Reason::AnchorUnavailable,
        };
        self.delay(settlement, reason, unanchored.to_string())
    }
}
