//! SettlementService: seed 000's settlement in v1, its whole life, and seed 001's read.

use tonic::Code;
use tonic::transport::Channel;

use super::super::recipes::{CONNECTIONS, V1_ENTERPRISE};
use super::{TourError, hold, must, print};
use crate::grpc::pb::settlement_service_client::SettlementServiceClient;
use crate::grpc::pb::{
    CancelSettlementRequest, GetClientSettlementRequest, GetSettlementRequest, InitiateSettlementRequest, ListSettlementsRequest,
    PreviewSettlementRequest, RetrySettlementRequest, Settlement, SettlementAmount, SettlementState, get_settlement_request,
};
use crate::sandbox::{EXAMPLE_SETTLEMENT_ID, Sandbox};

pub(super) type Client = SettlementServiceClient<Channel>;

/// More than any account of the simulated venue holds.
const TOO_MUCH: &str = "5000000";

pub(super) async fn tour(channel: Channel, run: &str, sandbox: &Sandbox) -> Result<(), TourError> {
    let mut client = SettlementServiceClient::new(channel);
    preview(&mut client, run).await?;
    settle_v1(&mut client, run).await?;
    fund_and_retry(&mut client, run, sandbox).await?;
    cancel(&mut client, run).await?;
    list(&mut client).await?;
    read_as_client(&mut client).await
}

/// Seed 000's settlement.
pub(super) fn seed_000(enterprise: &str, external_id: String) -> InitiateSettlementRequest {
    let [first, second] = CONNECTIONS;
    let legs = [(first, "BTC", "100"), (first, "ETH", "-200"), (second, "XRP", "300"), (second, "BTC", "-400")];
    let leg = |(connection, currency, amount): (&str, &str, &str)| SettlementAmount {
        connection_id: connection.to_owned(),
        currency: currency.to_owned(),
        amount: amount.to_owned(),
        ..SettlementAmount::default()
    };
    InitiateSettlementRequest {
        enterprise_id: enterprise.to_owned(),
        external_id,
        settlement_amounts: legs.map(leg).to_vec(),
        notes: Some("this is a settlement note".to_owned()),
        ..InitiateSettlementRequest::default()
    }
}

async fn preview(client: &mut Client, run: &str) -> Result<(), TourError> {
    let InitiateSettlementRequest { enterprise_id, external_id, settlement_amounts, notes, .. } =
        seed_000(V1_ENTERPRISE, format!("{run}-v1"));
    let request =
        PreviewSettlementRequest { enterprise_id, external_id, settlement_amounts, notes, ..PreviewSettlementRequest::default() };
    print::request("SettlementService/PreviewSettlement", "what would happen", &request);
    let answer = client.preview_settlement(request).await?.into_inner();
    print::answer(&answer);
    let preview = must(answer.preview, "the answer should hold a preview")?;
    hold(preview.shortfalls.is_empty(), "nothing should be short")
}

async fn settle_v1(client: &mut Client, run: &str) -> Result<(), TourError> {
    let request = seed_000(V1_ENTERPRISE, format!("{run}-v1"));
    print::request("SettlementService/InitiateSettlement", "seed 000's settlement, v1", &request);
    let answer = client.initiate_settlement(request.clone()).await?.into_inner();
    print::answer(&answer);
    let settled = must(answer.settlement, "the answer should hold a settlement")?;
    hold(settled.state() == SettlementState::Completed, "a v1 settlement should complete at once")?;
    let again = client.initiate_settlement(request).await?.into_inner().settlement;
    hold(again.as_ref() == Some(&settled), "a repeat should be a read")?;

    let name = Some(get_settlement_request::Name::SettlementId(settled.settlement_id().to_owned()));
    let get = GetSettlementRequest { enterprise_id: V1_ENTERPRISE.to_owned(), name };
    print::request("SettlementService/GetSettlement", "the same, by the venue's id", &get);
    let read = client.get_settlement(get).await?.into_inner();
    print::answer(&read);
    hold(read.settlement.as_ref() == Some(&settled), "it should be the same settlement")
}

