//! The call that the venue makes to its partner when a settlement's dispute window has ended and its amounts are final.
//!
//! Nobody documents its path, body or answer; the path is configured, the body
//! is a guess that names the settlement, and any 2xx ends it. What is known is
//! the RS256 token in `X-BitGo-Signature`, made anew for each try. A call that
//! is not answered so is made again, ever later; a restart begins anew.

mod body;
mod key;
mod token;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::sandbox::deliver::deliver;
use crate::sandbox::desk::Desk;
use crate::sandbox::faults::{Behaviour, Endpoint, Flaw};
use crate::sandbox::ledger::{Durability, Record, Settlement};

pub use key::{CallbackKey, CallbackKeyError};

/// How often due calls are looked for while any may become due, since the clock may be one that nobody announces to move.
const TICK: Duration = Duration::from_millis(50);
/// How long after the first try the second one follows; each further wait is twice as long.
const FIRST_RETRY: Duration = Duration::from_millis(200);
/// The longest wait between two tries.
const LONGEST_RETRY: Duration = Duration::from_secs(60);
/// How often a call is tried before it is given up until the next start.
const MAX_TRIES: u32 = 20;
/// The header that the token stands in.
const TOKEN_HEADER: &str = "x-bitgo-signature";
/// How old a stale token is.
const STALE_MS: i64 = 10 * 60 * 1000;

/// What is remembered of the tries of one settlement's call.
#[derive(Debug, Clone, Copy)]
struct Tries {
    made: u32,
    next_at: Instant,
}

/// Makes due calls until the sandbox stops.
pub(crate) async fn run(desk: Arc<Desk>) {
    let mut tries: HashMap<String, Tries> = HashMap::new();
    while !desk.stop.is_cancelled() {
        for settlement in due(&desk, &tries) {
            let url = desk.finalize_url(&settlement.enterprise).unwrap_or_default();
            let answered = call(&desk, &settlement, &url, &mut tries).await;
            if answered {
                tries.remove(&settlement.id);
                answer_noted(&desk, settlement).await;
            }
        }
        let waiting = desk.ledger.read(|book| book.uncalled().any(|one| desk.finalize_url(&one.enterprise).is_some()));
        tokio::select! {
            () = desk.stop.cancelled() => return,
            () = desk.wake.notified() => (),
            () = tokio::time::sleep(TICK), if waiting => (),
        }
    }
}

/// The settlements whose dispute window has ended, whose partner can be called and has not answered yet, oldest first.
fn due(desk: &Desk, tries: &HashMap<String, Tries>) -> Vec<Settlement> {
    let (now_ms, now) = (desk.now_ms(), Instant::now());
    let is_due = |one: &&Settlement| {
        let told = tries.get(&one.id);
        one.dispute_ends_ms.is_some_and(|ends| ends <= now_ms)
            && desk.finalize_url(&one.enterprise).is_some()
            && told.is_none_or(|tries| tries.made < MAX_TRIES && tries.next_at <= now)
    };
    let mut due: Vec<Settlement> = desk.ledger.read(|book| book.uncalled().filter(is_due).cloned().collect());
    due.sort_by_key(|settlement| settlement.dispute_ends_ms);
    due
}

/// Tries once; `true` when the partner answered 2xx.
async fn call(desk: &Desk, settlement: &Settlement, url: &str, tries: &mut HashMap<String, Tries>) -> bool {
    let entry = tries.entry(settlement.id.clone()).or_insert(Tries { made: 0, next_at: Instant::now() });
    let wait = FIRST_RETRY.saturating_mul(1 << entry.made.min(16)).min(LONGEST_RETRY);
    entry.made += 1;
    entry.next_at = Instant::now() + wait;
    let flaw = match desk.faults.take(Endpoint::FinalizeCall) {
        None => None,
        Some(Behaviour::Flawed { flaw }) => Some(flaw),
        Some(Behaviour::DelayBefore { ms }) => {
            let pause = tokio::time::timeout(Duration::from_millis(ms), desk.stop.cancelled());
            if pause.await.is_ok() {
                return false;
            }
            None
        }
        // Any other behaviour loses the call on its way.
        Some(_) => return false,
    };
    if flaw == Some(Flaw::Reordered) {
        // Others that are due go first; this one's next try is in its place.
        return false;
    }
    let key = if flaw == Some(Flaw::Forged) { CallbackKey::generate() } else { desk.callback_key() };
    let Ok(key) = key else { return false };
    let issued_ms = desk.unmoved_ms() - if flaw == Some(Flaw::Stale) { STALE_MS } else { 0 };
    let token = match flaw {
        Some(Flaw::NoToken) => None,
        Some(Flaw::Unsigned) => Some(token::unsigned(issued_ms)),
        _ => token::signed(&key, issued_ms),
    };
    let body = match flaw {
        Some(Flaw::WrongBody) => b"{\"settlementId\":".to_vec(),
        Some(Flaw::OtherAmounts) => body::with_other_amounts(settlement),
        Some(Flaw::AnotherSettlement) => body::of_another_settlement(settlement),
        _ => body::of(settlement),
    };
    let url = url.replace("{id}", &settlement.id);
    let header = token.as_deref().map(|token| (TOKEN_HEADER, token));
    let answered = deliver(&url, header, &body).await;
    if flaw == Some(Flaw::Replayed) {
        deliver(&url, header, &body).await;
    }
    answered.is_some_and(|status| (200..300).contains(&status))
}

async fn answer_noted(desk: &Desk, settlement: Settlement) {
    let Settlement { enterprise, external_id, .. } = settlement;
    let record = Record::FinalizeAnswered { enterprise, external_id, at_ms: desk.now_ms() };
    // A ledger that cannot be written says so to the next request; the call is made again then.
    let _ = desk.ledger.change(move |ledger| ledger.commit(record, Durability::Written)).await;
}
