//! TradeSettlementService.

use tonic::{Request, Response, Status};

use super::call::{Call, HandlerSettings};
use super::convert::trade::{self as convert, Listed};
use super::convert::trade_shown as shown;
use super::convert::violations::InvalidRequest;
use super::pb;
use super::pb::trade_settlement_service_server::TradeSettlementService;
use super::refused::Wanted;
use super::status::{About, Kind};
use crate::domain::trade::TradeWrite;
use crate::kill_points::{KillPoint, reached};
use crate::service::Context;
use crate::service::trade::{
    TradeView, calculate_fees, get_trade_settlement, list_affirmations, list_trade_settlement_events, list_trade_settlements,
    list_trade_settlements_at_venue, write_trade,
};

/// The handlers of TradeSettlementService.
#[derive(Clone)]
pub struct TradeApi {
    context: Context,
    settings: HandlerSettings,
}

impl TradeApi {
    /// Handlers over these ports.
    #[must_use]
    pub fn new(context: Context, settings: HandlerSettings) -> Self {
        Self { context, settings }
    }

    /// One of the four writes.
    async fn write(
        &self,
        call: &Call,
        request_id: &str,
        asked: Result<convert::AskedWrite, InvalidRequest>,
    ) -> Result<TradeWrite, Status> {
        let writing = async {
            let asked = call.converted(asked)?;
            let write = write_trade(&self.context, call.caller(), asked.asked, asked.submit_before, call.patience()).await;
            reached(KillPoint::T10Answering);
            call.answered(write)
        };
        call.audited(&self.context.refusals, Wanted::named(request_id), writing).await
    }
}

#[tonic::async_trait]
impl TradeSettlementService for TradeApi {
    async fn create_trade_settlement(
        &self,
        request: Request<pb::CreateTradeSettlementRequest>,
    ) -> Result<Response<pb::CreateTradeSettlementResponse>, Status> {
        let call =
            Call::open(&request, About::call("TradeSettlementService/CreateTradeSettlement").that(Kind::Changes), self.settings)?;
        let asked = request.get_ref();
        let write = self.write(&call, &asked.request_id, convert::create(asked)).await?;
        let trade_settlement = Some(shown::settlement(TradeView::of(write)));
        Ok(Response::new(pb::CreateTradeSettlementResponse { trade_settlement }))
    }

    async fn get_trade_settlement(
        &self,
        request: Request<pb::GetTradeSettlementRequest>,
    ) -> Result<Response<pb::GetTradeSettlementResponse>, Status> {
        let call = Call::open(&request, About::call("TradeSettlementService/GetTradeSettlement"), self.settings)?;
        let (account, name) = call.converted(convert::get(request.get_ref()))?;
        let reading = get_trade_settlement(&self.context, call.caller(), &account.enterprise_id, &account.account_id, &name);
        let view = call.read(reading).await?;
        Ok(Response::new(pb::GetTradeSettlementResponse { trade_settlement: Some(shown::settlement(view)) }))
    }

    async fn list_trade_settlements(
        &self,
        request: Request<pb::ListTradeSettlementsRequest>,
    ) -> Result<Response<pb::ListTradeSettlementsResponse>, Status> {
        let call = Call::open(&request, About::call("TradeSettlementService/ListTradeSettlements"), self.settings)?;
        let listed = call.converted(convert::list(request.get_ref()))?;
        let page = match &listed {
            Listed::Recorded(query, filter) => {
                let (views, more) = call.read(list_trade_settlements(&self.context, call.caller(), query)).await?;
                shown::page(views, more, Some(filter))
            }
            Listed::AtVenue(account) => {
                let (enterprise_id, account_id) = (&account.enterprise_id, &account.account_id);
                let reading = list_trade_settlements_at_venue(&self.context, call.caller(), enterprise_id, account_id);
                shown::page(call.read(reading).await?, false, None)
            }
        };
        Ok(Response::new(page))
    }

    async fn list_trade_settlement_events(
        &self,
        request: Request<pb::ListTradeSettlementEventsRequest>,
    ) -> Result<Response<pb::ListTradeSettlementEventsResponse>, Status> {
        let call = Call::open(&request, About::call("TradeSettlementService/ListTradeSettlementEvents"), self.settings)?;
        let query = call.converted(convert::events(request.get_ref()))?;
        let (events, more) = call.read(list_trade_settlement_events(&self.context, call.caller(), &query)).await?;
        Ok(Response::new(shown::events(events, more)))
    }

    async fn list_affirmations(
        &self,
        request: Request<pb::ListAffirmationsRequest>,
    ) -> Result<Response<pb::ListAffirmationsResponse>, Status> {
        let call = Call::open(&request, About::call("TradeSettlementService/ListAffirmations"), self.settings)?;
        let (account, status) = call.converted(convert::affirmations(request.get_ref()))?;
        let reading = list_affirmations(&self.context, call.caller(), &account.enterprise_id, &account.account_id, status);
        let affirmations = call.read(reading).await?.iter().map(shown::affirmation).collect();
        Ok(Response::new(pb::ListAffirmationsResponse { affirmations }))
    }

    async fn affirm(&self, request: Request<pb::AffirmRequest>) -> Result<Response<pb::AffirmResponse>, Status> {
        let call = Call::open(&request, About::call("TradeSettlementService/Affirm").that(Kind::Changes), self.settings)?;
        let asked = request.get_ref();
        let write = self.write(&call, &asked.request_id, convert::affirm(asked)).await?;
        let (progress, affirmation) = (Some(shown::progress(&write)), shown::affirmation_of(&write));
        Ok(Response::new(pb::AffirmResponse { progress, affirmation }))
    }

    async fn reject(&self, request: Request<pb::RejectRequest>) -> Result<Response<pb::RejectResponse>, Status> {
        let call = Call::open(&request, About::call("TradeSettlementService/Reject").that(Kind::Changes), self.settings)?;
        let asked = request.get_ref();
        let write = self.write(&call, &asked.request_id, convert::reject(asked)).await?;
        let (progress, affirmation) = (Some(shown::progress(&write)), shown::affirmation_of(&write));
        Ok(Response::new(pb::RejectResponse { progress, affirmation }))
    }

    async fn cancel(&self, request: Request<pb::CancelRequest>) -> Result<Response<pb::CancelResponse>, Status> {
        let call = Call::open(&request, About::call("TradeSettlementService/Cancel").that(Kind::Changes), self.settings)?;
        let asked = request.get_ref();
        let write = self.write(&call, &asked.request_id, convert::cancel(asked)).await?;
        let (progress, affirmation) = (Some(shown::progress(&write)), shown::affirmation_of(&write));
        Ok(Response::new(pb::CancelResponse { progress, affirmation }))
    }

    async fn calculate_fees(
        &self,
        request: Request<pb::CalculateFeesRequest>,
    ) -> Result<Response<pb::CalculateFeesResponse>, Status> {
        let call = Call::open(&request, About::call("TradeSettlementService/CalculateFees"), self.settings)?;
        let (account, query) = call.converted(convert::fees(request.get_ref()))?;
        let reading = calculate_fees(&self.context, call.caller(), &account.enterprise_id, &account.account_id, &query);
        Ok(Response::new(shown::fees(call.read(reading).await?)))
    }
}
