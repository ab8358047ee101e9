//! AdminService.

use tonic::{Request, Response, Status};

use super::call::{Call, HandlerSettings};
use super::convert::{admin as convert, foreign, quote, settlement, trade_shown as shown};
use super::pb;
use super::pb::admin_service_server::AdminService;
use super::refused::Wanted;
use super::status::About;
use crate::domain::trade::TradeAction;
use crate::service::trade::{TradeView, resolve_trade_settlement};
use crate::service::{Context, list_foreign_settlements, resolve_quote_confirmation, resolve_settlement};

/// The handlers of AdminService.
#[derive(Clone)]
pub struct AdminApi {
    context: Context,
    settings: HandlerSettings,
}

impl AdminApi {
    /// Handlers over these ports.
    #[must_use]
    pub fn new(context: Context, settings: HandlerSettings) -> Self {
        Self { context, settings }
    }
}

#[tonic::async_trait]
impl AdminService for AdminApi {
    async fn resolve_settlement(
        &self,
        request: Request<pb::ResolveSettlementRequest>,
    ) -> Result<Response<pb::ResolveSettlementResponse>, Status> {
        let call = Call::open(&request, About::call("AdminService/ResolveSettlement"), self.settings)?;
        let resolving = async {
            let resolution = call.converted(convert::resolve(request.get_ref()))?;
            call.read(resolve_settlement(&self.context, call.caller(), resolution)).await
        };
        let view = call.audited(&self.context.refusals, Wanted::named(&request.get_ref().external_id), resolving).await?;
        Ok(Response::new(pb::ResolveSettlementResponse { settlement: Some(settlement::view(view)) }))
    }

    async fn resolve_trade_settlement(
        &self,
        request: Request<pb::ResolveTradeSettlementRequest>,
    ) -> Result<Response<pb::ResolveTradeSettlementResponse>, Status> {
        let call = Call::open(&request, About::call("AdminService/ResolveTradeSettlement"), self.settings)?;
        let resolving = async {
            let resolution = call.converted(convert::resolve_trade(request.get_ref()))?;
            call.read(resolve_trade_settlement(&self.context, call.caller(), resolution)).await
        };
        let write = call.audited(&self.context.refusals, Wanted::named(&request.get_ref().request_id), resolving).await?;
        let progress = Some(shown::progress(&write));
        let is_creation = matches!(write.header.asked.action, TradeAction::Create(_));
        let trade_settlement = is_creation.then(|| shown::settlement(TradeView::of(write)));
        Ok(Response::new(pb::ResolveTradeSettlementResponse { progress, trade_settlement }))
    }

    async fn resolve_quote_confirmation(
        &self,
        request: Request<pb::ResolveQuoteConfirmationRequest>,
    ) -> Result<Response<pb::ResolveQuoteConfirmationResponse>, Status> {
        let about = About::call("AdminService/ResolveQuoteConfirmation").venue_lacks(pb::ErrorReason::QuoteNotFound);
        let call = Call::open(&request, about, self.settings)?;
        let resolving = async {
            let resolution = call.converted(convert::resolve_quote(request.get_ref()))?;
            call.read(resolve_quote_confirmation(&self.context, call.caller(), resolution)).await
        };
        let resolved = call.audited(&self.context.refusals, Wanted::named(&request.get_ref().tx_id), resolving).await?;
        let quote = Some(quote::quote(resolved, self.context.clock.now()));
        Ok(Response::new(pb::ResolveQuoteConfirmationResponse { quote }))
    }

    async fn list_foreign_settlements(
        &self,
        request: Request<pb::ListForeignSettlementsRequest>,
    ) -> Result<Response<pb::ListForeignSettlementsResponse>, Status> {
        let call = Call::open(&request, About::call("AdminService/ListForeignSettlements"), self.settings)?;
        let query = call.converted(foreign::request(request.get_ref()))?;
        let found = call.read(list_foreign_settlements(&self.context, call.caller(), &query)).await?;
        Ok(Response::new(foreign::response(found)))
    }
}
