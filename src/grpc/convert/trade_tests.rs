use super::*;

fn trade() -> pb::Trade {
    pb::Trade {
        base_account_id: "a".to_owned(),
        quote_account_id: "b".to_owned(),
        timestamp: Some(prost_types::Timestamp { seconds: 1_773_835_200, nanos: 0 }),
        base_amount: "5".to_owned(),
        quote_amount: "700".to_owned(),
        base_currency: "ofcbtc".to_owned(),
        quote_currency: "ofcusd".to_owned(),
        ..pb::Trade::default()
    }
}

fn request() -> pb::CreateTradeSettlementRequest {
    let amounts = pb::TradeAmounts {
        account_id: "a".to_owned(),
        send_amount: "5".to_owned(),
        send_currency: "ofcbtc".to_owned(),
        receive_amount: "700".to_owned(),
        receive_currency: "ofcusd".to_owned(),
    };
    pb::CreateTradeSettlementRequest {
        request_id: "0198C0A6-8C3E-7D5A-9B1F-2A3B4C5D6E7F".to_owned(),
        enterprise_id: "e".to_owned(),
        account_id: "a".to_owned(),
        trades: vec![trade()],
        basis: Some(AskedBasis::Amounts(pb::TradeAmountsList { amounts: vec![amounts] })),
        max_fee_amount: None,
        submit_before: None,
    }
}

fn faults<T: std::fmt::Debug>(read: Result<T, InvalidRequest>) -> Vec<String> {
    read.unwrap_err().into_violations().into_iter().map(|violation| violation.field).collect()
}

#[test]
fn a_creation_is_read_whole_and_its_id_in_one_spelling() {
    let read = create(&request()).unwrap();
    assert_eq!(read.asked.request_id.as_str(), "0198c0a6-8c3e-7d5a-9b1f-2a3b4c5d6e7f");
    let TradeAction::Create(creation) = read.asked.action else { panic!("another write") };
    assert_eq!(creation.trades[0].status, TradeStatus::Pending);
    assert_eq!(creation.max_fee, None);
    let mut same = request();
    same.request_id = "0198c0a68c3e7d5a9b1f2a3b4c5d6e7f".to_owned();
    assert_eq!(create(&same).unwrap().asked.request_id, read.asked.request_id);
}

#[test]
fn every_fault_of_a_creation_is_named() {
    let mut bad = request();
    bad.request_id = "r".to_owned();
    bad.max_fee_amount = Some("-1".to_owned());
    let mut trade = trade();
    trade.quote_account_id = "a".to_owned();
    trade.base_amount = "0".to_owned();
    trade.quote_amount = "1.5".to_owned();
    trade.timestamp = None;
    trade.base_receive_amount = Some("1".to_owned());
    trade.status = 99;
    bad.trades = vec![trade];
    bad.basis = Some(AskedBasis::Payload(String::new()));
    let expected = [
        "request_id",
        "trades[0].quote_account_id",
        "trades[0].status",
        "trades[0].timestamp",
        "trades[0].base_amount",
        "trades[0].quote_amount",
        "trades[0].base_receive_currency",
        "payload",
        "max_fee_amount",
    ];
    assert_eq!(faults(create(&bad)), expected);
    let none = pb::CreateTradeSettlementRequest { basis: None, trades: Vec::new(), ..request() };
    assert_eq!(faults(create(&none)), ["trades", "basis"]);
}

#[test]
fn an_affirmation_is_held_against_something() {
    let asked = pb::AffirmRequest {
        request_id: request().request_id,
        enterprise_id: "e".to_owned(),
        account_id: "b".to_owned(),
        affirmation_id: "f".to_owned(),
        ..pb::AffirmRequest::default()
    };
    assert_eq!(faults(affirm(&asked)), ["amounts"]);
    let with_trades = pb::AffirmRequest { trades: vec![trade()], ..asked.clone() };
    assert!(affirm(&with_trades).is_ok());
    let Some(AskedBasis::Amounts(list)) = request().basis else { panic!("another basis") };
    let anothers = pb::AffirmRequest { amounts: list.amounts, ..asked };
    assert_eq!(faults(affirm(&anothers)), ["amounts"], "only another account's amounts are given");
}

#[test]
fn a_token_is_bound_to_its_list_and_has_no_place_at_the_venue() {
    let asked = pb::ListTradeSettlementsRequest {
        enterprise_id: "e".to_owned(),
        account_id: "a".to_owned(),
        ..pb::ListTradeSettlementsRequest::default()
    };
    let Listed::Recorded(_, filter) = list(&asked).unwrap() else { panic!("another list") };
    let token = Some(filter.token([7; 16]));
    let again = pb::ListTradeSettlementsRequest { page_token: token.clone(), ..asked.clone() };
    let Listed::Recorded(query, _) = list(&again).unwrap() else { panic!("another list") };
    assert_eq!(query.after, Some(Uuid::from_bytes([7; 16])));
    let other = pb::ListTradeSettlementsRequest { account_id: "b".to_owned(), ..again.clone() };
    assert_eq!(faults(list(&other)), ["page_token"]);
    let at_venue = pb::ListTradeSettlementsRequest { at_venue: true, ..again };
    assert_eq!(faults(list(&at_venue)), ["page_token"]);
}

#[test]
fn a_recorded_write_is_found_by_every_spelling_of_its_id() {
    let get = |id: &str| {
        let name = Some(Name::RequestId(id.to_owned()));
        get(&pb::GetTradeSettlementRequest { enterprise_id: "e".to_owned(), account_id: "a".to_owned(), name }).unwrap().1
    };
    let recorded = TradeName::Request(create(&request()).unwrap().asked.request_id);
    for id in ["0198C0A6-8C3E-7D5A-9B1F-2A3B4C5D6E7F", "0198c0a68c3e7d5a9b1f2a3b4c5d6e7f", "0198c0a6-8c3e-7d5a-9b1f-2a3b4c5d6e7f"]
    {
        assert_eq!(get(id), recorded, "{id}");
    }
    assert_eq!(get("no uuid"), TradeName::Request(RequestId::new("no uuid").unwrap()));
}
