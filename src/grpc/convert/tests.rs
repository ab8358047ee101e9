//! The converters against requests of any content.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::limits::MAX_VIOLATIONS;
use super::violations::InvalidRequest;
use super::*;
use crate::grpc::fixtures::{intent, settlement as stored};
use crate::grpc::pb;
use crate::service::SettlementView;

fn paths(invalid: InvalidRequest) -> Vec<String> {
    invalid.into_violations().into_iter().map(|violation| violation.field).collect()
}

fn amount(connection: &str, amount: &str) -> pb::SettlementAmount {
    pb::SettlementAmount {
        connection_id: connection.to_owned(),
        counterparty_connection_id: None,
        currency: "BTC".to_owned(),
        amount: amount.to_owned(),
    }
}

fn asking(settlement_amounts: Vec<pb::SettlementAmount>) -> pb::InitiateSettlementRequest {
    pb::InitiateSettlementRequest {
        enterprise_id: "e1".to_owned(),
        external_id: "x1".to_owned(),
        settlement_amounts,
        ..Default::default()
    }
}

/// What a caller is shown of the legs that it asked for.
fn shown(request: &pb::InitiateSettlementRequest) -> Result<Vec<pb::SettlementAmount>, InvalidRequest> {
    let asked = initiate::request(request)?.asked;
    let view =
        SettlementView { settlement: stored(), intent: Some(intent(asked)), standing: None, timeline: Vec::new(), funds: None };
    Ok(settlement::view(view).posted_amounts)
}

#[test]
fn every_fault_of_a_request_to_settle_is_named_at_once() {
    let request = pb::InitiateSettlementRequest {
        enterprise_id: String::new(),
        external_id: "x".repeat(257),
        settlement_amounts: vec![amount("c1", "1e3"), amount("", "NaN"), amount("c3", &"9".repeat(60))],
        cutoff_at: Some(prost_types::Timestamp { seconds: 1_773_835_200, nanos: 1_000 }),
        notes: Some("\u{7}".to_owned()),
        nonce: Some(String::new()),
        validate_only: false,
        submit_before: Some(prost_types::Timestamp { seconds: 0, nanos: -1 }),
        amount_unit: 9,
        control_totals: vec![pb::ControlTotal { currency: "BTC".to_owned(), sum: "x".to_owned(), count: 0 }],
        supersedes: Some(" ".to_owned()),
        same_amounts_intended: false,
    };
    let expected = [
        "enterprise_id",
        "external_id",
        "settlement_amounts[0].amount",
        "settlement_amounts[1].connection_id",
        "settlement_amounts[1].amount",
        "settlement_amounts[2].amount",
        "cutoff_at",
        "notes",
        "nonce",
        "submit_before",
        "amount_unit",
        "control_totals[0].sum",
        "control_totals[0].count",
        "supersedes",
    ];
    assert_eq!(paths(initiate::request(&request).unwrap_err()), expected);
}

#[test]
fn legs_that_are_no_settlement_are_refused_where_they_stand() {
    let broker = |connection: &str, counterparty: &str| pb::SettlementAmount {
        counterparty_connection_id: Some(counterparty.to_owned()),
        ..amount(connection, "1")
    };
    for (legs, path) in [
        (vec![], "settlement_amounts"),
        (vec![amount("c1", "1"); 20_001], "settlement_amounts"),
        (vec![amount("c1", "1"), amount("c2", "-0.00")], "settlement_amounts[1].amount"),
        (vec![amount("c1", "1"), amount("c1", "2")], "settlement_amounts[1]"),
        (vec![amount("c1", "1"), broker("c2", "c3")], "settlement_amounts[1].counterparty_connection_id"),
        (vec![broker("c1", "c1")], "settlement_amounts[0].counterparty_connection_id"),
        (vec![broker("c1", "")], "settlement_amounts[0].counterparty_connection_id"),
    ] {
        assert_eq!(paths(initiate::request(&asking(legs)).unwrap_err()), [path]);
    }
}

#[test]
fn a_control_total_stands_once_for_a_currency() {
    let total = || pb::ControlTotal { currency: "BTC".to_owned(), sum: "0.0".to_owned(), count: 1 };
    let request = pb::InitiateSettlementRequest { control_totals: vec![total(), total()], ..asking(vec![amount("c", "1")]) };
    assert_eq!(paths(initiate::request(&request).unwrap_err()), ["control_totals[1].currency"]);
}

