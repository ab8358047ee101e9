//! Trade settlements, affirmations and writes as they are shown.

use super::time::to_proto;
use crate::domain::signing::PayloadDigest;
use crate::domain::trade::{
    Affirmation, Lock, Resolution, SettlementFees, ShownTrade, Trade, TradeAction, TradeReason, TradeWrite, VenueTradeSettlement,
};
use crate::grpc::page_token::Filter;
use crate::grpc::pb;
use crate::service::trade::TradeView;
use crate::store::TradeEvent;

/// A settlement as far as it is known.
#[must_use]
pub fn settlement(view: TradeView) -> pb::TradeSettlement {
    let asked_trades = || view.write.as_ref().map(asked_trades).unwrap_or_default();
    let mut shown = match view.settlement.as_deref() {
        Some(found) => at_venue(found),
        None => pb::TradeSettlement::default(),
    };
    if shown.trades.is_empty() {
        shown.trades = asked_trades();
    }
    pb::TradeSettlement {
        enterprise_id: view.enterprise_id.as_str().to_owned(),
        account_id: view.account_id.as_str().to_owned(),
        progress: view.write.as_ref().map(progress),
        ..shown
    }
}

/// A page of settlements, and the token of the next one when there is more.
#[must_use]
pub fn page(views: Vec<TradeView>, more: bool, filter: Option<&Filter>) -> pb::ListTradeSettlementsResponse {
    let last = views.last().and_then(|view| view.write.as_ref()).filter(|_| more).map(|write| write.id.into_bytes());
    pb::ListTradeSettlementsResponse {
        next_page_token: filter.zip(last).map(|(filter, last)| filter.token(last)).unwrap_or_default(),
        trade_settlements: views.into_iter().map(settlement).collect(),
    }
}

/// A write's changes.
#[must_use]
pub fn events(events: Vec<TradeEvent>, more: bool) -> pb::ListTradeSettlementEventsResponse {
    let event = |event: TradeEvent| pb::TradeEvent {
        sequence: event.sequence,
        change: event.change,
        state: pb::TradeState::from(event.state).into(),
        reason: event.reason.map(TradeReason::as_str).unwrap_or_default().to_owned(),
        detail: event.detail.unwrap_or_default(),
        attempts: event.attempts,
        at: Some(to_proto(event.at)),
    };
    pb::ListTradeSettlementEventsResponse { events: events.into_iter().map(event).collect(), more }
}

/// How far a write has come.
#[must_use]
pub fn progress(write: &TradeWrite) -> pb::TradeProgress {
    let (header, progress) = (&write.header, &write.progress);
    pb::TradeProgress {
        request_id: header.asked.request_id.as_str().to_owned(),
        caller: header.caller.as_str().to_owned(),
        state: pb::TradeState::from(progress.state).into(),
        terminal: progress.state.is_terminal(),
        sequence: progress.sequence,
        outcome: pb::SettlementOutcome::from(write.outcome()).into(),
        next_action: pb::NextAction::from(write.next_action()).into(),
        reason: progress.reason.map(TradeReason::as_str).unwrap_or_default().to_owned(),
        detail: progress.detail.clone().unwrap_or_default(),
        attempts: progress.attempts,
        payload_sha256: progress.payload.as_deref().map(|payload| PayloadDigest::of(payload).to_hex()).unwrap_or_default(),
        submit_before: Some(to_proto(header.submit_before)),
        created_at: Some(to_proto(header.created_at)),
        updated_at: Some(to_proto(progress.updated_at)),
        dispatched_at: progress.dispatched_at.map(to_proto),
        resolution: progress.resolution.as_ref().map(resolution),
    }
}

/// The affirmation of a write, where the venue has shown it.
#[must_use]
pub fn affirmation_of(write: &TradeWrite) -> Option<pb::Affirmation> {
    write.progress.affirmation.as_deref().map(affirmation)
}

/// An affirmation.
#[must_use]
pub fn affirmation(shown: &Affirmation) -> pb::Affirmation {
    pb::Affirmation {
        status: pb::AffirmationStatus::from(shown.status()).into(),
        id: shown.id.clone(),
        party_account_id: shown.party_account_id.clone(),
        counterparty_account_id: shown.counterparty_account_id.clone(),
        counterparty_name: shown.counterparty_name.clone(),
        status_text: shown.status_text.clone().unwrap_or_default(),
        settlement_id: shown.settlement_id.clone(),
        lock: shown.lock.as_ref().map(lock),
        payload: shown.payload.clone(),
        signature: shown.signature.clone(),
        created_at: shown.created_at.map(to_proto),
        expire_at: shown.expire_at.map(to_proto),
    }
}

/// The fees.
#[must_use]
pub fn fees(fees: SettlementFees) -> pb::CalculateFeesResponse {
    pb::CalculateFeesResponse { fee_rate: fees.fee_rate, fee_amount: fees.fee_amount, fee_currency: fees.fee_currency }
}

