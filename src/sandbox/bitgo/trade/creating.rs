//! Creating a settlement: checked, signed, and one affirmation for every account.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bigdecimal::{BigDecimal, Zero};
use serde_json::Value;
use uuid::Uuid;

use crate::sandbox::bitgo::entry::Entry;
use crate::sandbox::bitgo::refusal::Refusal;
use crate::sandbox::bitgo::signature;
use crate::sandbox::config::SandboxTradingAccount;
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Durability, Move, Record, TradeAffirmation, TradeSettlement};

use super::payload::{self, Party, party, whole};
use super::{account, anybodys, body, wire};

/// How long affirmations are awaited.
const LIFETIME_MS: i64 = 6 * 3_600_000;

/// Creates a settlement; nothing recognises a repeat.
pub(super) async fn create(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    let own = account(&entry)?.clone();
    let body = body(&entry.asked)?;
    let (payload, signature) = (text(&body, "payload")?, text(&body, "signature")?);
    let signed = sealed(&own, &payload, &signature)?;
    let trades = body["trades"].as_array().filter(|trades| !trades.is_empty());
    let trades = trades.ok_or_else(|| Refusal::invalid("trades is required"))?;
    let parties = parties(trades)?;
    if !signed.iter().all(|one| one.account == own.account_id || parties.iter().any(|party| party.account == one.account)) {
        return Err(Refusal::invalid("the payload names an account without a trade"));
    }
    let now_ms = desk.now_ms();
    let settlement = settlement(&desk, &own, (payload, signature), (trades, parties), now_ms)?;
    let shown = wire::settlement(&desk, &settlement, &own.account_id, now_ms);
    let change = move |ledger: &mut crate::sandbox::ledger::Writer| {
        let funded = settlement.affirmation_of(&own.account_id).is_some_and(|one| ledger.book().can_lock(one));
        if funded {
            ledger.commit(Record::TradeStands(Box::new(settlement)), Durability::Synced)?;
        }
        Ok(funded)
    };
    if desk.ledger.change(change).await? { Ok(Json(shown)) } else { Err(Refusal::invalid("insufficient balance")) }
}

/// What a payload says that this account signed.
pub(super) fn sealed(own: &SandboxTradingAccount, payload: &str, signature: &str) -> Result<Vec<Party>, Refusal> {
    let said: Value = serde_json::from_str(payload).map_err(|_| Refusal::invalid("the payload is no JSON"))?;
    if said["version"] != payload::VERSION || said["accountId"] != own.account_id.as_str() {
        return Err(Refusal::invalid("the payload is not this account's"));
    }
    if !signature::verifies(payload, signature, &own.public_key) {
        return Err(Refusal::invalid("signature verification failed"));
    }
    let amounts = said["amounts"].as_array().ok_or_else(|| Refusal::invalid("the payload has no amounts"))?;
    amounts.iter().map(|entry| party(entry, "sendSubtotal")).collect()
}

/// Both sides of every trade.
fn parties(trades: &[Value]) -> Result<Vec<Party>, Refusal> {
    let mut parties = Vec::new();
    for trade in trades {
        let text =
            |name: &str| trade[name].as_str().ok_or_else(|| Refusal::invalid(format!("{name} is required"))).map(str::to_owned);
        for name in ["status", "timestamp"] {
            text(name)?;
        }
        let send = |side: &str| -> Result<Move, Refusal> {
            Ok(Move { currency: text(&format!("{side}Currency"))?, amount: whole(&trade[format!("{side}Amount")])? })
        };
        let receive = |side: &str, other: &str| -> Result<Move, Refusal> {
            if trade[format!("{side}ReceiveAmount")].is_null() {
                return send(other);
            }
            let currency = text(&format!("{side}ReceiveCurrency"))?;
            Ok(Move { currency, amount: whole(&trade[format!("{side}ReceiveAmount")])? })
        };
        for (side, other) in [("base", "quote"), ("quote", "base")] {
            let account = text(&format!("{side}AccountId"))?;
            parties.push(Party { account, send: send(side)?, receive: receive(side, other)? });
        }
    }
    Ok(parties)
}

