//! Everything that the gateway's client can say to the Go Network, said once to a simulated venue that behaves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::domain::budget::Urgency;
use settlement_gateway::domain::client_settlement::ClientSettlementQuery;
use settlement_gateway::domain::ids::{ConnectionId, EnterpriseId, ExternalId, Notes, SettlementId};
use settlement_gateway::domain::network::{
    ClientSettlementsQuery, ClientTransfersQuery, ConnectionQuery, DisputeQuery, Page, PartnerSettlementQuery,
    PartnerSettlementsQuery,
};
use settlement_gateway::domain::settlement::{Asked, DispatchAnswer, Intent, Leg, Route, VenueStatus};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::domain::time::Cutoff;
use settlement_gateway::domain::transfer::TransferStatus;
use settlement_gateway::sandbox::{
    DisputeClose, Disputed, NewDispute, Sandbox, SandboxConfig, SandboxConnection, SandboxEnterprise, ShortfallAnswer,
};
use settlement_gateway::secret::Secret;
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions, SigningMethod};
use settlement_gateway::upstream::{GoNetwork, NetworkReads};

use super::recorder::{Exchange, Recorder};
use crate::support::builders::{amounts, currency, external, leg};
use crate::support::clock::ManualClock;
use crate::upstream::sandbox::{public_key, sign};
use crate::upstream::support::{credential, intent, options};

const PAGE: Page = Page { number: 0, size: 50 };
const CLIENT: &str = "client-1";
const WINDOW: Duration = Duration::from_secs(60);

/// The venue, what passed, and the time.
struct Stage {
    sandbox: Sandbox,
    recorder: Recorder,
    clock: Arc<ManualClock>,
}

/// Plays everything, and gives what passed.
pub(super) async fn play() -> Vec<Exchange> {
    let stage = Stage::new().await;
    stage.synchronous_settlements().await;
    stage.refusals().await;
    stage.disputes_and_windows().await;
    stage.other_ends().await;
    for enterprise in ["partner-v1", "partner-v2"] {
        stage.reads(enterprise).await;
        stage.reads_without_filters(enterprise).await;
    }
    stage.client_reads().await;
    stage.recorder.exchanges()
}

fn partner(id: &str, disputes: bool) -> SandboxEnterprise {
    let connection = |connection_id: &str| SandboxConnection {
        connection_id: connection_id.to_owned(),
        client_enterprise_id: Some(CLIENT.to_owned()),
        balances: BTreeMap::from([("BTC".to_owned(), "100".to_owned()), ("ETH".to_owned(), "100".to_owned())]),
    };
    let window_ms = if disputes { i64::try_from(WINDOW.as_millis()).unwrap() } else { 0 };
    SandboxEnterprise {
        disputes,
        dispute_window_ms: window_ms,
        top_up_window_ms: window_ms,
        connections: [1, 2].map(|number| connection(&format!("{id}-connection-{number}"))).to_vec(),
        account: BTreeMap::from([("BTC".to_owned(), "100".to_owned())]),
        ..SandboxEnterprise::new(id, Secret::from_text(format!("token-{id}")), public_key())
    }
}

impl Stage {
    async fn new() -> Self {
        let clock = ManualClock::at("2026-03-18T12:00:00Z".parse().unwrap());
        let enterprises = vec![
            partner("partner-v1", false),
            partner("partner-v2", true),
            SandboxEnterprise { shortfall: ShortfallAnswer::InternalError, ..partner("partner-500", false) },
            SandboxEnterprise::new(CLIENT, Secret::from_text(format!("token-{CLIENT}")), public_key()),
        ];
        let config = SandboxConfig {
            enterprises,
            requests_per_minute: 10_000,
            ..SandboxConfig::loopback(Arc::<ManualClock>::clone(&clock))
        };
        let sandbox = Sandbox::start(config).await.unwrap();
        let recorder = Recorder::before(&sandbox.bitgo_url()).await;
        Self { sandbox, recorder, clock }
    }

    fn venue(&self, enterprise: &str) -> BitGo {
        self.venue_with(&format!("token-{enterprise}"), SigningMethod::Post)
    }

    fn venue_with(&self, token: &str, signing_method: SigningMethod) -> BitGo {
        let credential = credential(token);
        BitGo::new(BitGoOptions { credential, signing_method, ..options(&self.recorder.url) }).unwrap()
    }

    async fn settle(&self, intent: &Intent) -> DispatchAnswer {
        let venue = self.venue(intent.asked.enterprise_id.as_str());
        let payload = venue.signing_payload(intent, Urgency::Settling).await.unwrap();
        self.post(intent, &payload, &sign(&payload)).await
    }

