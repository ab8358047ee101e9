//! SettlementService's events: a stretch of them, and a stream.

use futures_util::stream::unfold;
use tonic::{Request, Status};

use super::{SettlementApi, Told};
use crate::grpc::convert::events;
use crate::grpc::pb;
use crate::grpc::status::{self, About};
use crate::service::{list_settlement_events, watch_settlement_events};

impl SettlementApi {
    pub(super) async fn list_events(
        &self,
        request: &Request<pb::ListSettlementEventsRequest>,
    ) -> Result<pb::ListSettlementEventsResponse, Status> {
        let call = self.open(request, About::call("SettlementService/ListSettlementEvents"))?;
        let query = call.converted(events::list(request.get_ref()))?;
        let stretch = call.read(list_settlement_events(&self.context, call.caller(), &query)).await?;
        Ok(events::stretch(&stretch))
    }

    pub(super) async fn watch_events(
        &self,
        request: &Request<pb::WatchSettlementEventsRequest>,
    ) -> Result<Told<pb::WatchSettlementEventsResponse>, Status> {
        let call = self.open(request, About::call("SettlementService/WatchSettlementEvents"))?;
        let query = call.converted(events::watch(request.get_ref()))?;
        let watch = call.begun(self.watches.begin(&call.caller().grants.caller))?;
        let patience = self.watches.patience();
        let news = call.read(watch_settlement_events(&self.context, call.caller(), query, patience)).await?;
        let about = call.into_about();
        // The stream owns its place among the watches and gives it back when it is dropped.
        Ok(Box::pin(unfold((news, about, watch), |(mut news, about, watch)| async move {
            let told = match news.next().await? {
                Ok(told) => Ok(events::news(&told)),
                Err(error) => Err(status::status(&error, &about)),
            };
            Some((told, (news, about, watch)))
        })))
    }
}
