//! Recording a settlement: all of it, or nothing.

use jiff::Timestamp;
use uuid::Uuid;

use super::error::damaged;
use super::session::Session;
use super::statement::Statement;
use super::{adoptions, events, heads, intents, once, settlements, spend, supersede};
use crate::domain::anchor::Head;
use crate::domain::origin::Origin;
use crate::domain::policy::SpendLimit;
use crate::domain::settlement::{Intent, NetTotal, OnceRules, Settlement};
use crate::domain::time::Cutoff;
use crate::store::{NewSettlement, Recorded, SettlementName, StoreError};

/// What is recorded, with all that can be worked out before the transaction begins.
pub(super) struct Recording {
    settlement: Settlement,
    intent: Intent,
    legs: String,
    totals: Vec<NetTotal>,
    amounts_digest: [u8; 32],
    limits: Vec<SpendLimit>,
    once: OnceRules,
    origin: Origin,
    now: Timestamp,
    floor: Option<Head>,
}

impl Recording {
    pub(super) fn of(new: NewSettlement) -> Result<Self, StoreError> {
        let NewSettlement { intent, id, now, limits, once, origin } = new;
        let settlement = Settlement::received(id, &intent, now);
        let legs = intents::legs_text(&intent.asked.amounts)?;
        let totals = intent.asked.amounts.gross_totals();
        let amounts_digest = intent.asked.amounts.digest();
        Ok(Self { settlement, intent, legs, totals, amounts_digest, limits, once, origin, now, floor: None })
    }

    /// The same, only where the journal reaches `floor`: one that lost rows may have lost this settlement, with other amounts.
    pub(super) fn held_to(self, floor: Option<Head>) -> Self {
        Self { floor, ..self }
    }

    fn id(&self) -> Uuid {
        self.settlement.id
    }
}

/// Records a settlement, or says what stands against it.
pub(super) async fn record(on: &mut Session, new: &Recording) -> Result<Recorded, StoreError> {
    let recorded = try_to_record(on, new).await?;
    if !matches!(recorded, Recorded::New(_)) {
        on.keep_nothing();
    }
    Ok(recorded)
}

/// Says what stands against a settlement, if anything does, and writes nothing.
pub(super) async fn rehearse(on: &mut Session, new: &Recording) -> Result<Option<Recorded>, StoreError> {
    on.keep_nothing();
    make_room(on, new).await
}

async fn try_to_record(on: &mut Session, new: &Recording) -> Result<Recorded, StoreError> {
    if let Some(found) = make_room(on, new).await? {
        return Ok(found);
    }
    heads::hold(&heads::read(on).await?, new.floor.as_ref())?;
    if !insert(on, new).await? {
        // Another transaction has superseded the same settlement since we looked.
        return Ok(existing(on, &new.intent).await?.unwrap_or(Recorded::SupersedesRefused));
    }
    let caller = &new.intent.caller;
    intents::insert(on, new.id(), &new.intent, &new.legs, &new.origin).await?;
    spend::insert(on, new.id(), caller, &new.totals, new.now).await?;
    events::insert(on, events::RECEIVED, &new.settlement, None).await?;
    Ok(Recorded::New(Box::new(new.settlement.clone())))
}

/// Fences off what the settlement supersedes; or says what stands against it, and then nothing of this may be kept.
async fn make_room(on: &mut Session, new: &Recording) -> Result<Option<Recorded>, StoreError> {
    let (caller, enterprise) = (&new.intent.caller, &new.intent.asked.enterprise_id);
    // Held before anything is read, so that a repeat sees the first and two never pass a rule or a limit together; always in
    // this order, so that nobody waits in a circle.
    once::hold(on, enterprise).await?;
    spend::hold(on, caller, &new.limits).await?;
    if let Some(existing) = existing(on, &new.intent).await? {
        return Ok(Some(existing));
    }
    if let Some(adopted) = adoptions::read(on, enterprise, &new.intent.asked.external_id).await? {
        return Ok(Some(Recorded::Adopted(Box::new(adopted))));
    }
    if let Some(exceeded) = spend::exceeded(on, caller, &new.limits, &new.totals, new.now).await? {
        return Ok(Some(Recorded::OverLimit(exceeded)));
    }
    if !supersede::in_place_of(on, &new.settlement).await? {
        return Ok(Some(Recorded::SupersedesRefused));
    }
    let candidate = once::Candidate {
        enterprise,
        cutoff: new.intent.asked.cutoff,
        amounts_digest: &new.amounts_digest,
        rules: new.once,
        now: new.now,
    };
    Ok(once::stands_against(on, &candidate).await?.map(Recorded::Twice))
}

/// What was recorded before under the external id.
async fn existing(on: &mut Session, intent: &Intent) -> Result<Option<Recorded>, StoreError> {
    let name = SettlementName::External(intent.asked.external_id.clone());
    let found = settlements::by_name(on, &intent.asked.enterprise_id, &name).await?;
    Ok(found.map(|settlement| Recorded::Existing(Box::new(settlement))))
}

/// Writes the row of a settlement that was just received, due at once, unless its external id or the place that it takes is
/// taken.
async fn insert(on: &mut Session, new: &Recording) -> Result<bool, StoreError> {
    const INSERT: &str = "INSERT INTO settlement (id, enterprise_id, external_id, cutoff, notes, supersedes, nonce, route, \
                          amount_unit, key_id, caller, submit_before, request_digest, leg_count, created_at, state, terminal, \
                          sequence, attempts, exposed, updated_at, due_at, amounts_digest, money) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, $17, 0, 0, $15, $15, \
                          $18, $19) \
                          ON CONFLICT DO NOTHING";
    let Settlement { id, header, progress, .. } = &new.settlement;
    let insert = Statement::new(INSERT)
        .bind(*id)
        .bind(header.enterprise_id.as_str())
        .bind(header.external_id.as_str())
        .bind(header.cutoff.map(Cutoff::to_text))
        .bind(header.notes.as_ref().map(|notes| notes.as_str()))
        .bind(header.supersedes.as_ref().map(|id| id.as_str()))
        .bind(header.nonce.as_str())
        .bind(header.route.as_str())
        .bind(header.amount_unit.as_str())
        .bind(header.key_id.as_str())
        .bind(header.caller.as_str())
        .bind(header.submit_before)
        .bind(header.request_digest.as_slice())
        .bind(i64::try_from(header.leg_count).map_err(|_| damaged("leg_count"))?)
        .bind(header.created_at)
        .bind(progress.state.as_str())
        .bind(events::sequence(progress.sequence)?)
        .bind(new.amounts_digest.as_slice())
        .bind(progress.money().as_str());
    Ok(on.execute(insert).await? == 1)
}