    async fn post(&self, intent: &Intent, payload: &str, signature: &Signature) -> DispatchAnswer {
        let venue = self.venue(intent.asked.enterprise_id.as_str());
        let body = venue.settlement_body(intent, payload, signature);
        venue.post_settlement(&intent.asked.enterprise_id, intent.route, &body).await
    }

    /// Both shapes, with and without notes, the text to sign asked for in both ways, and a repeat of the same bytes.
    async fn synchronous_settlements(&self) {
        let broker = Leg {
            counterparty_connection_id: Some(ConnectionId::new("partner-v1-connection-2").unwrap()),
            ..leg("partner-v1-connection-1", "BTC", "1")
        };
        let mut noted = asking("partner-v1", "noted", vec![leg("partner-v1-connection-1", "BTC", "1.50")]);
        noted.asked.notes = Some(Notes::new("a note").unwrap());
        let owed = asking("partner-v1", "owed", vec![leg("partner-v1-connection-1", "ETH", "-2")]);
        for intent in [&noted, &owed, &asking("partner-v1", "broker", vec![broker])] {
            assert_eq!(answered(&self.settle(intent).await), (200, Some(VenueStatus::Completed)));
        }
        assert_eq!(answered(&self.settle(&noted).await).0, 200, "a repeat");
        let getting = self.venue_with("token-partner-v1", SigningMethod::Get);
        getting
            .signing_payload(&asking("partner-v1", "asked", vec![leg("partner-v1-connection-1", "BTC", "1")]), Urgency::Looking)
            .await
            .unwrap();
    }

    /// Whatever the venue has against a settlement.
    async fn refusals(&self) {
        let too_much = |id: &str| asking(id, "too-much", vec![leg(&format!("{id}-connection-1"), "BTC", "1000")]);
        assert_eq!(answered(&self.settle(&too_much("partner-v1")).await), (401, Some(VenueStatus::Failed)));
        assert_eq!(answered(&self.settle(&too_much("partner-500")).await), (500, Some(VenueStatus::Failed)));
        let other = asking("partner-v1", "noted", vec![leg("partner-v1-connection-1", "BTC", "2")]);
        assert_eq!(answered(&self.settle(&other).await).0, 409);
        let venue = self.venue("partner-v1");
        let unsigned = asking("partner-v1", "unsigned", vec![leg("partner-v1-connection-1", "BTC", "1")]);
        let payload = venue.signing_payload(&unsigned, Urgency::Settling).await.unwrap();
        assert_eq!(answered(&self.post(&unsigned, &payload, &sign("another text")).await).0, 400);
        let unknown = asking("partner-v1", "unknown", vec![leg("nobody", "BTC", "1")]);
        assert!(venue.signing_payload(&unknown, Urgency::Settling).await.is_err());
        let on_v1 = Intent { route: Route::V1, ..asking("partner-v2", "v1", vec![leg("partner-v2-connection-1", "BTC", "1")]) };
        let stranger = self.venue_with("nobody", SigningMethod::Post);
        assert_eq!(answered(&self.settle(&without_cutoff(on_v1)).await).0, 403);
        assert!(stranger.signing_payload(&unsigned, Urgency::Settling).await.is_err());
        let body = stranger.settlement_body(&unsigned, &payload, &sign(&payload));
        let answer = stranger.post_settlement(&unsigned.asked.enterprise_id, Route::V1, &body).await;
        assert_eq!(answered(&answer).0, 401);
        assert_eq!(stranger.partner_settlement(&detail("partner-v1", UNKNOWN_ID)).await.map_err(|_| ()), Err(()));
        assert_eq!(venue.partner_settlement(&detail("partner-v1", UNKNOWN_ID)).await, Ok(None));
    }

    /// A dispute taken back, one closed inside its window and one that is closed later and pulled into the next settlement.
    async fn disputes_and_windows(&self) {
        let first = asking(
            "partner-v2",
            "day-1",
            vec![leg("partner-v2-connection-1", "BTC", "1"), leg("partner-v2-connection-2", "BTC", "2")],
        );
        assert_eq!(answered(&self.settle(&first).await), (200, Some(VenueStatus::Pending)));
        let taken_back = self.dispute("day-1", "partner-v2-connection-1").await;
        self.sandbox.retract_dispute(&taken_back, Some("found it")).await.unwrap();
        let closed = self.dispute("day-1", "partner-v2-connection-1").await;
        self.close(&closed, "1.5").await;
        let late = self.dispute("day-1", "partner-v2-connection-2").await;
        self.reads("partner-v2").await;
        self.clock.advance(WINDOW * 3);
        self.close(&late, "2.5").await;
        self.reads("partner-v2").await;
        let next = asking("partner-v2", "day-2", vec![leg("partner-v2-connection-1", "ETH", "-1")]);
        assert_eq!(answered(&self.settle(&next).await).0, 200);
        self.reads("partner-v2").await;
        self.clock.advance(WINDOW * 3);
    }

