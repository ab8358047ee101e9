//! What is done about a venue that is away: reads are repeated within bounds, and nobody asks for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use settlement_gateway::domain::budget::Urgency;
use settlement_gateway::domain::ids::TxId;
use settlement_gateway::domain::settlement::DispatchAnswer;
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions};
use settlement_gateway::upstream::bitlipa::{Bitlipa, BitlipaOptions};
use settlement_gateway::upstream::{Allowance, HttpOptions, NoLeave, QuoteVenue, Unlimited, VenueFailure};
use tokio::net::TcpListener;

use super::server::{Reply, Server};
use super::support::{SETTLEMENT, bitgo_with, credential, find, options, plaintext, post};

const EMPTY: &str = r#"{"settlements":[]}"#;
const HOUR: Duration = Duration::from_secs(3_600);

fn repeating() -> HttpOptions {
    HttpOptions { read_repeats: 2, repeat_wait: Duration::from_millis(1), ..plaintext() }
}

fn wary(failures: u32, wait: Duration) -> HttpOptions {
    HttpOptions { breaker_failures: failures, breaker_wait: wait, ..plaintext() }
}

fn bitlipa(url: &str, http: HttpOptions, allowance: Arc<dyn Allowance>) -> Bitlipa {
    let (api_key, api_secret) = (credential("pk"), credential("sk"));
    let clock = options("http://localhost").clock;
    Bitlipa::new(BitlipaOptions { base_url: url.to_owned(), api_key, api_secret, http, allowance, clock }).unwrap()
}

/// A budget that holds so many calls and counts who draws.
struct Purse {
    left: AtomicU32,
    draws: AtomicU32,
}

impl Purse {
    fn of(calls: u32) -> Arc<Self> {
        Arc::new(Self { left: AtomicU32::new(calls), draws: AtomicU32::new(0) })
    }

