//! InitiateSettlement: record the intent, wake the engine, wait for the venue's answer.

use std::time::Duration;

use bigdecimal::BigDecimal;
use jiff::Timestamp;
use tokio::time::Instant;
use tracing::Span;
use uuid::Uuid;

use super::before;
use super::context::{Caller, Context};
use super::directory::SettlementTerms;
use super::error::{Problem, ServiceError, Violation};
use super::view::SettlementView;
use crate::domain::amount::Amount;
use crate::domain::ids::{Currency, Nonce};
use crate::domain::policy::{CheckBefore, SpendLimit};
use crate::domain::settlement::{AmountUnit, Asked, Intent, NetTotal, Route, Settlement, SettlementAmounts, State};
use crate::kill_points::{KillPoint, reached};
use crate::store::{NewSettlement, Recorded, SettlementName};

/// What one currency must add up to, as the caller's own books say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlTotal {
    /// The currency.
    pub currency: Currency,
    /// The exact sum of the signed amounts.
    pub sum: Amount,
    /// How many legs there must be; `None` asserts nothing.
    pub count: Option<u32>,
}

/// A request to settle, converted and bounded.
#[derive(Debug, Clone)]
pub struct InitiateSettlement {
    /// What is asked.
    pub asked: Asked,
    /// After this instant, what was never dispatched is never sent.
    pub submit_before: Option<Timestamp>,
    /// The unit that the caller believes in.
    pub amount_unit: Option<AmountUnit>,
    /// What the caller's books say; empty asserts nothing, otherwise every currency must be there.
    pub control_totals: Vec<ControlTotal>,
    /// Whether the caller knows of a settlement with the same amounts and means another one.
    pub same_amounts_intended: bool,
}

/// Records a settlement and answers once the venue has, or when `patience` ends, with the durable state.
///
/// A repeat with the same meaning reads the stored settlement and sends nothing. The caller's going away stops nothing.
///
/// # Errors
/// [`ServiceError`]. After the settlement is recorded, only [`ServiceError::NotAccepted`], an end of which the anchor cannot be told,
/// and a failing journal are errors.
pub async fn initiate_settlement(
    context: &Context,
    caller: &Caller,
    request: InitiateSettlement,
    patience: Duration,
) -> Result<SettlementView, ServiceError> {
    let answer_by = Instant::now() + patience;
    let (enterprise, terms) = context.settling(caller, &request.asked.enterprise_id)?;
    let limits = caller.grants.limits_for(&request.asked.amounts)?;
    hold_assertions(terms, &request)?;
    let name = SettlementName::External(request.asked.external_id.clone());
    if let Some(stored) = context.store.settlement(&request.asked.enterprise_id, &name).await? {
        return repeat(context, stored, &request.asked, patience).await;
    }
    context.hold_journal().await?;
    hold_against_clock(context, terms, &request)?;
    if let Some(old) = &request.asked.supersedes
        && *old == request.asked.external_id
    {
        return Err(ServiceError::SupersedesRefused(old.clone()));
    }
    if context.engine.is_draining() {
        return Err(ServiceError::Draining);
    }
    let asked = request.asked.clone();
    let new = new_settlement(context, caller, request, terms, limits)?;
    if terms.check_before != CheckBefore::Off
        && let Some(found) = context.store.rehearse_settlement(new.clone()).await?
    {
        // What is refused anyway costs the venue no call.
        return recorded(context, found, &asked, answer_by).await;
    }
    let funds = before::check(context, enterprise, terms.check_before, &new.intent).await?;
    let id = Uuid::now_v7();
    let new = NewSettlement { id, now: context.engine.now(), ..new };
    context.engine.expect(id, caller.origin.clone());
    reached(KillPoint::K0Converted);
    let found = context.store.record_settlement(new).await;
    if !matches!(found, Ok(Recorded::New(_))) {
        context.engine.expect_no_more(id);
    }
    let found = found?;
    reached(KillPoint::K1Recorded);
    let view = recorded(context, found, &asked, answer_by).await?;
    // Another call may have recorded the same request meanwhile: what this one looked at is not told of that one's.
    let funds = funds.filter(|_| view.settlement.id == id);
    Ok(SettlementView { funds, ..view })
}

/// A settlement that is to be recorded now, with everything pinned.
pub(super) fn new_settlement(
    context: &Context,
    caller: &Caller,
    request: InitiateSettlement,
    terms: &SettlementTerms,
    limits: Vec<SpendLimit>,
) -> Result<NewSettlement, ServiceError> {
    let once = terms.once.with_same_amounts_intended(request.same_amounts_intended);
    let intent = pin(context, caller, request, terms)?;
    let origin = caller.origin.clone();
    Ok(NewSettlement { intent, id: Uuid::now_v7(), now: context.engine.now(), limits, once, origin })
}

/// The answer to what became of recording a settlement.
async fn recorded(context: &Context, found: Recorded, asked: &Asked, answer_by: Instant) -> Result<SettlementView, ServiceError> {
    let patience = answer_by.saturating_duration_since(Instant::now());
    match unless_refused(found, asked)? {
        Recorded::Existing(stored) => repeat(context, *stored, asked, patience).await,
        Recorded::New(settlement) => {
            context.engine.announce(&settlement);
            context.engine.wake();
            answer(context, *settlement, patience).await
        }
        _ => Err(ServiceError::Internal("a refusal was passed on", None)),
    }
}

