//! The RPCs that a caller can be granted.

use crate::domain::policy::RpcName;

/// Every RPC of `settlement.v1` that is served, as `Service/Method`.
pub const KNOWN_RPCS: [&str; 37] = [
    "SigningService/SignPayload",
    "SigningService/VerifyPayload",
    "SigningService/ListKeys",
    "SettlementService/InitiateSettlement",
    "SettlementService/PreviewSettlement",
    "SettlementService/GetSettlement",
    "SettlementService/ListSettlements",
    "SettlementService/RetrySettlement",
    "SettlementService/CancelSettlement",
    "SettlementService/WatchSettlement",
    "SettlementService/ListSettlementEvents",
    "SettlementService/WatchSettlementEvents",
    "SettlementService/GetClientSettlement",
    "SettlementService/ListSettlementTransfers",
    "SettlementService/ListClientSettlements",
    "SettlementService/ListClientSettlementTransfers",
    "SettlementService/ListDisputes",
    "SettlementService/ListConnections",
    "SettlementService/GetBalances",
    "QuoteService/CreateQuote",
    "QuoteService/GetQuote",
    "QuoteService/ConfirmQuote",
    "QuoteService/CancelQuote",
    "QuoteService/WatchQuote",
    "TradeSettlementService/CreateTradeSettlement",
    "TradeSettlementService/GetTradeSettlement",
    "TradeSettlementService/ListTradeSettlements",
    "TradeSettlementService/ListTradeSettlementEvents",
    "TradeSettlementService/ListAffirmations",
    "TradeSettlementService/Affirm",
    "TradeSettlementService/Reject",
    "TradeSettlementService/Cancel",
    "TradeSettlementService/CalculateFees",
    "AdminService/ResolveSettlement",
    "AdminService/ResolveTradeSettlement",
    "AdminService/ResolveQuoteConfirmation",
    "AdminService/ListForeignSettlements",
];

/// Reads the name of an RPC; a mistyped one would deny without a word.
pub(super) fn parse(text: &str) -> Result<RpcName, &'static str> {
    if KNOWN_RPCS.contains(&text) {
        Ok(RpcName::new(text))
    } else {
        Err("must be an RPC such as SettlementService/GetSettlement")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: [&str; 5] = [
        include_str!("../../proto/settlement/v1/signing.proto"),
        include_str!("../../proto/settlement/v1/settlement_service.proto"),
        include_str!("../../proto/settlement/v1/quote.proto"),
        include_str!("../../proto/settlement/v1/trade.proto"),
        include_str!("../../proto/settlement/v1/admin.proto"),
    ];

    fn declared(proto: &str) -> Vec<String> {
        let mut service = "";
        let mut rpcs = Vec::new();
        for line in proto.lines() {
            let mut words = line.split([' ', '(']).filter(|word| !word.is_empty());
            match (words.next(), words.next()) {
                (Some("service"), Some(name)) => service = name,
                (Some("rpc"), Some(name)) => rpcs.push(format!("{service}/{name}")),
                _ => {}
            }
        }
        rpcs
    }

    #[test]
    fn every_rpc_of_the_contract_can_be_granted_and_no_other() {
        let declared: Vec<String> = CONTRACT.into_iter().flat_map(declared).collect();
        assert_eq!(declared, KNOWN_RPCS);
    }
}
