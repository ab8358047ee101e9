//! InitiateSettlement's bad input: the field at fault is named, nothing is stored and no venue is called.

use settlement_gateway::grpc::pb::{ControlTotal, InitiateSettlementRequest, SettlementAmount};
use tonic::Code;

use super::requests::{CUTOFF_SECONDS, broker_leg, from_now, leg, settle, settle_legs, time};
use crate::support::gateway::{GatewayUnderTest, V1, V2};
use crate::support::told::{assert_told, refused};

/// A bad request and the field that it must be refused for.
struct Row {
    name: &'static str,
    request: InitiateSettlementRequest,
    fields: &'static [&'static str],
    reason: &'static str,
}

fn row(name: &'static str, fields: &'static [&'static str], change: impl FnOnce(&mut InitiateSettlementRequest)) -> Row {
    let mut request = settle(V1, "bad");
    change(&mut request);
    Row { name, request, fields, reason: "INVALID_REQUEST" }
}

fn legs(name: &'static str, fields: &'static [&'static str], legs: Vec<SettlementAmount>) -> Row {
    Row { name, request: settle_legs(V1, "bad", legs), fields, reason: "INVALID_REQUEST" }
}

fn amount(name: &'static str, text: &str) -> Row {
    legs(name, &["settlement_amounts[1].amount"], vec![leg("c1", "BTC", "1"), leg("c2", "BTC", text)])
}

fn names() -> Vec<Row> {
    vec![
        row("no enterprise", &["enterprise_id"], |request| request.enterprise_id.clear()),
        row("long enterprise", &["enterprise_id"], |request| request.enterprise_id = "e".repeat(129)),
        row("new line in an enterprise", &["enterprise_id"], |request| request.enterprise_id = "ent\nv1".to_owned()),
        row("no external id", &["external_id"], |request| request.external_id.clear()),
        row("long external id", &["external_id"], |request| request.external_id = "x".repeat(257)),
        row("NUL in an external id", &["external_id"], |request| request.external_id = "a\0b".to_owned()),
        row("blank around an external id", &["external_id"], |request| request.external_id = " a".to_owned()),
        row("empty notes", &["notes"], |request| request.notes = Some(String::new())),
        row("long notes", &["notes"], |request| request.notes = Some("n".repeat(1_025))),
        row("bell in notes", &["notes"], |request| request.notes = Some("a\u{7}".to_owned())),
        row("empty nonce", &["nonce"], |request| request.nonce = Some(String::new())),
        row("long nonce", &["nonce"], |request| request.nonce = Some("n".repeat(257))),
        row("empty supersedes", &["supersedes"], |request| request.supersedes = Some(String::new())),
        row("long supersedes", &["supersedes"], |request| request.supersedes = Some("s".repeat(257))),
        row("unknown unit", &["amount_unit"], |request| request.amount_unit = 99),
        row("negative unit", &["amount_unit"], |request| request.amount_unit = -1),
        row("several at once", &["enterprise_id", "external_id", "notes", "nonce"], |request| {
            request.enterprise_id.clear();
            request.external_id.clear();
            request.notes = Some(String::new());
            request.nonce = Some(String::new());
        }),
    ]
}

fn amounts() -> Vec<Row> {
    let many = |count: usize| (0..count).map(|index| leg(&format!("c{index}"), "BTC", "1")).collect();
    vec![
        legs("no legs", &["settlement_amounts"], Vec::new()),
        legs("20,001 legs", &["settlement_amounts"], many(20_001)),
        amount("zero", "0"),
        amount("zero with digits", "-0.000"),
        amount("nothing", ""),
        amount("60 digits", &"9".repeat(60)),
        amount("41 digits", &"9".repeat(41)),
        amount("33 digits after the point", &format!("0.{}", "1".repeat(33))),
        amount("exponent", "1e3"),
        amount("capital exponent", "1E3"),
        amount("not a number", "NaN"),
        amount("infinity", "-Infinity"),
        amount("plus sign", "+1"),
        amount("separator", "1,000"),
        amount("comma", "1,5"),
        amount("blank", " 1"),
        amount("hexadecimal", "0x10"),
        amount("two points", "1.2.3"),
        amount("point at the end", "1."),
        amount("point at the beginning", ".5"),
        amount("two signs", "--1"),
        amount("other digits", "١"),
        amount("a megabyte of digits", &"1".repeat(1 << 20)),
        legs("no connection", &["settlement_amounts[0].connection_id"], vec![leg("", "BTC", "1")]),
        legs("long connection", &["settlement_amounts[0].connection_id"], vec![leg(&"c".repeat(129), "BTC", "1")]),
        legs("no currency", &["settlement_amounts[0].currency"], vec![leg("c1", "", "1")]),
        legs("long currency", &["settlement_amounts[0].currency"], vec![leg("c1", &"B".repeat(65), "1")]),
        legs("empty counterparty", &["settlement_amounts[0].counterparty_connection_id"], vec![broker_leg("c1", "", "BTC", "1")]),
        legs("equal legs", &["settlement_amounts[1]"], vec![leg("c1", "BTC", "1"), leg("c1", "BTC", "2")]),
        legs(
            "equal broker legs",
            &["settlement_amounts[2]"],
            vec![broker_leg("p", "c1", "BTC", "1"), broker_leg("p", "c2", "BTC", "1"), broker_leg("p", "c1", "BTC", "-1")],
        ),
        legs(
            "both shapes",
            &["settlement_amounts[1].counterparty_connection_id"],
            vec![leg("c1", "BTC", "1"), broker_leg("c1", "c2", "BTC", "1")],
        ),
        legs("own counterparty", &["settlement_amounts[0].counterparty_connection_id"], vec![broker_leg("c1", "c1", "BTC", "1")]),
    ]
}

fn cutoff(name: &'static str, reason: &'static str, enterprise: &str, at: Option<prost_types::Timestamp>) -> Row {
    let request = InitiateSettlementRequest { cutoff_at: at, ..settle(enterprise, "bad") };
    Row { name, request, fields: &["cutoff_at"], reason }
}

fn times() -> Vec<Row> {
    vec![
        cutoff("microseconds", "INVALID_REQUEST", V2, time(CUTOFF_SECONDS, 1_000)),
        cutoff("nanoseconds", "INVALID_REQUEST", V2, time(CUTOFF_SECONDS, 1)),
        cutoff("negative nanoseconds", "INVALID_REQUEST", V2, time(CUTOFF_SECONDS, -1)),
        cutoff("too many nanoseconds", "INVALID_REQUEST", V2, time(CUTOFF_SECONDS, 1_000_000_000)),
        cutoff("before 1970", "INVALID_REQUEST", V2, time(-1, 0)),
        cutoff("beyond time", "INVALID_REQUEST", V2, time(i64::MAX, 0)),
        cutoff("before time", "INVALID_REQUEST", V2, time(i64::MIN, i32::MIN)),
        cutoff("tomorrow", "CUTOFF_IN_FUTURE", V2, from_now(86_400)),
        cutoff("missing on v2", "CUTOFF_REQUIRED", V2, None),
        cutoff("present on v1", "CUTOFF_NOT_TAKEN", V1, time(CUTOFF_SECONDS, 0)),
        row("submit before no time", &["submit_before"], |request| request.submit_before = time(0, -5)),
        row("submit before the beginning", &["submit_before"], |request| request.submit_before = time(i64::MIN, 0)),
    ]
}

fn totals(name: &'static str, fields: &'static [&'static str], reason: &'static str, totals: &[(&str, &str, u32)]) -> Row {
    let total =
        |&(currency, sum, count): &(&str, &str, u32)| ControlTotal { currency: currency.to_owned(), sum: sum.to_owned(), count };
    let legs = vec![leg("c1", "BTC", "1.50"), leg("c2", "BTC", "-0.25"), leg("c1", "USD", "-99.5")];
    let control_totals = totals.iter().map(total).collect();
    Row { name, request: InitiateSettlementRequest { control_totals, ..settle_legs(V1, "bad", legs) }, fields, reason }
}

fn control_totals() -> Vec<Row> {
    let (usd, mismatch) = (("USD", "-99.5", 1), "CONTROL_TOTALS_MISMATCH");
    let many: Vec<_> = (0..1_001).map(|index| format!("C{index}")).collect();
    let many: Vec<_> = many.iter().map(|currency| (currency.as_str(), "1", 1)).collect();
    vec![
        totals("wrong sum", &["control_totals[0]"], mismatch, &[("BTC", "1.26", 2), usd]),
        totals("wrong sign", &["control_totals[0]"], mismatch, &[("BTC", "-1.25", 2), usd]),
        totals("wrong count", &["control_totals[0]"], mismatch, &[("BTC", "1.25", 3), usd]),
        totals("a currency without total", &["control_totals"], mismatch, &[("BTC", "1.25", 2)]),
        totals("a total without currency", &["control_totals[2]"], mismatch, &[("BTC", "1.25", 2), usd, ("ETH", "0", 1)]),
        totals("a total twice", &["control_totals[1].currency"], "INVALID_REQUEST", &[("BTC", "1.25", 2), ("BTC", "1.25", 2)]),
        totals("a total of no legs", &["control_totals[0].count"], "INVALID_REQUEST", &[("BTC", "1.25", 0), usd]),
        totals("a total of too many", &["control_totals[0].count"], "INVALID_REQUEST", &[("BTC", "1.25", 20_001), usd]),
        totals("a total that is none", &["control_totals[0].sum"], "INVALID_REQUEST", &[("BTC", "1e3", 2), usd]),
        totals("a total of nothing", &["control_totals[0].currency"], "INVALID_REQUEST", &[("", "1.25", 2), usd]),
        totals("1,001 totals", &["control_totals"], "INVALID_REQUEST", &many),
    ]
}

#[tokio::test]
async fn bad_settlements_are_refused_field_by_field_without_a_trace() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    for rows in [names(), amounts(), times(), control_totals()] {
        for Row { name, request, fields, reason } in rows {
            for validate_only in [false, true] {
                let asked = InitiateSettlementRequest { validate_only, ..request.clone() };
                let told = refused(client.initiate_settlement(asked).await);
                assert_told(&told, Code::InvalidArgument, reason);
                assert_eq!(told.fields, fields, "{name}: {told:?}");
            }
        }
    }
    assert_eq!(gateway.venue_requests(), 0, "a venue was called");
    assert!(gateway.listed(V1).await.is_empty() && gateway.listed(V2).await.is_empty(), "a row was written");
}

#[tokio::test]
async fn an_end_that_has_passed_another_unit_or_a_superseded_nobody_store_nothing() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let refusals = [
        ("submit_before", "SUBMIT_BEFORE_PASSED", InitiateSettlementRequest { submit_before: from_now(-5), ..settle(V1, "bad") }),
        ("amount_unit", "AMOUNT_UNIT_MISMATCH", InitiateSettlementRequest { amount_unit: 2, ..settle(V1, "bad") }),
        (
            "supersedes",
            "SUPERSEDES_REFUSED",
            InitiateSettlementRequest { supersedes: Some("nobody".to_owned()), ..settle(V1, "bad") },
        ),
        (
            "supersedes",
            "SUPERSEDES_REFUSED",
            InitiateSettlementRequest { supersedes: Some("bad".to_owned()), ..settle(V1, "bad") },
        ),
    ];
    for (field, reason, request) in refusals {
        let told = refused(client.initiate_settlement(request).await);
        assert_told(&told, Code::FailedPrecondition, reason);
        assert_eq!(told.fields, [field]);
        assert_eq!((told.about("outcome"), told.about("external_id")), ("NOT_SENT", "bad"), "{told:?}");
    }
    assert_eq!(gateway.venue_requests(), 0, "a venue was called");
    assert!(gateway.listed(V1).await.is_empty(), "a row was written");
}

#[tokio::test]
async fn the_edges_of_every_limit_are_taken() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let id = "é".repeat(128);
    let request = InitiateSettlementRequest {
        notes: Some(format!("{}\n\t", "n".repeat(1_022))),
        nonce: Some("n".repeat(256)),
        amount_unit: 1,
        submit_before: from_now(3_600),
        ..settle_legs(V1, &id, vec![leg(&"c".repeat(128), &"B".repeat(64), &format!("0.{}1", "0".repeat(31)))])
    };
    let settled = client.initiate_settlement(request.clone()).await.unwrap().into_inner().settlement.unwrap();
    assert_eq!(settled.posted_amounts, request.settlement_amounts, "digit for digit");
    assert_eq!((settled.external_id, settled.notes, Some(settled.nonce)), (id, request.notes, request.nonce));
    let cutoff = InitiateSettlementRequest { cutoff_at: time(CUTOFF_SECONDS, 999_000_000), ..settle(V2, "cutoff") };
    let settled = client.initiate_settlement(cutoff).await.unwrap().into_inner().settlement.unwrap();
    assert_eq!(settled.cutoff_at, time(CUTOFF_SECONDS, 999_000_000));
}
