//! QuoteService: seed 004's quote, read, cancelled, and a partial one accepted and paid out.

use tonic::Code;
use tonic::transport::Channel;

use super::super::recipes::{MERCHANT, WALLET};
use super::{TourError, hold, must, print};
use crate::grpc::pb::quote_service_client::QuoteServiceClient;
use crate::grpc::pb::{
    CancelQuoteRequest, ConfirmQuoteRequest, CreateQuoteRequest, Fulfillment, GetQuoteRequest, Quote, QuoteStatus,
    WatchQuoteRequest,
};

type Client = QuoteServiceClient<Channel>;

pub(super) async fn tour(channel: Channel, run: &str) -> Result<(), TourError> {
    let mut client = QuoteServiceClient::new(channel);
    let quote = create(&mut client, run).await?;
    cancel(&mut client, quote).await?;
    let partial = ask_for_too_much(&mut client, run).await?;
    confirm(&mut client, &partial, run).await?;
    watch(&mut client, partial).await
}

fn seed_004(run: &str) -> CreateQuoteRequest {
    CreateQuoteRequest {
        request_id: Some(run.to_owned()),
        source_amount: 100_000,
        source_currency: "KES".to_owned(),
        destination_currency: "USDT".to_owned(),
        external_merchant_id: MERCHANT.to_owned(),
        chain: "eip155:137".to_owned(),
        wallet_address: WALLET.to_owned(),
    }
}

async fn create(client: &mut Client, run: &str) -> Result<Quote, TourError> {
    let create = seed_004(run);
    print::request("QuoteService/CreateQuote", "seed 004's quote: 1,000.00 KES in USDT on Polygon", &create);
    let answer = client.create_quote(create.clone()).await?.into_inner();
    print::answer(&answer);
    let quote = must(answer.quote, "the answer should hold a quote")?;
    hold(quote.exchange_rate.as_deref() == Some("0.0077"), "the rate should be the seed's")?;
    hold(quote.destination_amount.as_deref() == Some("5.20"), "the amount should be the seed's, digit for digit")?;
    hold(quote.arithmetic_consistent == Some(true), "the quote's numbers should agree")?;
    let again = client.create_quote(create).await?.into_inner();
    hold(again.quote.map(|again| again.tx_id) == Some(quote.tx_id.clone()), "a repeat should be the same quote")?;

    let get = GetQuoteRequest { external_merchant_id: MERCHANT.to_owned(), tx_id: quote.tx_id.clone(), refresh: true };
    print::request("QuoteService/GetQuote", "the same, read again at the venue", &get);
    let read = client.get_quote(get).await?.into_inner();
    print::answer(&read);
    hold(read.quote.is_some_and(|quote| !quote.expired), "the quote should not have expired")?;
    Ok(quote)
}

async fn cancel(client: &mut Client, quote: Quote) -> Result<(), TourError> {
    let cancel = CancelQuoteRequest { external_merchant_id: MERCHANT.to_owned(), tx_id: quote.tx_id };
    print::request("QuoteService/CancelQuote", "nobody wants it", &cancel);
    let answer = client.cancel_quote(cancel).await?.into_inner();
    print::answer(&answer);
    let status = answer.quote.map(|quote| quote.status());
    hold(status == Some(QuoteStatus::Cancelled), "the quote should be cancelled")
}

async fn ask_for_too_much(client: &mut Client, run: &str) -> Result<Quote, TourError> {
    let create = CreateQuoteRequest { source_currency: "UGX".to_owned(), ..seed_004(&format!("{run}-partial")) };
    print::request("QuoteService/CreateQuote", "100,000 UGX, of which there is not enough", &create);
    let answer = client.create_quote(create).await?.into_inner();
    print::answer(&answer);
    let quote = must(answer.quote, "the answer should hold a quote")?;
    hold(quote.fulfillment() == Fulfillment::Partial, "the quote should be partial")?;
    Ok(quote)
}

async fn confirm(client: &mut Client, quote: &Quote, run: &str) -> Result<(), TourError> {
    let confirm = ConfirmQuoteRequest {
        external_merchant_id: MERCHANT.to_owned(),
        tx_id: quote.tx_id.clone(),
        external_tx_id: format!("{run}-payout"),
        expected_exchange_rate: quote.exchange_rate.clone(),
        expected_destination_amount: quote.destination_amount.clone(),
        ..ConfirmQuoteRequest::default()
    };
    print::request("QuoteService/ConfirmQuote", "a part is not taken for the whole", &confirm);
    match client.confirm_quote(confirm.clone()).await {
        Err(status) if status.code() == Code::FailedPrecondition => print::answer(&status.message()),
        Err(status) => return Err(status.into()),
        Ok(_) => return hold(false, "a partial quote should need acceptance"),
    }
    let confirm = ConfirmQuoteRequest { accept_partial: true, ..confirm };
    print::request("QuoteService/ConfirmQuote", "the merchant accepts the part", &confirm);
    let answer = client.confirm_quote(confirm).await?.into_inner();
    print::answer(&answer);
    let status = answer.quote.map(|quote| quote.status());
    hold(status == Some(QuoteStatus::Processing), "the payout should be under way")
}

async fn watch(client: &mut Client, quote: Quote) -> Result<(), TourError> {
    let watch = WatchQuoteRequest { external_merchant_id: MERCHANT.to_owned(), tx_id: quote.tx_id, after_sequence: 0 };
    print::request("QuoteService/WatchQuote", "until it is paid out", &watch);
    let mut views = client.watch_quote(watch).await?.into_inner();
    let mut last = None;
    while let Some(view) = views.message().await? {
        print::answer(&view.quote.as_ref().map(|quote| (quote.sequence, quote.status(), quote.tx_hash.clone())));
        last = view.quote;
    }
    hold(last.is_some_and(|last| last.status() == QuoteStatus::Executed), "the watch should end with EXECUTED")
}
