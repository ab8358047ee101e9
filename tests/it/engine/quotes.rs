//! Quotes from a desk that says what a test wants: one for each request id, and only for what was asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use settlement_gateway::domain::budget::Urgency;
use settlement_gateway::domain::ids::{ExternalTxId, MerchantId, RequestId, TxId};
use settlement_gateway::domain::quote::{
    Chain, Fulfillment, MinorUnits, Quote, QuoteRequest, QuoteStatus, VenueQuote, WalletAddress,
};
use settlement_gateway::service::{Context, Directory, QuoteDesk, ServiceError, Turns, create_quote, get_quote};
use settlement_gateway::upstream::{CallbackUrl, QuoteVenue, VenueFailure};
use tokio::sync::Notify;

use crate::support::builders::currency;
use crate::support::world::{World, caller, pace};

const OURS: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const OTHER: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

type Tampering = Box<dyn Fn(&mut VenueQuote) + Send>;

/// A desk whose answers are changed before they are given.
struct Desk {
    asked: AtomicU32,
    change: Mutex<Tampering>,
    /// Where a test says so, no answer is given before it lets it go.
    held: Option<Notify>,
}

impl Desk {
    fn answering(change: impl Fn(&mut VenueQuote) + Send + 'static) -> Self {
        Self { asked: AtomicU32::new(0), change: Mutex::new(Box::new(change)), held: None }
    }

    fn changes_to(&self, change: impl Fn(&mut VenueQuote) + Send + 'static) {
        *self.change.lock().unwrap() = Box::new(change);
    }

    fn quote(&self, tx_id: &str) -> VenueQuote {
        let mut quote = VenueQuote {
            tx_id: tx(tx_id),
            status: QuoteStatus::Quoted,
            status_text: "quoted".to_owned(),
            source_currency: Some("KES".to_owned()),
            destination_currency: Some("USDC".to_owned()),
            chain: Some("eip155:137".to_owned()),
            wallet_address: Some(OURS.to_ascii_lowercase()),
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
        self.change.lock().unwrap()(&mut quote);
        quote
    }
}

#[async_trait]
impl QuoteVenue for Desk {
    async fn create_quote(&self, _: &QuoteRequest) -> Result<VenueQuote, VenueFailure> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(held) = &self.held {
            held.notified().await;
        }
        Ok(self.quote(&format!("tx-{number}")))
    }

    async fn get_quote(&self, tx_id: &TxId, _: Urgency) -> Result<VenueQuote, VenueFailure> {
        Ok(self.quote(tx_id.as_str()))
    }

    async fn confirm_quote(&self, tx_id: &TxId, _: &ExternalTxId, _: &CallbackUrl) -> Result<VenueQuote, VenueFailure> {
        Ok(self.quote(tx_id.as_str()))
    }

    async fn cancel_quote(&self, tx_id: &TxId) -> Result<VenueQuote, VenueFailure> {
        Ok(self.quote(tx_id.as_str()))
    }
}

fn tx(id: &str) -> TxId {
    TxId::new(id).unwrap()
}

fn merchant(id: &str) -> MerchantId {
    MerchantId::new(id).unwrap()
}

fn context(world: &World, desk: &Arc<Desk>) -> Context {
    let chain = Chain::new("eip155:137").unwrap();
    let wallet = WalletAddress::new(OURS, &chain).unwrap();
    let quotes = QuoteDesk {
        venue: Arc::<Desk>::clone(desk),
        chains: BTreeSet::from([chain]),
        source_currencies: BTreeSet::from([currency("KES")]),
        destination_currencies: BTreeSet::from([currency("USDC")]),
        merchants: BTreeMap::from([(merchant("m"), vec![wallet.clone()]), (merchant("n"), vec![wallet])]),
        turns: Turns::default(),
        callback_url: None,
        pace: pace(),
    };
    Context { directory: Arc::new(Directory::new(Vec::new(), Some(quotes)).unwrap()), ..world.context.clone() }
}

fn asked(request_id: &str) -> QuoteRequest {
    let chain = Chain::new("eip155:137").unwrap();
    QuoteRequest {
        request_id: Some(RequestId::new(request_id).unwrap()),
        merchant_id: merchant("m"),
        source_amount: MinorUnits::new(100).unwrap(),
        source_currency: currency("KES"),
        destination_currency: currency("USDC"),
        wallet: WalletAddress::new(OURS, &chain).unwrap(),
        chain,
    }
}

