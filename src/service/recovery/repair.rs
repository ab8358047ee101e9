//! Repair: the venues are read for what the journal has lost, and only then a new epoch of the anchor begins.

use std::time::Duration;

use jiff::Timestamp;

use super::{Listed, Recovery, RecoveryError};
use crate::domain::anchor::{Adrift, Head, Mark};
use crate::domain::audit::{AuditEntry, Repaired, journal_repaired};
use crate::domain::budget::Urgency;
use crate::domain::ids::{EnterpriseId, ExternalId, RequestId, SettlementId, TradingAccountId};
use crate::domain::settlement::{AdoptedBy, Change, Reason, State};
use crate::domain::trade::{TradeChange, TradeReason};
use crate::kill_points::{KillPoint, reached};
use crate::service::diagnosis::Diagnosis;
use crate::service::renewing::renewing;
use crate::upstream::AccountAt;

/// How many rows are read at once.
const PAGE: u32 = 200;
/// What the timeline says.
const DETAIL: &str = "the journal was restored from an older copy; it may have been sent since then";

/// How a repair is made.
#[derive(Debug, Clone, Copy)]
pub struct RepairOptions {
    /// From when on the venues are asked, and a repair is made although the journal agrees with its anchor; without it, from the
    /// journal's last instant less the margin.
    pub since: Option<Timestamp>,
    /// How much earlier than its last instant a journal may lack something.
    pub margin: Duration,
    /// Whether this journal may take the place of the one that the anchor knows.
    pub takes_another_journals_place: bool,
}

/// A trade settlement at the venue that no write of the journal is known to have made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTrade {
    /// Whose.
    pub enterprise_id: EnterpriseId,
    /// Of which account.
    pub account_id: TradingAccountId,
    /// The venue's id.
    pub settlement_id: String,
    /// The venue's status, as sent.
    pub status: Option<String>,
}

/// The settlements that were not finished in the journal.
#[derive(Debug, Clone, Default)]
pub struct Unfinished {
    /// Those that are read back before anything of them is sent, with their states before.
    pub exposed: Vec<(EnterpriseId, ExternalId, State)>,
    /// Those that wait for a person.
    pub needing_operator: Vec<(EnterpriseId, ExternalId)>,
}

/// What a repair found and did.
#[derive(Debug, Clone)]
pub struct RepairReport {
    /// How the journal stood before.
    pub before: Diagnosis,
    /// From when on the venues were asked; `None` for all that they have.
    pub read_from: Option<Timestamp>,
    /// What each enterprise has there.
    pub listed: Vec<Listed>,
    /// The settlements that were not finished.
    pub unfinished: Unfinished,
    /// The writes on BitGo Trade that are read back and never sent again.
    pub exposed_trades: Vec<(EnterpriseId, RequestId)>,
    /// What BitGo Trade has that no write here is known to have made.
    pub unknown_trades: Vec<UnknownTrade>,
    /// Confirmations of quotes that are not decided: each quote is read before anything is sent.
    pub undecided_confirmations: u64,
    /// The epoch that began.
    pub epoch: u64,
}

impl Recovery {
    /// Repairs the journal; `None` where there is nothing to repair.
    ///
    /// # Errors
    /// [`RecoveryError`]; nothing may be signed then, as before.
    pub async fn repair(&self, options: RepairOptions) -> Result<Option<RepairReport>, RecoveryError> {
        let before = self.diagnose().await?;
        match before.verdict {
            Ok(_) if options.since.is_none() => return Ok(None),
            Err(Adrift::OtherJournal) if !options.takes_another_journals_place => return Err(RecoveryError::OtherJournal),
            Ok(_) | Err(_) => {}
        }
        let read_from = self.read_from(options.since, options.margin).await?;
        let listed = self.adopt_since(read_from, AdoptedBy::Repair).await?;
        reached(KillPoint::R1Adopted);
        let unfinished = self.expose_settlements().await?;
        let exposed_trades = self.expose_trades().await?;
        let unknown_trades = self.unknown_trades(read_from).await?;
        let undecided_confirmations = self.store.undecided_confirmations().await?;
        reached(KillPoint::R2Exposed);
        let epoch = before.mark.map_or(0, |mark| mark.head.epoch).max(before.head.epoch) + 1;
        let report = RepairReport {
            before,
            read_from,
            listed,
            unfinished,
            exposed_trades,
            unknown_trades,
            undecided_confirmations,
            epoch,
        };
        self.begin_epoch(&report).await?;
        Ok(Some(report))
    }