#[test]
fn the_largest_settlement_goes_through_unchanged() {
    let legs: Vec<_> = (0..20_000).map(|leg| amount(&format!("c{leg}"), &format!("-{leg}1.50"))).collect();
    assert_eq!(shown(&asking(legs.clone())).unwrap(), legs);
}

fn listing() -> pb::ListSettlementsRequest {
    pb::ListSettlementsRequest { enterprise_id: "e1".to_owned(), page_size: 1, ..Default::default() }
}

#[test]
fn a_list_goes_on_after_its_last_settlement_and_ends_without_a_token() {
    let first = list::request(&listing()).unwrap();
    let page = [stored()];
    let token = list::response(&page, true, &first).next_page_token;
    let next = pb::ListSettlementsRequest { page_token: Some(token.clone()), ..listing() };
    assert_eq!(list::request(&next).unwrap().query.after, Some(page[0].id));
    assert_eq!(list::response(&page, false, &first).next_page_token, "");
    let other = pb::ListSettlementsRequest { enterprise_id: "e2".to_owned(), ..next.clone() };
    assert_eq!(paths(list::request(&other).unwrap_err()), ["page_token"]);
    let wider = pb::ListSettlementsRequest { page_size: 2, ..next };
    assert_eq!(paths(list::request(&wider).unwrap_err()), ["page_token"]);
}

#[test]
fn a_filter_that_nothing_can_meet_never_lists_everything() {
    let states = |states| pb::ListSettlementsRequest { states, ..listing() };
    let approval = pb::SettlementState::AwaitingApproval.into();
    let pending = pb::SettlementState::Pending.into();
    assert_eq!(paths(list::request(&states(vec![approval])).unwrap_err()), ["states"]);
    assert_eq!(list::request(&states(vec![approval, pending])).unwrap().query.states.len(), 1);
    assert_eq!(paths(list::request(&states(vec![pending, pending])).unwrap_err()), ["states[1]"]);
    assert_eq!(paths(list::request(&states(vec![pending, 0])).unwrap_err()), ["states[1]"]);
    assert_eq!(paths(list::request(&states(vec![pending, 99])).unwrap_err()), ["states[1]"]);
    let all = pb::ListSettlementsRequest { states: (1..=14).collect(), ..listing() };
    assert_eq!(list::request(&all).unwrap().query.states.len(), 13);
}

#[test]
fn a_time_range_must_not_end_before_it_begins() {
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let range = |from, before| pb::ListSettlementsRequest { created_after: at(from), created_before: at(before), ..listing() };
    assert!(list::request(&range(1, 2)).is_ok());
    assert_eq!(paths(list::request(&range(2, 2)).unwrap_err()), ["created_before"]);
}

#[test]
fn a_quotes_wallet_is_held_against_its_chain() {
    let request = pb::CreateQuoteRequest {
        request_id: None,
        source_amount: 0,
        source_currency: "KES".to_owned(),
        destination_currency: "USDT".to_owned(),
        external_merchant_id: "m1".to_owned(),
        chain: "eip155:137".to_owned(),
        wallet_address: "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".to_owned(),
    };
    assert_eq!(paths(quote::create(&request).unwrap_err()), ["source_amount", "wallet_address"]);
    let unknown = pb::CreateQuoteRequest { source_amount: 1, chain: "polygon".to_owned(), ..request };
    assert_eq!(paths(quote::create(&unknown).unwrap_err()), ["chain"]);
}

#[test]
fn a_sequence_that_nobody_has_seen_is_refused() {
    let version = |expected_sequence| pb::CancelSettlementRequest {
        enterprise_id: "e1".to_owned(),
        external_id: "x1".to_owned(),
        expected_sequence,
    };
    assert!(names::cancel(&version(u64::MAX)).is_ok());
    assert_eq!(paths(names::cancel(&version(0)).unwrap_err()), ["expected_sequence"]);
    assert_eq!(paths(names::get(&pb::GetSettlementRequest::default()).unwrap_err()), ["enterprise_id", "name"]);
}

/// Texts that are often nearly right.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9]{0,5}", ".{0,40}", "[0-9.eE+-]{0,70}", Just("x".repeat(300))]
}

