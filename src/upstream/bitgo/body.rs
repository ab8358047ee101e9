//! The bodies of the two settlement requests (seed 000).
//!
//! The post is idempotent only for the same bytes, so writing is deterministic:
//! members in a fixed order, connections in the order of their first leg,
//! amounts in the text that the caller gave.

use std::collections::HashMap;

use crate::domain::ids::ConnectionId;
use crate::domain::settlement::{Intent, Leg, SettlementAmounts, Shape};
use crate::domain::signing::Signature;
use crate::upstream::json::{object, string};

/// The body that asks for the text to sign.
pub(super) fn signing_request(intent: &Intent) -> Vec<u8> {
    object(common(intent)).into_bytes()
}

/// The body that posts the settlement: the same, with the payload and its signature.
pub(super) fn settlement_post(intent: &Intent, payload: &str, signature: &Signature) -> Vec<u8> {
    let mut members = common(intent);
    members.push(("payload", string(payload)));
    members.push(("signature", string(&signature.to_hex())));
    object(members).into_bytes()
}

fn common(intent: &Intent) -> Vec<(&'static str, String)> {
    let asked = &intent.asked;
    let mut members = vec![("externalId", string(asked.external_id.as_str()))];
    members.extend(asked.notes.as_ref().map(|notes| ("notes", string(notes.as_str()))));
    members.push(("settlementAmounts", amounts(&asked.amounts)));
    members.push(("nonce", string(intent.nonce.as_str())));
    members.extend(asked.cutoff.map(|cutoff| ("cutoffAt", string(&cutoff.to_text()))));
    members
}

fn amounts(amounts: &SettlementAmounts) -> String {
    let parties = grouped(amounts.legs().iter().map(|leg| (leg.connection_id.as_str(), leg)));
    object(parties.into_iter().map(|(party, legs)| {
        let below = match amounts.shape() {
            Shape::Exchange => currencies(&legs),
            Shape::Broker => counterparties(&legs),
        };
        (party, below)
    }))
}

fn counterparties(legs: &[&Leg]) -> String {
    let groups = grouped(legs.iter().map(|leg| (counterparty(leg), *leg)));
    object(groups.into_iter().map(|(counterparty, legs)| (counterparty, currencies(&legs))))
}

fn counterparty(leg: &Leg) -> &str {
    leg.counterparty_connection_id.as_ref().map_or("", ConnectionId::as_str)
}

fn currencies(legs: &[&Leg]) -> String {
    object(legs.iter().map(|leg| (leg.currency.as_str(), string(leg.amount.as_str()))))
}

/// Gathers what belongs to one name, names in the order of their first appearance.
fn grouped<'a, T>(items: impl Iterator<Item = (&'a str, T)>) -> Vec<(&'a str, Vec<T>)> {
    let mut groups: Vec<(&str, Vec<T>)> = Vec::new();
    let mut places = HashMap::new();
    for (name, item) in items {
        let place = *places.entry(name).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push(item),
            None => groups.push((name, vec![item])),
        }
    }
    groups
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
