//! A partner's terms at the venue: read seldom, since they change seldom, and shared by all who ask.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::directory::Enterprise;
use super::renewing::renewing;
use crate::domain::network::PartnerTerms;
use crate::domain::time::later;
use crate::upstream::VenueFailure;

/// The last answer of one enterprise's venue, for as long as it is believed; clones share it.
#[derive(Debug, Clone)]
pub struct TermsCache {
    max_age: Duration,
    held: Arc<Mutex<Option<Held>>>,
}

#[derive(Debug, Clone)]
struct Held {
    terms: Option<PartnerTerms>,
    read_at: Timestamp,
}

impl TermsCache {
    /// An empty cache whose answers are believed for so long.
    #[must_use]
    pub fn new(max_age: Duration) -> Self {
        Self { max_age, held: Arc::default() }
    }

    /// What is held, while it is believed. A clock that stepped back behind the reading makes it read again.
    fn fresh(&self, now: Timestamp) -> Option<Held> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        (held.read_at <= now && now < later(held.read_at, self.max_age)).then_some(held)
    }

    fn hold(&self, terms: Option<PartnerTerms>, read_at: Timestamp) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(Held { terms, read_at });
    }
}

impl Enterprise {
    /// The enterprise's own terms as a partner, at most as old as is configured; `None` where the venue knows it as none.
    ///
    /// # Errors
    /// [`VenueFailure`] when they must be read and cannot be: what was held before is not believed beyond its age.
    pub async fn partner_terms(&self, now: Timestamp) -> Result<Option<PartnerTerms>, VenueFailure> {
        if let Some(held) = self.terms.fresh(now) {
            return Ok(held.terms);
        }
        let read = renewing(self.venue.as_ref(), || self.reads.partner_terms(&self.id)).await?;
        self.terms.hold(read.clone(), now);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn what_is_held_is_believed_for_its_age_and_no_longer() {
        let read_at: Timestamp = "2026-03-18T12:00:00Z".parse().unwrap();
        let cache = TermsCache::new(Duration::from_secs(300));
        let believed = |seconds: i64| cache.clone().fresh(read_at + SignedDuration::from_secs(seconds)).is_some();
        assert!(!believed(0), "nothing is held yet");
        cache.hold(None, read_at);
        assert!(believed(0) && believed(299));
        assert!(!believed(300), "it is too old");
        assert!(!believed(-1), "the clock stepped back");
    }
}
