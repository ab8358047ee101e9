use super::*;
use crate::domain::trade::{AffirmationStatus, TradeSettlementStatus, TradeStatus};

fn read(text: &str) -> VenueTradeSettlement {
    settlement(serde_json::from_str(text).unwrap())
}

#[test]
fn the_documented_answer_is_read_whole() {
    let found = read(include_str!("../../../../tests/golden/upstream/trade_settlement.json"));
    assert_eq!(found.id.as_deref(), Some("5be99b8a-6eb5-4ed6-b135-894bb22c5454"));
    assert_eq!((found.status(), found.type_text.as_deref()), (TradeSettlementStatus::Pending, Some("agency")));
    assert_eq!(found.requester_account_name.as_deref(), Some("Enterprise A Trading Account"));
    assert_eq!(found.expire_at.unwrap().to_string(), "2026-03-18T18:00:00Z");
    let affirmation = &found.affirmations[0];
    assert_eq!(affirmation.status(), AffirmationStatus::Affirmed);
    assert_eq!(affirmation.settlement_id.as_deref(), found.id.as_deref());
    assert_eq!(affirmation.nonces().unwrap().hold, "zq/aCtZC4XOlDyRGFdlsww==");
    let lock = affirmation.lock.as_ref().unwrap();
    assert_eq!((lock.amount.as_deref(), lock.status.as_deref(), lock.created_at), (Some("1000000"), Some("active"), None));
    assert_eq!(found.affirmations[1].lock.as_ref().unwrap().id.as_deref(), Some("b44616d8"), "a lock that is not expanded");
    let trade = &found.trades[0];
    assert_eq!(trade.status(), TradeStatus::Executed);
    assert_eq!((trade.base_amount.as_deref(), trade.quote_amount.as_deref()), (Some("1000000"), Some("123456789012345678901")));
    assert_eq!(trade.quote_receive_currency.as_deref(), Some("ofctbtc"));
    assert_eq!(trade.cost_basis.as_deref(), Some("9000.50"));
}

#[test]
fn nothing_is_needed_and_null_is_absence() {
    for text in ["{}", r#"{"id":null,"affirmations":null,"trades":null,"expireAt":null,"createdAt":{},"status":""}"#] {
        let found = read(text);
        assert_eq!(found, VenueTradeSettlement::default(), "{text}");
        assert_eq!(found.status(), TradeSettlementStatus::Unrecognised);
    }
    let bare: wire::Affirmation = serde_json::from_str(r#"{"lock":{},"settlement":{"id":"s"},"createdAt":7}"#).unwrap();
    let bare = affirmation(bare);
    assert_eq!((bare.lock, bare.settlement_id.as_deref()), (Some(Lock::default()), Some("s")));
}
