//! What the venue makes of a settlement, beside its own object: kept apart from what was asked.

use jiff::{SignedDuration, Timestamp};

use super::amounts::Leg;
use super::reconciliation::Reconciliation;
use super::shortfall::Shortfall;
use crate::domain::dispute::Dispute;
use crate::domain::network::PartnerTerms;

/// How a settlement stands at the venue, as last read. Lists are in an order of their own, so that equal standings are equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// What the venue settles: its transfers added up by connection, counterparty and currency. An account that belongs to
    /// no connection stands under its own id.
    pub final_amounts: Vec<Leg>,
    /// Disputes of earlier settlements that are settled with it.
    pub settling_disputes: Vec<Dispute>,
    /// Disputes that were raised on it.
    pub settlement_disputes: Vec<Dispute>,
    /// When its windows end.
    pub windows: WindowEnds,
    /// What is lacking, while funds are short.
    pub shortfalls: Vec<Shortfall>,
    /// What came of comparing it with what was asked, once it is completed.
    pub reconciliation: Option<Reconciliation>,
}

/// When a settlement's windows end: computed from its creation at the venue, since the venue does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WindowEnds {
    /// Clients may dispute until then; `None` where disputes are off, or nothing is known.
    pub dispute: Option<Timestamp>,
    /// The partner may fund its account until then.
    pub top_up: Option<Timestamp>,
}

impl WindowEnds {
    /// The ends for a settlement that the venue created then. The top-up window begins where the dispute window ends.
    #[must_use]
    pub fn of(created_at: Timestamp, terms: &PartnerTerms) -> Self {
        let after = |minutes: u32| created_at.checked_add(SignedDuration::from_mins(minutes.into())).ok();
        let Some(dispute_minutes) = terms.client_dispute_window_minutes else { return Self::default() };
        let whole = dispute_minutes.saturating_add(terms.top_up_window_minutes.unwrap_or(0));
        Self { dispute: after(dispute_minutes), top_up: after(whole) }
    }

    /// The first end after an instant.
    #[must_use]
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        [self.dispute, self.top_up].into_iter().flatten().filter(|end| *end > at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(dispute: Option<u32>, top_up: Option<u32>) -> PartnerTerms {
        PartnerTerms {
            partner_id: "p".into(),
            enterprise_id: "e".into(),
            name: "n".into(),
            active: None,
            broker: None,
            client_dispute_window_minutes: dispute,
            top_up_window_minutes: top_up,
        }
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_773_835_200 + minutes * 60).unwrap()
    }

    #[test]
    fn the_top_up_window_follows_the_dispute_window() {
        let ends = WindowEnds::of(at(0), &terms(Some(60), Some(30)));
        assert_eq!((ends.dispute, ends.top_up), (Some(at(60)), Some(at(90))));
        assert_eq!(ends.next_after(at(0)), Some(at(60)));
        assert_eq!(ends.next_after(at(60)), Some(at(90)));
        assert_eq!(ends.next_after(at(90)), None);
    }

    #[test]
    fn without_disputes_there_are_no_windows_and_without_a_top_up_window_both_end_together() {
        assert_eq!(WindowEnds::of(at(0), &terms(None, Some(30))), WindowEnds::default());
        assert_eq!(WindowEnds::of(at(0), &terms(Some(5), None)).top_up, Some(at(5)));
    }

    #[test]
    fn an_end_beyond_the_calendar_is_no_end() {
        assert_eq!(WindowEnds::of(Timestamp::MAX, &terms(Some(u32::MAX), Some(u32::MAX))), WindowEnds::default());
    }
}