    /// A settlement that is rejected, one that wants funds, and one that a client cannot cover.
    async fn other_ends(&self) {
        let on_v2 = |id: &str, text: &str| asking("partner-v2", id, vec![leg("partner-v2-connection-1", "BTC", text)]);
        assert_eq!(answered(&self.settle(&on_v2("rejected", "1")).await).0, 200);
        assert!(self.sandbox.reject("partner-v2", "rejected", "not on my watch").await.unwrap());
        assert_eq!(answered(&self.settle(&on_v2("unfunded", "1000")).await).0, 200);
        self.clock.advance(WINDOW * 3);
        assert_eq!(answered(&self.settle(&on_v2("liable", "-1000")).await).0, 422);
    }

    async fn dispute(&self, external_id: &str, connection: &str) -> String {
        let dispute = NewDispute {
            enterprise: "partner-v2".to_owned(),
            external_id: external_id.to_owned(),
            connection: connection.to_owned(),
            expected: BTreeMap::from([("BTC".to_owned(), "1.5".to_owned())]),
            reason: Some("half a bitcoin is missing".to_owned()),
        };
        match self.sandbox.dispute(dispute).await.unwrap() {
            Disputed::Done(id) => id,
            other => panic!("the dispute was not raised: {other:?}"),
        }
    }

    async fn close(&self, dispute_id: &str, amount: &str) {
        let adjusted = Some(BTreeMap::from([("BTC".to_owned(), amount.to_owned())]));
        let closing = DisputeClose { dispute_id: dispute_id.to_owned(), adjusted, notes: None };
        assert!(matches!(self.sandbox.close_dispute(closing).await.unwrap(), Disputed::Done(_)));
    }

    /// Every read of a partner with every filter, and the detail of every settlement.
    async fn reads(&self, enterprise: &str) {
        let venue = self.venue(enterprise);
        let at = |text: &str| Some(text.parse().unwrap());
        let all = venue.partner_settlements(&settlements(enterprise)).await.unwrap();
        for settlement in &all {
            let read = venue.partner_settlement(&detail(enterprise, &settlement.settlement_id)).await.unwrap();
            assert!(read.is_some());
            let found = venue.find_settlement(&id(enterprise), &external(&settlement.external_id)).await.unwrap();
            assert_eq!(found.map(|found| found.settlement_id), Some(settlement.settlement_id.clone()));
        }
        let settlement_ids: Vec<SettlementId> =
            all.iter().map(|one| SettlementId::new(one.settlement_id.clone()).unwrap()).collect();
        let external_ids: Vec<ExternalId> = all.iter().map(|one| external(&one.external_id)).collect();
        let filtered = PartnerSettlementsQuery {
            external_ids,
            settlement_ids: settlement_ids.clone(),
            created_from: at("2026-03-18T00:00:00Z"),
            created_before: at("2026-03-19T00:00:00Z"),
            updated_from: at("2026-03-18T00:00:00Z"),
            ..settlements(enterprise)
        };
        assert_eq!(venue.partner_settlements(&filtered).await.unwrap().len(), all.len());
        let connection_ids =
            [1, 2].map(|number| ConnectionId::new(format!("{enterprise}-connection-{number}")).unwrap()).to_vec();
        let connections = ConnectionQuery {
            enterprise_id: id(enterprise),
            connection_ids: connection_ids.clone(),
            active: Some(true),
            page: PAGE,
        };
        assert_eq!(venue.connections(&connections).await.unwrap().len(), 2);
        for closed in [true, false] {
            let query = DisputeQuery {
                settlement_ids: settlement_ids.clone(),
                connection_ids: connection_ids.clone(),
                closed: Some(closed),
                with_retracted: true,
                ..disputes(enterprise)
            };
            venue.disputes(&query).await.unwrap();
        }
        let settled_in = DisputeQuery { settled_in_settlement_ids: settlement_ids, ..disputes(enterprise) };
        venue.disputes(&settled_in).await.unwrap();
    }

    /// The same without any filter, and what has none.
    async fn reads_without_filters(&self, enterprise: &str) {
        let venue = self.venue(enterprise);
        let connections = ConnectionQuery { enterprise_id: id(enterprise), connection_ids: vec![], active: None, page: PAGE };
        assert_eq!(venue.connections(&connections).await.unwrap().len(), 2);
        venue.disputes(&disputes(enterprise)).await.unwrap();
        venue.network_balances(&id(enterprise)).await.unwrap();
        let terms = venue.partner_terms(&id(enterprise)).await.unwrap().unwrap();
        assert_eq!(terms.route(), if enterprise == "partner-v2" { Route::V2 } else { Route::V1 });
    }

