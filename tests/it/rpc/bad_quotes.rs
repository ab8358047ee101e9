//! QuoteService's bad input, and what the configuration does not allow.

use settlement_gateway::grpc::pb::{CreateQuoteRequest, GetQuoteRequest};
use tonic::Code;

use super::requests::quote;
use crate::support::gateway::{GatewayUnderTest, MERCHANT, WALLET};
use crate::support::told::{assert_told, refused};

struct Row {
    name: &'static str,
    request: CreateQuoteRequest,
    fields: &'static [&'static str],
    reason: &'static str,
}

fn row(name: &'static str, fields: &'static [&'static str], change: impl FnOnce(&mut CreateQuoteRequest)) -> Row {
    let mut request = quote();
    change(&mut request);
    Row { name, request, fields, reason: "INVALID_REQUEST" }
}

fn wallet(name: &'static str, address: &str) -> Row {
    row(name, &["wallet_address"], |request| request.wallet_address = address.to_owned())
}

fn rows() -> Vec<Row> {
    let pair = |row: Row| Row { reason: "QUOTE_UNSUPPORTED_PAIR", ..row };
    vec![
        row("empty request id", &["request_id"], |request| request.request_id = Some(String::new())),
        row("long request id", &["request_id"], |request| request.request_id = Some("r".repeat(129))),
        row("zero", &["source_amount"], |request| request.source_amount = 0),
        row("negative", &["source_amount"], |request| request.source_amount = -100_000),
        row("least of all", &["source_amount"], |request| request.source_amount = i64::MIN),
        row("beyond JSON's whole numbers", &["source_amount"], |request| request.source_amount = 9_007_199_254_740_992),
        row("no source currency", &["source_currency"], |request| request.source_currency.clear()),
        row("long source currency", &["source_currency"], |request| request.source_currency = "K".repeat(65)),
        row("no destination currency", &["destination_currency"], |request| request.destination_currency.clear()),
        row("no merchant", &["external_merchant_id"], |request| request.external_merchant_id.clear()),
        row("long merchant", &["external_merchant_id"], |request| request.external_merchant_id = "m".repeat(129)),
        row("no chain", &["chain"], |request| request.chain.clear()),
        row("no CAIP-2 name", &["chain"], |request| request.chain = "polygon".to_owned()),
        row("long chain", &["chain"], |request| request.chain = format!("eip155:{}", "1".repeat(33))),
        Row {
            reason: "QUOTE_UNSUPPORTED_CHAIN",
            ..row("another chain", &["chain"], |request| request.chain = "eip155:56".to_owned())
        },
        pair(row("another source", &["source_currency"], |request| request.source_currency = "USD".to_owned())),
        pair(row("a source in small letters", &["source_currency"], |request| request.source_currency = "kes".to_owned())),
        pair(row("another destination", &["destination_currency"], |request| request.destination_currency = "DAI".to_owned())),
        pair(row("both others", &["source_currency", "destination_currency"], |request| {
            request.source_currency = "USD".to_owned();
            request.destination_currency = "DAI".to_owned();
        })),
        wallet("no wallet", ""),
        wallet("no prefix", &WALLET[2..]),
        wallet("39 digits", &WALLET[..41]),
        wallet("41 digits", &format!("{WALLET}0")),
        wallet("no hexadecimal", &format!("0x{}", "g".repeat(40))),
        wallet("a letter of the wrong case", &WALLET.replace("35Cc", "35cc")),
        wallet("nobody's address", &format!("0x{}", "0".repeat(40))),
    ]
}

#[tokio::test]
async fn bad_quotes_are_refused_field_by_field_and_the_venue_is_not_asked() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.quotes().await;
    for Row { name, request, fields, reason } in rows() {
        let told = refused(client.create_quote(request).await);
        assert_told(&told, Code::InvalidArgument, reason);
        assert_eq!(told.fields, fields, "{name}: {told:?}");
    }
    assert_eq!(gateway.venue_requests(), 0, "the venue was called");
}

#[tokio::test]
async fn a_wallet_that_is_not_the_merchants_is_not_allowed() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.quotes().await;
    let strange = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".to_owned();
    let told = refused(client.create_quote(CreateQuoteRequest { wallet_address: strange, ..quote() }).await);
    assert_told(&told, Code::PermissionDenied, "WALLET_NOT_ALLOWED");
    assert_eq!(told.fields, ["wallet_address"]);
    assert_eq!(gateway.venue_requests(), 0, "the venue was called");

    let lower = CreateQuoteRequest { wallet_address: WALLET.to_lowercase(), ..quote() };
    assert!(client.create_quote(lower).await.is_ok(), "the same account in small letters is the same wallet");
}

#[tokio::test]
async fn a_quote_is_named_by_merchant_and_tx_id() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.quotes().await;
    let get = |merchant: &str, tx_id: &str| GetQuoteRequest {
        external_merchant_id: merchant.to_owned(),
        tx_id: tx_id.to_owned(),
        refresh: true,
    };
    let rows = [
        ("no merchant", get("", "tx_1"), &["external_merchant_id"][..]),
        ("no tx_id", get(MERCHANT, ""), &["tx_id"]),
        ("long tx_id", get(MERCHANT, &"t".repeat(129)), &["tx_id"]),
        ("neither", get("", ""), &["external_merchant_id", "tx_id"]),
    ];
    for (name, request, fields) in rows {
        let told = refused(client.get_quote(request).await);
        assert_told(&told, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(told.fields, fields, "{name}");
    }
    let told = refused(client.get_quote(get(MERCHANT, "tx_1")).await);
    assert_told(&told, Code::NotFound, "QUOTE_NOT_FOUND");
    assert_eq!(gateway.venue_requests(), 0, "what is not stored is not asked for at the venue");
}
