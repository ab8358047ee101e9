//! A quote for tests: seed 004's own.

use jiff::Timestamp;

use super::{Chain, Fulfillment, MinorUnits, Quote, QuoteRequest, QuoteStatus, VenueQuote, WalletAddress};
use crate::domain::ids::{CallerId, Currency, MerchantId, TxId};

/// Seconds after the quote was made; it lapses at 300.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_773_835_200 + seconds).unwrap()
}

/// Seed 004's quote, changed.
pub(super) fn quote(change: impl FnOnce(&mut VenueQuote)) -> Quote {
    let chain = Chain::new("eip155:137").unwrap();
    let request = QuoteRequest {
        request_id: None,
        merchant_id: MerchantId::new("m").unwrap(),
        source_amount: MinorUnits::new(100_000).unwrap(),
        source_currency: Currency::new("KES").unwrap(),
        destination_currency: Currency::new("USDT").unwrap(),
        wallet: WalletAddress::new("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", &chain).unwrap(),
        chain,
    };
    let mut venue = VenueQuote {
        exchange_rate: Some("0.0077".to_owned()),
        destination_amount: Some("5.20".to_owned()),
        platform_fee: Some("2.50".to_owned()),
        fulfillment: Fulfillment::Full,
        fulfillment_text: "full".to_owned(),
        expected_source_amount: Some(100_000),
        expires_at: Some(at(300)),
        ..VenueQuote::bare(TxId::new("tx").unwrap(), QuoteStatus::Quoted)
    };
    change(&mut venue);
    Quote {
        request,
        caller: CallerId::new("c").unwrap(),
        requested_at: at(0),
        venue,
        read_at: at(0),
        sequence: 1,
        confirmation: None,
    }
}

/// Seed 004's quote as it is.
pub(crate) fn sample() -> Quote {
    quote(|_| ())
}
