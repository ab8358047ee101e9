//! What the call says: a guess, since nobody documents it.

use std::collections::BTreeMap;

use bigdecimal::BigDecimal;
use serde_json::{Map, Value, json};

use crate::domain::amount::canonical;
use crate::sandbox::bitgo::wire::partner_id;
use crate::sandbox::ledger::Settlement;

/// The settlement with its final amounts, in the shape in which it was posted.
pub(super) fn of(settlement: &Settlement) -> Vec<u8> {
    document(settlement, &settlement.id, &settlement.external_id, amounts(settlement, 1))
}

/// The same with amounts of ten times as much.
pub(super) fn with_other_amounts(settlement: &Settlement) -> Vec<u8> {
    document(settlement, &settlement.id, &settlement.external_id, amounts(settlement, 10))
}

/// A settlement that nobody has.
pub(super) fn of_another_settlement(settlement: &Settlement) -> Vec<u8> {
    document(settlement, "00000000-0000-4000-8000-000000000000", "another-settlement", amounts(settlement, 1))
}

fn document(settlement: &Settlement, id: &str, external_id: &str, amounts: Value) -> Vec<u8> {
    json!({
        "settlementId": id,
        "externalId": external_id,
        "partnerId": partner_id(&settlement.enterprise),
        "cutoffAt": settlement.cutoff_at,
        "settlementAmounts": amounts,
        "settlingDisputeIds": settlement.settling_disputes,
    })
    .to_string()
    .into_bytes()
}

/// Who pays, who receives, what: as a settlement's amounts are nested.
type Place<'a> = (Option<&'a str>, &'a str, &'a str);

fn amounts(settlement: &Settlement, times: u32) -> Value {
    let mut sums: BTreeMap<Place<'_>, BigDecimal> = BTreeMap::new();
    for transfer in settlement.transfers.iter().filter(|transfer| !transfer.disputed) {
        let place = (transfer.source.as_deref(), transfer.destination.as_str(), transfer.currency.as_str());
        *sums.entry(place).or_default() += &transfer.quantity * BigDecimal::from(times);
    }
    let mut outer = Map::new();
    for ((party, connection, currency), sum) in sums {
        let place = match party {
            Some(party) => inner(&mut outer, party).and_then(|counterparties| inner(counterparties, connection)),
            None => inner(&mut outer, connection),
        };
        if let Some(currencies) = place {
            currencies.insert(currency.to_owned(), Value::from(canonical(&sum)));
        }
    }
    Value::Object(outer)
}

fn inner<'a>(outer: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Map<String, Value>> {
    outer.entry(name).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}
