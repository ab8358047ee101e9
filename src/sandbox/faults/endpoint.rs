//! The calls that a rule can be put on.

use serde::{Deserialize, Serialize};

/// A call of one of the venues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// Any call to either venue.
    Any,
    /// BitGo: signing payload, GET or POST.
    SettlementsSigning,
    /// BitGo: posting a settlement by v1 or v2.
    SettlementPost,
    /// BitGo: posting a settlement by v1.
    SettlementPostV1,
    /// BitGo: posting a settlement by v2.
    SettlementPostV2,
    /// BitGo: listing settlements.
    SettlementList,
    /// BitGo: one settlement, partner side.
    SettlementDetail,
    /// BitGo: one settlement, client side.
    ClientSettlement,
    /// BitGo: settlements, transfers and disputes, listed on the client side.
    ClientLists,
    /// BitGo: balances, connections, partners and disputes.
    PartnerReads,
    /// BitGo's own call to its partner when a settlement's amounts are final. Delays and [`super::Behaviour::Flawed`] do what they
    /// say; any other behaviour loses the call.
    FinalizeCall,
    /// BitGo Trade: asking for a payload.
    TradePayload,
    /// BitGo Trade: creating a settlement.
    TradeCreate,
    /// BitGo Trade: listing settlements.
    TradeList,
    /// BitGo Trade: one settlement.
    TradeDetail,
    /// BitGo Trade: an account's word to an affirmation.
    AffirmationPut,
    /// BitGo Trade: reading affirmations, one or all.
    AffirmationReads,
    /// BitGo Trade: asking for fees.
    TradeFees,
    /// Bitlipa: creating a quote.
    QuoteCreate,
    /// Bitlipa: reading a quote.
    QuoteGet,
    /// Bitlipa: confirming a quote.
    QuoteConfirm,
    /// Bitlipa: cancelling a quote.
    QuoteCancel,
    /// Bitlipa's own call about a payout that has ended. A call that is cut is not made, or made without its answer being heard.
    QuoteCallback,
}

impl Endpoint {
    /// Which call a request is; [`Endpoint::Any`] where it is none of those that have a name.
    pub(crate) fn of(method: &str, path: &str) -> Self {
        let post = method == "POST";
        let tail = path.trim_end_matches('/');
        if let Some(call) = tail.strip_prefix("/api/trade/v1/") {
            return Self::of_trade(method, call);
        }
        match tail {
            _ if tail.ends_with("/partners/settlements-signing") => Self::SettlementsSigning,
            _ if post && tail.ends_with("/partners/settlements") && tail.starts_with("/api/network/v2/") => {
                Self::SettlementPostV2
            }
            _ if post && tail.ends_with("/partners/settlements") => Self::SettlementPostV1,
            _ if tail.ends_with("/partners/settlements") => Self::SettlementList,
            _ if tail.contains("/partners/settlements/") => Self::SettlementDetail,
            _ if tail.contains("/clients/settlements/") => Self::ClientSettlement,
            _ if tail.contains("/clients/settlement") => Self::ClientLists,
            _ if tail.contains("/partners") => Self::PartnerReads,
            "/api/v1/settlements" => Self::QuoteCreate,
            "/api/v1/settlements/confirm" => Self::QuoteConfirm,
            "/api/v1/settlements/cancel" => Self::QuoteCancel,
            _ if tail.starts_with("/api/v1/settlements/") => Self::QuoteGet,
            _ => Self::Any,
        }
    }

    fn of_trade(method: &str, call: &str) -> Self {
        match (method, call) {
            _ if call.ends_with("/payload") => Self::TradePayload,
            _ if call.ends_with("/calculatefees") => Self::TradeFees,
            ("POST", _) if call.ends_with("/settlements") => Self::TradeCreate,
            _ if call.ends_with("/settlements") => Self::TradeList,
            _ if call.contains("/settlements/") => Self::TradeDetail,
            ("PUT", _) => Self::AffirmationPut,
            _ => Self::AffirmationReads,
        }
    }

    /// Whether a call is Bitlipa's.
    pub(crate) fn is_bitlipa(self) -> bool {
        matches!(self, Self::QuoteCreate | Self::QuoteGet | Self::QuoteConfirm | Self::QuoteCancel)
    }

    /// Whether a rule on this covers a call.
    pub(super) fn covers(self, call: Self) -> bool {
        let post = matches!(call, Self::SettlementPostV1 | Self::SettlementPostV2);
        // A rule on any call is meant for what the venues are asked, not for what they call themselves.
        let any = self == Self::Any && !matches!(call, Self::FinalizeCall | Self::QuoteCallback);
        any || self == call || (self == Self::SettlementPost && post)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_method_and_path() {
        let v1 = "/api/network/v1/enterprises/e/partners/settlements";
        assert_eq!(Endpoint::of("POST", v1), Endpoint::SettlementPostV1);
        assert_eq!(Endpoint::of("GET", v1), Endpoint::SettlementList);
        let trade = "/api/trade/v1/enterprise/e/account/a";
        assert_eq!(Endpoint::of("POST", &format!("{trade}/settlements")), Endpoint::TradeCreate);
        assert_eq!(Endpoint::of("GET", &format!("{trade}/settlements")), Endpoint::TradeList);
        assert_eq!(Endpoint::of("PUT", &format!("{trade}/affirmations/1")), Endpoint::AffirmationPut);
        assert_eq!(Endpoint::of("GET", &format!("{trade}/affirmations")), Endpoint::AffirmationReads);
        assert_eq!(Endpoint::of("GET", &format!("{v1}/id")), Endpoint::SettlementDetail);
        assert_eq!(Endpoint::of("GET", &format!("{v1}-signing")), Endpoint::SettlementsSigning);
        assert_eq!(Endpoint::of("GET", "/api/network/v1/enterprises/e/partners/balances"), Endpoint::PartnerReads);
        assert_eq!(Endpoint::of("GET", "/api/network/v1/enterprises/e/clients/settlements/id"), Endpoint::ClientSettlement);
        assert_eq!(Endpoint::of("GET", "/api/network/v1/enterprises/e/clients/settlements"), Endpoint::ClientLists);
        assert_eq!(Endpoint::of("POST", "/api/v1/settlements/confirm"), Endpoint::QuoteConfirm);
        assert_eq!(Endpoint::of("GET", "/api/v1/settlements/tx_1"), Endpoint::QuoteGet);
    }
}
