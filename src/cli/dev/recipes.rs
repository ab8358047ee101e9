//! A grpcurl line for every RPC, ready to paste while `dev` runs.

use std::net::SocketAddr;

use crate::sandbox::EXAMPLE_SETTLEMENT_ID;

/// The enterprise that settles synchronously.
pub(super) const V1_ENTERPRISE: &str = "ent-v1";
/// The enterprise with disputes.
pub(super) const V2_ENTERPRISE: &str = "ent-v2";
/// The merchant that is paid out.
pub(super) const MERCHANT: &str = "merchant_123";
/// The wallet that the merchant may be paid out to (seed 004).
pub(super) const WALLET: &str = "0x742d35Cc6634C0532925a3b844Bc454e4438f44e";
/// Seed 003's trading account that signs.
pub(super) const ACCOUNT_A: &str = "59cd72485007a239fb00282ed480da1f";
/// Seed 003's account on the other side.
pub(super) const ACCOUNT_B: &str = "5e20faa843795147000da79b8a01f757";
/// Seed 003's account that asks for settlements between the two.
pub(super) const ACCOUNT_AGENT: &str = "5caed8b6e9abd8e865e3a942a74967d3";
/// The key of the first enterprise, which may sign trades too.
pub(super) const V1_KEY: &str = "key-v1";
/// Seed 000's connections.
pub(super) const CONNECTIONS: [&str; 2] = ["09684b38-49ed-4cf6-a28e-c3a459494c69", "136c1c69-8654-484f-8c5f-591b334a084f"];
/// Seed 003's payload.
pub(super) const TRADE_PAYLOAD: &str = r#"{"version":"1.2.0","accountId":"59cd72485007a239fb00282ed480da1f","amounts":[{"accountId":"5e20faa843795147000da79b8a01f757","sendSubtotal":"1000000","sendAmount":"1000000","sendCurrency":"ofctusd","receiveAmount":"1000000","receiveCurrency":"ofctbtc"},{"accountId":"59cd72485007a239fb00282ed480da1f","sendSubtotal":"1000000","sendAmount":"1000000","sendCurrency":"ofctbtc","receiveAmount":"1000000","receiveCurrency":"ofctusd"}],"nonceHold":"zq/aCtZC4XOlDyRGFdlsww==","nonceSettle":"FnG6xbzehNn0o/0Qt3UeUg=="}"#;

/// One line to paste.
struct Recipe {
    rpc: &'static str,
    message: String,
}

impl Recipe {
    fn line(&self, grpc: SocketAddr) -> String {
        format!("grpcurl -plaintext -d '{}' {grpc} settlement.v1.{}", self.message, self.rpc)
    }

