//! The texts that the model venue gives for signing.

use std::collections::BTreeMap;

use settlement_gateway::domain::settlement::Intent;
use settlement_gateway::domain::time::Cutoff;

/// What was asked, in one of four spellings that mean the same.
pub(crate) fn spelled(intent: &Intent, spelling: u64) -> String {
    let asked = &intent.asked;
    let mut parties: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for leg in asked.amounts.legs() {
        let amount = format!(r#""{}":"{}""#, leg.currency, leg.amount.as_str());
        parties.entry(leg.connection_id.as_str()).or_default().push(amount);
    }
    let parties: Vec<_> = parties.into_iter().map(|(party, of)| format!(r#""{party}":{{{}}}"#, of.join(","))).collect();
    let mut members = vec![
        format!(r#""externalId":"{}""#, asked.external_id),
        format!(r#""settlementAmounts":{{{}}}"#, parties.join(",")),
        format!(r#""nonce":"{}""#, intent.nonce),
    ];
    members.extend(asked.cutoff.map(Cutoff::to_text).map(|cutoff| format!(r#""cutoffAt":"{cutoff}""#)));
    if spelling % 2 == 1 {
        members.reverse();
    }
    let between = if spelling >= 2 { ", " } else { "," };
    format!("{{{}}}", members.join(between))
}

/// The same with a nonce that nobody asked for.
pub(crate) fn tampered(intent: &Intent) -> String {
    spelled(intent, 0).replace(intent.nonce.as_str(), "another")
}
