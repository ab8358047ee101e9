//! Holding the venue's quote against what was asked: a price for somebody else's wallet is not ours to show.

use super::{QuoteRequest, VenueQuote, WalletAddress};

impl VenueQuote {
    /// The first member that says something else than the request. What the venue leaves out says nothing.
    #[must_use]
    pub fn differs_from(&self, request: &QuoteRequest) -> Option<&'static str> {
        let says = |told: &Option<String>, asked: &str| told.as_ref().is_none_or(|told| told == asked);
        let is_wallet =
            |told: &String| WalletAddress::new(told, &request.chain).is_ok_and(|told| told.is_same_account(&request.wallet));
        let checks = [
            ("wallet_address", self.wallet_address.as_ref().is_none_or(is_wallet)),
            ("chain", says(&self.chain, request.chain.as_str())),
            ("source_currency", says(&self.source_currency, request.source_currency.as_str())),
            ("destination_currency", says(&self.destination_currency, request.destination_currency.as_str())),
        ];
        checks.into_iter().find(|(_, same)| !same).map(|(member, _)| member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{Currency, MerchantId, TxId};
    use crate::domain::quote::{Chain, Fulfillment, MinorUnits, QuoteStatus};

    fn request() -> QuoteRequest {
        let chain = Chain::new("eip155:137").unwrap();
        QuoteRequest {
            request_id: None,
            merchant_id: MerchantId::new("m").unwrap(),
            source_amount: MinorUnits::new(100).unwrap(),
            source_currency: Currency::new("KES").unwrap(),
            destination_currency: Currency::new("USDC").unwrap(),
            wallet: WalletAddress::new("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", &chain).unwrap(),
            chain,
        }
    }

    fn quote(change: impl FnOnce(&mut VenueQuote)) -> VenueQuote {
        let text = |text: &str| Some(text.to_owned());
        let mut quote = VenueQuote {
            tx_id: TxId::new("tx").unwrap(),
            status: QuoteStatus::Quoted,
            status_text: "quoted".to_owned(),
            source_currency: text("KES"),
            destination_currency: text("USDC"),
            chain: text("eip155:137"),
            wallet_address: text("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
            exchange_rate: None,
            destination_amount: None,
            platform_fee: None,
            fulfillment: Fulfillment::Full,
            fulfillment_text: "full".to_owned(),
            expected_source_amount: None,
            external_tx_id: None,
            tx_hash: None,
            failure_reason: None,
            created_at: None,
            confirmed_at: None,
            executed_at: None,
            cancelled_at: None,
            expires_at: None,
        };
        change(&mut quote);
        quote
    }

    #[test]
    fn what_was_asked_may_be_told_in_another_case_or_left_out() {
        assert_eq!(quote(|_| ()).differs_from(&request()), None);
        let silent = quote(|quote| {
            quote.wallet_address = None;
            quote.chain = None;
            quote.source_currency = None;
            quote.destination_currency = None;
        });
        assert_eq!(silent.differs_from(&request()), None);
    }

    #[test]
    fn each_member_that_differs_is_named() {
        let other = |text: &str| Some(text.to_owned());
        let differs = |change: &dyn Fn(&mut VenueQuote)| quote(change).differs_from(&request());
        let stranger = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";
        assert_eq!(differs(&|quote| quote.wallet_address = other(stranger)), Some("wallet_address"));
        assert_eq!(differs(&|quote| quote.wallet_address = other("")), Some("wallet_address"));
        assert_eq!(differs(&|quote| quote.chain = other("eip155:1")), Some("chain"));
        assert_eq!(differs(&|quote| quote.source_currency = other("UGX")), Some("source_currency"));
        assert_eq!(differs(&|quote| quote.destination_currency = other("usdc")), Some("destination_currency"));
    }
}