/// The error of what stands against a settlement; a recorded one is passed on.
pub(super) fn unless_refused(found: Recorded, asked: &Asked) -> Result<Recorded, ServiceError> {
    match found {
        Recorded::New(_) | Recorded::Existing(_) => Ok(found),
        Recorded::OverLimit(limit) => Err(limit.into()),
        Recorded::Twice(twice) => Err(ServiceError::Twice(twice)),
        Recorded::Adopted(adopted) => Err(ServiceError::ExternalIdAdopted(adopted)),
        Recorded::SupersedesRefused => {
            let old = asked.supersedes.as_ref().unwrap_or(&asked.external_id);
            Err(ServiceError::SupersedesRefused(old.clone()))
        }
    }
}

/// A request under a recorded id: the stored settlement when it means the same, a refusal when it does not.
async fn repeat(
    context: &Context,
    stored: Settlement,
    again: &Asked,
    patience: Duration,
) -> Result<SettlementView, ServiceError> {
    let fields = stored.header.differences(again);
    if !fields.is_empty() {
        return Err(ServiceError::ExternalIdReused { settlement: Box::new(stored), fields });
    }
    answer(context, stored, patience).await
}

/// Waits for the venue's answer and says what is durable then.
pub(super) async fn answer(
    context: &Context,
    settlement: Settlement,
    patience: Duration,
) -> Result<SettlementView, ServiceError> {
    let answer_by = Instant::now() + patience;
    Span::current().record("settlement", settlement.id.to_string());
    let settlement = context.engine.wait_until_answered(settlement, patience).await?;
    if settlement.progress.state.is_given_up() {
        context.cover_end(answer_by).await?;
    }
    if settlement.progress.state == State::NotAccepted {
        return Err(ServiceError::NotAccepted(Box::new(settlement)));
    }
    SettlementView::whole(context.store.as_ref(), settlement).await
}

/// Fixes what the caller leaves open: route, unit, key and nonce.
fn pin(context: &Context, caller: &Caller, request: InitiateSettlement, terms: &SettlementTerms) -> Result<Intent, ServiceError> {
    let nonce = match &request.asked.nonce {
        Some(nonce) => nonce.clone(),
        None => draw_nonce(context)?,
    };
    Ok(Intent {
        asked: request.asked,
        nonce,
        route: terms.route,
        amount_unit: terms.amount_unit,
        key_id: terms.key_id.clone(),
        caller: caller.grants.caller.clone(),
        submit_before: request.submit_before,
    })
}

fn draw_nonce(context: &Context) -> Result<Nonce, ServiceError> {
    let mut bytes = [0; 32];
    context.entropy.fill(&mut bytes)?;
    Nonce::new(base16ct::lower::encode_string(&bytes)).map_err(|_| ServiceError::Internal("a drawn nonce was refused", None))
}

/// Holds a request against what its caller asserts: repeats are held to it as the first is.
pub(super) fn hold_assertions(terms: &SettlementTerms, request: &InitiateSettlement) -> Result<(), ServiceError> {
    if request.amount_unit.is_some_and(|unit| unit != terms.amount_unit) {
        return Err(ServiceError::AmountUnitMismatch);
    }
    match first_wrong_total(&request.asked.amounts, &request.control_totals) {
        Some(field) => Err(ServiceError::invalid(&field, Problem::ControlTotalsMismatch)),
        None => Ok(()),
    }
}

/// Holds a new request against the enterprise's route and the clock; a repeat may come much later.
pub(super) fn hold_against_clock(
    context: &Context,
    terms: &SettlementTerms,
    request: &InitiateSettlement,
) -> Result<(), ServiceError> {
    let now = context.clock.now();
    let mut violations = Vec::new();
    let mut refuse = |field: &str, problem| violations.push(Violation { field: field.to_owned(), problem });
    match (terms.route, request.asked.cutoff) {
        (Route::V2, None) => refuse("cutoff_at", Problem::CutoffRequired),
        (Route::V1, Some(_)) => refuse("cutoff_at", Problem::CutoffNotTaken),
        (Route::V2, Some(cutoff)) if is_ahead(cutoff.at(), now, terms.max_cutoff_ahead) => {
            refuse("cutoff_at", Problem::CutoffInFuture);
        }
        _ => {}
    }
    if request.submit_before.is_some_and(|end| end <= now) {
        refuse("submit_before", Problem::SubmitBeforePassed);
    }
    if violations.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(violations)) }
}

fn is_ahead(at: Timestamp, now: Timestamp, margin: Duration) -> bool {
    jiff::SignedDuration::try_from(margin).is_ok_and(|margin| at.duration_since(now) > margin)
}

/// The path of the first control total that does not hold; totals, when given, must cover every currency.
fn first_wrong_total(amounts: &SettlementAmounts, totals: &[ControlTotal]) -> Option<String> {
    if totals.is_empty() {
        return None;
    }
    let found = amounts.net_totals();
    let holds = |asserted: &ControlTotal, found: &NetTotal| {
        let sum: Option<BigDecimal> = found.sum.parse().ok();
        asserted.currency == found.currency
            && sum.as_ref() == Some(asserted.sum.value())
            && asserted.count.is_none_or(|count| usize::try_from(count) == Ok(found.count))
    };
    if let Some(index) = totals.iter().position(|total| !found.iter().any(|found| holds(total, found))) {
        return Some(format!("control_totals[{index}]"));
    }
    let covered = found.iter().all(|found| totals.iter().any(|total| total.currency == found.currency));
    (!covered || totals.len() != found.len()).then(|| "control_totals".to_owned())
}
