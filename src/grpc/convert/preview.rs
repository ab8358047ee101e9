//! What settling would do, and what accounts hold beside it.

use super::time::to_proto;
use crate::domain::amount::Amount;
use crate::domain::settlement::{NetTotal, Shortfall};
use crate::domain::signing::PayloadDigest;
use crate::grpc::pb;
use crate::service::{DayLeft, Funds, Preview};

/// A request for a preview is a request to settle that only asks.
#[must_use]
pub fn as_asked(request: pb::PreviewSettlementRequest) -> pb::InitiateSettlementRequest {
    let pb::PreviewSettlementRequest {
        enterprise_id,
        external_id,
        settlement_amounts,
        cutoff_at,
        notes,
        nonce,
        submit_before,
        amount_unit,
        control_totals,
        supersedes,
        same_amounts_intended,
    } = request;
    pb::InitiateSettlementRequest {
        enterprise_id,
        external_id,
        settlement_amounts,
        cutoff_at,
        notes,
        nonce,
        validate_only: true,
        submit_before,
        amount_unit,
        control_totals,
        supersedes,
        same_amounts_intended,
    }
}

/// The answer to a preview.
#[must_use]
pub fn preview(preview: Preview) -> pb::SettlementPreview {
    let Preview { intent, payload, net_totals, funds, days_left, terms } = preview;
    pb::SettlementPreview {
        route: pb::SettlementRoute::from(intent.route).into(),
        amount_unit: pb::AmountUnit::from(intent.amount_unit).into(),
        key_id: intent.key_id.as_str().to_owned(),
        payload_sha256: PayloadDigest::of(&payload).to_hex(),
        request_digest: base16ct::lower::encode_string(&intent.asked.digest()),
        net_totals: net_totals.iter().map(net_total).collect(),
        shortfalls: funds.shortfalls.into_iter().map(shortfall).collect(),
        balances_read_at: Some(to_proto(funds.read_at)),
        own_balance_told: funds.own_balance_told,
        closed_disputes: u32::try_from(funds.closed_disputes).unwrap_or(u32::MAX),
        day_limits: days_left.into_iter().map(day_limit).collect(),
        client_dispute_window_minutes: terms.as_ref().and_then(|terms| terms.client_dispute_window_minutes),
        top_up_window_minutes: terms.as_ref().and_then(|terms| terms.top_up_window_minutes),
        payload,
    }
}

/// What was found before a settlement was stored.
#[must_use]
pub fn funds_check(funds: Funds) -> pb::FundsCheck {
    pb::FundsCheck {
        shortfalls: funds.shortfalls.into_iter().map(shortfall).collect(),
        own_balance_told: funds.own_balance_told,
        closed_disputes: u32::try_from(funds.closed_disputes).unwrap_or(u32::MAX),
        read_at: Some(to_proto(funds.read_at)),
    }
}

fn net_total(total: &NetTotal) -> pb::ControlTotal {
    pb::ControlTotal {
        currency: total.currency.as_str().to_owned(),
        sum: total.sum.clone(),
        count: u32::try_from(total.count).unwrap_or(u32::MAX),
    }
}

fn day_limit(day: DayLeft) -> pb::DayLimit {
    pb::DayLimit {
        currency: day.limit.currency.as_str().to_owned(),
        per_day: day.limit.per_day.as_ref().map_or("", Amount::as_str).to_owned(),
        left: day.left,
    }
}

/// An account that cannot pay.
pub(super) fn shortfall(shortfall: Shortfall) -> pb::Shortfall {
    pb::Shortfall {
        connection_id: shortfall.connection_id,
        currency: shortfall.currency,
        required: shortfall.required,
        available: shortfall.available,
    }
}
