//! The journal as a plain model: what each method of the store means, without a database.
//!
//! It is held against the real store by random operations (`machine.rs`), and stands in for it where gateways meet faults.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::domain::anchor::{Head, JournalId, Link};
use settlement_gateway::domain::audit::AuditSubject;
use settlement_gateway::domain::ids::{EnterpriseId, ExternalId};
use settlement_gateway::domain::settlement::{AdoptedSettlement, Change, Intent, Settlement, Standing, State, TimelineEntry};
use settlement_gateway::domain::signing::{PayloadDigest, Reservation, Signature, SignatureRecord, SigningReference};
use settlement_gateway::domain::time::later;
use settlement_gateway::store::{Claim, DetailsMark, Lease, Material, NewSettlement, Recorded, SettlementName, StoreError};
use uuid::Uuid;

/// One settlement with all that is stored of it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) settlement: Settlement,
    pub(crate) intent: Intent,
    pub(crate) material: Material,
    pub(crate) timeline: Vec<TimelineEntry>,
    pub(crate) standing: Option<(Standing, DetailsMark)>,
    due_at: Option<Timestamp>,
    lease_until: Option<Timestamp>,
    token: u64,
    lapses: u32,
}

/// What is saved of a change.
#[derive(Debug, Clone)]
pub(crate) struct Save {
    pub(crate) lease: Lease,
    pub(crate) change: Change,
    pub(crate) after: Settlement,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) keep_lease: Option<Duration>,
}

/// A reference with the digest that holds it, and its signature once there is one.
type Held = (PayloadDigest, Option<SignatureRecord>);

