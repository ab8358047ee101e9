//! What an account says to settlements that others asked for.

use settlement_gateway::domain::ids::AffirmationId;
use settlement_gateway::domain::settlement::Outcome;
use settlement_gateway::domain::trade::{AffirmationStatus, TradeAction, TradeReason, TradeState};
use settlement_gateway::service::trade::list_affirmations;

use super::support::{A, B, Desk, account, affirming, asked, came_to, direct, enterprise, party, trade};
use crate::support::world::{V1, V2, caller};

#[tokio::test]
async fn a_payload_that_is_not_what_the_account_expects_is_not_signed() {
    let desk = Desk::new().await;
    desk.write(direct("r-1")).await.unwrap();
    let mut expecting = affirming("r-2", desk.affirmation(B));
    let TradeAction::Affirm(affirm) = &mut expecting.action else { panic!("another write") };
    affirm.amounts = vec![party("acct-b 699 ofcusd 5 ofcbtc")];
    let outcome = desk.write(expecting.clone()).await;
    assert_eq!(came_to(&outcome), (TradeState::NotAccepted, Some(TradeReason::PayloadMismatch)));
    let stored = desk.stored(&expecting).await;
    assert_eq!((stored.progress.signature, stored.outcome(), desk.words()), (None, Outcome::NotSent, 0));
}

#[tokio::test]
async fn trades_say_what_is_expected_as_well_as_amounts_do() {
    let desk = Desk::new().await;
    desk.write(direct("r-1")).await.unwrap();
    let mut by_trades = affirming("r-2", desk.affirmation(B));
    let TradeAction::Affirm(affirm) = &mut by_trades.action else { panic!("another write") };
    affirm.amounts = Vec::new();
    affirm.trades = vec![trade()];
    assert_eq!(came_to(&desk.write(by_trades).await).0, TradeState::Done);
}

#[tokio::test]
async fn an_affirmation_that_is_unknown_or_decided_is_not_signed() {
    let desk = Desk::new().await;
    let unknown = desk.write(affirming("r-1", AffirmationId::new("nothing").unwrap())).await;
    assert_eq!(came_to(&unknown).1, Some(TradeReason::AffirmationNotFound));
    desk.write(direct("r-2")).await.unwrap();
    let id = desk.affirmation(B);
    desk.write(asked(V2, B, "r-3", TradeAction::Reject(id.clone()))).await.unwrap();
    let decided = desk.write(affirming("r-4", id)).await;
    assert_eq!(came_to(&decided).1, Some(TradeReason::AffirmationNotPending));
    assert_eq!(desk.until(&direct("r-2"), TradeState::Rejected).await.outcome(), Outcome::Created);
}

#[tokio::test]
async fn who_asked_for_a_settlement_withdraws_it() {
    let desk = Desk::new().await;
    desk.write(direct("r-1")).await.unwrap();
    let withdrawn = desk.write(asked(V1, A, "r-2", TradeAction::Cancel(desk.affirmation(A)))).await.unwrap();
    assert_eq!(withdrawn.progress.affirmation.unwrap().status(), AffirmationStatus::Canceled);
    desk.until(&direct("r-1"), TradeState::Canceled).await;
    let released = list_affirmations(&desk.world.context, &caller(), &enterprise(V1), &account(A), None).await.unwrap();
    assert_eq!(released[0].lock.as_ref().unwrap().status.as_deref(), Some("released"));
}

#[tokio::test]
async fn affirmations_are_listed_by_status() {
    let desk = Desk::new().await;
    desk.write(direct("r-1")).await.unwrap();
    desk.write(affirming("r-2", desk.affirmation(B))).await.unwrap();
    desk.write(direct("r-3")).await.unwrap();
    let listed = async |status| {
        list_affirmations(&desk.world.context, &caller(), &enterprise(V2), &account(B), status).await.unwrap().len()
    };
    assert_eq!(listed(None).await, 2);
    assert_eq!(listed(Some(AffirmationStatus::Pending)).await, 1);
    assert_eq!(listed(Some(AffirmationStatus::Affirmed)).await, 1);
}
