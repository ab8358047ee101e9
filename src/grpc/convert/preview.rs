//! What settling would do.

use super::time::to_proto;
use crate::domain::settlement::{NetTotal, Shortfall};
use crate::domain::signing::PayloadDigest;
use crate::grpc::pb;
use crate::service::Preview;

/// The answer to `validate_only`.
#[must_use]
pub fn preview(preview: Preview) -> pb::SettlementPreview {
    let intent = &preview.intent;
    pb::SettlementPreview {
        route: pb::SettlementRoute::from(intent.route).into(),
        amount_unit: pb::AmountUnit::from(intent.amount_unit).into(),
        key_id: intent.key_id.as_str().to_owned(),
        payload_sha256: PayloadDigest::of(&preview.payload).to_hex(),
        request_digest: base16ct::lower::encode_string(&intent.asked.digest()),
        net_totals: preview.net_totals.iter().map(net_total).collect(),
        shortfalls: preview.shortfalls.into_iter().map(shortfall).collect(),
        balances_read_at: Some(to_proto(preview.balances_read_at)),
        payload: preview.payload,
    }
}

fn net_total(total: &NetTotal) -> pb::ControlTotal {
    pb::ControlTotal {
        currency: total.currency.as_str().to_owned(),
        sum: total.sum.clone(),
        count: u32::try_from(total.count).unwrap_or(u32::MAX),
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
