//! An account's word to its affirmation, and the settlement's end when the last one has spoken.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use crate::sandbox::bitgo::entry::Entry;
use crate::sandbox::bitgo::refusal::Refusal;
use crate::sandbox::config::SandboxTradingAccount;
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Book, Durability, Record, TradeAffirmation, TradeSettlement, Writer};

use super::creating::sealed;
use super::{account, body, wire};

/// What became of a word.
enum Spoken {
    /// The settlement as it is now.
    Stands(Box<TradeSettlement>),
    /// There is no such affirmation of the account.
    Unknown,
    /// It is refused, and why.
    Refused(String),
}

/// `affirmed` with payload and signature, `rejected`, or `canceled`.
pub(super) async fn put(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    let own = account(&entry)?.clone();
    let (word, id, now_ms) = (body(&entry.asked)?, entry.asked.param("affirmation_id").to_owned(), desk.now_ms());
    let account_id = own.account_id.clone();
    let spoken = desk.ledger.change(move |ledger: &mut Writer| {
        let found = ledger.book().trades().find(|trade| trade.affirmation_of(&own.account_id).is_some_and(|one| one.id == id));
        let Some(mut trade) = found.cloned() else { return Ok(Spoken::Unknown) };
        if let Err(why) = speak(ledger.book(), &own, &mut trade, &word, now_ms) {
            return Ok(Spoken::Refused(why));
        }
        ledger.commit(Record::TradeStands(Box::new(trade.clone())), Durability::Synced)?;
        Ok(Spoken::Stands(Box::new(trade)))
    });
    match spoken.await? {
        Spoken::Unknown => Err(Refusal::not_found("affirmation not found")),
        Spoken::Refused(why) => Err(Refusal::invalid(why)),
        Spoken::Stands(trade) => {
            let own = trade.affirmation_of(&account_id).ok_or_else(|| Refusal::not_found("affirmation not found"))?;
            Ok(Json(wire::affirmation(&desk, &trade, own, &account_id, now_ms)))
        }
    }
}

fn speak(book: &Book, own: &SandboxTradingAccount, trade: &mut TradeSettlement, word: &Value, now_ms: i64) -> Result<(), String> {
    if !trade.is_pending() {
        return Err(format!("the settlement is {}", trade.status));
    }
    let expired = now_ms >= trade.expire_ms;
    let place = trade.affirmations.iter_mut().find(|one| one.account == own.account_id);
    let affirmation = place.ok_or("no affirmation of this account")?;
    let is_awaited = affirmation.status == "pending";
    match word["status"].as_str().unwrap_or_default() {
        "affirmed" if is_awaited && !expired => affirm(book, own, affirmation, word)?,
        "rejected" if is_awaited => {
            affirmation.status = "rejected".to_owned();
            trade.end("rejected", now_ms);
            return Ok(());
        }
        "canceled" => {
            affirmation.status = "canceled".to_owned();
            trade.end("canceled", now_ms);
            return Ok(());
        }
        "affirmed" | "rejected" => return Err("the affirmation is not pending".to_owned()),
        _ => return Err("status must be affirmed, rejected or canceled".to_owned()),
    }
    if trade.affirmations.iter().all(|one| one.status == "affirmed") {
        trade.end("settled", now_ms);
    }
    Ok(())
}

fn affirm(book: &Book, own: &SandboxTradingAccount, affirmation: &mut TradeAffirmation, word: &Value) -> Result<(), String> {
    let text = |name: &str| word[name].as_str().ok_or_else(|| format!("{name} is required"));
    let (payload, signature) = (text("payload")?, text("signature")?);
    if payload != affirmation.payload {
        return Err("the payload is not the affirmation's".to_owned());
    }
    sealed(own, payload, signature).map_err(|_| "signature verification failed".to_owned())?;
    if !book.can_lock(affirmation) {
        return Err("insufficient balance".to_owned());
    }
    affirmation.status = "affirmed".to_owned();
    affirmation.signature = Some(signature.to_owned());
    Ok(())
}

impl TradeSettlement {
    fn end(&mut self, status: &str, now_ms: i64) {
        self.status = status.to_owned();
        self.finalized_ms = Some(now_ms);
    }
}
