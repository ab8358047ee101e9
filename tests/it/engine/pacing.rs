//! A venue that asks for fewer calls is given the time that it asks for.

use std::time::Duration;

use settlement_gateway::domain::settlement::Reason;
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault, RetryAfter};
use settlement_gateway::service::initiate_settlement;

use crate::support::world::{PATIENCE, V1, World, caller, request};

/// Far more than any wait of these engines.
const ASKED_SECONDS: u32 = 60;

#[tokio::test]
async fn a_read_that_is_answered_429_is_not_repeated_before_its_time() {
    for read in [Endpoint::SettlementsSigning, Endpoint::SettlementList] {
        let world = World::new().await;
        let busy = Behaviour::TooManyRequests { retry_after: RetryAfter::Seconds(ASKED_SECONDS) };
        world.sandbox.faults().push(Fault { on: Endpoint::SettlementPost, times: 1, behaviour: Behaviour::CutBefore });
        world.sandbox.faults().push(Fault { on: read, times: 1, behaviour: busy });
        let view = initiate_settlement(&world.context, &caller(), request(V1, "paced"), Duration::ZERO).await.unwrap();
        let mut settlement = view.settlement;
        while settlement.progress.reason != Some(Reason::VenueRateLimited) {
            let changed = world.context.engine.wait_for_change(settlement.id, settlement.progress.sequence);
            settlement = tokio::time::timeout(PATIENCE, changed).await.unwrap().unwrap().unwrap();
        }
        let due = world.context.store.next_due(&[]).await.unwrap().unwrap();
        let wait = Duration::try_from(due.duration_since(settlement.header.created_at)).unwrap();
        assert!(wait >= Duration::from_secs(ASKED_SECONDS.into()), "{read:?}: asked again after {wait:?}");
    }
}
