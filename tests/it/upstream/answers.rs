//! What each kind of answer from BitGo comes to.

use settlement_gateway::domain::budget::Urgency;
use settlement_gateway::domain::client_settlement::ClientSettlementQuery;
use settlement_gateway::domain::ids::SettlementId;
use settlement_gateway::domain::settlement::{DispatchAnswer, NetworkBalance, VenueError};
use settlement_gateway::upstream::{GoNetwork, VenueFailure};

use super::server::{Reply, Server};
use super::support::{SETTLEMENT, TOKEN, bitgo, enterprise, find, intent, post, settlement_of};

async fn posted(reply: Reply) -> DispatchAnswer {
    post(&bitgo(&Server::start(vec![reply]).await.url)).await
}

fn error_of(answer: DispatchAnswer) -> VenueError {
    match answer {
        DispatchAnswer::Answered { error, settlement: None, .. } => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_settlement_is_found_in_success_and_refusal_alike() {
    for status in [200, 201, 401, 500] {
        assert_eq!(settlement_of(&posted(Reply::json(status, SETTLEMENT)).await), Some((status, "1")));
    }
}

#[tokio::test]
async fn the_content_type_does_not_matter_where_the_body_is_json() {
    for kind in ["text/html", "application/octet-stream", "nonsense"] {
        let answer = posted(Reply::of(200, &[("content-type", kind)], SETTLEMENT)).await;
        assert_eq!(settlement_of(&answer), Some((200, "1")), "{kind}");
    }
}

#[tokio::test]
async fn a_success_that_is_no_json_is_no_answer() {
    for body in ["", "<html>502 Bad Gateway</html>", r#"{"settlement":{"id":"1""#, "[]", r#"{"settlement":1,"settlement":2}"#] {
        assert!(matches!(posted(Reply::json(200, body)).await, DispatchAnswer::NoAnswer { .. }), "{body}");
        let venue = bitgo(&Server::start(vec![Reply::json(200, body)]).await.url);
        assert!(matches!(find(&venue).await, Err(VenueFailure::Unreadable { .. })), "{body}");
    }
}

#[tokio::test]
async fn a_success_without_a_readable_settlement_is_an_answer_without_one() {
    for body in ["{}", r#"{"settlement":null}"#, r#"{"settlement":{"id":"1"}}"#, r#"{"settlement":"1"}"#] {
        assert_eq!(error_of(posted(Reply::json(200, body)).await), VenueError::default(), "{body}");
    }
}

#[tokio::test]
async fn every_shape_of_an_error_is_read() {
    let error = |name: Option<&str>, message: Option<&str>, request_id: Option<&str>| VenueError {
        name: name.map(str::to_owned),
        message: message.map(str::to_owned),
        request_id: request_id.map(str::to_owned),
    };
    for (body, expected) in [
        (r#"{"error":"bad"}"#, error(None, Some("bad"), None)),
        (r#"{"error":"bad","errorName":"Bad","reqId":"r"}"#, error(Some("Bad"), Some("bad"), Some("r"))),
        (r#"{"error":"bad","name":"Bad","requestId":"r"}"#, error(Some("Bad"), Some("bad"), Some("r"))),
        ("{}", VenueError::default()),
        (r#"{"error":{"deep":1},"reqId":7}"#, VenueError::default()),
        ("<html>", VenueError::default()),
        ("", VenueError::default()),
    ] {
        assert_eq!(error_of(posted(Reply::json(400, body)).await), expected, "{body}");
    }
    let by_header = posted(Reply::of(503, &[("x-request-id", "from-header")], "<html>")).await;
    assert_eq!(error_of(by_header).request_id.as_deref(), Some("from-header"));
}

#[tokio::test]
async fn a_token_in_an_answer_is_not_repeated() {
    let body = format!(r#"{{"error":"bad header Bearer {TOKEN}\n","errorName":"{TOKEN}","reqId":"{TOKEN}"}}"#);
    let error = error_of(posted(Reply::json(511, &body)).await);
    assert_eq!(error.message.as_deref(), Some("bad header Bearer [secret] "));
    assert!(!format!("{error:?}").contains(TOKEN));
}

#[tokio::test]
async fn a_long_error_is_cut() {
    let error = error_of(posted(Reply::json(400, &format!(r#"{{"error":"{}"}}"#, "é".repeat(2_000)))).await);
    assert_eq!(error.message.unwrap().chars().count(), 512);
}

#[tokio::test]
async fn retry_after_is_seconds_whichever_form_it_has() {
    for (header, expected) in [
        (vec![("retry-after", "7")], Some(7)),
        (vec![("retry-after", "Fri, 20 Nov 2026 12:00:30 GMT")], Some(30)),
        (vec![("retry-after", "soon")], None),
        (vec![], None),
    ] {
        let venue = bitgo(&Server::start(vec![Reply::of(429, &header, "{}"), Reply::of(429, &header, "{}")]).await.url);
        let DispatchAnswer::Answered { retry_after_seconds, .. } = post(&venue).await else { panic!("no answer") };
        assert_eq!(retry_after_seconds, expected);
        let Err(VenueFailure::Refused { status: 429, retry_after_seconds, .. }) = find(&venue).await else { panic!("taken") };
        assert_eq!(retry_after_seconds, expected);
    }
}

#[tokio::test]
async fn a_signing_payload_is_kept_byte_for_byte_and_must_be_there() {
    let replies = vec![
        Reply::json(200, r#"{"payload":"{ \"a\" :\t\"\u00e9\\u0041\" }"}"#),
        Reply::json(200, r#"{"payload":""}"#),
        Reply::json(200, "{}"),
        Reply::json(409, r#"{"error":"exists"}"#),
    ];
    let venue = bitgo(&Server::start(replies).await.url);
    assert_eq!(venue.signing_payload(&intent(), Urgency::Settling).await.unwrap(), "{ \"a\" :\t\"é\\u0041\" }");
    for _ in 0..2 {
        assert!(matches!(venue.signing_payload(&intent(), Urgency::Settling).await, Err(VenueFailure::Unreadable { .. })));
    }
    assert!(matches!(venue.signing_payload(&intent(), Urgency::Settling).await, Err(VenueFailure::Refused { status: 409, .. })));
}

#[tokio::test]
async fn another_settlements_page_is_unreadable() {
    let page = |id: &str| {
        Reply::json(
            200,
            &format!(r#"{{"settlement":{{"id":"{id}","externalId":"a","status":"pending"}},"settlementTransfers":[]}}"#),
        )
    };
    let asked = "1fa3a3a1-7a5f-4f0e-9b6e-1f0d3c8f7a12";
    let replies = vec![page(asked), page(&asked.replace('-', "").to_uppercase()), page("1fa3a3a1-7a5f-4f0e-9b6e-1f0d3c8f7a13")];
    let venue = bitgo(&Server::start(replies).await.url);
    let query = ClientSettlementQuery {
        enterprise_id: enterprise(),
        settlement_id: SettlementId::new(asked).unwrap(),
        currencies: vec![],
        page_number: 0,
        page_size: 1,
    };
    assert!(venue.client_settlement(&query).await.is_ok());
    assert!(venue.client_settlement(&query).await.is_ok());
    assert!(matches!(venue.client_settlement(&query).await, Err(VenueFailure::Unreadable { .. })));
}

#[tokio::test]
async fn balances_are_read_until_a_page_brings_nothing_new() {
    let page =
        |body: &str| Reply::json(200, &format!(r#"{{"networkBalances":{{{body}}},"balances":{{"BTC":{{"available":"9"}}}}}}"#));
    let replies = vec![
        page(r#""a":{"balances":{"BTC":{"available":"1.50","held":"0"},"ETH":{"available":-2.10}}}"#),
        page(r#""b":{"balances":{"BTC":{"available":"3"}}},"c":{"balances":null}"#),
        page(r#""b":{"balances":{"BTC":{"available":"4"}}}"#),
    ];
    let mut server = Server::start(replies).await;
    let found = bitgo(&server.url).network_balances(&enterprise()).await.unwrap();
    let own = |one: &NetworkBalance| one.connection_id.clone().unwrap_or_else(|| "own".to_owned());
    let texts: Vec<_> = found.iter().map(|one| [own(one), one.currency.clone(), one.available.clone()]).collect();
    assert_eq!(texts, [["own", "BTC", "9"], ["a", "BTC", "1.50"], ["a", "ETH", "-2.10"], ["b", "BTC", "3"]]);
    assert_eq!(server.others(), 3);
}
