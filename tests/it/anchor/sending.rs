//! What is dispatched, or never will be, waits for the anchor as well: trade writes, cancellations.

use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::domain::anchor::Adrift;
use settlement_gateway::domain::settlement::{Change, Reason, Settlement, State};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::domain::time::Clock;
use settlement_gateway::domain::trade::{TradeReason, TradeState, TradeWrite};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault};
use settlement_gateway::service::trade::{TradeErrands, write_trade};
use settlement_gateway::service::{ServiceError, SettlementVersion, Unanchored, cancel_settlement, initiate_settlement};
use settlement_gateway::store::{Claim, Recorded, Store};
use tempfile::TempDir;

use super::keeping::{Kept, copied, keeper, open};
use crate::support::anchor::MemoryAnchor;
use crate::support::builders::{intent, new_settlement};
use crate::support::world::{PATIENCE, RealClock, V1, caller, request};
use crate::trade::support::{direct, settings};

/// Waits until a trade write stands as a test expects it.
async fn until(kept: &Kept, request_id: &str, holds: impl Fn(&TradeWrite) -> bool) -> TradeWrite {
    let asked = direct(request_id);
    let waiting = async {
        loop {
            let found = kept.context.store.trade(&asked.enterprise_id, &asked.request_id).await.unwrap();
            if let Some(found) = found.filter(&holds) {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trade_write_that_the_anchor_is_not_told_of_is_not_sent_and_goes_out_once_it_can_be() {
    let kept = Kept::new().await;
    kept.context.errands.start(vec![Arc::new(TradeErrands::new(&kept.context, settings()))]);
    kept.context.anchor.look().await.unwrap();
    kept.anchor().fail(true);
    for (request_id, attempts) in [("r-1", 1), ("r-2", 0)] {
        let (context, asked) = (kept.context.clone(), direct(request_id));
        let asking = tokio::spawn(async move { write_trade(&context, &caller(), asked, None, PATIENCE).await });
        let waits = until(&kept, request_id, |write| write.progress.reason == Some(TradeReason::AnchorUnavailable)).await;
        asking.abort();
        assert_eq!((waits.progress.state, waits.progress.attempts), (TradeState::Signed, attempts), "{request_id}");
    }
    assert!(kept.ground.sandbox.ledger().trades.is_empty());
    kept.anchor().fail(false);
    for (request_id, attempts) in [("r-1", 2), ("r-2", 1)] {
        let gone_on = until(&kept, request_id, |write| write.progress.state == TradeState::Pending).await;
        assert_eq!(gone_on.progress.attempts, attempts, "{request_id}");
    }
    let ledger = kept.ground.sandbox.ledger();
    let posts = ledger.requests.iter().filter(|(line, _)| line.starts_with("POST /api/trade/") && line.ends_with("/settlements"));
    assert_eq!((posts.map(|(_, count)| count).sum::<u64>(), ledger.trades.len()), (2, 2));
    assert_eq!(kept.anchor().held().unwrap().head.sequence, 5, "two signatures and three attempts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_is_told_only_once_the_anchor_knows_of_it() {
    let kept = Kept::new().await;
    let down = Behaviour::Status { status: 503, body: Body::Nothing, effect: false };
    kept.ground.sandbox.faults().push(Fault { on: Endpoint::SettlementsSigning, times: u32::MAX, behaviour: down });
    let held = kept.asked(V1, "held", |settlement| settlement.progress.reason.is_some()).await;
    let version = SettlementVersion {
        enterprise_id: held.header.enterprise_id.clone(),
        external_id: held.header.external_id.clone(),
        expected_sequence: held.progress.sequence,
    };
    let cancelled = cancel_settlement(&kept.context, &caller(), &version).await.unwrap();
    assert_eq!(cancelled.settlement.progress.state, State::Cancelled);
    let anchored = kept.anchor().held().unwrap().head;
    assert_eq!((anchored.sequence, anchored), (1, kept.context.store.head().await.unwrap()));
}

/// A gateway whose venue refuses whatever it is asked to prepare.
async fn refused() -> Kept {
    let kept = Kept::new().await;
    let refused = Behaviour::Status { status: 400, body: Body::Nothing, effect: false };
    for on in [Endpoint::SettlementsSigning, Endpoint::TradePayload] {
        kept.ground.sandbox.faults().push(Fault { on, times: u32::MAX, behaviour: refused.clone() });
    }
    kept
}

/// Waits until the anchor has a refusal of which no call has told.
async fn anchored(kept: &Kept) {
    let anchored = async {
        while kept.anchor().held().is_none_or(|mark| mark.head.sequence == 0) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, anchored).await.unwrap();
    assert_eq!(kept.anchor().held().unwrap().head, kept.context.store.head().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settlements_refusal_is_told_only_once_the_anchor_knows_of_it() {
    let kept = refused().await;
    // Whoever does not wait is hardly told, and the anchor knows of it all the same.
    let _ = initiate_settlement(&kept.context, &caller(), request(V1, "refused"), Duration::ZERO).await;
    anchored(&kept).await;
    kept.anchor().fail(true);
    let untold = kept.settle(V1, "refused").await;
    assert!(matches!(untold, Err(ServiceError::Unanchored(Unanchored::Unavailable))), "{untold:?}");
    kept.anchor().fail(false);
    let told = kept.settle(V1, "refused").await;
    assert!(matches!(told, Err(ServiceError::NotAccepted(_))), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trade_writes_refusal_is_told_only_once_the_anchor_knows_of_it() {
    let kept = refused().await;
    kept.context.errands.start(vec![Arc::new(TradeErrands::new(&kept.context, settings()))]);
    let ask = async |patience| write_trade(&kept.context, &caller(), direct("refused"), None, patience).await;
    // Whoever does not wait is hardly told, and the anchor knows of it all the same.
    let _ = ask(Duration::ZERO).await;
    anchored(&kept).await;
    kept.anchor().fail(true);
    let untold = ask(PATIENCE).await;
    assert!(matches!(untold, Err(ServiceError::Unanchored(Unanchored::Unavailable))), "{untold:?}");
    kept.anchor().fail(false);
    let told = ask(PATIENCE).await;
    assert!(matches!(told, Err(ServiceError::TradeNotAccepted(_))), "{told:?}");
}

/// Makes a change, as a worker does that takes the settlement up.
async fn changed(store: &dyn Store, settlement: &Settlement, change: &Change) {
    let Claim { lease, settlement, .. } = store.claim(settlement.id, Duration::from_secs(60)).await.unwrap().unwrap();
    let after = settlement.after(change, RealClock.now()).unwrap();
    store.save(&lease, change, &after, None, None).await.unwrap();
}

#[tokio::test]
async fn a_dispatch_in_the_place_of_what_another_replica_did_before_it_was_lost_is_covered_by_nothing() {
    let refused = Change::NotAccepted { reason: Reason::VenueRejectedRequest, detail: String::new() };
    for lost in [Change::Dispatched, Change::Cancelled, Change::Expired, refused] {
        let folder = TempDir::new().unwrap();
        let store: Arc<dyn Store> = Arc::new(open(&folder, "journal.db").await);
        let anchor: Arc<MemoryAnchor> = Arc::default();
        let Recorded::New(settlement) = store.record_settlement(new_settlement(intent("e-1"))).await.unwrap() else {
            panic!("nothing else is recorded");
        };
        let prepared = Change::Prepared { payload: "{}".to_owned() };
        let signed = Change::Signed { signature: Signature::from_bytes([7; 65]), body: vec![1] };
        let way = [prepared, signed, Change::Dispatched];
        let store = copied(store, &folder, "journal.db", "standby.db").await;
        let standby: Arc<dyn Store> = Arc::new(open(&folder, "standby.db").await);
        // Neither knows of more than the other when the server changes.
        let (one, other) = (keeper(&store, &anchor), keeper(&standby, &anchor));
        one.look().await.unwrap();
        other.look().await.unwrap();
        let to_its_loss = if lost == Change::Dispatched { &way[..] } else { std::slice::from_ref(&lost) };
        for change in to_its_loss {
            changed(store.as_ref(), &settlement, change).await;
        }
        one.cover().await.unwrap();
        for change in &way {
            changed(standby.as_ref(), &settlement, change).await;
        }
        let refused = other.cover().await;
        assert_eq!(refused, Err(Unanchored::Adrift(Adrift::Forked { sequence: 1 })), "{}", lost.name());
    }
}
