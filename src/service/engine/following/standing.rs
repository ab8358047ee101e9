//! What was read, held against what was asked: the standing, and what is wrong with it.

use bigdecimal::BigDecimal;
use jiff::Timestamp;

use super::Looked;
use super::details::ReadDetails;
use super::look::{Look, Trouble};
use crate::domain::amount::{Amount, canonical};
use crate::domain::settlement::{
    Change, Comparison, Concern, NetworkBalance, Reconciliation, Route, Settlement, Shortfall, Standing, VenueSettlement,
    VenueStatus, WindowEnds, shortfalls,
};
use crate::domain::time::later;
use crate::service::directory::OnChangedAmounts;
use crate::service::engine::Engine;
use crate::service::engine::steps::{Step, is_passing};
use crate::store::{DetailsMark, StoreError};

impl Engine {
    /// Says what the details change, if anything.
    pub(super) async fn judge(&self, look: &mut Look<'_>, settlement: &Settlement, read: ReadDetails) -> Result<Looked, Trouble> {
        let ReadDetails { venue, details } = read;
        let (progress, settings, now) = (&settlement.progress, &self.inner.settings, self.inner.clock.now());
        let former = self.inner.store.standing(settlement.id).await?;
        let amounts = self.inner.store.intent(settlement.id).await?.asked.amounts;
        let accounts = look.accounts(&details.transfers, amounts.shape()).await?;
        let comparison = Comparison::of(amounts.legs(), amounts.shape(), &details, &accounts)
            .map_err(|unreadable| Trouble::unreadable(unreadable.0))?;
        let is_open = !matches!(venue.status, VenueStatus::Completed | VenueStatus::Rejected);
        if is_open && comparison.is_changed() {
            // What the venue has not shown yet is no difference.
            let shown_at = later(progress.dispatched_at.unwrap_or(now), settings.visibility_window);
            if now < shown_at {
                return Ok(Looked::Step(Step::Rest { due_at: Some(shown_at) }));
            }
        }
        let windows = look.windows(settlement, &venue, former.as_ref()).await;
        let standing = Standing {
            shortfalls: look.lacking(settlement, &venue, &comparison).await?,
            reconciliation: self.reconcile(settlement, &venue, &comparison, now).await?,
            settling_disputes: details.settling_disputes,
            settlement_disputes: details.settlement_disputes,
            final_amounts: comparison.final_amounts.clone(),
            windows,
        };
        let details_due_at = self.details_due(&windows, now);
        let is_told = progress.venue.as_deref() == Some(&venue) && former.as_ref() == Some(&standing);
        let due_at = self.later_look(settlement).min(details_due_at);
        if is_told && !progress.reason.is_some_and(is_passing) {
            let mark = DetailsMark { sequence: progress.sequence, due_at: details_due_at };
            return Ok(Looked::Unchanged { due_at, mark });
        }
        let is_news = former.is_none_or(|former| former.final_amounts != standing.final_amounts);
        let concern = (is_open && comparison.is_changed()).then(|| look.concern(&comparison, is_news));
        let change = Change::Observed { venue: Box::new(venue), standing: Box::new(standing), details_due_at, concern };
        Ok(Looked::Step(Step::Change { change, due_at: Some(due_at) }))
    }

    /// The comparison at the end. A difference is believed once the journal has known for a window that money has moved,
    /// whatever else the venue has changed since.
    async fn reconcile(
        &self,
        settlement: &Settlement,
        venue: &VenueSettlement,
        comparison: &Comparison,
        now: Timestamp,
    ) -> Result<Option<Reconciliation>, StoreError> {
        if venue.status != VenueStatus::Completed {
            return Ok(None);
        }
        let known_since = self.inner.store.completed_since(settlement.id).await?;
        let is_final = known_since.is_some_and(|since| now >= later(since, self.inner.settings.reconciliation_window));
        Ok(comparison.reconciliation(is_final, now))
    }

    /// When the details are read again unasked: after a while, and after the next window's end.
    fn details_due(&self, windows: &WindowEnds, now: Timestamp) -> Timestamp {
        let settings = &self.inner.settings;
        let ends = [windows.dispute, windows.top_up].into_iter().flatten();
        let shown = ends.map(|end| later(end, settings.visibility_window)).filter(|at| *at > now);
        shown.fold(later(now, settings.details_interval), Timestamp::min)
    }
}

impl Look<'_> {
    /// When the windows end: worked out once. What cannot be read is asked for at the next look.
    async fn windows(&mut self, settlement: &Settlement, venue: &VenueSettlement, former: Option<&Standing>) -> WindowEnds {
        let known = former.map(|former| former.windows).unwrap_or_default();
        let (Some(created_at), Route::V2, None) = (venue.created_at, settlement.header.route, known.dispute) else {
            return known;
        };
        let terms = self.enterprise.partner_terms(self.engine.inner.clock.now()).await;
        terms.ok().flatten().map_or(known, |terms| WindowEnds::of(created_at, &terms))
    }

    /// What is to be funded, while funds are short.
    async fn lacking(
        &mut self,
        settlement: &Settlement,
        shown: &VenueSettlement,
        comparison: &Comparison,
    ) -> Result<Vec<Shortfall>, Trouble> {
        if shown.status != VenueStatus::Failed {
            return Ok(Vec::new());
        }
        let (venue, id) = (self.enterprise.venue.as_ref(), &self.enterprise.id);
        let mut balances = self.call(|| venue.network_balances(id)).await?;
        if settlement.header.route == Route::V2 {
            balances.iter_mut().for_each(free_earmarked);
        }
        Ok(shortfalls(&comparison.final_amounts, &balances))
    }

    /// What is wrong with the amounts before they are settled, told once for each set of them.
    fn concern(&self, comparison: &Comparison, is_new: bool) -> Concern {
        let detail = match comparison.differences.first() {
            Some(first) => format!("the venue is about to settle something else than was posted: {first}"),
            None => "a client's dispute holds back what was posted".to_owned(),
        };
        let policy = self.enterprise.settles.as_ref().map(|terms| terms.on_changed_amounts);
        Concern { detail, is_new, needs_operator: is_new && policy == Some(OnChangedAmounts::NeedsOperator) }
    }
}

/// What a connection holds for a pending settlement of route v2 is held for this one.
fn free_earmarked(balance: &mut NetworkBalance) {
    let (Some(_), Some(held)) = (&balance.connection_id, &balance.held) else { return };
    let value = |text: &str| Amount::parse(text).map(|amount| amount.value().clone());
    if let (Ok(available), Ok(held)) = (value(&balance.available), value(held)) {
        let free: BigDecimal = available + held;
        balance.available = canonical(&free);
    }
}