fn settlement(
    desk: &Desk,
    own: &SandboxTradingAccount,
    (payload, signature): (String, String),
    (trades, parties): (&[Value], Vec<Party>),
    now_ms: i64,
) -> Result<TradeSettlement, Refusal> {
    let mut accounts: Vec<&str> = Vec::new();
    for party in &parties {
        if !accounts.contains(&party.account.as_str()) {
            accounts.push(&party.account);
        }
    }
    let is_agency = !accounts.contains(&own.account_id.as_str());
    let mut affirmations = Vec::new();
    for id in accounts.iter().copied().chain(is_agency.then_some(own.account_id.as_str())) {
        let (enterprise, account) = anybodys(desk, id).ok_or_else(|| Refusal::invalid(format!("unknown account {id}")))?;
        let is_own = id == own.account_id;
        let (mut sends, mut receives) = flows(&parties, id);
        if is_own && is_agency {
            (sends, receives) = (Vec::new(), rest(&parties));
        }
        sends.extend(fee_of(account, &sends));
        let own_parties: Vec<Party> = parties.iter().filter(|party| party.account == id || is_own).map(again).collect();
        affirmations.push(TradeAffirmation {
            id: Uuid::new_v4().simple().to_string(),
            enterprise: enterprise.enterprise_id.clone(),
            account: id.to_owned(),
            counterparty: if is_own { accounts.iter().find(|other| **other != id) } else { None }
                .map_or_else(|| own.account_id.clone(), |other| (*other).to_owned()),
            status: if is_own { "affirmed" } else { "pending" }.to_owned(),
            payload: if is_own { payload.clone() } else { payload::text(account, &own_parties) },
            signature: is_own.then(|| signature.clone()),
            sends,
            receives,
        });
    }
    Ok(TradeSettlement {
        id: Uuid::new_v4().to_string(),
        requester: own.account_id.clone(),
        kind: if is_agency { "agency" } else { "direct" }.to_owned(),
        status: "pending".to_owned(),
        trades: trades.iter().cloned().map(with_id).collect(),
        affirmations,
        created_ms: now_ms,
        expire_ms: now_ms + LIFETIME_MS,
        finalized_ms: None,
    })
}

fn again(party: &Party) -> Party {
    Party { account: party.account.clone(), send: party.send.clone(), receive: party.receive.clone() }
}

/// What an account sends and receives in all trades.
fn flows(parties: &[Party], account: &str) -> (Vec<Move>, Vec<Move>) {
    let own = || parties.iter().filter(|party| party.account == account);
    (own().map(|party| party.send.clone()).collect(), own().map(|party| party.receive.clone()).collect())
}

/// What the requester between the parties keeps: what they send less what they receive.
fn rest(parties: &[Party]) -> Vec<Move> {
    let mut left: std::collections::BTreeMap<&str, BigDecimal> = std::collections::BTreeMap::new();
    for party in parties {
        *left.entry(&party.send.currency).or_default() += &party.send.amount;
        *left.entry(&party.receive.currency).or_default() -= &party.receive.amount;
    }
    let kept = left.into_iter().filter(|(_, amount)| !amount.is_zero());
    kept.map(|(currency, amount)| Move { currency: currency.to_owned(), amount }).collect()
}

/// What an account pays beside what it sends.
fn fee_of(account: &SandboxTradingAccount, sends: &[Move]) -> Option<Move> {
    let amount = account.fee.as_deref()?.parse().ok()?;
    Some(Move { currency: sends.first()?.currency.clone(), amount })
}

fn with_id(mut trade: Value) -> Value {
    if let (true, Some(fields)) = (trade["id"].is_null(), trade.as_object_mut()) {
        fields.insert("id".to_owned(), Value::from(Uuid::new_v4().to_string()));
    }
    trade
}

fn text(body: &Value, name: &str) -> Result<String, Refusal> {
    body[name].as_str().map(str::to_owned).ok_or_else(|| Refusal::invalid(format!("{name} is required")))
}
