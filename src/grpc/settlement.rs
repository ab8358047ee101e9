//! SettlementService.

mod events;
mod reads;

use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::call::{Call, HandlerSettings};
use super::convert::{initiate, list, names, preview, settlement};
use super::pb;
use super::refused::Wanted;
use super::status::{self, About, Kind};
use super::watches::{WatchLimits, Watches};
use crate::kill_points::{KillPoint, reached};
use crate::service::{
    Context, SettlementView, cancel_settlement, get_settlement, initiate_settlement, list_settlements, preview_settlement,
    retry_settlement, watch_settlement,
};

/// A stream of answers.
type Told<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The handlers of SettlementService.
#[derive(Clone)]
pub struct SettlementApi {
    context: Context,
    settings: HandlerSettings,
    watches: Arc<Watches>,
}

impl SettlementApi {
    /// Handlers over these ports.
    #[must_use]
    pub fn new(context: Context, settings: HandlerSettings, watches: WatchLimits) -> Self {
        Self { context, settings, watches: Watches::new(watches) }
    }

    fn open<T>(&self, request: &Request<T>, about: About) -> Result<Call, Status> {
        Call::open(request, about, self.settings)
    }

    async fn preview(&self, call: &Call, asked: &pb::InitiateSettlementRequest) -> Result<pb::SettlementPreview, Status> {
        let asked = call.converted(initiate::request(asked))?;
        Ok(preview::preview(call.read(preview_settlement(&self.context, call.caller(), asked)).await?))
    }

    async fn initiate(
        &self,
        call: &Call,
        asked: &pb::InitiateSettlementRequest,
    ) -> Result<pb::InitiateSettlementResponse, Status> {
        let asked = call.converted(initiate::request(asked))?;
        let view = initiate_settlement(&self.context, call.caller(), asked, call.patience()).await;
        let mut view = call.answered(view)?;
        let funds_check = view.funds.take().map(preview::funds_check);
        reached(KillPoint::K10Answering);
        Ok(pb::InitiateSettlementResponse { settlement: shown(view), preview: None, funds_check })
    }
}

fn shown(view: SettlementView) -> Option<pb::Settlement> {
    Some(settlement::view(view))
}

#[tonic::async_trait]
impl pb::settlement_service_server::SettlementService for SettlementApi {
    async fn initiate_settlement(
        &self,
        request: Request<pb::InitiateSettlementRequest>,
    ) -> Result<Response<pb::InitiateSettlementResponse>, Status> {
        let asked = request.get_ref();
        let kind = if asked.validate_only { Kind::Other } else { Kind::Initiates };
        let about = About::call("SettlementService/InitiateSettlement").that(kind).named(&asked.external_id);
        let call = self.open(&request, about)?;
        if !asked.validate_only {
            let wanted = Wanted::named(&asked.external_id);
            return Ok(Response::new(call.audited(&self.context.refusals, wanted, self.initiate(&call, asked)).await?));
        }
        let preview = Some(self.preview(&call, asked).await?);
        Ok(Response::new(pb::InitiateSettlementResponse { settlement: None, preview, funds_check: None }))
    }

    async fn preview_settlement(
        &self,
        request: Request<pb::PreviewSettlementRequest>,
    ) -> Result<Response<pb::PreviewSettlementResponse>, Status> {
        let about = About::call("SettlementService/PreviewSettlement").named(&request.get_ref().external_id);
        let call = self.open(&request, about)?;
        let asked = preview::as_asked(request.into_inner());
        Ok(Response::new(pb::PreviewSettlementResponse { preview: Some(self.preview(&call, &asked).await?) }))
    }

    async fn get_settlement(
        &self,
        request: Request<pb::GetSettlementRequest>,
    ) -> Result<Response<pb::GetSettlementResponse>, Status> {
        let call = self.open(&request, About::call("SettlementService/GetSettlement"))?;
        let asked = call.converted(names::get(request.get_ref()))?;
        let view = call.read(get_settlement(&self.context, call.caller(), &asked.enterprise_id, &asked.name)).await?;
        Ok(Response::new(pb::GetSettlementResponse { settlement: shown(view) }))
    }

    async fn list_settlements(
        &self,
        request: Request<pb::ListSettlementsRequest>,
    ) -> Result<Response<pb::ListSettlementsResponse>, Status> {
        let call = self.open(&request, About::call("SettlementService/ListSettlements"))?;
        let asked = call.converted(list::request(request.get_ref()))?;
        let (page, more) = call.read(list_settlements(&self.context, call.caller(), &asked.query)).await?;
        Ok(Response::new(list::response(&page, more, &asked)))
    }

