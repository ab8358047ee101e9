//! A quote whose confirmation is decided: its payout is followed to its end, and a callback's hint is looked into.

use jiff::Timestamp;
use tracing::warn;

use super::{Run, report};
use crate::domain::budget::Urgency;
use crate::domain::quote::{Quote, QuoteStatus};
use crate::store::{ErrandKind, StoreError};

impl Run<'_> {
    /// Reads the quote once, and says when to read it again.
    pub(super) async fn follow(&self, quote: Quote) -> Result<Option<Timestamp>, StoreError> {
        if quote.venue.status.has_ended() {
            return Ok(None);
        }
        let tx_id = quote.venue.tx_id.clone();
        let venue = match self.desk.venue.get_quote(&tx_id, Urgency::Looking).await {
            Ok(venue) => venue,
            Err(failure) => {
                warn!(tx_id = tx_id.as_str(), %failure, "a payout could not be looked at");
                return Ok(self.next_look(&quote));
            }
        };
        let strange = venue.differs_from(&quote.request).or_else(|| venue.is_behind(&quote.venue).then_some("status"));
        if let Some(member) = strange {
            warn!(tx_id = tx_id.as_str(), member, "the venue shows a quote as it cannot be");
            return Ok(self.next_look(&quote));
        }
        if venue.status == QuoteStatus::Quoted {
            // Nothing became of it; whoever wants another reading of its terms asks for one.
            return Ok(self.next_look(&quote));
        }
        let is_claimed = |venue| quote.confirmation.as_ref().is_some_and(|ours| ours.is_claimed_by_another(venue));
        if is_claimed(&venue) && !is_claimed(&quote.venue) {
            report::claimed_by_another(&quote);
        }
        let quote = Quote { venue, read_at: self.now(), ..quote };
        self.context.store.save_quote(&quote).await?;
        self.context.errands.announce(ErrandKind::Quote, tx_id.as_str());
        if matches!(quote.venue.status, QuoteStatus::Executed | QuoteStatus::Failed) {
            report::ended(&quote);
        }
        Ok(self.next_look(&quote))
    }
}