    fn draws(&self) -> u32 {
        self.draws.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Allowance for Purse {
    async fn draw(&self, _: Urgency) -> Result<(), NoLeave> {
        self.draws.fetch_add(1, Ordering::Relaxed);
        let spent = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        spent.map(|_| ()).map_err(|_| NoLeave::Spent { wait: HOUR })
    }
}

fn cut() -> Reply {
    Reply::Cut(Vec::new())
}

#[tokio::test]
async fn a_read_is_made_again_when_the_way_to_the_venue_failed_it() {
    for failed in [|| cut(), || Reply::json(502, "<html>"), || Reply::json(503, "{}"), || Reply::json(504, "")] {
        let mut server = Server::start(vec![failed(), failed(), Reply::json(200, EMPTY)]).await;
        assert_eq!(find(&bitgo_with(&server.url, repeating())).await, Ok(None));
        assert_eq!(server.others(), 3);
    }
}

#[tokio::test]
async fn a_read_is_made_again_only_so_often_and_then_says_what_came_last() {
    let replies = vec![cut(), Reply::json(503, "{}"), Reply::json(502, "{}"), Reply::json(200, EMPTY)];
    let mut server = Server::start(replies).await;
    let answer = find(&bitgo_with(&server.url, repeating())).await;
    assert!(matches!(answer, Err(VenueFailure::Refused { status: 502, .. })), "{answer:?}");
    assert_eq!(server.others(), 3);
}

#[tokio::test]
async fn an_answer_of_the_venue_itself_is_not_asked_for_again() {
    for status in [400, 401, 403, 404, 429, 500] {
        let mut server = Server::start(vec![Reply::json(status, "{}"), Reply::json(200, EMPTY)]).await;
        let answer = find(&bitgo_with(&server.url, repeating())).await;
        assert!(matches!(answer, Err(VenueFailure::Refused { status: seen, .. }) if seen == status), "{answer:?}");
        assert_eq!(server.others(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_silence_takes_all_the_time_that_there_is() {
    let mut server = Server::start(vec![Reply::Silence, Reply::json(200, EMPTY)]).await;
    let http = HttpOptions { call_timeout: Duration::from_millis(100), ..repeating() };
    assert!(matches!(find(&bitgo_with(&server.url, http)).await, Err(VenueFailure::NoAnswer { .. })));
    assert_eq!(server.others(), 1);
}

#[tokio::test]
async fn a_wait_that_the_venue_asks_for_is_not_cut_short() {
    let mut server = Server::start(vec![Reply::of(503, &[("retry-after", "60")], "{}"), Reply::json(200, EMPTY)]).await;
    let answer = find(&bitgo_with(&server.url, repeating())).await;
    assert!(matches!(answer, Err(VenueFailure::Refused { status: 503, retry_after_seconds: Some(60), .. })), "{answer:?}");
    assert_eq!(server.others(), 1);
}

#[tokio::test]
async fn a_post_is_never_made_again_by_the_adapter() {
    for failed in [|| cut(), || Reply::json(502, "{}"), || Reply::json(503, "{}")] {
        let mut server = Server::start(vec![failed(), Reply::json(200, SETTLEMENT)]).await;
        let answer = post(&bitgo_with(&server.url, repeating())).await;
        assert!(!matches!(answer, DispatchAnswer::NotSent { .. } | DispatchAnswer::Answered { status: 200, .. }), "{answer:?}");
        assert_eq!(server.others(), 1);
    }
}

#[tokio::test]
async fn a_quote_is_read_again_and_not_asked_for_again() {
    let quoted = include_str!("../../golden/upstream/bitlipa_quote_created.json");
    let mut server = Server::start(vec![cut(), Reply::json(200, quoted), cut(), Reply::json(200, quoted)]).await;
    let venue = bitlipa(&server.url, repeating(), Arc::new(Unlimited));
    let asked = super::bitlipa::request();
    let tx_id = TxId::new("tx_abc123def456").unwrap();
    assert!(venue.get_quote(&tx_id, Urgency::Looking).await.is_ok());
    assert!(matches!(venue.create_quote(&asked).await, Err(VenueFailure::NoAnswer { .. })));
    assert_eq!(server.others(), 3);
}

#[tokio::test]
async fn a_venue_that_is_away_is_left_alone_and_what_is_held_back_was_not_sent() {
    let mut server = Server::start(vec![cut(), Reply::json(503, "<html>"), Reply::json(200, SETTLEMENT)]).await;
    let venue = bitgo_with(&server.url, wary(2, HOUR));
    assert!(matches!(post(&venue).await, DispatchAnswer::NoAnswer { .. }));
    assert!(matches!(find(&venue).await, Err(VenueFailure::Refused { status: 503, .. })));
    assert!(matches!(post(&venue).await, DispatchAnswer::NotSent { .. }));
    assert!(matches!(find(&venue).await, Err(VenueFailure::NotSent { .. })));
    assert_eq!(server.others(), 2);
}

#[tokio::test]
async fn a_venue_that_came_back_is_used_again_after_one_call_that_tries() {
    let mut server = Server::start(vec![cut(), Reply::json(200, EMPTY), Reply::json(200, EMPTY)]).await;
    let venue = bitgo_with(&server.url, wary(1, Duration::ZERO));
    assert!(find(&venue).await.is_err());
    assert_eq!(find(&venue).await, Ok(None));
    assert_eq!(find(&venue).await, Ok(None));
    assert_eq!(server.others(), 3);
}

#[tokio::test]
async fn no_refusal_makes_a_venue_count_as_away() {
    let refusals = [400, 401, 403, 404, 409, 422, 429, 500];
    let mut replies: Vec<_> = refusals.iter().map(|status| Reply::json(*status, "{}")).collect();
    replies.push(Reply::json(200, EMPTY));
    let server = Server::start(replies).await;
    let venue = bitgo_with(&server.url, wary(1, HOUR));
    for status in refusals {
        let answer = find(&venue).await;
        assert!(matches!(answer, Err(VenueFailure::Refused { status: seen, .. }) if seen == status), "{answer:?}");
    }
    assert_eq!(find(&venue).await, Ok(None));
}

#[tokio::test]
async fn a_call_that_is_held_back_draws_nothing_from_the_budget() {
    let mut server = Server::start(vec![cut()]).await;
    let purse = Purse::of(10);
    let bitgo = BitGo::new(BitGoOptions { http: wary(1, HOUR), allowance: purse.clone(), ..options(&server.url) }).unwrap();
    assert!(find(&bitgo).await.is_err());
    for _ in 0..3 {
        assert!(matches!(find(&bitgo).await, Err(VenueFailure::NotSent { .. })));
        assert!(matches!(post(&bitgo).await, DispatchAnswer::NotSent { .. }));
    }
    assert_eq!((purse.draws(), server.others()), (1, 1));

    let mut server = Server::start(vec![cut()]).await;
    let purse = Purse::of(10);
    let (venue, tx_id) = (bitlipa(&server.url, wary(1, HOUR), purse.clone()), TxId::new("tx_abc123def456").unwrap());
    for _ in 0..4 {
        assert!(venue.get_quote(&tx_id, Urgency::Looking).await.is_err());
    }
    assert_eq!((purse.draws(), server.others()), (1, 1));
}

#[tokio::test]
async fn a_try_that_the_budget_refuses_leaves_the_next_one_to_another_call() {
    let server = Server::start(vec![cut(), Reply::json(200, EMPTY)]).await;
    let purse = Purse::of(1);
    let http = wary(1, Duration::ZERO);
    let venue = BitGo::new(BitGoOptions { http, allowance: purse.clone(), ..options(&server.url) }).unwrap();
    assert!(find(&venue).await.is_err());
    assert!(matches!(find(&venue).await, Err(VenueFailure::OverBudget { .. })));
    purse.left.store(1, Ordering::Relaxed);
    assert_eq!(find(&venue).await, Ok(None));
}

#[tokio::test]
async fn bitlipas_budget_is_drawn_from_before_each_call_and_what_it_refuses_is_not_sent() {
    let quoted = include_str!("../../golden/upstream/bitlipa_quote_created.json");
    let mut server = Server::start(vec![Reply::json(200, quoted)]).await;
    let purse = Purse::of(1);
    let (venue, tx_id) = (bitlipa(&server.url, plaintext(), purse.clone()), TxId::new("tx_abc123def456").unwrap());
    assert!(venue.get_quote(&tx_id, Urgency::Looking).await.is_ok());
    assert_eq!(venue.get_quote(&tx_id, Urgency::Looking).await, Err(VenueFailure::OverBudget { wait: HOUR }));
    assert_eq!(venue.create_quote(&super::bitlipa::request()).await, Err(VenueFailure::OverBudget { wait: HOUR }));
    assert_eq!((purse.draws(), server.others()), (3, 1));
}

#[tokio::test]
async fn one_enterprises_venue_is_left_alone_and_anothers_is_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = Server::start(vec![Reply::json(200, EMPTY)]).await;
    let (away, there) = (bitgo_with(&gone, wary(1, HOUR)), bitgo_with(&server.url, wary(1, HOUR)));
    for _ in 0..2 {
        assert!(matches!(find(&away).await, Err(VenueFailure::NotSent { .. })));
    }
    assert_eq!(find(&there).await, Ok(None));
}

#[tokio::test]
async fn an_answer_that_does_not_begin_is_not_waited_for_as_long_as_a_whole_one() {
    let server = Server::start(vec![Reply::Silence]).await;
    let http = HttpOptions { first_byte_timeout: Duration::from_millis(100), call_timeout: HOUR, ..plaintext() };
    let venue = BitGo::new(BitGoOptions { http, ..options(&server.url) }).unwrap();
    assert!(matches!(post(&venue).await, DispatchAnswer::NoAnswer { .. }));
}
