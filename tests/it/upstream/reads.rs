//! What is asked of the Go Network beside one settlement's fate, and what the answers come to.

use settlement_gateway::domain::ids::{ConnectionId, Currency, ExternalId, SettlementId};
use settlement_gateway::domain::network::{
    ClientSettlementsQuery, ClientTransfersQuery, ConnectionQuery, DisputeQuery, Page, PartnerSettlementQuery,
    PartnerSettlementsQuery,
};
use settlement_gateway::domain::settlement::{Route, VenueStatus};
use settlement_gateway::domain::transfer::TransferStatus;
use settlement_gateway::upstream::{MAX_ID_FILTER_BYTES, NetworkReads, VenueFailure, id_runs};

use super::server::{Reply, Server};
use super::support::{bitgo, enterprise};

const PAGE: Page = Page { number: 2, size: 50 };
const SETTLEMENT: &str = r#"{"id":"1","externalId":"a","status":"pending"}"#;
const TRANSFER: &str = r#"{"id":"t","currency":"BTC","quantity":"-1.50","status":"completed","destinationNetworkAccountId":"n"}"#;
const DISPUTE: &str = r#"{"id":"d","connectionId":"c","disputedSettlementId":"1","expectedTransfers":{"BTC":"-2.0"}}"#;

fn settlement_ids(ids: &[&str]) -> Vec<SettlementId> {
    ids.iter().map(|id| SettlementId::new(*id).unwrap()).collect()
}

fn partner_settlements() -> PartnerSettlementsQuery {
    PartnerSettlementsQuery {
        enterprise_id: enterprise(),
        external_ids: vec![],
        settlement_ids: vec![],
        created_from: None,
        created_before: None,
        updated_from: None,
        page: PAGE,
    }
}

fn partner_settlement(id: &str) -> PartnerSettlementQuery {
    PartnerSettlementQuery {
        enterprise_id: enterprise(),
        settlement_id: SettlementId::new(id).unwrap(),
        currencies: vec![],
        page: PAGE,
    }
}

fn disputes() -> DisputeQuery {
    DisputeQuery {
        enterprise_id: enterprise(),
        settlement_ids: vec![],
        settled_in_settlement_ids: vec![],
        connection_ids: vec![],
        closed: None,
        with_retracted: false,
        page: PAGE,
    }
}

fn connections() -> ConnectionQuery {
    ConnectionQuery { enterprise_id: enterprise(), connection_ids: vec![], active: None, page: PAGE }
}

fn client_settlements() -> ClientSettlementsQuery {
    ClientSettlementsQuery {
        enterprise_id: enterprise(),
        settlement_ids: vec![],
        statuses: vec![],
        only_disputed: false,
        page: PAGE,
    }
}

fn client_transfers() -> ClientTransfersQuery {
    ClientTransfersQuery {
        enterprise_id: enterprise(),
        settlement_ids: vec![],
        currencies: vec![],
        statuses: vec![],
        settlement_statuses: vec![],
        settlement_updated_from: None,
        settlement_updated_before: None,
        page: PAGE,
    }
}

fn unreadable<T: std::fmt::Debug>(answer: Result<T, VenueFailure>) -> bool {
    matches!(answer, Err(VenueFailure::Unreadable { .. }))
}

async fn seen(mut server: Server) -> String {
    let seen = server.next().await;
    assert_eq!((seen.body.as_str(), server.others()), ("", 0));
    let below = "GET /api/network/v1/enterprises/e%2F1/";
    seen.line().strip_prefix(below).unwrap_or_else(|| panic!("{}", seen.line())).to_owned()
}

