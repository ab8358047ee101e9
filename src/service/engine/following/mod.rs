//! Following what the venue has, to its end and until it is reconciled.
//!
//! A worker that takes one such settlement takes those of the same enterprise
//! that fall due soon, and one list call asks for all of them. Details are
//! read only where something calls for it. Every settlement is saved or given
//! back by itself, so that a failure of one leaves the others as they are.

mod accounts;
mod details;
mod look;
mod standing;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use tracing::Instrument;

pub(super) use accounts::KnownAccounts;
use look::{Look, Trouble};

use super::steps::Step;
use super::{Engine, report, spans};
use crate::domain::ids::{ExternalId, same_id};
use crate::domain::network::{Page, PartnerSettlementsQuery};
use crate::domain::settlement::{Change, Reason, Settlement, State, VenueSettlement, VenueStatus};
use crate::domain::time::later;
use crate::service::lookout::store_failed;
use crate::store::{Claim, DetailsMark, StoreError};
use crate::upstream::{VenueFailure, id_runs};

/// The most settlements that are followed by one list call.
const MAX_BATCH: u32 = 50;
/// Settlements that are asked for at once: more than a batch has, so that a second one under an external id is seen.
const PAGE_SIZE: u32 = 200;
/// The most pages of a list that are read.
const MAX_PAGES: u32 = 10;
/// How long a finished settlement that stops its readers is left alone.
const SET_ASIDE_FOR: Duration = Duration::from_secs(3_600);

/// What a look comes to.
enum Looked {
    /// A step like any other.
    Step(Step),
    /// The details were read and said nothing new.
    Unchanged {
        /// When to look again.
        due_at: Timestamp,
        /// What is noted of the read.
        mark: DetailsMark,
    },
}

/// What the venue lists, by external id.
type Listed = BTreeMap<ExternalId, Vec<VenueSettlement>>;