    /// Shell text, for the middle of another line's quoted message, that runs this line and puts in a field of its answer.
    fn field(&self, grpc: SocketAddr, name: &str) -> String {
        format!(r#"'"$({} | sed -n 's/.*"{name}": "\(.*\)",/\1/p')"'"#, self.line(grpc))
    }
}

/// The lines, in the order in which they make sense.
#[must_use]
pub(super) fn lines(grpc: SocketAddr) -> Vec<String> {
    recipes(grpc).into_iter().map(|recipe| recipe.line(grpc)).collect()
}

fn recipes(grpc: SocketAddr) -> Vec<Recipe> {
    let recipe = |rpc, message: String| Recipe { rpc, message };
    let [first, second] = CONNECTIONS;
    let amounts = format!(
        r#"[{{"connection_id":"{first}","currency":"BTC","amount":"100"}},{{"connection_id":"{first}","currency":"ETH","amount":"-200"}},{{"connection_id":"{second}","currency":"XRP","amount":"300"}}]"#
    );
    let of = |enterprise: &str, rest: &str| format!(r#"{{"enterprise_id":"{enterprise}",{rest}}}"#);
    let initiate = |id: &str, rest: &str| format!(r#""external_id":"{id}","settlement_amounts":{amounts}{rest}"#);
    let trade = TRADE_PAYLOAD.replace('"', "\\\"");
    let sign = recipe("SigningService/SignPayload", format!(r#"{{"key_id":"{V1_KEY}","payload":"{trade}"}}"#));
    let signature = sign.field(grpc, "signature");
    let quote_of = |request_id: &str| {
        let message = format!(
            r#"{{"request_id":"{request_id}","source_amount":100000,"source_currency":"KES","destination_currency":"USDT","external_merchant_id":"{MERCHANT}","chain":"eip155:137","wallet_address":"{WALLET}"}}"#
        );
        recipe("QuoteService/CreateQuote", message)
    };
    let (quote, another) = (quote_of("demo-quote"), quote_of("demo-quote-2"));
    let tx_id = quote.field(grpc, "txId");
    let of_quote = |tx_id: &str, rest: &str| format!(r#"{{"external_merchant_id":"{MERCHANT}","tx_id":"{tx_id}"{rest}}}"#);
    let mut recipes = vec![
        recipe("SettlementService/PreviewSettlement", of(V1_ENTERPRISE, &initiate("demo-1", ""))),
        recipe("SettlementService/InitiateSettlement", of(V1_ENTERPRISE, &initiate("demo-1", ""))),
        recipe(
            "SettlementService/InitiateSettlement",
            of(V2_ENTERPRISE, &initiate("demo-2", r#","cutoff_at":"2026-03-18T12:00:00Z""#)),
        ),
        recipe("SettlementService/GetSettlement", of(V1_ENTERPRISE, r#""external_id":"demo-1""#)),
        recipe("SettlementService/ListSettlements", of(V1_ENTERPRISE, r#""page_size":10"#)),
        recipe("SettlementService/WatchSettlement", of(V2_ENTERPRISE, r#""external_id":"demo-2""#)),
        recipe("SettlementService/ListSettlementEvents", of(V1_ENTERPRISE, r#""after_sequence":0,"page_size":10"#)),
        recipe("SettlementService/WatchSettlementEvents", of(V1_ENTERPRISE, r#""after_sequence":4"#)),
        recipe("SettlementService/RetrySettlement", of(V1_ENTERPRISE, r#""external_id":"demo-1","expected_sequence":5"#)),
        recipe("SettlementService/CancelSettlement", of(V1_ENTERPRISE, r#""external_id":"demo-1","expected_sequence":5"#)),
        recipe(
            "SettlementService/GetClientSettlement",
            of(V1_ENTERPRISE, &format!(r#""settlement_id":"{EXAMPLE_SETTLEMENT_ID}","currencies":["BTC"],"page_size":5"#)),
        ),
        recipe("SettlementService/ListSettlementTransfers", of(V1_ENTERPRISE, r#""external_id":"demo-1""#)),
        recipe("SettlementService/ListClientSettlements", of(V1_ENTERPRISE, r#""page_size":5"#)),
        recipe(
            "SettlementService/ListClientSettlementTransfers",
            of(V1_ENTERPRISE, &format!(r#""settlement_ids":["{EXAMPLE_SETTLEMENT_ID}"],"currencies":["BTC"],"page_size":5"#)),
        ),
        recipe("SettlementService/ListDisputes", of(V2_ENTERPRISE, r#""page_size":5"#)),
        recipe("SettlementService/ListConnections", of(V1_ENTERPRISE, r#""page_size":5"#)),
        recipe(
            "SettlementService/GetBalances",
            of(V1_ENTERPRISE, &format!(r#""connection_ids":["{first}"],"currencies":["BTC"]"#)),
        ),
        sign,
        recipe(
            "SigningService/VerifyPayload",
            format!(r#"{{"key_id":"{V1_KEY}","payload":"{trade}","signature":"{signature}"}}"#),
        ),
        recipe("SigningService/ListKeys", "{}".to_owned()),
        quote,
        recipe("QuoteService/GetQuote", of_quote(&tx_id, "")),
        recipe(
            "QuoteService/ConfirmQuote",
            of_quote(&tx_id, r#","external_tx_id":"demo-payout","expected_exchange_rate":"0.0077""#),
        ),
        recipe("QuoteService/WatchQuote", of_quote(&tx_id, "")),
        recipe("QuoteService/CancelQuote", of_quote(&another.field(grpc, "txId"), "")),
    ];
    recipes.extend(trade_recipes(grpc));
    recipes
}

/// Seed 003's settlement of a trade, affirmed by the other side.
fn trade_recipes(grpc: SocketAddr) -> Vec<Recipe> {
    let recipe = |rpc, message: String| Recipe { rpc, message };
    let of = |enterprise: &str, account: &str, rest: &str| {
        format!(r#"{{"enterprise_id":"{enterprise}","account_id":"{account}"{rest}}}"#)
    };
    let trade = format!(
        r#"{{"base_account_id":"{ACCOUNT_A}","quote_account_id":"{ACCOUNT_B}","timestamp":"2026-03-18T12:00:00Z","base_amount":"1000000","quote_amount":"1000000","base_currency":"ofctbtc","quote_currency":"ofctusd"}}"#
    );
    let side = |account: &str, send: &str, receive: &str| {
        format!(
            r#"{{"account_id":"{account}","send_amount":"1000000","send_currency":"{send}","receive_amount":"1000000","receive_currency":"{receive}"}}"#
        )
    };
    let (ours, theirs) = (side(ACCOUNT_A, "ofctbtc", "ofctusd"), side(ACCOUNT_B, "ofctusd", "ofctbtc"));
    let named = |last: u32| format!(r#","request_id":"0198c0a6-8c3e-7d5a-9b1f-2a3b4c5d6e{last:02}""#);
    let create = |last: u32| {
        let message = format!(r#"{},"trades":[{trade}],"amounts":{{"amounts":[{ours},{theirs}]}}"#, named(last));
        recipe("TradeSettlementService/CreateTradeSettlement", of(V1_ENTERPRISE, ACCOUNT_A, &message))
    };
    let fees = format!(
        r#","counterparty_account_id":"{ACCOUNT_B}","send_amount":"1000000","send_currency":"ofctbtc","receive_amount":"1000000","receive_currency":"ofctusd""#
    );
    let pending = r#","status":"AFFIRMATION_STATUS_PENDING""#;
    let listed = recipe("TradeSettlementService/ListAffirmations", of(V2_ENTERPRISE, ACCOUNT_B, pending));
    let affirmation = listed.field(grpc, "id");
    let word = |last: u32, rest: &str| format!(r#"{},"affirmation_id":"{affirmation}"{rest}"#, named(last));
    let affirm = of(V2_ENTERPRISE, ACCOUNT_B, &word(2, &format!(r#","trades":[{trade}]"#)));
    let by_request = r#","request_id":"0198c0a6-8c3e-7d5a-9b1f-2a3b4c5d6e01""#;
    let resolve = format!(
        r#"{{"enterprise_id":"{V1_ENTERPRISE}"{by_request},"not_created":true,"why":"the support of the venue says so"}}"#
    );
    vec![
        recipe("TradeSettlementService/CalculateFees", of(V1_ENTERPRISE, ACCOUNT_A, &fees)),
        create(1),
        listed,
        recipe("TradeSettlementService/Affirm", affirm),
        recipe("TradeSettlementService/GetTradeSettlement", of(V1_ENTERPRISE, ACCOUNT_A, by_request)),
        recipe("TradeSettlementService/ListTradeSettlementEvents", of(V1_ENTERPRISE, ACCOUNT_A, by_request)),
        recipe("TradeSettlementService/ListTradeSettlements", of(V1_ENTERPRISE, ACCOUNT_A, r#","page_size":10"#)),
        // Each word needs an affirmation that is still awaited, and ends it.
        create(3),
        recipe("TradeSettlementService/Reject", of(V2_ENTERPRISE, ACCOUNT_B, &word(4, ""))),
        create(5),
        recipe("TradeSettlementService/Cancel", of(V2_ENTERPRISE, ACCOUNT_B, &word(6, ""))),
        recipe("AdminService/ResolveTradeSettlement", resolve),
        recipe(
            "AdminService/ResolveSettlement",
            format!(
                r#"{{"enterprise_id":"{V1_ENTERPRISE}","external_id":"demo-1","expected_sequence":5,"go_on":true,"why":"the venue answers again"}}"#
            ),
        ),
        recipe(
            "AdminService/ResolveQuoteConfirmation",
            format!(
                r#"{{"external_merchant_id":"{MERCHANT}","tx_id":"tx_1","confirmed":true,"why":"the support of the venue says so"}}"#
            ),
        ),
        recipe("AdminService/ListForeignSettlements", format!(r#"{{"enterprise_id":"{V1_ENTERPRISE}"}}"#)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_to_an_affirmation_finds_one_that_awaits_it_and_no_other() {
        let mut awaited = 0;
        for recipe in recipes(SocketAddr::from(([127, 0, 0, 1], 50_051))) {
            match recipe.rpc.trim_start_matches("TradeSettlementService/") {
                "CreateTradeSettlement" => awaited += 1,
                "Affirm" | "Reject" | "Cancel" => {
                    assert_eq!(awaited, 1, "{}", recipe.rpc);
                    awaited -= 1;
                }
                _ => {}
            }
        }
        assert_eq!(awaited, 0);
    }
}