    async fn retry_settlement(
        &self,
        request: Request<pb::RetrySettlementRequest>,
    ) -> Result<Response<pb::RetrySettlementResponse>, Status> {
        let asked = request.get_ref();
        let about = About::call("SettlementService/RetrySettlement").that(Kind::Changes).named(&asked.external_id);
        let call = self.open(&request, about)?;
        let retrying = async {
            let version = call.converted(names::retry(asked))?;
            call.answered(retry_settlement(&self.context, call.caller(), &version, call.patience()).await)
        };
        let view = call.audited(&self.context.refusals, Wanted::named(&asked.external_id), retrying).await?;
        Ok(Response::new(pb::RetrySettlementResponse { settlement: shown(view) }))
    }

    async fn cancel_settlement(
        &self,
        request: Request<pb::CancelSettlementRequest>,
    ) -> Result<Response<pb::CancelSettlementResponse>, Status> {
        let asked = request.get_ref();
        let about = About::call("SettlementService/CancelSettlement").that(Kind::Changes).named(&asked.external_id);
        let call = self.open(&request, about)?;
        let cancelling = async {
            let version = call.converted(names::cancel(asked))?;
            call.answered(cancel_settlement(&self.context, call.caller(), &version).await)
        };
        let view = call.audited(&self.context.refusals, Wanted::named(&asked.external_id), cancelling).await?;
        Ok(Response::new(pb::CancelSettlementResponse { settlement: shown(view) }))
    }

    type WatchSettlementStream = Told<pb::WatchSettlementResponse>;

    async fn watch_settlement(
        &self,
        request: Request<pb::WatchSettlementRequest>,
    ) -> Result<Response<Self::WatchSettlementStream>, Status> {
        let call = self.open(&request, About::call("SettlementService/WatchSettlement"))?;
        let asked = call.converted(names::watch(request.get_ref()))?;
        let watch = call.begun(self.watches.begin(&call.caller().grants.caller))?;
        let after = request.get_ref().after_sequence;
        let watching = watch_settlement(&self.context, call.caller(), &asked.enterprise_id, &asked.name, after);
        let views = call.read(watching).await?;
        let about = call.into_about();
        let answers = ReceiverStream::new(views).map(move |view| {
            // The stream owns its place among the watches and gives it back when it is dropped.
            let _ = &watch;
            match view {
                Ok(view) => Ok(pb::WatchSettlementResponse { settlement: shown(view) }),
                Err(error) => Err(status::status(&error, &about)),
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn list_settlement_events(
        &self,
        request: Request<pb::ListSettlementEventsRequest>,
    ) -> Result<Response<pb::ListSettlementEventsResponse>, Status> {
        self.list_events(&request).await.map(Response::new)
    }

    type WatchSettlementEventsStream = Told<pb::WatchSettlementEventsResponse>;

    async fn watch_settlement_events(
        &self,
        request: Request<pb::WatchSettlementEventsRequest>,
    ) -> Result<Response<Self::WatchSettlementEventsStream>, Status> {
        self.watch_events(&request).await.map(Response::new)
    }

    async fn get_client_settlement(
        &self,
        request: Request<pb::GetClientSettlementRequest>,
    ) -> Result<Response<pb::GetClientSettlementResponse>, Status> {
        self.client_settlement(&request).await.map(Response::new)
    }

    async fn list_settlement_transfers(
        &self,
        request: Request<pb::ListSettlementTransfersRequest>,
    ) -> Result<Response<pb::ListSettlementTransfersResponse>, Status> {
        self.settlement_transfers(&request).await.map(Response::new)
    }

    async fn list_client_settlements(
        &self,
        request: Request<pb::ListClientSettlementsRequest>,
    ) -> Result<Response<pb::ListClientSettlementsResponse>, Status> {
        self.client_settlements(&request).await.map(Response::new)
    }

    async fn list_client_settlement_transfers(
        &self,
        request: Request<pb::ListClientSettlementTransfersRequest>,
    ) -> Result<Response<pb::ListClientSettlementTransfersResponse>, Status> {
        self.client_transfers(&request).await.map(Response::new)
    }

    async fn list_disputes(
        &self,
        request: Request<pb::ListDisputesRequest>,
    ) -> Result<Response<pb::ListDisputesResponse>, Status> {
        self.disputes(&request).await.map(Response::new)
    }

    async fn list_connections(
        &self,
        request: Request<pb::ListConnectionsRequest>,
    ) -> Result<Response<pb::ListConnectionsResponse>, Status> {
        self.connections(&request).await.map(Response::new)
    }

    async fn get_balances(&self, request: Request<pb::GetBalancesRequest>) -> Result<Response<pb::GetBalancesResponse>, Status> {
        self.balances(&request).await.map(Response::new)
    }
}