impl Engine {
    /// Looks at a followed settlement, and at others of its enterprise that fall due soon.
    pub(super) async fn follow(&self, first: Claim) -> Result<(), StoreError> {
        if first.lapses >= self.inner.settings.max_lapses {
            return self.set_aside(first).await;
        }
        let Some(enterprise) = self.inner.directory.enterprise(&first.settlement.header.enterprise_id) else {
            let detail = "the enterprise is no longer configured".to_owned();
            let step = self.delay(&first.settlement, Reason::VenueCredentials, detail);
            return self.end(&first, Looked::Step(step)).await;
        };
        let mut batch = self.gather(first).await?;
        let mut look = Look::new(self, enterprise, &batch);
        let listed = list(&mut look, &batch).await;
        while let Some(claim) = batch.pop_front() {
            let span = spans::span(&claim.settlement);
            let ended = self.follow_one(&mut look, &claim, &listed).instrument(span.clone()).await;
            match ended {
                Ok(()) => {}
                Err(StoreError::Fenced) => span.in_scope(report::taken_over),
                // It alone cannot be read: its lease lapses, and it is alone the next time.
                Err(error @ StoreError::Damaged(_)) => span.in_scope(|| store_failed(&error)),
                Err(error) => {
                    self.give_back(&batch).await;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Looks at one settlement of a batch and saves what that comes to, or gives it back.
    async fn follow_one(
        &self,
        look: &mut Look<'_>,
        claim: &Claim,
        listed: &Result<Listed, VenueFailure>,
    ) -> Result<(), StoreError> {
        let looked = match listed {
            _ if self.is_draining() => Ok(Looked::Step(Step::Rest { due_at: Some(self.inner.clock.now()) })),
            Ok(listed) => self.look_at(look, &claim.settlement, listed).await,
            Err(failure) => Ok(Looked::Step(self.delay_for(&claim.settlement, failure))),
        };
        look.done(&claim.lease);
        self.end(claim, looked?).await
    }

    /// Gives back what was not looked at, as far as the journal answers: a lease that lapsed would count against each.
    async fn give_back(&self, batch: &VecDeque<Claim>) {
        let now = self.inner.clock.now();
        for claim in batch {
            match self.inner.store.release(&claim.lease, Some(now)).await {
                Ok(()) | Err(StoreError::Fenced) => {}
                Err(_) => return,
            }
        }
    }

    /// The settlements that are looked at together. One in which a worker stopped is alone, so that it stops no others.
    async fn gather(&self, first: Claim) -> Result<VecDeque<Claim>, StoreError> {
        let settings = &self.inner.settings;
        let mut batch = VecDeque::new();
        if first.lapses == 0 {
            let due_by = later(self.inner.clock.now(), settings.poll_interval / 4);
            let enterprise_id = &first.settlement.header.enterprise_id;
            let others = self.inner.store.claim_followed(enterprise_id, due_by, settings.lease, MAX_BATCH - 1).await?;
            batch.extend(others);
        }
        batch.push_front(first);
        Ok(batch)
    }

    /// What one settlement's look comes to.
    async fn look_at(&self, look: &mut Look<'_>, settlement: &Settlement, listed: &Listed) -> Result<Looked, StoreError> {
        let header = &settlement.header;
        match listed.get(&header.external_id).map(Vec::as_slice).unwrap_or_default() {
            [] => Ok(Looked::Step(self.vanished(settlement))),
            [shown] if shown.is_for(&header.external_id, header.cutoff, header.notes.as_ref()) => {
                self.observe(look, settlement, shown).await
            }
            [_] => Ok(self.contradicted(settlement, "the venue shows this external id with another cutoff or other notes")),
            _ => Ok(self.contradicted(settlement, "the venue shows two settlements under this external id")),
        }
    }

    /// Reads details where something calls for them, and says what changed.
    async fn observe(&self, look: &mut Look<'_>, settlement: &Settlement, shown: &VenueSettlement) -> Result<Looked, StoreError> {
        let progress = &settlement.progress;
        let is_same = progress.venue.as_deref() == Some(shown);
        if progress.state == State::Completed && shown.status != VenueStatus::Completed {
            return Ok(self.contradicted(settlement, "the venue no longer calls the settlement completed"));
        }
        if is_same && progress.state != State::Completed {
            let mark = self.inner.store.details_mark(settlement.id).await?;
            let fresh = |mark: &DetailsMark| mark.sequence == progress.sequence && mark.due_at > self.inner.clock.now();
            if let Some(mark) = mark.filter(fresh) {
                let due_at = Some(self.later_look(settlement).min(mark.due_at));
                return Ok(Looked::Step(Step::Rest { due_at }));
            }
        }
        let judged = match look.details(settlement, shown).await {
            Ok(details) => self.judge(look, settlement, details).await,
            Err(trouble) => Err(trouble),
        };
        match judged {
            Ok(looked) => Ok(looked),
            Err(Trouble::Store(error)) => Err(error),
            // The venue's own word is worth telling, whatever else cannot be read.
            Err(Trouble::Venue(_)) if !is_same && progress.state != State::Completed => {
                let change = Change::Taken { venue: Box::new(shown.clone()) };
                Ok(Looked::Step(Step::Change { change, due_at: Some(self.later_look(settlement)) }))
            }
            Err(Trouble::Venue(failure)) => Ok(Looked::Step(self.delay_for(settlement, &failure))),
        }
    }

    /// The venue has shown it and lists it no longer, or not yet.
    fn vanished(&self, settlement: &Settlement) -> Step {
        let (now, dispatched_at) = (self.inner.clock.now(), settlement.progress.dispatched_at);
        if dispatched_at.is_some_and(|at| now < later(at, self.inner.settings.visibility_window)) {
            return Step::Rest { due_at: Some(self.later_look(settlement)) };
        }
        self.delay(settlement, Reason::VenueAnswerInvalid, "the venue does not list the settlement any more".to_owned())
    }

    /// The venue says what cannot be: a person must decide, but where the settlement is at its end.
    fn contradicted(&self, settlement: &Settlement, detail: &str) -> Looked {
        if settlement.progress.state.is_terminal() {
            report::contradicted(settlement, detail);
            return Looked::Step(Step::Rest { due_at: Some(self.later_look(settlement)) });
        }
        let change = Change::Parked { reason: Reason::VenueAnsweredOther, detail: detail.to_owned() };
        Looked::Step(Step::now(change))
    }

    /// Saves what a look came to, or gives the settlement back.
    async fn end(&self, claim: &Claim, looked: Looked) -> Result<(), StoreError> {
        match looked {
            Looked::Unchanged { due_at, mark } => self.inner.store.release_looked(&claim.lease, due_at, mark).await,
            Looked::Step(Step::Rest { due_at }) => self.inner.store.release(&claim.lease, due_at).await,
            Looked::Step(Step::Change { change, due_at }) => {
                let span = spans::change(&claim.settlement);
                // Most looks change nothing, and cost no further read.
                self.link_origin(&span, &claim.settlement).await;
                let saved = self.save(&claim.lease, &claim.settlement, &change, due_at, true).instrument(span);
                saved.await.map(|_| ())
            }
        }
    }

    /// A settlement in whose turns workers stop is given to a person; a completed one is left alone for long.
    async fn set_aside(&self, claim: Claim) -> Result<(), StoreError> {
        let detail = format!("workers stopped in the middle of it {} times in a row", claim.lapses);
        if claim.settlement.progress.state.is_terminal() {
            report::contradicted(&claim.settlement, &detail);
            let due_at = later(self.inner.clock.now(), SET_ASIDE_FOR);
            return self.inner.store.release(&claim.lease, Some(due_at)).await;
        }
        let change = Change::Parked { reason: Reason::TooManyTakeovers, detail };
        self.end(&claim, Looked::Step(Step::now(change))).await
    }
}

/// Asks for all settlements of a batch, in as few calls as their external ids allow.
async fn list(look: &mut Look<'_>, batch: &VecDeque<Claim>) -> Result<Listed, VenueFailure> {
    let mut listed = Listed::new();
    let ids = batch.iter().map(|claim| claim.settlement.header.external_id.clone());
    for run in id_runs(ids, ExternalId::as_str) {
        list_run(look, run, &mut listed).await?;
    }
    Ok(listed)
}

/// Reads pages until one brings nothing new: a short page is not believed to be the last.
async fn list_run(look: &mut Look<'_>, external_ids: Vec<ExternalId>, listed: &mut Listed) -> Result<(), VenueFailure> {
    let mut seen = HashSet::new();
    for number in 0..MAX_PAGES {
        let query = PartnerSettlementsQuery {
            enterprise_id: look.enterprise.id.clone(),
            external_ids: external_ids.clone(),
            settlement_ids: Vec::new(),
            created_from: None,
            created_before: None,
            updated_from: None,
            page: Page { number, size: PAGE_SIZE },
        };
        let reads = look.enterprise.reads.as_ref();
        let page = look.call(|| reads.partner_settlements(&query)).await.map_err(Trouble::into_failure)?;
        let (brought, known) = (page.len(), seen.len());
        seen.extend(page.iter().map(|one| one.settlement_id.clone()));
        enter(page, &external_ids, listed);
        if seen.len() == known || brought < PAGE_SIZE as usize && external_ids.iter().all(|id| listed.contains_key(id)) {
            return Ok(());
        }
    }
    Err(VenueFailure::Unreadable { detail: "the list of settlements has too many pages".to_owned() })
}

/// Enters what a page brings, each settlement once. What was not asked for is left out.
fn enter(page: Vec<VenueSettlement>, external_ids: &[ExternalId], listed: &mut Listed) {
    for shown in page {
        let Some(external_id) = external_ids.iter().find(|id| id.as_str() == shown.external_id) else { continue };
        let known = listed.entry(external_id.clone()).or_default();
        if known.iter().all(|other| !same_id(&other.settlement_id, &shown.settlement_id)) {
            known.push(shown);
        }
    }
}