fn assert_unbelievable(outcome: Result<Quote, ServiceError>) {
    let unreadable = |error: &ServiceError| matches!(error, ServiceError::Venue { failure: VenueFailure::Unreadable { .. }, .. });
    assert!(outcome.as_ref().is_err_and(unreadable), "{outcome:?}");
}

#[tokio::test]
async fn two_calls_at_once_with_one_request_id_ask_once_and_get_one_quote() {
    let world = World::new().await;
    let desk = Arc::new(Desk { held: Some(Notify::new()), ..Desk::answering(|_| ()) });
    let context = context(&world, &desk);
    let caller = caller();
    let letting_go = async {
        // Either call may be the one that asks; if both did, one of them would wait for ever.
        while desk.asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        desk.held.as_ref().unwrap().notify_one();
    };
    let (one, two, ()) =
        tokio::join!(create_quote(&context, &caller, asked("r")), create_quote(&context, &caller, asked("r")), letting_go);
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(desk.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_quote_that_is_not_for_what_was_asked_is_refused_and_not_recorded() {
    let world = World::new().await;
    let text = |text: &str| Some(text.to_owned());
    let desk = Arc::new(Desk::answering(move |quote| quote.wallet_address = text(OTHER)));
    let context = context(&world, &desk);
    assert_unbelievable(create_quote(&context, &caller(), asked("r")).await);
    desk.changes_to(move |quote| quote.chain = text("eip155:1"));
    assert_unbelievable(create_quote(&context, &caller(), asked("r")).await);
    desk.changes_to(move |quote| quote.source_currency = text("UGX"));
    assert_unbelievable(create_quote(&context, &caller(), asked("r")).await);
    desk.changes_to(move |quote| quote.destination_currency = text("USDT"));
    assert_unbelievable(create_quote(&context, &caller(), asked("r")).await);
    for number in 0..4 {
        assert_eq!(world.context.store.quote(&merchant("m"), &tx(&format!("tx-{number}"))).await.unwrap(), None);
    }
    desk.changes_to(|_| ());
    assert_eq!(create_quote(&context, &caller(), asked("r")).await.unwrap().venue.tx_id, tx("tx-4"), "the id is still free");
}

#[tokio::test]
async fn a_tx_id_that_belongs_to_another_request_is_refused() {
    let world = World::new().await;
    let desk = Arc::new(Desk::answering(|quote| quote.tx_id = tx("tx-same")));
    let context = context(&world, &desk);
    let first = create_quote(&context, &caller(), asked("r-1")).await.unwrap();
    assert_unbelievable(create_quote(&context, &caller(), asked("r-2")).await);
    assert_unbelievable(create_quote(&context, &caller(), QuoteRequest { request_id: None, ..asked("r") }).await);
    assert_unbelievable(create_quote(&context, &caller(), QuoteRequest { merchant_id: merchant("n"), ..asked("r-3") }).await);
    assert_eq!(world.context.store.quote(&merchant("n"), &tx("tx-same")).await.unwrap(), None);
    assert_eq!(create_quote(&context, &caller(), asked("r-1")).await.unwrap(), first);
}

#[tokio::test]
async fn a_reading_that_is_not_of_the_quote_is_refused_and_not_recorded() {
    let world = World::new().await;
    let desk = Arc::new(Desk::answering(|_| ()));
    let context = context(&world, &desk);
    let first = create_quote(&context, &caller(), asked("r")).await.unwrap();
    let read = async |refresh| get_quote(&context, &caller(), &merchant("m"), &tx("tx-0"), refresh).await;
    desk.changes_to(|quote| quote.wallet_address = Some(OTHER.to_owned()));
    assert_unbelievable(read(true).await);
    desk.changes_to(|quote| quote.tx_id = tx("tx-1"));
    assert_unbelievable(read(true).await);
    assert_eq!(read(false).await.unwrap(), first);
    desk.changes_to(|quote| quote.status = QuoteStatus::Processing);
    assert_eq!(read(true).await.unwrap().venue.status, QuoteStatus::Processing);
}
