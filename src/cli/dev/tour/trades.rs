//! TradeSettlementService: an agency settlement of seed 003's accounts, affirmed by both sides and settled.

use std::time::Duration;

use tonic::Code;
use tonic::transport::Channel;
use uuid::Uuid;

use super::super::recipes::{ACCOUNT_A, ACCOUNT_AGENT, ACCOUNT_B, MERCHANT, V1_ENTERPRISE, V2_ENTERPRISE};
use super::{TourError, hold, must, print};
use crate::grpc::pb;
use crate::grpc::pb::admin_service_client::AdminServiceClient;
use crate::grpc::pb::trade_settlement_service_client::TradeSettlementServiceClient;

/// How often the tour looks whether the settlement has settled.
const MAX_LOOKS: u32 = 200;
/// The wait between two looks.
const LOOK: Duration = Duration::from_millis(100);

type Trades = TradeSettlementServiceClient<Channel>;

pub(super) async fn tour(channel: Channel) -> Result<(), TourError> {
    let mut trades = TradeSettlementServiceClient::new(channel.clone());
    fees(&mut trades).await?;
    let create = creation();
    print::request("TradeSettlementService/CreateTradeSettlement", "seed 003: an agent settles a trade of two others", &create);
    let created = trades.create_trade_settlement(create.clone()).await?.into_inner();
    print::answer(&created);
    let created = must(created.trade_settlement, "the answer should hold a settlement")?;
    hold(created.r#type() == pb::TradeSettlementType::Agency, "it should be an agency settlement")?;
    hold(created.affirmations.len() == 3, "three accounts should have a part in it")?;
    let again = trades.create_trade_settlement(create).await?.into_inner().trade_settlement;
    hold(again.is_some_and(|again| again.settlement_id == created.settlement_id), "a repeat should be the same settlement")?;
    affirm(&mut trades, V1_ENTERPRISE, ACCOUNT_A, &created).await?;
    affirm(&mut trades, V2_ENTERPRISE, ACCOUNT_B, &created).await?;
    settled(&mut trades, &created).await?;
    reads(&mut trades).await?;
    turned_down(&mut trades).await?;
    decisions(channel).await
}

fn id() -> String {
    Uuid::now_v7().to_string()
}

fn trade() -> pb::Trade {
    pb::Trade {
        base_account_id: ACCOUNT_A.to_owned(),
        quote_account_id: ACCOUNT_B.to_owned(),
        timestamp: Some(prost_types::Timestamp { seconds: 1_773_835_200, nanos: 0 }),
        base_amount: "1000000".to_owned(),
        quote_amount: "1010000".to_owned(),
        base_currency: "ofctbtc".to_owned(),
        quote_currency: "ofctusd".to_owned(),
        base_receive_amount: Some("1000000".to_owned()),
        base_receive_currency: Some("ofctusd".to_owned()),
        ..pb::Trade::default()
    }
}

fn side(account: &str, (send, send_currency): (&str, &str), (receive, receive_currency): (&str, &str)) -> pb::TradeAmounts {
    pb::TradeAmounts {
        account_id: account.to_owned(),
        send_amount: send.to_owned(),
        send_currency: send_currency.to_owned(),
        receive_amount: receive.to_owned(),
        receive_currency: receive_currency.to_owned(),
    }
}

fn creation() -> pb::CreateTradeSettlementRequest {
    let amounts = vec![
        side(ACCOUNT_A, ("1000000", "ofctbtc"), ("1000000", "ofctusd")),
        side(ACCOUNT_B, ("1010000", "ofctusd"), ("1000000", "ofctbtc")),
    ];
    pb::CreateTradeSettlementRequest {
        request_id: id(),
        enterprise_id: V1_ENTERPRISE.to_owned(),
        account_id: ACCOUNT_AGENT.to_owned(),
        trades: vec![trade()],
        basis: Some(pb::create_trade_settlement_request::Basis::Amounts(pb::TradeAmountsList { amounts })),
        ..pb::CreateTradeSettlementRequest::default()
    }
}

async fn fees(trades: &mut Trades) -> Result<(), TourError> {
    let asked = pb::CalculateFeesRequest {
        enterprise_id: V1_ENTERPRISE.to_owned(),
        account_id: ACCOUNT_A.to_owned(),
        counterparty_account_id: ACCOUNT_B.to_owned(),
        send_amount: "1000000".to_owned(),
        send_currency: "ofctbtc".to_owned(),
        receive_amount: "1000000".to_owned(),
        receive_currency: "ofctusd".to_owned(),
    };
    print::request("TradeSettlementService/CalculateFees", "what the venue would take", &asked);
    let told = trades.calculate_fees(asked).await?.into_inner();
    print::answer(&told);
    hold(told.fee_amount.as_deref() == Some("0"), "the simulated venue should take nothing")
}

/// The affirmation of an account in a settlement, found as the account finds it.
async fn awaited(trades: &mut Trades, enterprise: &str, account: &str, settlement_id: &str) -> Result<String, TourError> {
    let asked = pb::ListAffirmationsRequest {
        enterprise_id: enterprise.to_owned(),
        account_id: account.to_owned(),
        status: pb::AffirmationStatus::Pending.into(),
    };
    print::request("TradeSettlementService/ListAffirmations", "what the account is awaited for", &asked);
    let listed = trades.list_affirmations(asked).await?.into_inner().affirmations;
    let found = listed.into_iter().find(|affirmation| affirmation.settlement_id.as_deref() == Some(settlement_id));
    must(found.and_then(|affirmation| affirmation.id), "the account should be awaited")
}

async fn affirm(trades: &mut Trades, enterprise: &str, account: &str, created: &pb::TradeSettlement) -> Result<(), TourError> {
    let asked = pb::AffirmRequest {
        request_id: id(),
        enterprise_id: enterprise.to_owned(),
        account_id: account.to_owned(),
        affirmation_id: awaited(trades, enterprise, account, &created.settlement_id).await?,
        trades: vec![trade()],
        ..pb::AffirmRequest::default()
    };
    print::request("TradeSettlementService/Affirm", "one side agrees, once its payload says what it expects", &asked);
    let told = trades.affirm(asked).await?.into_inner();
    print::answer(&told);
    hold(told.progress.is_some_and(|progress| progress.state() == pb::TradeState::Done), "the word should have taken effect")
}

async fn settled(trades: &mut Trades, created: &pb::TradeSettlement) -> Result<(), TourError> {
    let request_id = must(created.progress.as_ref(), "the settlement should be ours")?.request_id.clone();
    let asked = pb::GetTradeSettlementRequest {
        enterprise_id: V1_ENTERPRISE.to_owned(),
        account_id: ACCOUNT_AGENT.to_owned(),
        name: Some(pb::get_trade_settlement_request::Name::RequestId(request_id)),
    };
    print::request("TradeSettlementService/GetTradeSettlement", "until the gateway has seen it settle", &asked);
    for _ in 0..MAX_LOOKS {
        let found = trades.get_trade_settlement(asked.clone()).await?.into_inner();
        let now = must(found.trade_settlement.as_ref(), "the answer should hold a settlement")?;
        if now.progress.as_ref().is_some_and(|progress| progress.state() == pb::TradeState::Settled) {
            print::answer(&found);
            return told_again(trades, now).await;
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(TourError::Unexpected("the trade settlement should settle".to_owned()))
}

/// Its history, from the store.
async fn told_again(trades: &mut Trades, settled: &pb::TradeSettlement) -> Result<(), TourError> {
    let asked = pb::ListTradeSettlementEventsRequest {
        enterprise_id: V1_ENTERPRISE.to_owned(),
        account_id: ACCOUNT_AGENT.to_owned(),
        request_id: must(settled.progress.as_ref(), "the settlement should be ours")?.request_id.clone(),
        ..Default::default()
    };
    print::request("TradeSettlementService/ListTradeSettlementEvents", "what became of it, change by change", &asked);
    let listed = trades.list_trade_settlement_events(asked).await?.into_inner();
    print::answer(&listed);
    let last = listed.events.last().map(|event| event.state());
    hold(last == Some(pb::TradeState::Settled), "the last change should be the settlement's end")
}

async fn reads(trades: &mut Trades) -> Result<(), TourError> {
    let recorded = pb::ListTradeSettlementsRequest {
        enterprise_id: V1_ENTERPRISE.to_owned(),
        account_id: ACCOUNT_AGENT.to_owned(),
        ..pb::ListTradeSettlementsRequest::default()
    };
    let ours = trades.list_trade_settlements(recorded.clone()).await?.into_inner().trade_settlements;
    let at_venue = pb::ListTradeSettlementsRequest { at_venue: true, ..recorded };
    print::request("TradeSettlementService/ListTradeSettlements", "all that the venue has of the account", &at_venue);
    let all = trades.list_trade_settlements(at_venue).await?.into_inner().trade_settlements;
    hold(!ours.is_empty() && all.len() >= ours.len(), "the venue should have what this gateway created")
}

/// A settlement that one side rejects, and one that its requester withdraws.
async fn turned_down(trades: &mut Trades) -> Result<(), TourError> {
    let created = trades.create_trade_settlement(creation()).await?.into_inner();
    let created = must(created.trade_settlement, "the answer should hold a settlement")?;
    let reject = pb::RejectRequest {
        request_id: id(),
        enterprise_id: V2_ENTERPRISE.to_owned(),
        account_id: ACCOUNT_B.to_owned(),
        affirmation_id: awaited(trades, V2_ENTERPRISE, ACCOUNT_B, &created.settlement_id).await?,
    };
    print::request("TradeSettlementService/Reject", "another settlement, turned down by one side", &reject);
    let rejected = trades.reject(reject).await?.into_inner();
    print::answer(&rejected);
    let status = must(rejected.affirmation, "the answer should hold the affirmation")?.status();
    hold(status == pb::AffirmationStatus::Rejected, "the affirmation should be rejected")?;
    let created = trades.create_trade_settlement(creation()).await?.into_inner();
    let created = must(created.trade_settlement, "the answer should hold a settlement")?;
    let own = created.affirmations.into_iter().find(|one| one.party_account_id.as_deref() == Some(ACCOUNT_AGENT));
    let cancel = pb::CancelRequest {
        request_id: id(),
        enterprise_id: V1_ENTERPRISE.to_owned(),
        account_id: ACCOUNT_AGENT.to_owned(),
        affirmation_id: must(own.and_then(|affirmation| affirmation.id), "the requester should have a part in it")?,
    };
    print::request("TradeSettlementService/Cancel", "a third one, withdrawn by who asked for it", &cancel);
    let cancelled = trades.cancel(cancel).await?.into_inner();
    print::answer(&cancelled);
    let status = must(cancelled.affirmation, "the answer should hold the affirmation")?.status();
    hold(status == pb::AffirmationStatus::Canceled, "the affirmation should be canceled")
}

/// What overrules the gateway is not for callers whom nobody asked who they are.
async fn decisions(channel: Channel) -> Result<(), TourError> {
    let asked = pb::ResolveTradeSettlementRequest {
        enterprise_id: V1_ENTERPRISE.to_owned(),
        request_id: id(),
        decision: Some(pb::resolve_trade_settlement_request::Decision::NotCreated(true)),
        why: "the tour says so".to_owned(),
    };
    print::request("AdminService/ResolveTradeSettlement", "refused: nobody was granted it by name", &asked);
    let mut admin = AdminServiceClient::new(channel);
    let refused = admin.resolve_trade_settlement(asked).await;
    let code = refused.err().map(|status| status.code());
    hold(code == Some(Code::PermissionDenied), "a decision should be refused to whom it was not granted")?;
    let asked = pb::ResolveSettlementRequest {
        enterprise_id: V1_ENTERPRISE.to_owned(),
        external_id: id(),
        expected_sequence: 1,
        decision: Some(pb::resolve_settlement_request::Decision::GoOn(true)),
        why: "the tour says so".to_owned(),
    };
    print::request("AdminService/ResolveSettlement", "refused for the same reason", &asked);
    let code = admin.resolve_settlement(asked).await.err().map(|status| status.code());
    hold(code == Some(Code::PermissionDenied), "a decision should be refused to whom it was not granted")?;
    let asked = pb::ResolveQuoteConfirmationRequest {
        external_merchant_id: MERCHANT.to_owned(),
        tx_id: "tx_1".to_owned(),
        decision: Some(pb::resolve_quote_confirmation_request::Decision::Confirmed(true)),
        why: "the tour says so".to_owned(),
    };
    print::request("AdminService/ResolveQuoteConfirmation", "refused for the same reason", &asked);
    let code = admin.resolve_quote_confirmation(asked).await.err().map(|status| status.code());
    hold(code == Some(Code::PermissionDenied), "a decision should be refused to whom it was not granted")?;
    let asked = pb::ListForeignSettlementsRequest { enterprise_id: V1_ENTERPRISE.to_owned(), ..Default::default() };
    print::request("AdminService/ListForeignSettlements", "refused for the same reason", &asked);
    let code = admin.list_foreign_settlements(asked).await.err().map(|status| status.code());
    hold(code == Some(Code::PermissionDenied), "findings should be refused to whom they were not granted")
}
