//! Callbacks: once a payout has ended its partner is told, at most six times, until it answers 2xx.
//!
//! The documentation spreads the six over about fifteen hours; here the gaps
//! are configuration. No signature is documented, so none is sent.

use std::sync::Arc;
use std::time::Duration;

use crate::sandbox::config::BitlipaRules;
use crate::sandbox::desk::Desk;
use crate::sandbox::faults::{Behaviour, Endpoint};
use crate::sandbox::ledger::{Durability, Quote, Record};
use crate::sandbox::{deliver, misbehave};

use super::wire;

/// How often the courier looks for what has ended.
const ROUND_MS: u64 = 20;

/// Whether a partner can be called there: `https`, or this machine without TLS, which a real venue would refuse.
pub(crate) fn may_call(url: &str) -> bool {
    url.starts_with("https://") || deliver::is_on_this_machine(url)
}

/// Calls partners until the sandbox stops.
pub(crate) async fn run(desk: Arc<Desk>) {
    loop {
        for call in due(&desk) {
            call_back(&desk, call).await;
        }
        tokio::select! {
            () = desk.stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(ROUND_MS)) => {}
        }
    }
}

/// One call that is to be made.
struct Call {
    tx_id: String,
    url: String,
    body: String,
}

fn due(desk: &Desk) -> Vec<Call> {
    let (now_ms, rules) = (desk.now_ms(), &desk.config.bitlipa);
    let call = |quote: &Quote| {
        let confirmed = quote.confirmed.as_ref().filter(|_| is_due(quote, rules, now_ms))?;
        let (tx_id, url) = (quote.tx_id.clone(), confirmed.callback_url.clone());
        Some(Call { tx_id, url, body: wire::full(quote, rules, now_ms) })
    };
    desk.ledger.read(|book| book.untold().filter_map(call).collect())
}

fn is_due(quote: &Quote, rules: &BitlipaRules, now_ms: i64) -> bool {
    let Some(confirmed) = &quote.confirmed else { return false };
    let ended = matches!(wire::status(quote, rules, now_ms), "executed" | "failed");
    let Some(calls) = confirmed.callbacks.checked_sub(1) else { return ended };
    let gap = usize::try_from(calls).ok().and_then(|calls| rules.callback_gaps_ms.get(calls));
    ended && gap.is_some_and(|gap| now_ms >= confirmed.called_ms + gap)
}

async fn call_back(desk: &Arc<Desk>, call: Call) {
    let Call { tx_id, url, mut body } = call;
    let at_ms = desk.now_ms();
    let heard = match desk.faults.take(Endpoint::QuoteCallback) {
        Some(Behaviour::CutBefore) => false,
        Some(Behaviour::AcceptThenCut) => {
            deliver::deliver(&url, None, body.as_bytes()).await;
            false
        }
        behaviour => {
            if let Some(Behaviour::AlteredQuote { members }) = behaviour {
                body = misbehave::altered(&body, &members).unwrap_or(body);
            }
            matches!(deliver::deliver(&url, None, body.as_bytes()).await, Some(200..=299))
        }
    };
    let record = Record::CalledBack { tx_id, answered: heard, at_ms };
    // A ledger that cannot be written says so to the next request; the call is made again.
    let _ = desk.ledger.change(move |ledger| ledger.commit(record, Durability::Synced)).await;
}
