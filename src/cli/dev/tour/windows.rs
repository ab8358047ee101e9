//! SettlementService: a v2 settlement whose windows end, one that a client disputes, and one that lacks funds until it is
//! funded. The simulated venue's clock is moved, so that nobody waits for windows.

use std::collections::BTreeMap;
use std::time::Duration;

use prost_types::Timestamp;
use tonic::transport::Channel;

use super::super::recipes::{CONNECTIONS, V2_ENTERPRISE};
use super::settlements::{Client, seed_000};
use super::{TourError, hold, must, print};
use crate::grpc::pb::settlement_service_client::SettlementServiceClient;
use crate::grpc::pb::{
    GetSettlementRequest, InitiateSettlementRequest, Reconciliation, ReconciliationStatus, Settlement, SettlementState,
    WatchSettlementRequest, get_settlement_request, watch_settlement_request,
};
use crate::sandbox::{DisputeClose, Disputed, NewDispute, Sandbox};

/// Beyond the end of both windows.
const PAST_THE_WINDOWS: Duration = Duration::from_secs(3_600);
/// More than the partner's own account holds.
const TOO_MUCH: &str = "5000000";
/// How often the tour looks whether a settlement has been reconciled.
const MAX_LOOKS: u32 = 200;
/// The wait between two looks.
const LOOK: Duration = Duration::from_millis(100);

pub(super) async fn tour(channel: Channel, run: &str, sandbox: &Sandbox) -> Result<(), TourError> {
    let mut client = SettlementServiceClient::new(channel);
    settled(&mut client, run, sandbox).await?;
    disputed(&mut client, run, sandbox).await?;
    funded_late(&mut client, run, sandbox).await
}

/// Seed 000's settlement under the venue's windows.
async fn begun(client: &mut Client, external_id: &str, about: &str, first_amount: &str) -> Result<Settlement, TourError> {
    let mut request = InitiateSettlementRequest {
        cutoff_at: Some(Timestamp { seconds: 1_773_835_200, nanos: 0 }),
        ..seed_000(V2_ENTERPRISE, external_id.to_owned())
    };
    if let Some(leg) = request.settlement_amounts.first_mut() {
        first_amount.clone_into(&mut leg.amount);
    }
    print::request("SettlementService/InitiateSettlement", about, &request);
    let answer = client.initiate_settlement(request).await?.into_inner();
    print::answer(&answer);
    let settlement = must(answer.settlement, "the answer should hold a settlement")?;
    hold(settlement.state() == SettlementState::Pending, "a v2 settlement should be pending first")?;
    Ok(settlement)
}

/// Watches until a state is told, and tells each change.
async fn watched(client: &mut Client, external_id: &str, about: &str, until: SettlementState) -> Result<(), TourError> {
    let name = Some(watch_settlement_request::Name::ExternalId(external_id.to_owned()));
    let watch = WatchSettlementRequest { enterprise_id: V2_ENTERPRISE.to_owned(), name, after_sequence: 0 };
    print::request("SettlementService/WatchSettlement", about, &watch);
    let mut views = client.watch_settlement(watch).await?.into_inner();
    while let Some(view) = views.message().await? {
        let settlement = must(view.settlement, "a view should hold a settlement")?;
        print::answer(&(settlement.sequence, settlement.state()));
        if settlement.state() == until {
            return Ok(());
        }
    }
    Err(TourError::Unexpected(format!("the watch should tell {until:?}")))
}

/// The settlement once the gateway has compared it with what was posted.
async fn reconciled(client: &mut Client, external_id: &str) -> Result<ReconciliationStatus, TourError> {
    let name = Some(get_settlement_request::Name::ExternalId(external_id.to_owned()));
    let get = GetSettlementRequest { enterprise_id: V2_ENTERPRISE.to_owned(), name };
    print::request("SettlementService/GetSettlement", "compared with what was posted", &get);
    for _ in 0..MAX_LOOKS {
        let answer = client.get_settlement(get.clone()).await?.into_inner();
        let found = answer.settlement.as_ref().and_then(|settlement| settlement.reconciliation.as_ref());
        if let Some(status) = found.map(Reconciliation::status) {
            print::answer(&answer);
            return Ok(status);
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(TourError::Unexpected("the settlement should be reconciled".to_owned()))
}

async fn settled(client: &mut Client, run: &str, sandbox: &Sandbox) -> Result<(), TourError> {
    let external_id = format!("{run}-v2");
    begun(client, &external_id, "seed 000's settlement, v2 with disputes", "100").await?;
    sandbox.advance(PAST_THE_WINDOWS).await?;
    watched(client, &external_id, "after the venue's clock was moved past both windows", SettlementState::Completed).await?;
    hold(reconciled(client, &external_id).await? == ReconciliationStatus::Matched, "it should have moved what was posted")
}

async fn disputed(client: &mut Client, run: &str, sandbox: &Sandbox) -> Result<(), TourError> {
    let external_id = format!("{run}-disputed");
    begun(client, &external_id, "one that a client disputes", "100").await?;
    let [connection, _] = CONNECTIONS;
    let agreed = BTreeMap::from([("BTC".to_owned(), "90".to_owned())]);
    let dispute = NewDispute {
        enterprise: V2_ENTERPRISE.to_owned(),
        external_id: external_id.clone(),
        connection: connection.to_owned(),
        expected: agreed.clone(),
        reason: Some("the fill was 90".to_owned()),
    };
    let Disputed::Done(dispute_id) = sandbox.dispute(dispute).await? else {
        return Err(TourError::Unexpected("the client should dispute inside the window".to_owned()));
    };
    let close = DisputeClose { dispute_id, adjusted: Some(agreed), notes: Some("agreed".to_owned()) };
    let closed = matches!(sandbox.close_dispute(close).await?, Disputed::Done(_));
    hold(closed, "the dispute should be closed inside the window")?;
    sandbox.advance(PAST_THE_WINDOWS).await?;
    watched(client, &external_id, "with what the dispute's closing agreed", SettlementState::Completed).await?;
    hold(reconciled(client, &external_id).await? == ReconciliationStatus::Adjusted, "the dispute should explain the difference")
}

async fn funded_late(client: &mut Client, run: &str, sandbox: &Sandbox) -> Result<(), TourError> {
    let external_id = format!("{run}-late");
    begun(client, &external_id, "more than the partner's account holds", TOO_MUCH).await?;
    sandbox.advance(PAST_THE_WINDOWS).await?;
    watched(client, &external_id, "until the venue finds too little", SettlementState::AwaitingFunds).await?;
    sandbox.fund(V2_ENTERPRISE, None, "BTC", "10000000").await?;
    watched(client, &external_id, "funded: the venue tries again by itself", SettlementState::Completed).await?;
    hold(reconciled(client, &external_id).await? == ReconciliationStatus::Matched, "it should have moved what was posted")
}