/// The whole journal, as one commit leaves it.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    rows: BTreeMap<Uuid, Row>,
    adopted: BTreeMap<(EnterpriseId, ExternalId), AdoptedSettlement>,
    reservations: BTreeMap<String, Held>,
    links: Vec<Link>,
    head: Head,
    /// Changes that the state machine does not allow, and would not have made so.
    pub(crate) illegal: Vec<String>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        let journal = JournalId::from_text(&"5a".repeat(16)).unwrap();
        let head = Head { journal, epoch: 0, sequence: 0, link: Link::START };
        Self {
            rows: BTreeMap::new(),
            adopted: BTreeMap::new(),
            reservations: BTreeMap::new(),
            links: vec![Link::START],
            head,
            illegal: Vec::new(),
        }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    pub(crate) fn row(&self, id: Uuid) -> Option<&Row> {
        self.rows.get(&id)
    }

    pub(crate) fn named(&self, enterprise: &EnterpriseId, name: &SettlementName) -> Option<&Row> {
        self.rows.values().find(|row| {
            let Settlement { header, progress, .. } = &row.settlement;
            header.enterprise_id == *enterprise
                && match name {
                    SettlementName::External(id) => header.external_id == *id,
                    SettlementName::Venue(id) => progress.venue.as_ref().is_some_and(|venue| venue.settlement_id == id.as_str()),
                }
        })
    }

    /// What has the external id already.
    pub(crate) fn existing(&self, new: &NewSettlement) -> Option<Recorded> {
        let asked = &new.intent.asked;
        let recorded = self.named(&asked.enterprise_id, &SettlementName::External(asked.external_id.clone()));
        let adopted = || self.adopted(&asked.enterprise_id, &asked.external_id);
        recorded
            .map(|row| Recorded::Existing(Box::new(row.settlement.clone())))
            .or_else(|| adopted().map(|adopted| Recorded::Adopted(Box::new(adopted.clone()))))
    }

    pub(crate) fn record(&mut self, new: NewSettlement) -> Recorded {
        if let Some(existing) = self.existing(&new) {
            return existing;
        }
        let settlement = Settlement::received(new.id, &new.intent, new.now);
        let row = Row {
            timeline: vec![entry("RECEIVED", &settlement)],
            settlement: settlement.clone(),
            intent: new.intent,
            material: Material::default(),
            standing: None,
            due_at: Some(new.now),
            lease_until: None,
            token: 0,
            lapses: 0,
        };
        self.rows.insert(new.id, row);
        Recorded::New(Box::new(settlement))
    }

    pub(crate) fn claim_due(
        &mut self,
        clock: Timestamp,
        now: Timestamp,
        lease_for: Duration,
        pass_over: &[EnterpriseId],
    ) -> Option<Claim> {
        let due = |row: &&Row| match row.lease_until {
            None => row.due_at.filter(|due| *due <= now),
            Some(until) => Some(until).filter(|until| *until <= clock),
        };
        let open = self.open(pass_over).filter_map(|row| Some((is_looked_at(row), due(&row)?, row.settlement.id)));
        let (_, _, id) = open.min()?;
        self.claim(clock, id, lease_for)
    }

    pub(crate) fn claim(&mut self, clock: Timestamp, id: Uuid, lease_for: Duration) -> Option<Claim> {
        let row = self.rows.get_mut(&id)?;
        if row.lease_until.is_some_and(|until| until > clock) {
            return None;
        }
        row.lapses += u32::from(row.lease_until.is_some());
        Some(row.take(clock, lease_for))
    }

    pub(crate) fn claim_followed(
        &mut self,
        clock: Timestamp,
        enterprise: &EnterpriseId,
        due_by: Timestamp,
        lease_for: Duration,
        limit: u32,
    ) -> Vec<Claim> {
        let idle = |row: &&Row| row.lease_until.is_none() && row.lapses == 0 && is_looked_at(row);
        let of_enterprise = |row: &&Row| row.settlement.header.enterprise_id == *enterprise;
        let due = self.open(&[]).filter(of_enterprise).filter(idle);
        let mut due: Vec<_> = due.filter_map(|row| Some((row.due_at.filter(|at| *at <= due_by)?, row.settlement.id))).collect();
        due.sort();
        due.truncate(usize::try_from(limit).unwrap());
        due.into_iter().filter_map(|(_, id)| Some(self.rows.get_mut(&id)?.take(clock, lease_for))).collect()
    }

    pub(crate) fn next_due(&self, pass_over: &[EnterpriseId]) -> Option<Timestamp> {
        self.open(pass_over).filter_map(|row| row.lease_until.or(row.due_at)).min()
    }

    pub(crate) fn save(&mut self, clock: Timestamp, save: Save) -> Result<(), StoreError> {
        let Save { lease, change, after, due_at, keep_lease } = save;
        let row = self.rows.get_mut(&lease.id).filter(|row| row.is_held_under(&lease)).ok_or(StoreError::Fenced)?;
        if after.id != lease.id || after.progress.sequence != row.settlement.progress.sequence + 1 {
            return Err(StoreError::Fenced);
        }
        if row.settlement.after(&change, after.progress.updated_at).ok().as_ref() != Some(&after) {
            let states = (row.settlement.progress.state, after.progress.state);
            self.illegal.push(format!("{} by {} from {:?} to {:?}", after.header.external_id, change.name(), states.0, states.1));
        }
        if change.is_anchored() {
            let subject = AuditSubject::Settlement { id: after.id, sequence: after.progress.sequence };
            self.head = self.head.after_change(&subject.to_text(), Uuid::new_v4());
            self.links.push(self.head.link);
        }
        match change {
            Change::Prepared { ref payload } => row.material.payload = Some(payload.clone()),
            Change::Signed { ref body, .. } => row.material.body = Some(body.clone()),
            Change::Observed { ref standing, details_due_at, .. } => {
                let mark = DetailsMark { sequence: after.progress.sequence, due_at: details_due_at };
                row.standing = Some(((**standing).clone(), mark));
            }
            _ => {}
        }
        row.timeline.push(entry(change.name(), &after));
        row.settlement = after;
        row.due_at = due_at;
        row.lease_until = keep_lease.map(|lease_for| later(clock, lease_for));
        if keep_lease.is_none() {
            row.lapses = 0;
        }
        Ok(())
    }

    pub(crate) fn release(&mut self, lease: &Lease, due_at: Option<Timestamp>) -> Result<(), StoreError> {
        let row = self.held(lease)?;
        (row.lease_until, row.due_at, row.lapses) = (None, due_at, 0);
        Ok(())
    }

    pub(crate) fn release_looked(&mut self, lease: &Lease, due_at: Timestamp, mark: DetailsMark) -> Result<(), StoreError> {
        self.release(lease, Some(due_at))?;
        if let Some((_, noted)) = self.rows.get_mut(&lease.id).and_then(|row| row.standing.as_mut()) {
            *noted = mark;
        }
        Ok(())
    }

    pub(crate) fn prolong(&mut self, clock: Timestamp, lease: &Lease, lease_for: Duration) -> Result<(), StoreError> {
        self.held(lease)?.lease_until = Some(later(clock, lease_for));
        Ok(())
    }

    /// What a store does that opens after a process that died.
    pub(crate) fn free_all(&mut self, clock: Timestamp) {
        for row in self.rows.values_mut().filter(|row| row.lease_until.is_some()) {
            (row.lease_until, row.due_at) = (None, Some(clock));
            row.lapses += 1;
        }
    }

    pub(crate) fn reserve(&mut self, reference: &SigningReference, digest: PayloadDigest) -> Reservation {
        let (holder, signed) = self.reservations.entry(reference.to_text()).or_insert((digest, None));
        match signed {
            _ if *holder != digest => Reservation::Conflict { holder: *holder },
            Some(record) => Reservation::Signed(record.clone()),
            None => Reservation::Reserved,
        }
    }

    /// `None` where the payload holds no reservation.
    pub(crate) fn sign(
        &mut self,
        clock: Timestamp,
        reference: &SigningReference,
        digest: PayloadDigest,
        signature: Signature,
    ) -> Option<SignatureRecord> {
        let text = reference.to_text();
        let (holder, signed) = self.reservations.get_mut(&text)?;
        if *holder != digest {
            return None;
        }
        if signed.is_none() {
            self.head = self.head.after(&text, &digest, &signature);
            self.links.push(self.head.link);
            *signed = Some(SignatureRecord { signature, journal_sequence: self.head.sequence, signed_at: clock });
        }
        signed.clone()
    }

    pub(crate) fn head(&self) -> Head {
        self.head
    }

    pub(crate) fn link_at(&self, sequence: u64) -> Option<Link> {
        self.links.get(usize::try_from(sequence).ok()?).copied()
    }

    pub(crate) fn begin_epoch(&mut self, from: &Head, epoch: u64) -> bool {
        let stands = self.head == *from;
        if stands {
            self.head.epoch = epoch;
        }
        stands
    }

    pub(crate) fn adopted(&self, enterprise: &EnterpriseId, id: &ExternalId) -> Option<&AdoptedSettlement> {
        self.adopted.get(&(enterprise.clone(), id.clone()))
    }

    pub(crate) fn adopt(&mut self, found: Vec<AdoptedSettlement>) -> Vec<AdoptedSettlement> {
        let is_new = |one: &AdoptedSettlement| {
            let is_ours = self.named(&one.enterprise_id, &SettlementName::External(one.external_id.clone())).is_some();
            !is_ours && self.adopted(&one.enterprise_id, &one.external_id).is_none()
        };
        let new: Vec<_> = found.into_iter().filter(is_new).collect();
        self.adopted.extend(new.iter().map(|one| ((one.enterprise_id.clone(), one.external_id.clone()), one.clone())));
        new
    }

    pub(crate) fn unfinished(&self, after: Option<Uuid>, limit: u32) -> Vec<Settlement> {
        let after = |row: &&Row| after.is_none_or(|after| row.settlement.id > after);
        let unfinished = self.rows.values().filter(after).filter(|row| !row.settlement.progress.is_finished());
        unfinished.take(usize::try_from(limit).unwrap()).map(|row| row.settlement.clone()).collect()
    }

    /// The newest settlement's instant, or the newest signature's.
    pub(crate) fn last_recorded_at(&self) -> Option<Timestamp> {
        let recorded = self.rows.values().next_back().map(|row| row.settlement.header.created_at);
        let records = self.reservations.values().filter_map(|(_, record)| record.as_ref());
        let signed = records.max_by_key(|record| record.journal_sequence).map(|record| record.signed_at);
        recorded.max(signed)
    }

    fn held(&mut self, lease: &Lease) -> Result<&mut Row, StoreError> {
        self.rows.get_mut(&lease.id).filter(|row| row.is_held_under(lease)).ok_or(StoreError::Fenced)
    }

    /// What is not finished, without some enterprises.
    fn open(&self, pass_over: &[EnterpriseId]) -> impl Iterator<Item = &Row> {
        let open =
            |row: &&Row| !row.settlement.progress.is_finished() && !pass_over.contains(&row.settlement.header.enterprise_id);
        self.rows.values().filter(open)
    }
}

impl Row {
    fn take(&mut self, clock: Timestamp, lease_for: Duration) -> Claim {
        self.token += 1;
        self.lease_until = Some(later(clock, lease_for));
        let lease = Lease { id: self.settlement.id, token: self.token };
        Claim { lease, settlement: self.settlement.clone(), lapses: self.lapses, at: clock }
    }

    /// When it was first known to be completed.
    pub(crate) fn completed_since(&self) -> Option<Timestamp> {
        self.timeline.iter().find(|entry| entry.state == State::Completed).map(|entry| entry.at)
    }

    /// Whether a lease is the row's own, lapsed or not.
    fn is_held_under(&self, lease: &Lease) -> bool {
        self.token == lease.token && self.lease_until.is_some()
    }
}

fn is_looked_at(row: &Row) -> bool {
    matches!(row.settlement.progress.state, State::Pending | State::AwaitingFunds | State::Completed)
}

fn entry(change: &str, settlement: &Settlement) -> TimelineEntry {
    let progress = &settlement.progress;
    TimelineEntry {
        sequence: progress.sequence,
        change: change.to_owned(),
        state: progress.state,
        reason: progress.reason,
        detail: progress.detail.clone(),
        attempts: progress.attempts,
        at: progress.updated_at,
    }
}