fn at_venue(found: &VenueTradeSettlement) -> pb::TradeSettlement {
    let settlement_type = match found.type_text.as_deref() {
        Some("direct") => pb::TradeSettlementType::Direct,
        Some("agency") => pb::TradeSettlementType::Agency,
        Some(_) | None => pb::TradeSettlementType::Unspecified,
    };
    pb::TradeSettlement {
        settlement_id: found.id.clone().unwrap_or_default(),
        status: pb::TradeSettlementStatus::from(found.status()).into(),
        status_text: found.status_text.clone().unwrap_or_default(),
        r#type: settlement_type.into(),
        type_text: found.type_text.clone().unwrap_or_default(),
        requester_account_id: found.requester_account_id.clone(),
        requester_account_name: found.requester_account_name.clone(),
        affirmations: found.affirmations.iter().map(affirmation).collect(),
        trades: found.trades.iter().map(shown_trade).collect(),
        created_at: found.created_at.map(to_proto),
        expire_at: found.expire_at.map(to_proto),
        finalized_at: found.finalized_at.map(to_proto),
        ..pb::TradeSettlement::default()
    }
}

fn lock(lock: &Lock) -> pb::Lock {
    pb::Lock {
        id: lock.id.clone(),
        account_id: lock.account_id.clone(),
        status_text: lock.status.clone(),
        amount: lock.amount.clone(),
        currency: lock.currency.clone(),
        created_at: lock.created_at.map(to_proto),
    }
}

fn resolution(resolution: &Resolution) -> pb::TradeResolution {
    pb::TradeResolution {
        took_effect: resolution.took_effect,
        decided_by: resolution.by.as_str().to_owned(),
        why: resolution.why.clone(),
        decided_at: Some(to_proto(resolution.at)),
    }
}

fn shown_trade(trade: &ShownTrade) -> pb::Trade {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    pb::Trade {
        id: trade.id.clone(),
        base_account_id: text(&trade.base_account_id),
        quote_account_id: text(&trade.quote_account_id),
        status: pb::TradeStatus::from(trade.status()).into(),
        timestamp: trade.timestamp.map(to_proto),
        base_amount: text(&trade.base_amount),
        quote_amount: text(&trade.quote_amount),
        base_currency: text(&trade.base_currency),
        quote_currency: text(&trade.quote_currency),
        base_receive_amount: trade.base_receive_amount.clone(),
        quote_receive_amount: trade.quote_receive_amount.clone(),
        base_receive_currency: trade.base_receive_currency.clone(),
        quote_receive_currency: trade.quote_receive_currency.clone(),
        cost_basis: trade.cost_basis.clone(),
        cost_basis_currency: trade.cost_basis_currency.clone(),
        external_id: trade.external_id.clone(),
        status_text: text(&trade.status_text),
    }
}

fn asked_trades(write: &TradeWrite) -> Vec<pb::Trade> {
    match &write.header.asked.action {
        TradeAction::Create(creation) => creation.trades.iter().map(asked_trade).collect(),
        TradeAction::Affirm(_) | TradeAction::Reject(_) | TradeAction::Cancel(_) => Vec::new(),
    }
}

fn asked_trade(trade: &Trade) -> pb::Trade {
    let base_receive = trade.base_receive.as_ref();
    let quote_receive = trade.quote_receive.as_ref();
    pb::Trade {
        id: trade.id.as_ref().map(|id| id.as_str().to_owned()),
        base_account_id: trade.base_account_id.as_str().to_owned(),
        quote_account_id: trade.quote_account_id.as_str().to_owned(),
        status: pb::TradeStatus::from(trade.status).into(),
        timestamp: Some(to_proto(trade.timestamp)),
        base_amount: trade.base_amount.as_str().to_owned(),
        quote_amount: trade.quote_amount.as_str().to_owned(),
        base_currency: trade.base_currency.as_str().to_owned(),
        quote_currency: trade.quote_currency.as_str().to_owned(),
        base_receive_amount: base_receive.map(|(amount, _)| amount.as_str().to_owned()),
        quote_receive_amount: quote_receive.map(|(amount, _)| amount.as_str().to_owned()),
        base_receive_currency: base_receive.map(|(_, currency)| currency.as_str().to_owned()),
        quote_receive_currency: quote_receive.map(|(_, currency)| currency.as_str().to_owned()),
        cost_basis: trade.cost_basis.as_ref().map(|cost| cost.as_str().to_owned()),
        cost_basis_currency: trade.cost_basis_currency.as_ref().map(|currency| currency.as_str().to_owned()),
        external_id: trade.external_id.as_ref().map(|id| id.as_str().to_owned()),
        status_text: trade.status.as_str().to_owned(),
    }
}
