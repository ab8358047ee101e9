//! InitiateSettlement's request.

use std::collections::HashSet;

use super::enums::asserted_unit;
use super::limits::MAX_CONTROL_TOTALS;
use super::violations::{InvalidRequest, Violations};
use crate::domain::amount::Amount;
use crate::domain::ids::{ConnectionId, Currency, EnterpriseId, ExternalId, Nonce, Notes};
use crate::domain::settlement::{Asked, Leg, LegsError, SettlementAmounts};
use crate::grpc::pb;
use crate::service::{ControlTotal, InitiateSettlement};

/// Reads a request to settle, or to say what settling would do.
///
/// # Errors
/// [`InvalidRequest`] with every field that breaks its limit.
pub fn request(request: &pb::InitiateSettlementRequest) -> Result<InitiateSettlement, InvalidRequest> {
    let mut violations = Violations::new();
    let enterprise_id = violations.required("enterprise_id", &request.enterprise_id, EnterpriseId::new);
    let external_id = violations.required("external_id", &request.external_id, ExternalId::new);
    let amounts = amounts(&mut violations, &request.settlement_amounts);
    let cutoff = violations.optional_cutoff("cutoff_at", request.cutoff_at);
    let notes = violations.optional("notes", request.notes.as_deref(), Notes::new);
    let nonce = violations.optional("nonce", request.nonce.as_deref(), Nonce::new);
    let submit_before = violations.optional_time("submit_before", request.submit_before);
    let unit = violations.known("amount_unit", request.amount_unit);
    let control_totals = control_totals(&mut violations, &request.control_totals);
    let supersedes = violations.optional("supersedes", request.supersedes.as_deref(), ExternalId::new);
    violations.finish(|| {
        let asked = Asked {
            enterprise_id: enterprise_id?,
            external_id: external_id?,
            amounts: amounts?,
            cutoff: cutoff?,
            notes: notes?,
            nonce: nonce?,
            supersedes: supersedes?,
        };
        Some(InitiateSettlement {
            asked,
            submit_before: submit_before?,
            amount_unit: asserted_unit(unit?),
            control_totals: control_totals?,
            same_amounts_intended: request.same_amounts_intended,
        })
    })
}

fn amounts(violations: &mut Violations, amounts: &[pb::SettlementAmount]) -> Option<SettlementAmounts> {
    if !violations.count("settlement_amounts", amounts.len(), 1, SettlementAmounts::MAX_LEGS) {
        return None;
    }
    let mut legs = Vec::with_capacity(amounts.len());
    for (index, amount) in amounts.iter().enumerate() {
        legs.extend(leg(violations, index, amount));
    }
    if legs.len() < amounts.len() {
        return None;
    }
    SettlementAmounts::new(legs).map_err(|error| violations.add(path(&error), &error)).ok()
}

fn leg(violations: &mut Violations, index: usize, amount: &pb::SettlementAmount) -> Option<Leg> {
    let connection =
        violations.required(format_args!("settlement_amounts[{index}].connection_id"), &amount.connection_id, ConnectionId::new);
    let counterparty = violations.optional(
        format_args!("settlement_amounts[{index}].counterparty_connection_id"),
        amount.counterparty_connection_id.as_deref(),
        ConnectionId::new,
    );
    let currency = violations.required(format_args!("settlement_amounts[{index}].currency"), &amount.currency, Currency::new);
    let value = violations.required(format_args!("settlement_amounts[{index}].amount"), &amount.amount, Amount::parse);
    Some(Leg { connection_id: connection?, counterparty_connection_id: counterparty?, currency: currency?, amount: value? })
}

fn path(error: &LegsError) -> String {
    match error {
        LegsError::Empty | LegsError::TooMany => "settlement_amounts".to_owned(),
        LegsError::Zero { index } => format!("settlement_amounts[{index}].amount"),
        LegsError::Duplicate { index } => format!("settlement_amounts[{index}]"),
        LegsError::MixedShapes { index } | LegsError::OwnCounterparty { index } => {
            format!("settlement_amounts[{index}].counterparty_connection_id")
        }
    }
}

fn control_totals(violations: &mut Violations, totals: &[pb::ControlTotal]) -> Option<Vec<ControlTotal>> {
    if !violations.count("control_totals", totals.len(), 0, MAX_CONTROL_TOTALS) {
        return None;
    }
    let mut seen = HashSet::new();
    let mut read = Vec::with_capacity(totals.len());
    for (index, total) in totals.iter().enumerate() {
        if !seen.insert(total.currency.as_str()) {
            violations.add(format_args!("control_totals[{index}].currency"), "repeats an earlier entry's currency");
        }
        read.extend(control_total(violations, index, total));
    }
    (read.len() == totals.len()).then_some(read)
}

fn control_total(violations: &mut Violations, index: usize, total: &pb::ControlTotal) -> Option<ControlTotal> {
    let currency = violations.required(format_args!("control_totals[{index}].currency"), &total.currency, Currency::new);
    let sum = violations.required(format_args!("control_totals[{index}].sum"), &total.sum, Amount::parse);
    let most = u32::try_from(SettlementAmounts::MAX_LEGS).unwrap_or(u32::MAX);
    let count = violations.within(format_args!("control_totals[{index}].count"), total.count, 1, most);
    Some(ControlTotal { currency: currency?, sum: sum?, count: Some(count?) })
}
