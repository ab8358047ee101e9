//! QuoteService: seed 004's quote.

use tonic::transport::Channel;

use super::super::recipes::{MERCHANT, WALLET};
use super::{TourError, hold, must, print};
use crate::grpc::pb::quote_service_client::QuoteServiceClient;
use crate::grpc::pb::{CreateQuoteRequest, GetQuoteRequest};

pub(super) async fn tour(channel: Channel, run: &str) -> Result<(), TourError> {
    let mut quotes = QuoteServiceClient::new(channel);
    let create = CreateQuoteRequest {
        request_id: Some(run.to_owned()),
        source_amount: 100_000,
        source_currency: "KES".to_owned(),
        destination_currency: "USDT".to_owned(),
        external_merchant_id: MERCHANT.to_owned(),
        chain: "eip155:137".to_owned(),
        wallet_address: WALLET.to_owned(),
    };
    print::request("QuoteService/CreateQuote", "seed 004's quote: 1,000.00 KES in USDT on Polygon", &create);
    let quote = quotes.create_quote(create.clone()).await?.into_inner();
    print::answer(&quote);
    let quote = must(quote.quote, "the answer should hold a quote")?;
    hold(quote.exchange_rate.as_deref() == Some("0.0077"), "the rate should be the seed's")?;
    hold(quote.destination_amount.as_deref() == Some("5.20"), "the amount should be the seed's, digit for digit")?;
    hold(quote.arithmetic_consistent == Some(true), "the quote's numbers should agree")?;
    let again = quotes.create_quote(create).await?.into_inner();
    hold(again.quote.map(|again| again.tx_id) == Some(quote.tx_id.clone()), "a repeat should be the same quote")?;

    let get = GetQuoteRequest { external_merchant_id: MERCHANT.to_owned(), tx_id: quote.tx_id, refresh: true };
    print::request("QuoteService/GetQuote", "the same, read again at the venue", &get);
    let read = quotes.get_quote(get).await?.into_inner();
    print::answer(&read);
    hold(read.quote.is_some_and(|quote| !quote.expired), "the quote should not have expired")
}