fn time() -> impl Strategy<Value = Option<prost_types::Timestamp>> {
    let near = (1_700_000_000_i64..1_800_000_000, Just(0));
    option::of(prop_oneof![any::<(i64, i32)>(), near].prop_map(|(seconds, nanos)| prost_types::Timestamp { seconds, nanos }))
}

fn any_amount() -> impl Strategy<Value = pb::SettlementAmount> {
    (text(), option::of(text()), text(), text()).prop_map(|(connection_id, counterparty_connection_id, currency, amount)| {
        pb::SettlementAmount { connection_id, counterparty_connection_id, currency, amount }
    })
}

fn any_settling() -> impl Strategy<Value = pb::InitiateSettlementRequest> {
    let total = (text(), text(), any::<u32>()).prop_map(|(currency, sum, count)| pb::ControlTotal { currency, sum, count });
    let options = (option::of(text()), option::of(text()), option::of(text()), any::<bool>(), any::<i32>());
    (text(), text(), vec(any_amount(), 0..6), time(), time(), vec(total, 0..4), options).prop_map(
        |(enterprise_id, external_id, settlement_amounts, cutoff_at, submit_before, control_totals, options)| {
            let (notes, nonce, supersedes, validate_only, amount_unit) = options;
            pb::InitiateSettlementRequest {
                enterprise_id,
                external_id,
                settlement_amounts,
                cutoff_at,
                notes,
                nonce,
                validate_only,
                submit_before,
                amount_unit,
                control_totals,
                supersedes,
                same_amounts_intended: validate_only,
            }
        },
    )
}

proptest! {
    #[test]
    fn no_request_to_settle_panics_and_a_refusal_is_bounded(request in any_settling()) {
        if let Err(invalid) = initiate::request(&request) {
            let violations = invalid.into_violations();
            prop_assert!((1..=MAX_VIOLATIONS).contains(&violations.len()));
        }
    }

    #[test]
    fn every_amount_is_shown_byte_for_byte(texts in vec("-?[0-9]{0,19}[1-9](\\.[0-9]{1,18})?", 1..30), broker: bool) {
        let leg = |(index, text): (usize, &String)| pb::SettlementAmount {
            counterparty_connection_id: broker.then(|| "other".to_owned()),
            ..amount(&format!("c{index}"), text)
        };
        let legs: Vec<_> = texts.iter().enumerate().map(leg).collect();
        prop_assert_eq!(shown(&asking(legs.clone())).unwrap(), legs);
    }

    #[test]
    fn no_list_panics(
        enterprise_id in text(), states in vec(any::<i32>(), 0..20), created_after in time(), created_before in time(),
        page_size: i32, page_token in option::of(text()),
    ) {
        let request =
            pb::ListSettlementsRequest { enterprise_id, states, created_after, created_before, page_size, page_token };
        let _ = list::request(&request);
    }

    #[test]
    fn no_read_of_a_client_panics(
        enterprise_id in text(), settlement_id in text(), currencies in vec(text(), 0..120), page_size: i32,
        page_token in option::of(text()),
    ) {
        let request = pb::GetClientSettlementRequest { enterprise_id, settlement_id, currencies, page_size, page_token };
        let _ = client_settlement::request(&request);
    }

    #[test]
    fn no_request_for_a_quote_panics(
        request_id in option::of(text()), source_amount: i64, texts in proptest::array::uniform5(text()),
    ) {
        let [source_currency, destination_currency, external_merchant_id, chain, wallet_address] = texts;
        let request = pb::CreateQuoteRequest {
            request_id, source_amount, source_currency, destination_currency, external_merchant_id, chain, wallet_address,
        };
        let _ = quote::create(&request);
    }

    #[test]
    fn no_request_to_sign_or_verify_panics(texts in proptest::array::uniform3(text()), by_key: bool) {
        use pb::verify_payload_request::Signer;
        let [payload, signature, key] = texts;
        let _ = signing::sign(pb::SignPayloadRequest { key_id: key.clone(), payload: payload.clone() });
        let signer = if by_key { Signer::KeyId(key) } else { Signer::PublicKey(key) };
        let _ = signing::verify(pb::VerifyPayloadRequest { payload, signature, signer: Some(signer) });
    }
}