    /// Calls every settlement unknown that may have been sent since the copy was made.
    async fn expose_settlements(&self) -> Result<Unfinished, RecoveryError> {
        let reason = Reason::JournalRestored;
        let change = Change::Exposed { refusal: Some(reason), reason, detail: DETAIL.to_owned() };
        let (mut found, mut after) = (Unfinished::default(), None);
        loop {
            let page = self.store.unfinished(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.id);
            for settlement in page {
                let (enterprise_id, external_id) = (&settlement.header.enterprise_id, &settlement.header.external_id);
                let name = (enterprise_id.clone(), external_id.clone());
                if settlement.progress.state == State::NeedsOperator {
                    found.needing_operator.push(name);
                } else if self.expose(&settlement, &change).await?.is_some() {
                    found.exposed.push((name.0, name.1, settlement.progress.state));
                }
            }
        }
    }

    async fn expose_trades(&self) -> Result<Vec<(EnterpriseId, RequestId)>, RecoveryError> {
        let change = TradeChange::Exposed { reason: TradeReason::JournalRestored, detail: DETAIL.to_owned() };
        let (mut exposed, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.unfinished_trades(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(exposed) };
            after = Some(last.id);
            for write in page {
                let Ok(changed) = write.after(&change, self.clock.now()) else { continue };
                self.store.save_trade(None, &change, &changed).await?;
                exposed.push((write.header.asked.enterprise_id, write.header.asked.request_id));
            }
        }
    }

    /// What BitGo Trade shows of the configured accounts that no write of the journal is known to have made. It is told, and
    /// held against nothing: the venue shows no name by which a lost request could be recognised.
    async fn unknown_trades(&self, from: Option<Timestamp>) -> Result<Vec<UnknownTrade>, RecoveryError> {
        let mut unknown = Vec::new();
        for enterprise in self.directory.enterprises() {
            let venue = enterprise.trading.venue.as_ref();
            for account_id in enterprise.trading.accounts.keys() {
                let at = AccountAt { enterprise_id: &enterprise.id, account_id };
                let shown = renewing(enterprise.venue.as_ref(), || venue.trade_settlements(at, Urgency::Settling)).await;
                let failed = |failure| RecoveryError::Venue { enterprise: enterprise.id.clone(), failure };
                for settlement in shown.map_err(failed)? {
                    let is_older = settlement.created_at.zip(from).is_some_and(|(at, from)| at < from);
                    let Some(id) = settlement.id.as_deref().filter(|_| !is_older) else { continue };
                    let known = match SettlementId::new(id) {
                        Ok(id) => self.store.trade_of_settlement(&enterprise.id, &id).await?.is_some(),
                        Err(_) => false,
                    };
                    if !known {
                        unknown.push(UnknownTrade {
                            enterprise_id: enterprise.id.clone(),
                            account_id: account_id.clone(),
                            settlement_id: id.to_owned(),
                            status: settlement.status_text.clone(),
                        });
                    }
                }
            }
        }
        Ok(unknown)
    }

    /// Begins the anchor anew at the journal's head, and then the same epoch in the journal: cut between the two, they disagree
    /// and the repair is run again.
    async fn begin_epoch(&self, report: &RepairReport) -> Result<(), RecoveryError> {
        let RepairReport { before, epoch, .. } = report;
        let head = self.store.head().await?;
        if head != before.head {
            return Err(RecoveryError::Moved);
        }
        let to = Mark { head: Head { epoch: *epoch, ..head }, at: self.clock.now() };
        if !self.anchor.begin(before.mark.as_ref(), &to).await.map_err(RecoveryError::Anchor)? {
            return Err(RecoveryError::Moved);
        }
        reached(KillPoint::R3Anchored);
        let repaired = self.store.begin_epoch(&head, *epoch, Some(record(report, to.at))).await?;
        if repaired { Ok(()) } else { Err(RecoveryError::Moved) }
    }
}

/// What the audit chain says of a repair.
fn record(report: &RepairReport, at: Timestamp) -> AuditEntry {
    let RepairReport { before, read_from, listed, unfinished, exposed_trades, epoch, .. } = report;
    journal_repaired(Repaired {
        from: &before.head,
        anchored: before.mark.as_ref().map(|mark| &mark.head),
        why: before.verdict.err().map(Adrift::as_str),
        epoch: *epoch,
        read_from: *read_from,
        adopted: listed.iter().map(|listed| listed.adopted.len()).sum(),
        exposed_settlements: unfinished.exposed.len(),
        exposed_trades: exposed_trades.len(),
        at,
    })
}
