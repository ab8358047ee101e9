//! SettlementService's events: a stretch, then a stream up to its mark.

use tonic::transport::Channel;

use super::super::recipes::V1_ENTERPRISE;
use super::{TourError, hold, must, print};
use crate::grpc::pb::settlement_service_client::SettlementServiceClient;
use crate::grpc::pb::{ListSettlementEventsRequest, SettlementState, WatchSettlementEventsRequest};

pub(super) async fn tour(channel: Channel, run: &str) -> Result<(), TourError> {
    let mut client = SettlementServiceClient::new(channel);
    let request = ListSettlementEventsRequest {
        enterprise_id: V1_ENTERPRISE.to_owned(),
        external_id: Some(format!("{run}-v1")),
        ..Default::default()
    };
    print::request("SettlementService/ListSettlementEvents", "what happened to the first settlement", &request);
    let answer = client.list_settlement_events(request).await?.into_inner();
    print::answer(&answer);
    let last = must(answer.events.last(), "there should be events")?;
    hold(last.terminal && last.state() == SettlementState::Completed, "the last of them should be its end")?;

    let request = WatchSettlementEventsRequest {
        enterprise_id: V1_ENTERPRISE.to_owned(),
        after_sequence: last.event_sequence - 1,
        states: vec![SettlementState::Completed.into()],
        external_id: None,
    };
    print::request("SettlementService/WatchSettlementEvents", "what was completed since", &request);
    let mut news = client.watch_settlement_events(request).await?.into_inner();
    let mut completed = 0;
    while let Some(event) = must(news.message().await?, "the stream should not end by itself")?.event {
        print::answer(&(event.event_sequence, &event.external_id, event.state()));
        completed += 1;
    }
    hold(completed > 0, "the stream should begin with what was there")
}