async fn fund_and_retry(client: &mut Client, run: &str, sandbox: &Sandbox) -> Result<(), TourError> {
    let mut request = seed_000(V1_ENTERPRISE, format!("{run}-short"));
    for leg in request.settlement_amounts.iter_mut().take(1) {
        TOO_MUCH.clone_into(&mut leg.amount);
    }
    print::request("SettlementService/InitiateSettlement", "more than there is", &request);
    let answer = client.initiate_settlement(request).await?.into_inner();
    print::answer(&answer);
    let short = must(answer.settlement, "the answer should hold a settlement")?;
    hold(short.state() == SettlementState::AwaitingFunds, "the settlement should await funds")?;

    sandbox.fund(V1_ENTERPRISE, None, "BTC", "10000000").await?;
    let retry = RetrySettlementRequest {
        enterprise_id: V1_ENTERPRISE.to_owned(),
        external_id: short.external_id.clone(),
        expected_sequence: short.sequence,
    };
    print::request("SettlementService/RetrySettlement", "after funding: the same bytes again", &retry);
    let answer = client.retry_settlement(retry).await?.into_inner();
    print::answer(&answer);
    let done = must(answer.settlement, "the answer should hold a settlement")?;
    hold(done.state() == SettlementState::Completed, "the funded settlement should complete")?;
    hold(done.signature == short.signature, "the signature should be the stored one")
}

/// What was sent cannot be withdrawn, and the refusal says so.
async fn cancel(client: &mut Client, run: &str) -> Result<(), TourError> {
    let external_id = format!("{run}-v1");
    let settled = find(client, &external_id).await?;
    let request =
        CancelSettlementRequest { enterprise_id: V1_ENTERPRISE.to_owned(), external_id, expected_sequence: settled.sequence };
    print::request("SettlementService/CancelSettlement", "too late: it was sent", &request);
    match client.cancel_settlement(request).await {
        Err(status) if status.code() == Code::FailedPrecondition => {
            print::answer(&status.message());
            Ok(())
        }
        Err(status) => Err(status.into()),
        Ok(_) => hold(false, "what was sent should not be cancelled"),
    }
}

async fn find(client: &mut Client, external_id: &str) -> Result<Settlement, TourError> {
    let name = Some(get_settlement_request::Name::ExternalId(external_id.to_owned()));
    let get = GetSettlementRequest { enterprise_id: V1_ENTERPRISE.to_owned(), name };
    must(client.get_settlement(get).await?.into_inner().settlement, "the settlement should be there")
}

async fn list(client: &mut Client) -> Result<(), TourError> {
    let request = ListSettlementsRequest { enterprise_id: V1_ENTERPRISE.to_owned(), page_size: 2, ..Default::default() };
    print::request("SettlementService/ListSettlements", "the newest two", &request);
    let page = client.list_settlements(request).await?.into_inner();
    print::answer(&page);
    hold(page.settlements.len() == 2, "there should be two settlements")
}

async fn read_as_client(client: &mut Client) -> Result<(), TourError> {
    let first = GetClientSettlementRequest {
        enterprise_id: V1_ENTERPRISE.to_owned(),
        settlement_id: EXAMPLE_SETTLEMENT_ID.to_owned(),
        currencies: vec!["BTC".to_owned()],
        page_size: 4,
        page_token: None,
    };
    print::request("SettlementService/GetClientSettlement", "seed 001: its transfers in BTC, four a page", &first);
    let page = client.get_client_settlement(first.clone()).await?.into_inner();
    print::answer(&page);
    hold(page.settlement_transfers.len() == 4, "the first page should be full")?;
    hold(page.settlement_transfers.iter().all(|transfer| transfer.currency == "BTC"), "only BTC was asked for")?;

    let second = GetClientSettlementRequest { page_token: Some(page.next_page_token), ..first };
    print::request("SettlementService/GetClientSettlement", "the second page", &second);
    let next = client.get_client_settlement(second).await?.into_inner();
    print::answer(&next);
    let ids = |transfers: &[crate::grpc::pb::SettlementTransfer]| transfers.iter().map(|t| t.id.clone()).collect::<Vec<_>>();
    hold(ids(&next.settlement_transfers) != ids(&page.settlement_transfers), "the second page should be another")
}