    /// What a client reads, with every filter and without; and its disputes, which the gateway does not read.
    async fn client_reads(&self) {
        let venue = self.venue(CLIENT);
        let query = ClientSettlementsQuery {
            enterprise_id: id(CLIENT),
            settlement_ids: vec![],
            statuses: vec![],
            only_disputed: false,
            page: PAGE,
        };
        let all = venue.client_settlements(&query).await.unwrap();
        assert!(all.len() > 3, "{all:?}");
        let settlement_ids: Vec<SettlementId> =
            all.iter().map(|one| SettlementId::new(one.settlement_id.clone()).unwrap()).collect();
        let statuses = vec![VenueStatus::Pending, VenueStatus::Completed, VenueStatus::Failed, VenueStatus::Rejected];
        let disputed = ClientSettlementsQuery { settlement_ids: settlement_ids.clone(), statuses, only_disputed: true, ..query };
        assert!(!venue.client_settlements(&disputed).await.unwrap().is_empty());
        for settlement_id in settlement_ids.clone() {
            let query = ClientSettlementQuery {
                enterprise_id: id(CLIENT),
                settlement_id,
                currencies: vec![currency("BTC"), currency("ETH")],
                page_number: 0,
                page_size: 50,
            };
            venue.client_settlement(&query).await.unwrap();
        }
        let transfers = ClientTransfersQuery {
            enterprise_id: id(CLIENT),
            settlement_ids: vec![],
            currencies: vec![],
            statuses: vec![],
            settlement_statuses: vec![],
            settlement_updated_from: None,
            settlement_updated_before: None,
            page: PAGE,
        };
        assert!(!venue.client_transfers(&transfers).await.unwrap().is_empty());
        let filtered = ClientTransfersQuery {
            settlement_ids,
            currencies: vec![currency("BTC")],
            statuses: vec![TransferStatus::Completed, TransferStatus::Disputed, TransferStatus::PendingSettlementAssignment],
            settlement_statuses: vec![VenueStatus::Completed, VenueStatus::Pending],
            settlement_updated_from: Some("2026-03-18T00:00:00Z".parse().unwrap()),
            settlement_updated_before: Some("2026-03-19T00:00:00Z".parse().unwrap()),
            ..transfers
        };
        assert!(!venue.client_transfers(&filtered).await.unwrap().is_empty());
        let url = format!("{}/api/network/v1/enterprises/{CLIENT}/clients/settlement/disputes", self.recorder.url);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.get(url).bearer_auth(format!("token-{CLIENT}")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

/// An id that no settlement has.
const UNKNOWN_ID: &str = "00000000-0000-4000-8000-000000000000";

fn id(enterprise: &str) -> EnterpriseId {
    EnterpriseId::new(enterprise).unwrap()
}

/// A settlement of an enterprise by the route that it has.
fn asking(enterprise: &str, external_id: &str, legs: Vec<Leg>) -> Intent {
    let is_v2 = enterprise == "partner-v2";
    let known = intent();
    let asked = Asked {
        enterprise_id: id(enterprise),
        external_id: external(external_id),
        amounts: amounts(legs),
        cutoff: is_v2.then(|| Cutoff::new("2026-03-18T11:59:59.999Z".parse().unwrap()).unwrap()),
        ..known.asked
    };
    Intent { asked, route: if is_v2 { Route::V2 } else { Route::V1 }, ..known }
}

fn without_cutoff(intent: Intent) -> Intent {
    let asked = Asked { cutoff: None, ..intent.asked };
    Intent { asked, ..intent }
}

fn settlements(enterprise: &str) -> PartnerSettlementsQuery {
    PartnerSettlementsQuery {
        enterprise_id: id(enterprise),
        external_ids: vec![],
        settlement_ids: vec![],
        created_from: None,
        created_before: None,
        updated_from: None,
        page: PAGE,
    }
}

fn detail(enterprise: &str, settlement_id: &str) -> PartnerSettlementQuery {
    PartnerSettlementQuery {
        enterprise_id: id(enterprise),
        settlement_id: SettlementId::new(settlement_id).unwrap(),
        currencies: vec![currency("BTC"), currency("ETH")],
        page: PAGE,
    }
}

fn disputes(enterprise: &str) -> DisputeQuery {
    DisputeQuery {
        enterprise_id: id(enterprise),
        settlement_ids: vec![],
        settled_in_settlement_ids: vec![],
        connection_ids: vec![],
        closed: None,
        with_retracted: false,
        page: PAGE,
    }
}

/// An answer's status, and that of the settlement in it.
fn answered(answer: &DispatchAnswer) -> (u16, Option<VenueStatus>) {
    match answer {
        DispatchAnswer::Answered { status, settlement, .. } => (*status, settlement.as_ref().map(|one| one.status)),
        other => panic!("{other:?}"),
    }
}
