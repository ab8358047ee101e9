//! Creating, affirming, rejecting and cancelling: record the write, wake its errand, wait for what becomes of it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use uuid::Uuid;

use super::access::hold_limits;
use crate::domain::ids::KeyId;
use crate::domain::signing::Purpose;
use crate::domain::time::later;
use crate::domain::trade::{
    Basis, Creation, Scope, TradeAction, TradeAsked, TradeHeader, TradeState, TradeWrite, disagreement, read_trade_payload,
};
use crate::kill_points::{KillPoint, reached};
use crate::service::context::{Caller, Context};
use crate::service::error::{Problem, ServiceError, SigningRefusal};
use crate::store::{ErrandKind, TradeRecorded};

/// How long a write may wait for the venue to be reached when its caller does not say: it may be late, but not by hours.
const SUBMIT_WITHIN: Duration = Duration::from_secs(15 * 60);

/// Records a write and answers once its outcome is known, or when `patience` ends, with the durable state.
///
/// A repeat with the same meaning reads the stored write and sends nothing. The caller's going away stops nothing.
///
/// # Errors
/// [`ServiceError`]. After the write is recorded, only [`ServiceError::TradeNotAccepted`], which waits for the anchor, and a failing
/// journal are errors.
pub async fn write_trade(
    context: &Context,
    caller: &Caller,
    asked: TradeAsked,
    submit_before: Option<Timestamp>,
    patience: Duration,
) -> Result<TradeWrite, ServiceError> {
    let (_, key_id) = context.trading(caller, &asked.enterprise_id, &asked.account_id)?;
    hold_limits(caller, &asked)?;
    if let Some(stored) = context.store.trade(&asked.enterprise_id, &asked.request_id).await? {
        return repeat(context, stored, &asked, patience).await;
    }
    context.hold_journal().await?;
    hold_request(context, key_id, &asked)?;
    let now = context.clock.now();
    let submit_before = submit_before.unwrap_or_else(|| later(now, SUBMIT_WITHIN));
    if submit_before <= now {
        return Err(ServiceError::invalid("submit_before", Problem::SubmitBeforePassed));
    }
    if context.errands.is_draining() {
        return Err(ServiceError::Draining);
    }
    let header = TradeHeader {
        key_id: key_id.clone(),
        caller: caller.grants.caller.clone(),
        submit_before,
        created_at: now,
        asked: asked.clone(),
    };
    let write = TradeWrite::received(Uuid::now_v7(), header);
    reached(KillPoint::T0Converted);
    match context.store.record_trade(&write, &caller.origin).await? {
        TradeRecorded::New => {
            reached(KillPoint::T1Recorded);
            context.errands.wake();
            answer(context, write, patience).await
        }
        TradeRecorded::Existing(stored) => repeat(context, *stored, &asked, patience).await,
    }
}

async fn repeat(
    context: &Context,
    stored: TradeWrite,
    again: &TradeAsked,
    patience: Duration,
) -> Result<TradeWrite, ServiceError> {
    let fields = stored.header.asked.differences(again);
    if !fields.is_empty() {
        return Err(ServiceError::RequestIdReused { fields });
    }
    answer(context, stored, patience).await
}

/// Waits for the outcome and says what is durable then.
async fn answer(context: &Context, write: TradeWrite, patience: Duration) -> Result<TradeWrite, ServiceError> {
    let (id, answer_by) = (write.id, Instant::now() + patience);
    let stored = async || context.store.trade_by_id(id).await?.ok_or(ServiceError::Internal("a write is gone", None));
    let look = || async { Ok::<_, ServiceError>(Some(stored().await?).filter(|now| !now.progress.state.is_under_way())) };
    let known = if write.progress.state.is_under_way() {
        context.errands.wait_until(ErrandKind::Trade, &id.to_string(), patience, look).await?
    } else {
        Some(write)
    };
    let write = match known {
        Some(write) => write,
        None => stored().await?,
    };
    if write.progress.state == TradeState::NotAccepted {
        context.cover_end(answer_by).await?;
        return Err(ServiceError::TradeNotAccepted(Box::new(write)));
    }
    Ok(write)
}

/// What can be refused before anything is recorded.
fn hold_request(context: &Context, key_id: &KeyId, asked: &TradeAsked) -> Result<(), ServiceError> {
    if asked.action.is_signed() {
        let key = context.keyring.get(key_id).filter(|key| key.is_enabled());
        let key = key.ok_or(ServiceError::SigningRefused(SigningRefusal::KeyDisabled))?;
        if !key.purposes().contains(&Purpose::Trade) {
            return Err(ServiceError::SigningRefused(SigningRefusal::PurposeNotAllowed(Purpose::Trade)));
        }
    }
    let TradeAction::Create(Creation { trades, basis, .. }) = &asked.action else { return Ok(()) };
    match basis {
        Basis::Amounts(amounts) => {
            let scope = Scope::Everybody { requester: &asked.account_id };
            if disagreement(amounts, trades, scope).is_some() {
                return Err(ServiceError::invalid("amounts", Problem::TradesMismatch));
            }
        }
        Basis::Payload(payload) => {
            let read = read_trade_payload(payload).map_err(ServiceError::PayloadMismatch)?;
            if let Some(expected) = asked.expectation() {
                read.hold(expected).map_err(ServiceError::PayloadMismatch)?;
            }
        }
    }
    Ok(())
}