#[tokio::test]
async fn settlements_are_listed_by_every_filter_and_each_id_is_a_parameter_of_its_own() {
    let server = Server::start(vec![Reply::json(200, &format!(r#"{{"settlements":[{SETTLEMENT}]}}"#))]).await;
    let query = PartnerSettlementsQuery {
        external_ids: ["a&b", "c"].map(|id| ExternalId::new(id).unwrap()).to_vec(),
        settlement_ids: settlement_ids(&["1", "2"]),
        created_from: Some("2026-03-18T12:00:00Z".parse().unwrap()),
        created_before: Some("2026-03-19T12:00:00.123456789Z".parse().unwrap()),
        updated_from: Some("2026-03-20T00:00:00.5Z".parse().unwrap()),
        ..partner_settlements()
    };
    let found = bitgo(&server.url).partner_settlements(&query).await.unwrap();
    assert_eq!((found.len(), found[0].status), (1, VenueStatus::Pending));
    let expected = "partners/settlements?externalIds=a%26b&externalIds=c&settlementIds=1&settlementIds=2\
        &createdOnOrAfter=2026-03-18T12%3A00%3A00.000Z&createdBefore=2026-03-19T12%3A00%3A00.123Z\
        &updatedOnOrAfter=2026-03-20T00%3A00%3A00.500Z&pageNumber=2&pageSize=50";
    assert_eq!(seen(server).await, expected);
}

#[tokio::test]
async fn a_settlements_detail_is_read_page_by_page_with_its_disputes() {
    let body = format!(
        r#"{{"settlement":{SETTLEMENT},"settlementTransfers":[{TRANSFER}],"settlingDisputes":[{DISPUTE}],"settlementDisputes":null}}"#
    );
    let server = Server::start(vec![Reply::json(200, &body)]).await;
    let query = PartnerSettlementQuery { currencies: vec![Currency::new("BTC").unwrap()], ..partner_settlement("1") };
    let detail = bitgo(&server.url).partner_settlement(&query).await.unwrap().unwrap();
    let transfer = &detail.transfers[0];
    assert_eq!((transfer.quantity.as_str(), transfer.status), ("-1.50", TransferStatus::Completed));
    assert_eq!(transfer.destination.network_account_id.as_deref(), Some("n"));
    assert_eq!(detail.settling_disputes[0].expected_transfers, [("BTC".to_owned(), "-2.0".to_owned())]);
    assert!(detail.settlement_disputes.is_empty());
    assert_eq!(seen(server).await, "partners/settlements/1?currencies=BTC&pageNumber=2&pageSize=50");
}

#[tokio::test]
async fn only_the_venue_can_say_that_it_knows_no_such_settlement() {
    let replies = vec![
        Reply::json(404, r#"{"error":"not found"}"#),
        Reply::json(404, "{}"),
        Reply::json(404, "<html>no such page</html>"),
        Reply::json(404, ""),
        Reply::json(403, "{}"),
    ];
    let venue = bitgo(&Server::start(replies).await.url);
    for _ in 0..2 {
        assert_eq!(venue.partner_settlement(&partner_settlement("1")).await, Ok(None));
    }
    for expected in [404, 404, 403] {
        let answer = venue.partner_settlement(&partner_settlement("1")).await;
        assert!(matches!(answer, Err(VenueFailure::Refused { status, .. }) if status == expected), "{answer:?}");
    }
}

#[tokio::test]
async fn another_settlements_detail_and_one_without_transfers_are_unreadable() {
    let other = format!(r#"{{"settlement":{SETTLEMENT},"settlementTransfers":[]}}"#);
    let lacking = format!(r#"{{"settlement":{SETTLEMENT}}}"#);
    let venue = bitgo(&Server::start(vec![Reply::json(200, &other), Reply::json(200, &lacking)]).await.url);
    assert!(unreadable(venue.partner_settlement(&partner_settlement("2")).await));
    assert!(unreadable(venue.partner_settlement(&partner_settlement("1")).await));
}

#[tokio::test]
async fn disputes_are_listed_by_every_filter_under_the_venues_own_spelling() {
    let page = format!(r#"{{"disputes":[{DISPUTE}]}}"#);
    let server = Server::start(vec![Reply::json(200, &page)]).await;
    let query = DisputeQuery {
        settlement_ids: settlement_ids(&["1"]),
        settled_in_settlement_ids: settlement_ids(&["2"]),
        connection_ids: vec![ConnectionId::new("c").unwrap()],
        closed: Some(true),
        with_retracted: true,
        ..disputes()
    };
    assert_eq!(bitgo(&server.url).disputes(&query).await.unwrap()[0].connection_id, "c");
    let expected = "partners/settlement/disputes?settlementIds=1&settledInSettlementIds=2&connectionIds=c&closed=true\
        &showRetracted=true&pageNumber=2&pageSize=50";
    assert_eq!(seen(server).await, expected);
    let server = Server::start(vec![Reply::json(200, r#"{"disputes":[]}"#)]).await;
    let open = DisputeQuery { closed: Some(false), ..disputes() };
    assert_eq!(bitgo(&server.url).disputes(&open).await, Ok(vec![]));
    assert_eq!(seen(server).await, "partners/settlement/disputes?closed=false&pageNumber=2&pageSize=50");
}

#[tokio::test]
async fn connections_tell_the_network_account_that_transfers_name() {
    let page = r#"{"connections":[{"id":"c","name":"One","clientId":"k","partnerId":"p","networkAccountId":"n","active":true,
        "initialized":null,"partnersConnectionId":null,"policyResult":"approved","createdAt":"2026-03-18T12:00:00Z"}]}"#;
    let server = Server::start(vec![Reply::json(200, page)]).await;
    let query = ConnectionQuery {
        connection_ids: ["c", "d"].map(|id| ConnectionId::new(id).unwrap()).to_vec(),
        active: Some(true),
        ..connections()
    };
    let found = bitgo(&server.url).connections(&query).await.unwrap();
    assert_eq!((found[0].id.as_str(), found[0].network_account_id.as_str(), found[0].active), ("c", "n", true));
    assert_eq!((found[0].initialized, found[0].partners_connection_id.as_deref()), (None, None));
    assert_eq!(found[0].policy_result.as_deref(), Some("approved"));
    let expected = "partners/connections?connectionIds=c&connectionIds=d&active=true&pageNumber=2&pageSize=50";
    assert_eq!(seen(server).await, expected);
}

#[tokio::test]
async fn a_connection_without_its_ids_is_unreadable_and_one_that_is_silent_is_not_active() {
    let of = |body: &str| Reply::json(200, &format!(r#"{{"connections":[{body}]}}"#));
    let replies = vec![of(r#"{"networkAccountId":"n"}"#), of(r#"{"id":"c"}"#), of(r#"{"id":"c","networkAccountId":"n"}"#)];
    let venue = bitgo(&Server::start(replies).await.url);
    assert!(unreadable(venue.connections(&connections()).await));
    assert!(unreadable(venue.connections(&connections()).await));
    assert!(!venue.connections(&connections()).await.unwrap()[0].active);
}

#[tokio::test]
async fn a_clients_settlements_and_transfers_are_listed_by_every_filter() {
    let server = Server::start(vec![Reply::json(200, &format!(r#"{{"settlements":[{SETTLEMENT}]}}"#))]).await;
    let query = ClientSettlementsQuery {
        settlement_ids: settlement_ids(&["1"]),
        statuses: vec![VenueStatus::Pending, VenueStatus::Completed],
        only_disputed: true,
        ..client_settlements()
    };
    assert_eq!(bitgo(&server.url).client_settlements(&query).await.unwrap().len(), 1);
    let expected = "clients/settlements?settlementIds=1&statuses=pending&statuses=completed&onlyShowDisputed=true\
        &pageNumber=2&pageSize=50";
    assert_eq!(seen(server).await, expected);
    let server = Server::start(vec![Reply::json(200, &format!(r#"{{"settlementTransfers":[{TRANSFER}]}}"#))]).await;
    let query = ClientTransfersQuery {
        settlement_ids: settlement_ids(&["1"]),
        currencies: vec![Currency::new("BTC").unwrap()],
        statuses: vec![TransferStatus::PendingSettlementAssignment],
        settlement_statuses: vec![VenueStatus::Failed],
        settlement_updated_from: Some("2026-03-18T12:00:00Z".parse().unwrap()),
        settlement_updated_before: Some("2026-03-19T12:00:00Z".parse().unwrap()),
        ..client_transfers()
    };
    assert_eq!(bitgo(&server.url).client_transfers(&query).await.unwrap()[0].id, "t");
    let expected = "clients/settlementTransfers?settlementIds=1&currencies=BTC\
        &settlementTransferStatuses=pending_settlement_assignment&settlementStatuses=failed\
        &settlementUpdatedOnOrAfter=2026-03-18T12%3A00%3A00.000Z&settlementUpdatedBefore=2026-03-19T12%3A00%3A00.000Z\
        &sortField=updatedAt&sortDirection=ASC&pageNumber=2&pageSize=50";
    assert_eq!(seen(server).await, expected);
}

#[tokio::test]
async fn a_list_that_is_missing_is_no_empty_list() {
    let server = Server::start((0..6).map(|_| Reply::json(200, "{}")).collect()).await;
    let venue = bitgo(&server.url);
    assert!(unreadable(venue.partner_settlements(&partner_settlements()).await));
    assert!(unreadable(venue.disputes(&disputes()).await));
    assert!(unreadable(venue.connections(&connections()).await));
    assert!(unreadable(venue.client_settlements(&client_settlements()).await));
    assert!(unreadable(venue.client_transfers(&client_transfers()).await));
    assert!(unreadable(venue.partner_terms(&enterprise()).await));
}

#[tokio::test]
async fn the_partners_own_terms_are_found_by_its_enterprise_past_every_page() {
    let page = |body: &str| Reply::json(200, &format!(r#"{{"partners":[{body}]}}"#));
    let other = r#"{"id":"p1","enterpriseId":"e/2","clientDisputeWindowMinutes":5}"#;
    let own =
        r#"{"id":"p2","enterpriseId":"e/1","name":"Own","active":true,"clientDisputeWindowMinutes":60,"topUpWindowMinutes":30}"#;
    let mut server = Server::start(vec![page(other), page(own), page("")]).await;
    let terms = bitgo(&server.url).partner_terms(&enterprise()).await.unwrap().unwrap();
    assert_eq!((terms.partner_id.as_str(), terms.name.as_str(), terms.active), ("p2", "Own", Some(true)));
    assert_eq!((terms.client_dispute_window_minutes, terms.top_up_window_minutes), (Some(60), Some(30)));
    assert_eq!(terms.route(), Route::V2);
    for number in 0..3 {
        let line = format!("GET /api/network/v1/enterprises/e%2F1/partners?pageNumber={number}&pageSize=500");
        assert_eq!(server.next().await.line(), line);
    }
}

#[tokio::test]
async fn an_absent_window_means_that_disputes_are_off_and_a_strange_one_means_nothing() {
    let of = |members: &str| Reply::json(200, &format!(r#"{{"partners":[{{"id":"p","enterpriseId":"e/1"{members}}}]}}"#));
    for (members, expected) in
        [("", Route::V1), (r#","clientDisputeWindowMinutes":null"#, Route::V1), (r#","clientDisputeWindowMinutes":0"#, Route::V2)]
    {
        let venue = bitgo(&Server::start(vec![of(members), of(members)]).await.url);
        assert_eq!(venue.partner_terms(&enterprise()).await.unwrap().unwrap().route(), expected, "{members}");
    }
    for window in ["1.5", "-1", "\"soon\"", "4294967296"] {
        let venue = bitgo(&Server::start(vec![of(&format!(r#","clientDisputeWindowMinutes":{window}"#))]).await.url);
        assert!(unreadable(venue.partner_terms(&enterprise()).await), "{window}");
    }
}

#[tokio::test]
async fn an_enterprise_that_is_no_partner_has_no_terms_and_one_that_is_two_has_none_that_can_be_told() {
    let of = |second: &str| {
        let page = format!(r#"{{"partners":[{{"id":"p","enterpriseId":"e/1","active":true}},{second}]}}"#);
        vec![Reply::json(200, &page), Reply::json(200, &page)]
    };
    let venue = bitgo(&Server::start(of(r#"{"id":"q","enterpriseId":"e/1"}"#)).await.url);
    assert!(unreadable(venue.partner_terms(&enterprise()).await));
    let venue = bitgo(&Server::start(of(r#"{"id":"q","enterpriseId":"e/1","active":false}"#)).await.url);
    assert_eq!(venue.partner_terms(&enterprise()).await.unwrap().unwrap().partner_id, "p");
    let venue = bitgo(&Server::start(vec![Reply::json(200, r#"{"partners":[]}"#)]).await.url);
    assert_eq!(venue.partner_terms(&enterprise()).await, Ok(None));
}

#[tokio::test]
async fn the_longest_run_of_ids_fits_a_url_and_more_is_not_sent() {
    let ids: Vec<ExternalId> = (0..400).map(|n| ExternalId::new(format!("{n:0>32}&/é")).unwrap()).collect();
    let runs = id_runs(ids.clone(), ExternalId::as_str);
    let replies = runs.iter().map(|_| Reply::json(200, r#"{"settlements":[]}"#)).collect();
    let mut server = Server::start(replies).await;
    let venue = bitgo(&server.url);
    for run in &runs {
        let query = PartnerSettlementsQuery { external_ids: run.clone(), ..partner_settlements() };
        assert_eq!(venue.partner_settlements(&query).await, Ok(vec![]));
    }
    assert!(runs.len() > 1);
    for _ in &runs {
        assert!(server.next().await.line().len() < MAX_ID_FILTER_BYTES + 512);
    }
    let query = PartnerSettlementsQuery { external_ids: ids, ..partner_settlements() };
    assert!(matches!(venue.partner_settlements(&query).await, Err(VenueFailure::NotSent { .. })));
    assert_eq!(server.others(), 0);
}
